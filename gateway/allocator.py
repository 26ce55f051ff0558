"""glibc's malloc, told to keep the memory that a batch needs for the next one."""

from __future__ import annotations

import ctypes
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_KEPT_BYTES: Final = 64 << 20
_LARGEST_ON_HEAP_BYTES: Final = 32 << 20
"""What glibc allows at most."""


def keep_memory() -> bool:
    """Freed memory stays with the process, up to 64 MiB; whether this C library can.

    Batches are megabytes of arrays and lines, freed at once. Given back to the kernel each time, every page of the next batch is a
    fault: that doubles the CPU time of encoding 5,000 lines. Source: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl, macOS
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST_ON_HEAP_BYTES) and mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES))
