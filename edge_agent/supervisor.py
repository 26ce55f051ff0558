"""Runs every source in a thread of its own. An exception is a fault, and so is silence longer than the source allows.

A fault ends the attempt, is reported as a dated gap, and the source runs again with backoff. A thread that hangs is abandoned:
what it emits later is refused. A gap is also reported while a source that failed shows no sign of life, and after the whole process stood
still: nobody else would know that nothing was observed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import Final, NamedTuple

from edge_agent.clock import Clock
from edge_agent.sources.source import AliveUntil, Gap, Heard, ObservationTask, Source, Unexplained
from footfall.backoff import Backoff
from footfall.health import SourceHealth
from footfall.units import NS_PER_S

log = logging.getLogger("footfall.agent.sources")

POLL_S: Final = 0.2
FIRST_BACKOFF_S: Final = 1.0
LONGEST_BACKOFF_S: Final = 20.0
"""Longest wait between attempts: a device that comes back is heard again within 30 s."""
JOIN_S: Final = 2.0
DARK_S: Final = 300.0
"""So often the time of a source is reported as a gap that failed, runs again and has emitted nothing since."""
STOOD_STILL_S: Final = 10.0
"""Supervision looks several times a second: after a longer pause the machine slept, or the process was stopped."""


class Abandoned(Exception):  # no error: it unwinds a thread that nobody waits for
    """Raised into a source that still emits after it was given up."""


class _Attempt(threading.Thread):
    """One run of a source."""

    def __init__(self, source: Source, hear: Callable[[Heard], None], clock: Clock) -> None:
        super().__init__(name=f"source-{source.name}", daemon=True)
        self.stop: Final = threading.Event()
        self.abandoned = False
        self.emitting = False
        self.heard_total = 0
        self.heard_boot_ns = clock.boot_ns()
        self.error: Exception | None = None
        self._source: Final = source
        self._hear: Final = hear
        self._clock: Final = clock

    def run(self) -> None:
        try:
            self._source.run(self.emit, self.stop)
        except Abandoned:
            pass
        except Exception as error:  # the contract of Source: any exception is a fault of the device, not of the agent
            self.error = error

    def emit(self, heard: Heard) -> None:
        if self.abandoned:
            raise Abandoned
        self.emitting = True
        self._hear(heard)
        self.emitting = False
        self.heard_boot_ns = self._clock.boot_ns()
        self.heard_total += 1

    def fault(self) -> SourceHealth | None:
        """Return the present fault, if any. Only the type of an error is reported: its text may quote what a device sent."""
        if self.error is not None:
            return SourceHealth(state="fault", detail=_error_text(self.error)[:300])
        silence_s = self._source.silence_s
        if silence_s is None or self.emitting or not self.is_alive():
            return None
        silent_s = (self._clock.boot_ns() - self.heard_boot_ns) / NS_PER_S
        return SourceHealth(state="silent", detail=f"nothing heard for {silent_s:.0f} s") if silent_s > silence_s else None


def _error_text(error: Exception) -> str:
    if not isinstance(error, OSError):
        return type(error).__name__
    named = [error.strerror, error.filename if isinstance(error.filename, str | PurePath) else None]
    return ": ".join([type(error).__name__, *(str(part) for part in named if part)])


@dataclass(slots=True)
class _Watch:
    """When supervision looked last, and since when a source that failed shows no sign of life; of any other it is now."""

    polled_ns: int
    dark_since_ns: int = 0

    def __post_init__(self) -> None:
        self.dark_since_ns = self.polled_ns


class _Kept(NamedTuple):
    """A source, the thread that keeps it running, and what ends it for good."""

    source: Source
    thread: threading.Thread
    ended: threading.Event


class Supervisor:
    """Keeps `sources` running until `stop`; `health` holds the state of each."""

    def __init__(
        self, sources: Sequence[Source], hear: Callable[[Heard], None], clock: Clock, tasks: Mapping[str, ObservationTask] | None = None,
        *, backoff_s: float = FIRST_BACKOFF_S, dark_s: float = DARK_S,
    ) -> None:  # fmt: skip
        """`tasks`: what each source observes for, by its name."""
        self.health: Final[dict[str, SourceHealth]] = {source.name: SourceHealth() for source in sources}
        self.heard_total: Final = dict.fromkeys(self.health, 0)
        self._hear: Final = hear
        self._clock: Final = clock
        self._tasks = dict(tasks or {})
        self._backoff_s: Final = backoff_s
        self._dark_ns: Final = round(dark_s * NS_PER_S)
        self._stop = threading.Event()
        self._kept: dict[str, _Kept] = {source.name: self._keeper(source) for source in sources}
        self._left: Final[dict[str, int]] = {}
        """When a source ended for good that a reload begins anew."""

    def start(self, stop: threading.Event) -> None:
        """When `stop` is set every source is asked to end; those that hang are left behind."""
        self._stop = stop
        for kept in self._kept.values():
            kept.thread.start()

    def end(self, names: Collection[str]) -> None:
        """End sources for good, and wait until they let go of their devices. What hangs is left behind."""
        ended = {name: self._kept[name] for name in names if name in self._kept}
        for kept in ended.values():
            kept.ended.set()
        for name, kept in ended.items():
            kept.thread.join(2 * JOIN_S)
            self._left[name] = self._clock.boot_ns()

    def begin(self, sources: Sequence[Source], tasks: Mapping[str, ObservationTask], names: Collection[str]) -> None:
        """Begin sources; `names` are those of all that there are then. One that was ended and begins anew observed nothing in between."""
        self._tasks = dict(tasks)
        for gone in [name for name in self.health if name not in names]:
            del self.health[gone], self.heard_total[gone], self._kept[gone]
        for source in sources:
            self.health[source.name], self.heard_total[source.name] = SourceHealth(), 0
            self._kept[source.name] = kept = self._keeper(source)
            kept.thread.start()
            if left_ns := self._left.pop(source.name, 0):
                self._report_gap(source.name, left_ns, self._clock.boot_ns(), "source.reload")
        self._left.clear()

    def _keeper(self, source: Source) -> _Kept:
        ended = threading.Event()
        return _Kept(source, threading.Thread(target=self._keep, args=(source, ended), name=f"watch-{source.name}", daemon=True), ended)

    def report(self) -> dict[str, SourceHealth]:
        """Return the state of each, and how much it has emitted so far."""
        return {name: health.model_copy(update={"heard_total": self.heard_total[name]}) for name, health in list(self.health.items())}

    def sources(self) -> list[Source]:
        return [kept.source for kept in list(self._kept.values())]

    def is_running(self) -> bool:
        """Return whether any source may still emit."""
        return any(kept.thread.is_alive() for kept in list(self._kept.values()))

    def _keep(self, source: Source, ended: threading.Event) -> None:
        backoff = Backoff(self._backoff_s, LONGEST_BACKOFF_S)
        while not self._is_over(ended):
            attempt = _Attempt(source, partial(self._count, source.name), self._clock)
            attempt.start()
            fault = self._await(source, attempt, ended)
            attempt.stop.set()
            attempt.join(JOIN_S)
            attempt.abandoned = True
            if fault is None:
                return
            if attempt.heard_total:
                backoff.reset()
            self._report(source, attempt, fault, backoff.next_s(), ended)

    def _count(self, name: str, heard: Heard) -> None:
        self._hear(replace(heard, source=name, task=self._task(name)) if type(heard) is Gap else heard)
        self.heard_total[name] += heard.total if isinstance(heard, Unexplained) else not isinstance(heard, Gap | AliveUntil)

    def _is_over(self, ended: threading.Event) -> bool:
        return self._stop.is_set() or ended.is_set()

    def _await(self, source: Source, attempt: _Attempt, ended: threading.Event) -> SourceHealth | None:
        """Wait until the attempt fails, and return the fault. Return None once it ends for good or the agent stops."""
        restarts = self.health[source.name].restarts_total
        watch = _Watch(attempt.heard_boot_ns)  # not now: the machine may have stood still since the attempt began
        while not self._is_over(ended):
            attempt.join(POLL_S)
            self._report_dark(source.name, watch)
            if fault := attempt.fault():
                return fault.model_copy(update={"restarts_total": restarts + 1})
            if not attempt.is_alive():
                self.health[source.name] = SourceHealth(detail="ended", restarts_total=restarts)
                return None
            if attempt.heard_total and self.health[source.name].state != "ok":
                if watch.polled_ns - watch.dark_since_ns > STOOD_STILL_S * NS_PER_S:
                    self._report_gap(source.name, watch.dark_since_ns, watch.polled_ns, f"source.{self.health[source.name].state}")
                self.health[source.name] = SourceHealth(restarts_total=restarts)
        return None

    def _report_dark(self, name: str, watch: _Watch) -> None:
        """Report time in which nothing can have been heard, though no attempt has ended."""
        now_ns, state = self._clock.boot_ns(), self.health[name].state
        if now_ns - watch.polled_ns > STOOD_STILL_S * NS_PER_S:
            self._report_gap(name, watch.polled_ns, now_ns, "agent.stalled")
        watch.polled_ns = now_ns
        if state == "ok":
            watch.dark_since_ns = now_ns
        elif now_ns - watch.dark_since_ns >= self._dark_ns:
            self._report_gap(name, watch.dark_since_ns, now_ns, f"source.{state}")
            watch.dark_since_ns = now_ns

    def _task(self, name: str) -> ObservationTask:
        return self._tasks.get(name, "")

    def _report_gap(self, name: str, from_ns: int, to_ns: int, reason: str) -> None:
        self._hear(Gap(from_ns, to_ns, reason, source=name, task=self._task(name)))

    def _report(self, source: Source, attempt: _Attempt, fault: SourceHealth, backoff_s: float, ended: threading.Event) -> None:
        self.health[source.name] = fault
        log.warning("source %s: %s: %s; again in %.0f s", source.name, fault.state, fault.detail, backoff_s)
        until_s = time.monotonic() + backoff_s
        while not self._is_over(ended) and time.monotonic() < until_s:
            self._stop.wait(min(POLL_S, backoff_s))
        self._report_gap(source.name, attempt.heard_boot_ns, self._clock.boot_ns(), f"source.{fault.state}")
