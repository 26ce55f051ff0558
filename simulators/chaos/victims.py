"""Processes that are killed and started again as planned, each by a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from footfall.errors import ConfigError
from simulators.chaos.plan import Strike
from simulators.parts.process import Process


class Victim(threading.Thread):
    """`start` starts the process and returns when it is ready. `failure`: why it did not start again, or why it ended by itself."""

    def __init__(self, name: str, process: Process, start: Callable[[], object], planned: Sequence[Strike]) -> None:
        super().__init__(name=f"chaos-{name}", daemon=True)
        self.victim: Final = name
        self.kills = 0
        self.outages_s: Final[list[float]] = []
        self.failure = ""
        self._process: Final = process
        self._start: Final = start
        self._planned: Final = [strike for strike in planned if strike.victim == name]
        self._begun_s = 0.0
        self._giving_up: Final = threading.Event()

    def begin(self, begun_s: float) -> None:
        """`begun_s` on time.monotonic() is the plan's zero."""
        self._begun_s = begun_s
        self.start()

    def give_up(self) -> None:
        self._giving_up.set()
        self.join()

    def run(self) -> None:
        for strike in self._planned:
            if self._giving_up.wait(max(0.0, self._begun_s + strike.at_s - time.monotonic())):
                return
            try:
                self._strike(strike)
            except ConfigError as error:
                self.failure = f"{self.victim} did not start again: {error}"
                return

    def check(self) -> None:
        """Once its strikes are over it must be alive."""
        if not self.is_alive() and not self.failure and not self._process.is_running:
            self.failure = f"{self.victim} ended by itself"

    def _strike(self, strike: Strike) -> None:
        if not self._process.is_running:
            self.failure = f"{self.victim} ended by itself"
        self._kill()
        dead_s = time.monotonic()
        time.sleep(strike.down_s)
        if strike.again_s is not None:
            again = threading.Timer(strike.again_s, self._kill)
            before = self.kills
            again.start()
            try:
                self._start()
            except ConfigError:
                if self.kills == before:
                    raise  # nobody killed it
            again.join()
        self._start()
        self.outages_s.append(time.monotonic() - dead_s)

    def _kill(self) -> None:
        self.kills += 1
        self._process.kill()
