"""An agent as a process whose clock and only device are files that the case writes.

    python -m simulators.faultcases.box --config agent.toml      # `footfall agent`, but for these two

Beside `agent.toml` are `agent.clock`, JSON, read again whenever it changes, and `agent.feed`, with lines in the format of
edge_agent/sources/recording.py. A line is heard when the box's clock reaches its `t_ns`; lines from before the start are skipped.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from device_profiles.registry import Registry
from edge_agent.agent import EdgeAgent
from edge_agent.clock import Clock
from edge_agent.config import ENVIRONMENT, AgentSettings
from edge_agent.sources.recording import parse_line
from edge_agent.sources.settings import SourceSettings
from edge_agent.sources.source import Heard
from footfall.config import load
from footfall.errors import FootfallError
from footfall.logs import LEVELS, log_to_stderr
from footfall.signals import when_asked_to_end

POLL_S: Final = 0.05


class SetClock:
    """An `edge_agent.clock.Clock` that the case sets: both clocks are the machine's, moved."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._values: dict[str, Any] = {}
        self._text = ""
        self.read()
        self.boot: str = self._values["boot"]

    def read(self) -> None:
        text = self._path.read_text(encoding="utf-8")
        if text and text != self._text:
            self._text, self._values = text, json.loads(text)

    def boot_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) + int(self._values["boot_shift_ns"])

    def wall_ns(self) -> int:
        return time.time_ns() + int(self._values["wall_shift_ns"])

    def wall_synced(self) -> bool:
        return bool(self._values["synced"])


class FeedSource:
    """The lines of a file as they are appended and become due."""

    name = "feed"
    silence_s: float | None = None

    def __init__(self, path: Path, clock: SetClock) -> None:
        self._path: Final = path
        self._clock: Final = clock
        self._at = path.stat().st_size
        self._waiting: list[tuple[int, int, Heard]] = []
        self._number = 0

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        while not stop.wait(POLL_S):
            self._clock.read()
            self._read()
            now_ns = self._clock.boot_ns()
            while self._waiting and self._waiting[0][0] <= now_ns:
                emit(heapq.heappop(self._waiting)[2])

    def _read(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            self._number += 1
            heard = parse_line(line)
            heapq.heappush(self._waiting, (int(json.loads(line)["t_ns"]), self._number, heard))


class _FeedSettings(SourceSettings):
    """The release that runs it reads `receivers` in its own way: a case starts an earlier one, too."""

    path: Path

    def source(self, clock: Clock, profiles: Registry) -> FeedSource:
        if not isinstance(clock, SetClock):
            raise TypeError(f"a box has a clock that a case can set, not a {type(clock).__name__}")
        return FeedSource(self.path, clock)


def main() -> None:
    parser = argparse.ArgumentParser(description="An agent whose clock and device are files.")
    parser.add_argument("--config", type=Path, required=True)
    path: Path = parser.parse_args().config
    settings = load(path, AgentSettings, ENVIRONMENT)
    receivers = json.loads(path.with_suffix(".receivers").read_text(encoding="utf-8"))
    clock = SetClock(path.with_suffix(".clock"))
    feed = _FeedSettings(name=FeedSource.name, receivers=receivers, path=path.with_suffix(".feed"))
    settings = settings.model_copy(update={"sources": (*settings.sources, feed)})
    log_to_stderr({"": LEVELS["info"]})
    stop = threading.Event()
    when_asked_to_end(stop.set)
    try:
        EdgeAgent(settings, clock).run(stop)
    except FootfallError as error:
        sys.exit(f"footfall: {error}")


COMMAND: Final = (sys.executable, "-m", "simulators.faultcases.box")
"""In place of `footfall agent`."""

if __name__ == "__main__":
    main()
