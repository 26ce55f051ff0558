"""The documents in the body of a request. Pure.

    documents(content_type, body) -> list[bytes]    ContractError `http.multipart` for parts that cannot be told apart

Cameras send `multipart/form-data` or `multipart/mixed` (RFC 2046) with a document and pictures: pictures are left out.
"""

from __future__ import annotations

from email.message import Message
from typing import Final

from footfall.errors import ContractError

MAX_PARTS: Final = 20
MAX_HEAD_BYTES: Final = 8192
_PICTURES: Final = ("image/", "video/", "audio/")


def documents(content_type: str, body: bytes) -> list[bytes]:
    """The body itself, or those of its parts that are no pictures."""
    head = Message()
    head["Content-Type"] = content_type[:1024].replace("\r", " ").replace("\n", " ")
    if head.get_content_maintype() != "multipart":
        return [body]
    try:
        boundary = head.get_boundary()
    except Exception:  # whatever Python's parser makes of one header, the next request is read
        boundary = None
    if not boundary:
        raise ContractError("http.multipart", "multipart without a boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("utf-8", "replace"))
    if len(pieces) < 2 or len(pieces) > MAX_PARTS + 2:
        raise ContractError("http.multipart", f"multipart with {len(pieces) - 1} parts: 1 to {MAX_PARTS} are taken")
    found = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        part_head, separator, content = piece.partition(b"\r\n\r\n")
        if not separator or len(part_head) > MAX_HEAD_BYTES:
            raise ContractError("http.multipart", "a part without an end of its header")
        if not _is_picture(part_head):
            found.append(content)
    return found


def _is_picture(part_head: bytes) -> bool:
    lines = part_head.decode("latin-1").lower().split("\r\n")
    return any(line.startswith("content-type:") and line.partition(":")[2].strip().startswith(_PICTURES) for line in lines)
