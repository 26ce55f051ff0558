"""Whether this machine's wall clock is synchronised, as its kernel reports."""

from __future__ import annotations

import ctypes
from typing import Final

_TIMEX_BYTES: Final = 256
_TIME_ERROR: Final = 5
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def is_synchronised() -> bool:
    """Return the state of adjtimex(2): TIME_ERROR means that the clock's error may be 16 s or more."""
    state: int = _LIBC.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= state < _TIME_ERROR
