"""The end of a process that was asked for: SIGTERM and ctrl-c."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def when_asked_to_end(stop: Callable[[], None]) -> None:
    """Calls `stop` once, in a thread of its own, however often and whenever the signals come. To be called in the main thread.

    A handler itself must not set an event: it runs in the main thread, in between any two of its steps, and the main thread may hold
    the lock of that very event; two signals at once are enough.
    Source: https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def wait() -> None:
        os.read(reader, 1)
        stop()

    threading.Thread(target=wait, name="end", daemon=True).start()
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in ENDING:
        signal.signal(number, lambda *_: None)
