"""Plays a stream as if devices sent it now. The simulators make the stream; this only paces it by the clock.

    SimulatedSource(name, stream: Callable[[], Iterable[Heard]], clock, *, speed=1.0, origin_boot_ns=None, silence_s=None)

Times in the stream are nanoseconds from the start of the play, as `t_boot_ns`; files: edge_agent/sources/recording.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.sources.recording import read_recording
from edge_agent.sources.settings import SourceSettings
from edge_agent.sources.source import Gap, Heard
from footfall.units import NS_PER_S

LONGEST_WAIT_S: Final = 0.5


class SimulatedSource:
    """`speed` 60 plays an hour in a minute. Zero of the stream is `origin_boot_ns` on the clock, else when `run` begins.

    With an origin, what was due before `run` began is not emitted: nobody was listening.
    """

    def __init__(
        self,
        name: str,
        stream: Callable[[], Iterable[Heard]],
        clock: Clock,
        *,
        speed: float = 1.0,
        origin_boot_ns: int | None = None,
        silence_s: float | None = None,
    ) -> None:
        self.name = name
        self.silence_s = silence_s
        self._stream: Final = stream
        self._clock: Final = clock
        self._speed: Final = speed
        self._origin_boot_ns: Final = origin_boot_ns

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        started_ns = self._clock.boot_ns()
        zero_ns = started_ns if self._origin_boot_ns is None else self._origin_boot_ns
        now_ns = started_ns
        for heard in self._stream():
            due = self._retimed(heard, zero_ns)
            due_ns = due.from_boot_ns if isinstance(due, Gap) else due.t_boot_ns
            if due_ns < started_ns:
                continue
            while due_ns > now_ns and not stop.is_set():
                now_ns = self._clock.boot_ns()
                stop.wait(min(max(0, due_ns - now_ns) / NS_PER_S, LONGEST_WAIT_S))
            if stop.is_set():
                return
            emit(due)

    def _retimed(self, heard: Heard, zero_ns: int) -> Heard:
        def at(t_ns: int) -> int:
            return zero_ns + round(t_ns / self._speed)

        if isinstance(heard, Gap):
            return replace(heard, from_boot_ns=at(heard.from_boot_ns), to_boot_ns=at(heard.to_boot_ns))
        return replace(heard, t_boot_ns=at(heard.t_boot_ns))


class Simulated(SourceSettings):
    """`[[sources]] kind = "simulated"`: plays a recording at its own pace."""

    kind: Literal["simulated"]
    path: Path
    speed: Annotated[float, Field(gt=0, le=100_000)] = 1.0
    origin_boot_ns: int | None = None
    """The recording's zero on CLOCK_BOOTTIME; without it, each start."""

    def source(self, clock: Clock, profiles: Registry) -> SimulatedSource:
        return SimulatedSource(
            self.name,
            lambda: read_recording(self.path),
            clock,
            speed=self.speed,
            origin_boot_ns=self.origin_boot_ns,
            silence_s=self.silence_s,
        )
