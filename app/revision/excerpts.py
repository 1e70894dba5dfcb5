"""What of a file's text belongs to each rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.config.document import Document


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Whole lines, the first of which has the number `line` in the file (from 1)."""

    line: int
    text: str

    @property
    def last_line(self) -> int:
        return self.line + self.text.count("\n")


def rule_excerpts(document: Document) -> Sequence[Excerpt]:
    """One a rule, in order. Comments right above a rule are part of it."""
    root = document.root
    if not isinstance(root, Mapping) or not isinstance(rules := root.get("rules"), Sequence):
        return ()
    lines = document.text.splitlines()
    begins = [document.line(("rules", index)) for index in range(len(rules))]
    others = [document.line((key,)) for key in root]
    after = min((line for line in others if begins and line > begins[-1]), default=len(lines) + 1)
    return [
        _excerpt(lines, begin, max(end, begin + 1))
        for begin, end in zip(begins, [*begins[1:], after][: len(begins)], strict=True)
    ]


def spliced(whole: str, excerpt: Excerpt, text: str) -> str:
    """`whole` with other lines in the place of the excerpt."""
    lines = whole.splitlines()
    before, after = lines[: excerpt.line - 1], lines[excerpt.last_line :]
    return "\n".join([*before, *text.splitlines(), *after]) + "\n"


def _excerpt(lines: Sequence[str], begin: int, end: int) -> Excerpt:
    while end - 1 > begin and _is_between(lines[end - 2]):
        end -= 1
    while begin > 1 and lines[begin - 2].lstrip().startswith("#"):
        begin -= 1
    return Excerpt(begin, "\n".join(lines[begin - 1 : end - 1]))


def _is_between(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
