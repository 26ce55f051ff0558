"""Logging of a process: on a terminal for people, elsewhere one line per record, for journald, files and grep; as JSON on request.

A repeated line is written once a minute, with the number of repetitions. So are lines that differ in details only, after the first few;
`extra={ONCE: key}` sets what makes lines of one kind different.
"""

from __future__ import annotations

import atexit
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

ONCE: Final = "once"
WINDOW_S: Final = 60.0
DIFFERENT: Final = 3
"""Lines of one kind with different details that are written per minute."""
MOST_KINDS: Final = 1000


LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def log_to_stderr(levels: Mapping[str, int], form: str = "auto", process: str = "footfall") -> None:
    """Log what is at least of the level of its logger in `levels`, where "" stands for all others. Times of lines are UTC.

    `form`: `text`, `json`, or `auto`: for people on a terminal, else text. `process` is the name in each JSON object.
    """
    handler = _handler(form, process)
    repeats = Repeats(handler)
    handler.addFilter(repeats)
    atexit.register(repeats.report, everything=True)
    logging.basicConfig(level=levels[""], handlers=[handler])
    for name, level in levels.items():
        if name:
            logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    if form == "json":
        sys.excepthook = _log_crash
        threading.excepthook = _log_crash_of_thread


def logs_json() -> bool:
    """Return whether this process writes JSON, so that nothing else should go to stderr."""
    return any(isinstance(handler.formatter, _Json) for handler in logging.getLogger().handlers)


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("footfall").critical("ended by %s", kind.__name__, exc_info=(kind, error, trace))


def _log_crash_of_thread(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None:
        _log_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)


def _handler(form: str, process: str) -> logging.Handler:
    if form == "json":
        handler = logging.StreamHandler()
        handler.setFormatter(_Json(process))
        return handler
    return _for_people() if form == "auto" and sys.stderr.isatty() else _lines()


class _Json(logging.Formatter):
    """One object a line, in every process with the same fields; `exception` only where there is one."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process: Final = process

    def format(self, record: logging.LogRecord) -> str:
        seconds, ms = divmod(round(record.created * 1000), 1000)
        values = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{ms:03}Z",
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            values["exception"] = self.formatException(record.exc_info)
        return json.dumps(values, ensure_ascii=False)


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
