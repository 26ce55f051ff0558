"""Checksums of rows in files: CRC-32 finds every change of up to 32 bits in a row, so every flipped bit."""

from __future__ import annotations

import zlib
from typing import Any, Final

_SEPARATOR: Final = "\x1f"


def checksum(*values: Any) -> int:
    """Return the CRC-32 of numbers and texts, in their order."""
    return zlib.crc32(_SEPARATOR.join(map(str, values)).encode("utf-8", "surrogatepass"))
