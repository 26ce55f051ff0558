"""Whether something disciplines this machine's wall clock, by the kernel's word."""

from __future__ import annotations

import ctypes
from typing import Final

_TIMEX_BYTES: Final = 256
_TIME_ERROR: Final = 5
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def is_synchronised() -> bool:
    """adjtimex(2): the kernel's TIME_ERROR means that nothing has disciplined the clock for 16 s or more of error."""
    state: int = _LIBC.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= state < _TIME_ERROR
