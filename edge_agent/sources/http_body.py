"""The documents in the body of a request. Pure.

    documents(content_type, body) -> list[bytes]    ContractError `http.multipart` for parts that cannot be separated

Cameras send `multipart/form-data` or `multipart/mixed` (RFC 2046) with a document and pictures: pictures are left out.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from typing import Final

from footfall.errors import ContractError

MAX_PARTS: Final = 20
MAX_HEAD_BYTES: Final = 8192
_PICTURES: Final = frozenset({"image", "video", "audio"})


def documents(content_type: str, body: bytes) -> list[bytes]:
    """Return the body itself, or its parts that are not pictures. Raise ContractError `http.multipart`."""
    line = content_type[:1024].replace("\r", " ").replace("\n", " ")
    head = Message()
    head["Content-Type"] = line
    if head.get_content_maintype() != "multipart":
        return [body]
    parts = _parts(f"Content-Type: {line}\r\n\r\n".encode("utf-8", "replace") + body)
    return [_content(part) for part in parts if part.get_content_maintype() not in _PICTURES]


def _parts(message: bytes) -> list[Message]:
    try:
        parsed = message_from_bytes(message)
    except Exception as error:  # the parser raises many kinds for one odd header; the next request is read all the same
        raise ContractError("http.multipart", f"multipart without a boundary that can be read: {type(error).__name__}") from None
    parts = parsed.get_payload()
    if not isinstance(parts, list):
        raise ContractError("http.multipart", "multipart without a boundary, or without parts")
    if len(parts) > MAX_PARTS:
        raise ContractError("http.multipart", f"multipart with {len(parts)} parts: 1 to {MAX_PARTS} are taken")
    return [part for part in parts if isinstance(part, Message)]


def _content(part: Message) -> bytes:
    """Return the part's bytes. Raise ContractError for an unfinished or too long head, and for nested parts."""
    if part.defects or sum(len(name) + len(str(value)) for name, value in part.items()) > MAX_HEAD_BYTES:
        raise ContractError("http.multipart", "a part without an end of its header")
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise ContractError("http.multipart", "a part that has parts itself")
    if not content and not part.keys():
        raise ContractError("http.multipart", "a part of which nothing came")
    return content
