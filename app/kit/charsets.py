"""Names of charsets that a stranger may choose from."""

import codecs
import re

# Python's registry also holds what is no charset (zip, hex, rot13) or slow to decode (idna,
# punycode), and imports a module for each new name: only these are looked up.
_KNOWN = re.compile(
    r"""(?ix)
    utf-?8(-sig)? | utf-?(16|32)(-?[lb]e)? | (us-?)?ascii | latin-?1 | iso-?8859-?(1[0-6]|[1-9])
    | (windows|cp)-?125[0-8] | (cp|ibm)866 | koi8-[ru] | mac-?cyrillic
    | gbk | gb2312 | gb18030 | big5 | shift-?jis | euc-(jp|kr)
    """
)


def codec_name(charset: str) -> str | None:
    """Python's name of the codec (`windows-1251` is `cp1251`), or None for an unknown one."""
    if not _KNOWN.fullmatch(charset.replace("_", "-")):
        return None
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return None
