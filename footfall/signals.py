"""Graceful shutdown on SIGTERM and SIGINT."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def when_asked_to_end(stop: Callable[[], None]) -> None:
    """Call `stop` once, in a thread of its own, however often the signals come. Call this in the main thread.

    A signal handler must not set an event: it runs between any two steps of the main thread, which may hold the lock of that event.
    Two signals at once are enough for a deadlock.
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
