"""Refused bytes for people: a hex dump, and their content as far as it can be read. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from footfall.errors import ContractError
from footfall.frames import COLUMNS, KINDS, Body, decode_body, decode_frame
from footfall.packing import unpack
from footfall.pseudonyms import to_hex
from footfall.wording import counted

ROWS_SHOWN: Final = 20
_WIDTH: Final = 16


def hex_dump(data: bytes, limit: int = 512) -> str:
    """Return offset, hex and text of the first `limit` bytes."""
    lines = []
    for start in range(0, min(len(data), limit), _WIDTH):
        piece = data[start : min(start + _WIDTH, limit)]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{start:08x}  {piece.hex(' '):<{3 * _WIDTH}} {text}")
    more = f"\n… {len(data) - limit} bytes more" if len(data) > limit else ""
    return "\n".join(lines) + more


def is_event(topic: str, payload: bytes) -> bool:
    """Return whether it is a plain event: releases before kept those that agents relayed under the topic of their frames."""
    return topic.endswith("/events") or (topic.endswith("/frames") and payload.lstrip().startswith((b"{", b"[")))


def describe(topic: str, payload: bytes) -> str:
    """Return the content of a payload of `topic`, as far as it can be read: a frame's rows, JSON, msgpack or text."""
    if topic.endswith("/frames") and not is_event(topic, payload):
        return _frame(payload)
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return _packed(payload)
    try:
        return printable(json.dumps(json.loads(text), ensure_ascii=False, indent=2))
    except (ValueError, RecursionError):
        return printable(text)


def printable(text: str) -> str:
    """Return text of strangers so that it does nothing to a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)


def _frame(payload: bytes) -> str:
    try:
        header, body = decode_frame(payload)
    except ContractError as error:
        return f"not a frame: {error}\n{_packed(payload)}"
    head = "\n".join(f"{key}: {value}" for key, value in header._asdict().items())
    try:
        return f"{head}\n{_rows(decode_body(body))}" if body else f"{head}\na hello, without rows"
    except ContractError as error:
        return f"{head}\nthe body cannot be read: {error}\n{_packed(body)}"


def _rows(body: Body) -> str:
    lines = [f"{counted(len(body), 'row')} of boot {body.boot}, key {body.key_id}"]
    for row in range(min(len(body), ROWS_SHOWN)):
        values = {name: getattr(body, name)[row].item() for name in COLUMNS}
        values |= {
            "kind": KINDS[values["kind"] - 1],
            "subject": to_hex(values["subject"]),
            "zone": body.zones[values["zone"]],
            "profile": body.profiles[values["profile"]],
        }
        more = body.extra.get(row)
        lines.append(", ".join(f"{name} {value}" for name, value in values.items()) + (f", extra {dict(more)}" if more else ""))
    if len(body) > ROWS_SHOWN:
        lines.append(f"… {len(body) - ROWS_SHOWN} rows more")
    return "\n".join(lines)


def _packed(payload: bytes) -> str:
    try:
        return f"msgpack: {_short(unpack(payload, 'bytes'))}"
    except ContractError as error:
        return f"not msgpack either: {error}"


def _short(value: Any, limit: int = 2000) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]} … {len(text) - limit} characters more"
