"""How long tests wait. None of them may depend on how fast this machine is, or on what else it does.

until(lambda: place.is_ready(), "it to be ready")
with Stopwatch() as watch: …
assert watch.kept_up_s < 1.0
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

PATIENCE_S: Final = 120.0
"""Nothing that comes to pass at all takes longer, however busy the machine is. Waiting costs nothing where it comes sooner."""
_TICK_S: Final = 0.01
_FIRST_LOOK_S: Final = 0.01
_LONGEST_LOOK_S: Final = 0.25
"""What takes long is looked at less often: a look may be a request to a process, which costs both of them."""


def until(condition: Callable[[], object], what: object = "it did not come to pass", limit_s: float = PATIENCE_S) -> None:
    """Return once the condition holds; raise AssertionError with `what` after the limit. A function is called for its text then."""
    deadline_s = time.monotonic() + limit_s
    for pause_s in pauses_s():
        if condition():
            return
        assert time.monotonic() < deadline_s, what() if callable(what) else what
        time.sleep(pause_s)


def pauses_s() -> Iterator[float]:
    """Yield the time until the next look, in seconds, without end: each a quarter longer than the one before, up to a limit."""
    pause_s = _FIRST_LOOK_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 1.25, _LONGEST_LOOK_S)


class Stopwatch:
    """For what is promised in seconds: it counts only as far as the machine keeps up.

    A thread beside asks to be woken every 10 ms. By how much it is late, so late are all others.
    """

    def __enter__(self) -> Self:
        self._late_s, self._began_s, self._ended_s = 0.0, time.monotonic(), 0.0
        self._over: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._tick, name="stopwatch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended_s = time.monotonic()
        self._over.set()
        self._thread.join()

    @property
    def kept_up_s(self) -> float:
        """What has passed, once it is over, without what this machine was late."""
        return self._ended_s - self._began_s - self._late_s

    def _tick(self) -> None:
        while True:
            asked_s = time.monotonic()
            if self._over.wait(_TICK_S):
                return
            self._late_s += max(0.0, time.monotonic() - asked_s - _TICK_S)
