"""Problems that parts of the gateway notice themselves, for status to show: a code of `gateway.http.alarms.ALARMS` and a text each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final


class Notices:
    """Any thread posts and withdraws; status reads. The same code and `about` again replace the earlier text."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s: Final = now_s
        self._lock: Final = threading.Lock()
        self._posted: dict[tuple[str, str], tuple[str, float]] = {}

    def post(self, code: str, what: str, for_s: float = float("inf"), about: str = "") -> None:
        """Show a text until it is withdrawn, at most for `for_s`. `about` distinguishes several of one code, such as agents or stores."""
        with self._lock:
            self._posted[code, about] = what, self._now_s() + for_s

    def withdraw(self, code: str, about: str = "") -> None:
        with self._lock:
            self._posted.pop((code, about), None)

    def shown(self) -> Mapping[str, str]:
        """Return by code all texts that are shown now."""
        with self._lock:
            now_s = self._now_s()
            self._posted = {key: posted for key, posted in self._posted.items() if posted[1] > now_s}
            shown: dict[str, list[str]] = {}
            for (code, _), (what, _) in self._posted.items():
                shown.setdefault(code, []).append(what)
        return {code: "; ".join(whats) for code, whats in shown.items()}
