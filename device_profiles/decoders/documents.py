"""Bytes of a vendor's message as plain values: dicts, lists, texts, numbers. Bounded, and safe against hostile input.

    document(payload, "json" | "xml" | "msgpack") -> Any      ProfileError `feed.size`, `feed.json`, `feed.xml`, `feed.msgpack`

XML becomes `{root: {child: …}}` by local names: namespaces and attributes are left out, a child that comes again becomes a list, an
element without children is its text. expat reads it with every document type declaration refused: there are no entities to expand or
fetch, and no defaults to inject. The "billion laughs" and XXE need one.
"""

from __future__ import annotations

import json
import xml.parsers.expat  # with declarations refused, see above
from typing import Any, Final, Literal, NoReturn

from footfall.errors import ContractError, ProfileError
from footfall.packing import unpack

DocumentFormat = Literal["json", "xml", "msgpack"]

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32
"""Deepest XML element. Deeper JSON or msgpack is refused by its parser, or never read."""
MAX_ELEMENTS: Final = 20_000


def document(payload: bytes, form: DocumentFormat) -> Any:
    """Return the one value in `payload`."""
    if len(payload) > MAX_BYTES:
        raise ProfileError("feed.size", f"a message has at most {MAX_BYTES} bytes, this has {len(payload)}")
    return _READERS[form](payload)


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProfileError("feed.json", f"not JSON: {type(error).__name__}") from None


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _msgpack(payload: bytes) -> Any:
    try:
        return unpack(payload, "feed", MAX_BYTES)
    except ContractError as error:
        raise ProfileError("feed.msgpack", str(error)) from None


def _xml(payload: bytes) -> Any:
    tree = _Tree()
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(payload, True)
    except (xml.parsers.expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise ProfileError("feed.xml", f"not XML: {type(error).__name__}") from None
    return tree.root


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


_READERS: Final = {"json": _json, "xml": _xml, "msgpack": _msgpack}
