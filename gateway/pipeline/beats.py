"""Signs of life of the process's threads: one that hangs is named, and `/livez` fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final


class Beats:
    """Each thread gives a sign of life now and then. Threads that have left are not missed."""

    def __init__(self, limit_s: Mapping[str, float], now_s: Callable[[], float] = time.monotonic) -> None:
        """`limit_s`: by thread, how long it may be silent."""
        self._limit_s: Final = dict(limit_s)
        self._now_s: Final = now_s
        self._last_s: Final[dict[str, float]] = {}

    def beat(self, name: str) -> None:
        """Note a sign of life of the thread `name`; the first one registers it."""
        self._last_s[name] = self._now_s()

    def leave(self, name: str) -> None:
        """Note that the thread `name` has ended as it should."""
        self._last_s.pop(name, None)

    def silent(self) -> dict[str, float]:
        """Return the threads that are silent for longer than they may, and for how many seconds."""
        now_s = self._now_s()
        silent_s = {name: now_s - last_s for name, last_s in list(self._last_s.items())}
        return {name: seconds for name, seconds in silent_s.items() if seconds > self._limit_s[name]}
