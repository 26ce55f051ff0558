"""What parts of the gateway notice of themselves, for status to show: a code of `gateway.http.alarms.ALARMS`, and what there is to say."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final


class Notices:
    """Any thread says and withdraws; status reads. The same code and `about` again replaces what was said before."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s: Final = now_s
        self._lock: Final = threading.Lock()
        self._said: dict[tuple[str, str], tuple[str, float]] = {}

    def say(self, code: str, what: str, for_s: float = float("inf"), about: str = "") -> None:
        """Shown until it is withdrawn, or for so long. `about` tells several of one code apart, such as agents or stores."""
        with self._lock:
            self._said[code, about] = what, self._now_s() + for_s

    def withdraw(self, code: str, about: str = "") -> None:
        with self._lock:
            self._said.pop((code, about), None)

    def shown(self) -> Mapping[str, str]:
        """By code, all that is said of it now."""
        with self._lock:
            now_s = self._now_s()
            self._said = {key: said for key, said in self._said.items() if said[1] > now_s}
            shown: dict[str, list[str]] = {}
            for (code, _), (what, _) in self._said.items():
                shown.setdefault(code, []).append(what)
        return {code: "; ".join(whats) for code, whats in shown.items()}
