"""Bytes of a vendor's message as plain values: dicts, lists, texts, numbers. Bounded, and safe against hostile input.

    document(payload, "json" | "xml" | "msgpack" | "form" | "value") -> Any
        ProfileError `feed.size`, `feed.json`, `feed.xml`, `feed.msgpack`, `feed.form`, `feed.value`

JSON may be several values, one a line, as streams send them: they become a list. Zeros and blanks after it are left out. A `form` is what
browsers post, `a=1&b=2`: the last value of each field, as text. A `value` is a payload that is one number or word, such as `3`, `12.5`,
`ON`: a number, true, false or the text. XML: device_profiles/decoders/xml_documents.py.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, Literal, NoReturn
from urllib.parse import parse_qsl

from device_profiles.decoders.xml_documents import xml_document
from footfall.errors import ContractError, ProfileError
from footfall.packing import unpack

DocumentFormat = Literal["json", "xml", "msgpack", "form", "value"]

MAX_BYTES: Final = 1 << 20
MAX_FIELDS: Final = 100
MAX_VALUE_BYTES: Final = 64
_TRUTH: Final = {"true": True, "false": False}
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{0,15})?", re.ASCII)
_PADDING: Final = b"\0 \t\r\n"


def document(payload: bytes, form: DocumentFormat) -> Any:
    """Return the one value in `payload`."""
    if len(payload) > MAX_BYTES:
        raise ProfileError("feed.size", f"a message has at most {MAX_BYTES} bytes, this has {len(payload)}")
    return _READERS[form](payload)


def _json(payload: bytes) -> Any:
    content = payload.rstrip(_PADDING)
    try:
        return _value_of(content)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise ProfileError("feed.json", f"not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError) as error:
        raise ProfileError("feed.json", f"not JSON: {type(error).__name__}") from None
    return _lines(content)


def _lines(content: bytes) -> list[Any]:
    """Return the values of newline-delimited JSON."""
    values = []
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            values += [_value_of(line)] if line.strip() else []
        except (ValueError, RecursionError):
            raise ProfileError("feed.json", f"not JSON, nor JSON one a line: line {number} is none") from None
    return values


def _value_of(content: bytes) -> Any:
    """Return the JSON value in UTF-8, 16 or 32; in GB 18030 where it is none of them."""
    try:
        return json.loads(content, parse_constant=_no_constant)
    except UnicodeDecodeError:
        return json.loads(content.decode("gb18030"), parse_constant=_no_constant)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _msgpack(payload: bytes) -> Any:
    try:
        return unpack(payload, "feed", MAX_BYTES)
    except ContractError as error:
        raise ProfileError("feed.msgpack", str(error)) from None


def _form(payload: bytes) -> dict[str, str]:
    try:
        fields = parse_qsl(payload.rstrip(_PADDING).decode(), strict_parsing=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ProfileError("feed.form", "no form fields") from None
    return dict(fields)


def _value(payload: bytes) -> bool | int | float | str:
    text = ""
    if len(payload) <= MAX_VALUE_BYTES:
        text = payload.decode("utf-8", "replace").strip("\0 \t\r\n").strip('"')
    if not text or not text.isprintable() or text[0] in "{[<":
        raise ProfileError("feed.value", f"no number or word of 1 to {MAX_VALUE_BYTES} bytes")
    if number := _NUMBER.fullmatch(text):
        return float(text) if number[1] else int(text)
    return _TRUTH.get(text.lower(), text)


_READERS: Final = {"json": _json, "xml": xml_document, "msgpack": _msgpack, "form": _form, "value": _value}
