"""What the first bytes of a table show, whoever wrote it: the encoding of its text, or that it is no text. Pure.

encoding_of(b"\\xff\\xfei\\x00d\\x00") -> "utf-16"
is_workbook(b"PK\\x03\\x04…") -> True

A byte order mark distinguishes UTF-8 and UTF-16; so do the zero bytes of UTF-16 without one. Any other encoding has to be stated.
"""

from __future__ import annotations

from typing import Final

DELIMITERS: Final = (",", ";", "\t", "|")
"""What programs write between cells."""
SNIFFED_BYTES: Final = 4096
UTF_8: Final = "utf-8"
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""Zip files, such as .xlsx, .ods and .numbers; compound files, such as .xls."""


def is_workbook(start: bytes) -> bool:
    """Return whether a file that begins so is a spreadsheet's own format, or an archive."""
    return start.startswith(_WORKBOOKS)


def encoding_of(start: bytes) -> str:
    """Return the encoding that a file's first bytes show: UTF-16 or UTF-8."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    half = len(start) // 2
    if half and start[1::2].count(0) > half // 2:
        return "utf-16-le"
    return "utf-16-be" if half and start[0::2].count(0) > half // 2 else UTF_8
