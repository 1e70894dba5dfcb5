"""Takes a condition apart, so that it can be said which part of it failed."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?<!\w)[bB]?[rR][bB]?(?:'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"[^"\n]*")  # raw texts
    | (?:(?<!\w)[bB])?(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\")     # long texts
    | (?:(?<!\w)[bB])?(?:'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")              # texts
    | //[^\n]*                                                           # comments
    | && | \|\| | [?(){}\[\]]
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = "([{", ")]}"


def conjuncts(text: str) -> list[str]:
    """The parts of `a && b && c`; the text alone when it is no such chain.

    `a && b || c` and `a && b ? c : d` are no chains: `||` and `?` bind more loosely.
    """
    cuts = []
    for mark, start, end in _top_level(text):
        if mark in ("||", "?"):
            return [text]
        if mark == "&&":
            cuts.append((start, end))
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _top_level(text: str) -> Iterator[tuple[str, int, int]]:
    depth = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
        elif depth == 0:
            yield token, found.start(), found.end()


def without_texts(text: str) -> str:
    """`text` with what stands in quotes and comments blanked out, all columns kept."""

    def blank(found: re.Match[str]) -> str:
        token = found[0]
        return token if token[0] in "&|?(){}[]" else " " * len(token)

    return _TOKEN.sub(blank, text)
