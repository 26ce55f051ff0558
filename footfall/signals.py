"""What signals ask of a process: to end (SIGTERM, SIGINT), and to read its files again (SIGHUP)."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGINT)
log = logging.getLogger("footfall.signals")


class _Early:
    """Whether SIGHUP came before anybody listened."""

    has_come = False


def hold_reloads() -> None:
    """Call this first in a process that can reload: a SIGHUP while it starts is kept for `when_asked`, and does not end it."""

    def note(*_: object) -> None:
        _Early.has_come = True

    signal.signal(signal.SIGHUP, note)


def when_asked_to_end(stop: Callable[[], None]) -> None:
    """Call `stop` once, in a thread of its own, however often the signals come. Call this in the main thread."""
    when_asked(stop)


def when_asked(stop: Callable[[], None], reload: Callable[[], None] | None = None) -> None:
    """Call `stop` once, and `reload` each time that SIGHUP comes, in a thread of its own. Call this in the main thread.

    SIGHUP ends a process all the same whose terminal is gone: nobody asked that one to reload.

    A signal handler must not set an event: it runs between any two steps of the main thread, which may hold the lock of that event.
    Two signals at once are enough for a deadlock.
    Source: https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    had_terminal = _has_terminal()

    def wait() -> None:
        while True:
            came = set(os.read(reader, 4096))
            if came & {*ENDING} or (had_terminal and not _has_terminal()):
                stop()
                return
            if reload is not None and signal.SIGHUP in came:
                _guarded(reload)

    threading.Thread(target=wait, name="signals", daemon=True).start()
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in ENDING if reload is None else (*ENDING, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    if reload is not None and _Early.has_come:
        _Early.has_come = False
        os.write(writer, bytes([signal.SIGHUP]))


def _guarded(reload: Callable[[], None]) -> None:
    try:
        reload()
    except Exception:  # a bug in a reload must not make a process deaf that would go on with what it has
        log.exception("the reload failed by a bug; what was loaded before stays in use")


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
