"""XML as devices send it, as plain values. Bounded, and safe against hostile input.

    xml_document(payload) -> {root: {child: …}}      ProfileError `feed.xml`, with the line and column of the fault

Local names become keys: namespaces and attributes are left out, a child that comes again becomes a list, an element without
children is its text. expat reads it with every document type declaration refused: there are no entities to expand or fetch, and no
defaults to inject. The "billion laughs" and XXE need one.

Cameras send what is nearly XML. Blanks before the declaration and zeros or blanks after the document are left out, and a bare `&` in a
name is taken as itself. Encodings of ENCODINGS are read as well as those that expat knows. Text that is not in the encoding it declares
is read as GB 18030, if it is that: cameras declare UTF-8 and put their names in the encoding of their menus.
"""

from __future__ import annotations

import re
import xml.parsers.expat  # with declarations refused, see above
from typing import Any, Final, NoReturn

from footfall.errors import ProfileError

MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 20_000
ENCODINGS: Final = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "big5": "big5",
    "shift_jis": "shift_jis", "euc-jp": "euc_jp", "euc-kr": "euc_kr", "koi8-r": "koi8_r",
    "iso-8859-1": "latin-1", "latin1": "latin-1", "iso-8859-2": "iso8859_2", "iso-8859-5": "iso8859_5", "iso-8859-9": "iso8859_9",
    "iso-8859-15": "iso8859_15",
    "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252", "windows-1254": "cp1254",
}  # fmt: skip
"""What a declaration may name besides UTF-16, and the codec that reads it."""
_FALLBACK: Final = "gb18030"
_DECLARATION: Final = re.compile(rb"<\?xml[^>]{0,200}\?>")
_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BARE_AMPERSAND: Final = re.compile(r"<!\[CDATA\[.*?]]>|&(?!#\d{1,7};|#x[0-9A-Fa-f]{1,6};|[A-Za-z_][\w.-]{0,31};)", re.DOTALL)
_PADDING: Final = b"\0 \t\r\n"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def xml_document(payload: bytes) -> dict[str, Any]:
    """Return the document as values. Raise ProfileError `feed.xml` for anything else."""
    if payload.startswith(_UTF16_MARKS):
        return _parsed(payload, None)
    plain = payload.removeprefix(b"\xef\xbb\xbf")
    content = plain.strip(_PADDING)
    text = _text(content)
    try:
        return _parsed(_BARE_AMPERSAND.sub(_escaped, text).encode(), "utf-8")
    except _Fault as fault:
        before = plain[: len(plain) - len(plain.lstrip(_PADDING))]
        raise fault.at(text, before.count(b"\n"), len(before) - before.rfind(b"\n") - 1) from None


class _Fault(ProfileError):
    """A fault of the mended document: its line from 1, its column from 0."""

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__("feed.xml", f"not XML: {what}, line {line}, column {column + 1}")
        self._what, self._line, self._column = what, line, column

    def at(self, text: str, lines_before: int, columns_before: int) -> ProfileError:
        """Return the fault as the sender counts: without what was escaped, with the blanks that were left out."""
        lines = text.split("\n")
        line = lines[self._line - 1] if self._line <= len(lines) else ""
        column = self._column
        for found in _BARE_AMPERSAND.finditer(line):
            column -= (len("&amp;") - 1) * (found[0] == "&" and found.start() < column)
        return _Fault(self._what, self._line + lines_before, column + (columns_before if self._line == 1 else 0))


def _parsed(content: bytes, encoding: str | None) -> dict[str, Any]:
    tree = _Tree()
    parser = xml.parsers.expat.ParserCreate(encoding, namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(content, True)
    except xml.parsers.expat.ExpatError as error:
        raise _Fault(xml.parsers.expat.errors.messages.get(error.code, "a fault"), error.lineno, error.offset) from None
    except (ValueError, LookupError) as error:
        raise ProfileError("feed.xml", f"not XML: {type(error).__name__}") from None
    return tree.root


def _escaped(found: re.Match[str]) -> str:
    return "&amp;" if found[0] == "&" else found[0]


def _text(content: bytes) -> str:
    declared = _DECLARATION.match(content)
    named = _ENCODING.search(declared[0]) if declared else None
    name = named[1].decode().lower() if named else "utf-8"
    codec = ENCODINGS.get(name)
    if codec is None:
        raise ProfileError("feed.xml", f"not XML: its encoding {name!r} is none of those that are read")
    for attempt in (codec, _FALLBACK):
        try:
            return content.decode(attempt)
        except UnicodeDecodeError as error:
            where = content.count(b"\n", 0, error.start) + 1
    raise ProfileError("feed.xml", f"not XML: bytes that are no text in {name}, line {where}")


def _refuse_declaration(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> NoReturn:
    raise ProfileError("feed.xml", "a document type declaration is not allowed")


class _Tree:
    """Builds values as elements open and close. `open`: the children and text of each open element."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: Final[list[tuple[dict[str, Any], list[str]]]] = [(self.root, [])]
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise ProfileError("feed.xml", f"deeper than {MAX_DEPTH} elements, or more than {MAX_ELEMENTS}")
        self._open.append(({}, []))

    def end(self, name: str) -> None:
        children, texts = self._open.pop()
        value: Any = children or "".join(texts).strip()
        siblings, key = self._open[-1][0], name.rpartition(" ")[2]
        if key not in siblings:
            siblings[key] = value
        elif isinstance(siblings[key], list):
            siblings[key].append(value)
        else:
            siblings[key] = [siblings[key], value]

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)
