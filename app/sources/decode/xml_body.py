"""XML to objects.

The root is an object of one name. An element with neither attributes nor inner elements is its
text; else it is an object of its inner elements (a repeated one is a list), its attributes as
`@name`, and its text, if it has any, as `#text`. Names are without their namespaces. `nil="true"`
is null, `type="array"` (as Rails writes it) a list of the inner elements, any other `type` of an
element without inner ones says nothing of the text and is left out. A SOAP envelope is left out:
the root is the object of what its body holds. A document type is refused, and entities with it.
"""

import re
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ErrorString

# The package has no types of its own.
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

from app.kit.charsets import codec_name
from app.model.json import Json
from app.sources.decode.bounds import Limits
from app.sources.decode.charset import as_utf8, is_wide
from app.sources.decode.errors import Undecodable, UnsupportedMedia

_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_SOAP = (
    "{http://schemas.xmlsoap.org/soap/envelope/}Envelope",
    "{http://www.w3.org/2003/05/soap-envelope}Envelope",
)


def decode_xml(
    body: bytes, charset: str | None, limits: Limits, lists: frozenset[str]
) -> dict[str, Json]:
    """The elements named in `lists` are lists even when there is one."""
    text = as_utf8(body, charset or _declared_charset(body))
    tree = _Tree(limits, lists)
    parser = DefusedXMLParser(target=tree, encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(text)
        parser.close()
    except ParseError as error:
        line, column = error.position
        raise Undecodable(
            f"not XML at line {line} column {column + 1}: {ErrorString(error.code)}"
        ) from None
    except DefusedXmlException:
        raise Undecodable("the XML holds a document type, which is not read") from None
    result = tree.result()
    limits.check(result)
    return result


def _declared_charset(body: bytes) -> str | None:
    declared = _DECLARED.match(body)
    if declared is None:
        return None
    found = codec_name(declared[1].decode())
    if found is None:
        raise UnsupportedMedia("the charset of the XML declaration is not known; send UTF-8")
    # It was readable by single bytes, so whoever wrote this did not mean it.
    return None if is_wide(found) else found


class _Element:
    __slots__ = ("attributes", "inner", "tag", "texts")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = {_local(name): text for name, text in attributes.items()}
        self.inner: list[tuple[str, Json]] = []
        self.texts: list[str] = []


class _Tree:
    """Takes what the parser meets; raises Undecodable from within it when a limit is passed."""

    def __init__(self, limits: Limits, lists: frozenset[str]) -> None:
        self._limits = limits
        self._lists = lists
        self._count = 1
        self._top = _Element("", {})
        self._open = [self._top]
        self._is_soap = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1 + len(attributes)
        self._limits.check_values(self._count)
        self._limits.check_depth(len(self._open))
        if len(self._open) == 1:
            self._is_soap = tag in _SOAP
        self._open.append(_Element(tag, attributes))

    def data(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, _: str) -> None:
        done = self._open.pop()
        self._open[-1].inner.append((_local(done.tag), _value(done, self._lists)))

    def result(self) -> dict[str, Json]:
        name, value = self._top.inner[0]
        if not self._is_soap:
            return {name: value}
        body = value.get("Body") if isinstance(value, dict) else None
        return body if isinstance(body, dict) else {}


def _value(element: _Element, lists: frozenset[str]) -> Json:
    text = "".join(element.texts).strip()
    attributes = element.attributes
    if attributes.get("nil") in ("true", "1"):
        return None
    if attributes.get("type") == "array" and not text:
        return [value for _, value in element.inner]
    if not element.inner:
        attributes = {name: value for name, value in attributes.items() if name != "type"}
        if not attributes:
            return text
    value: dict[str, Json] = {f"@{name}": value for name, value in attributes.items()}
    value.update(_grouped(element.inner, lists))
    return {**value, "#text": text} if text else value


def _grouped(inner: list[tuple[str, Json]], lists: frozenset[str]) -> dict[str, Json]:
    groups: dict[str, list[Json]] = {}
    for name, value in inner:
        groups.setdefault(name, []).append(value)
    return {
        name: values if len(values) > 1 or name in lists else values[0]
        for name, values in groups.items()
    }


def _local(name: str) -> str:
    return name.rpartition("}")[2]
