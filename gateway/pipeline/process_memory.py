"""Memory of a process that works in batches, and holds a large state that hardly changes."""

from __future__ import annotations

import ctypes
import gc
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_KEPT_BYTES: Final = 64 << 20
_LARGEST_ON_HEAP_BYTES: Final = 32 << 20
"""What glibc allows at most."""
_WANTED: Final = {_M_MMAP_THRESHOLD: _LARGEST_ON_HEAP_BYTES, _M_TRIM_THRESHOLD: _KEPT_BYTES, _M_ARENA_MAX: 1}


def tune_malloc() -> bool:
    """Keep freed memory with the process, up to 64 MiB; return whether this C library can.

    Batches are megabytes of arrays and lines, freed at once. Given back to the kernel each time, every page of the next batch is a
    fault: that doubles the CPU time of encoding 5,000 lines. One arena serves all threads, so that what one has freed is the next
    one's: the interpreter's lock lets only one of them run anyway. Source: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl, macOS
        return False
    answers = [mallopt(parameter, value) for parameter, value in _WANTED.items()]
    return all(answers)


def trim_malloc() -> None:
    """Give free pages back to the kernel: milliseconds, now and then. Source: malloc_trim(3)."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return


def relax_gc() -> None:
    """Run the collector of cycles after 50,000 new objects, not after 700, and exempt what exists by now.

    A batch is thousands of objects that live until it is done, and a chain's state a million that live for days: looking through them
    costs time and finds nothing, as nearly everything is freed by its reference count. What is not
    calls `collect_cycles`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def collect_cycles() -> None:
    """Collect cycles after an error: its traceback and the frames in it, with all that they hold, are one."""
    gc.collect(1)
