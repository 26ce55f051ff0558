"""The documents in the body of a request. Pure.

    documents(content_type, body) -> list[bytes]    ContractError `http.multipart` for parts that cannot be separated

Cameras send `multipart/form-data` or `multipart/mixed` (RFC 2046) with a document and pictures: pictures are left out. Lines may end
with LF alone. What a body is decides, not what its head names it: a document that is labelled multipart is read as the document, and
parts that are labelled otherwise, or whose boundary is another, are read by the boundary of the body's first line.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from typing import Final

from footfall.errors import ContractError

MAX_PARTS: Final = 20
MAX_HEAD_BYTES: Final = 8192
_PICTURES: Final = frozenset({"image", "video", "audio"})
_DOCUMENT_STARTS: Final = (b"<", b"{", b"[")
_PICTURE_STARTS: Final = (b"\xff\xd8\xff", b"\x89PNG")
_BLANKS: Final = b"\xef\xbb\xbf \t\r\n"
_FIRST_LINE: Final = re.compile(rb"--([0-9A-Za-z'()+_,./:=? -]{1,70}?)[ \t]*\r?\n[A-Za-z-]{1,40}:")
"""A boundary, and the head of a part after it."""


def documents(content_type: str, body: bytes) -> list[bytes]:
    """Return the body itself, or its parts that are not pictures. Raise ContractError `http.multipart`."""
    line = content_type[:1024].replace("\r", " ").replace("\n", " ")
    head = Message()
    head["Content-Type"] = line
    content = body.lstrip(_BLANKS)
    first = _FIRST_LINE.match(content)
    if first is not None and _boundary(head) != first[1].decode():
        line, body = f'multipart/form-data; boundary="{first[1].decode()}"', content
    elif head.get_content_maintype() != "multipart" or content.startswith(_DOCUMENT_STARTS):
        return [body]
    parts = _parts(f"Content-Type: {line}\r\n\r\n".encode("utf-8", "replace") + body)
    contents = [(part.get_content_maintype(), _content(part)) for part in parts]
    return [content for kind, content in contents if not _is_picture(kind, content)]


def _boundary(head: Message) -> str | None:
    try:
        return head.get_boundary()
    except Exception:  # as in _parts: the parser raises many kinds for one odd header
        return None


def _is_picture(kind: str, content: bytes) -> bool:
    return content.startswith(_PICTURE_STARTS) or (kind in _PICTURES and not content.lstrip(_BLANKS).startswith(_DOCUMENT_STARTS))


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
