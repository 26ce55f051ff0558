"""Logging of a process: on a terminal for people, elsewhere one line per record, for journald, files and grep.

A repeated line is written once a minute, with the number of repetitions. So are lines that differ in details only, after the first few;
`extra={ONCE: key}` sets what makes lines of one kind different.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

ONCE: Final = "once"
WINDOW_S: Final = 60.0
DIFFERENT: Final = 3
"""Lines of one kind with different details that are written per minute."""
MOST_KINDS: Final = 1000


def log_to_stderr(verbose: bool) -> None:
    """Log from INFO, with `verbose` from DEBUG. Times of lines are UTC."""
    handler = _for_people() if sys.stderr.isatty() else _lines()
    repeats = Repeats(handler)
    handler.addFilter(repeats)
    atexit.register(repeats.report, everything=True)
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])


@dataclass(slots=True)
class _Kind:
    """Lines of one kind within a minute: those written, the number withheld, and the last of these."""

    ends_s: float
    written: set[str] = field(default_factory=set)
    held_back: int = 0
    last: logging.LogRecord | None = None


class Repeats(logging.Filter):
    """Lets the first line of a kind through, and logs its repetitions once a minute. Debugging lines always pass."""

    def __init__(self, handler: logging.Handler, now_s: Callable[[], float] = time.monotonic, watch: bool = True) -> None:
        """`watch`: report from a thread of its own, in time even if nothing else is logged."""
        super().__init__()
        self._handler: Final = handler
        self._now_s: Final = now_s
        self._watch: Final = watch
        self._lock: Final = threading.Lock()
        self._kinds: dict[Hashable, _Kind] = {}
        self._timer: threading.Timer | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG:
            return True
        self.report()
        once = getattr(record, ONCE, None)
        with self._lock:
            key = (record.name, record.levelno, str(record.msg), once)
            if len(self._kinds) >= MOST_KINDS and key not in self._kinds:
                key = ("", 0, "", None)  # all others are one kind
            kind = self._kinds.setdefault(key, _Kind(self._now_s() + WINDOW_S))
            text = "" if once is not None else record.getMessage()
            if text not in kind.written and len(kind.written) < DIFFERENT:
                kind.written.add(text)
                return True
            kind.held_back, kind.last = kind.held_back + 1, record
            self._wake_in_time()
        return False

    def report(self, everything: bool = False) -> None:
        """Write the repetitions of lines whose minute is over, or of all."""
        with self._lock:
            now_s = self._now_s()
            over = {key: kind for key, kind in self._kinds.items() if everything or now_s >= kind.ends_s}
            self._kinds = {key: kind for key, kind in self._kinds.items() if key not in over}
        for kind in over.values():
            if kind.last is not None:
                self._write(kind.last, f"{kind.last.getMessage()} (repeated {kind.held_back} times in {WINDOW_S:.0f} s)")

    def _write(self, record: logging.LogRecord, text: str) -> None:
        repeated = logging.makeLogRecord({**record.__dict__, "msg": text, "args": None, "exc_info": None, "exc_text": None})
        self._handler.acquire()
        try:
            self._handler.emit(repeated)
        finally:
            self._handler.release()

    def _wake_in_time(self) -> None:
        if self._watch and self._timer is None:
            self._timer = threading.Timer(WINDOW_S, self._woken)
            self._timer.daemon = True
            self._timer.start()

    def _woken(self) -> None:
        self.report()
        with self._lock:
            self._timer = None
            if any(kind.held_back for kind in self._kinds.values()):
                self._wake_in_time()


def _for_people() -> logging.Handler:
    from rich.console import Console
    from rich.logging import RichHandler

    handler = RichHandler(console=Console(stderr=True), show_path=False, log_time_format="%Y-%m-%d %H:%M:%S")
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _lines() -> logging.Handler:
    handler = logging.StreamHandler()
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    return handler
