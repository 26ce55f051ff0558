"""One run: start everything, feed and kill, wait until all is quiet, compare."""

from __future__ import annotations

import bisect
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from edge_agent.clock import SystemClock
from footfall.errors import FootfallError
from gateway.pipeline.ingest_worker import TICK_S
from simulators.chaos import oracle
from simulators.chaos.feeds import LEAVING_S, Till, write_recording
from simulators.chaos.oracle import Rows, Verdict
from simulators.chaos.plan import KINDS, kind_of, strikes
from simulators.chaos.raw import RawFrames
from simulators.chaos.setup import AGENTS, Setup, agent_names, receivers_of
from simulators.chaos.victims import Victim
from simulators.dumps import differences, dump
from simulators.load_frames import Load

RAW_SHARE: Final = 0.5
TILL_SHARE: Final = 0.3
RECORDED_SHARE: Final = 0.22
"""A little more than is missing, since agents that are dead hear nothing; tills send what is missing in the end."""
KILL_EVERY_S: Final = 3.0
WARM_UP_S: Final = 4.0
QUIET_LIMIT_S: Final = 150.0
QUIET_S: Final = 2 * TICK_S + 1.0
"""A second's rows lead to traffic once it is over, at the latest with the tick that says so."""
SAMPLE_S: Final = 0.5
RAW_AGENTS: Final = 4
RAW_ROWS: Final = 100


class Broken(FootfallError):
    """The run could not be ended as planned: a process did not come up again, or what was sent never arrived."""


@dataclass(frozen=True, slots=True)
class Settings:
    kills: int
    seed: int
    events: int
    folder: Path

    @property
    def over_s(self) -> float:
        """How long there are kills."""
        return max(10.0, self.kills * KILL_EVERY_S)


@dataclass(slots=True)
class Progress:
    """One moment of the run, for whoever watches."""

    phase: str
    sent: int = 0
    stored: int = 0
    kills: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """`failures`: everything wrong that the verdict does not count. `lags_s`: sorted."""

    verdict: Verdict
    failures: Sequence[str]
    kills: Mapping[str, int]
    longest_outage_s: Mapping[str, float]
    lags_s: Sequence[float]
    balance: Mapping[str, Any]
    repeated_events: int
    resent_frames: int
    points: int = 0
    """In the database, derived ones included."""

    @property
    def is_right(self) -> bool:
        return self.verdict.is_right and not self.failures


class Run:
    """`run` once. What is watched while it runs goes to `watch`, twice a second."""

    def __init__(self, settings: Settings, watch: Callable[[Progress], None]) -> None:
        self.settings: Final = settings
        self._watch: Final = watch
        feeding_s = settings.over_s + WARM_UP_S
        frames = max(1, round(settings.events * RAW_SHARE / RAW_ROWS / RAW_AGENTS))
        self._load: Final = Load(1, RAW_AGENTS, RAW_ROWS, feeding_s / frames, settings.seed)
        self._setup: Final = Setup(settings.folder, self._load)
        self._raw: Final = RawFrames(self._load, self._setup.broker.port, frames, settings.seed)
        self._feeding_s: Final = feeding_s
        self._victims: list[Victim] = []
        self._tills: list[Till] = []
        self._samples: Final[list[tuple[float, int, int]]] = [(time.monotonic(), 0, 0)]
        self._changed_s = time.monotonic()
        self._stored = 0
        self._phase = "starting"

    def run(self) -> Result:
        """Broken if it cannot be ended as planned."""
        self._record()
        with self._setup as setup:
            self._show()
            setup.start()
            begins_boot_ns = SystemClock().boot_ns()
            setup.start_agents(begins_boot_ns)
            with self._feeding():
                self._until(lambda: not any(victim.is_alive() for victim in self._victims), "kills", self.settings.over_s + 120.0)
                ends_boot_ns = begins_boot_ns + round((self._feeding_s + LEAVING_S) * 1e9)
                self._until(lambda: SystemClock().boot_ns() > ends_boot_ns, "feeding", self._feeding_s)
                self._top_up()
                self._until(lambda: self._raw.is_done and all(till.is_done for till in self._tills), "last events", QUIET_LIMIT_S)
            while True:
                self._until(self._is_quiet, "draining", QUIET_LIMIT_S)
                result = self._judge()
                if result.verdict.is_still:
                    points, wrong = self._refold()
                    return replace(result, points=points, failures=[*result.failures, *wrong])

    def _record(self) -> None:
        rows_per_s = self.settings.events * RECORDED_SHARE / AGENTS / self._feeding_s
        for agent in agent_names():
            path = self._setup.recording(agent)
            write_recording(path, f"{self.settings.seed}-{agent}", list(receivers_of(agent)), rows_per_s, self._feeding_s)

    @contextmanager
    def _feeding(self) -> Iterator[None]:
        """Tills, raw frames and strikes have begun; all threads have ended after it."""
        setup, settings = self._setup, self.settings
        planned = strikes(settings.seed, settings.kills, settings.over_s, agent_names())
        parts = [
            ("broker", setup.broker.process, setup.broker.start),
            ("gateway", setup.gateway.process, setup.gateway.process.start),
            ("influxd", setup.database.process, setup.database.start),
            *((agent.name, agent.process, agent.process.start) for agent in setup.agents),
        ]
        self._victims = [Victim(name, process, start, planned) for name, process, start in parts]
        self._tills = [Till(agent.name, agent.intake_port, self._till_events(), self._feeding_s) for agent in setup.agents]
        self._raw.begin()
        for till in self._tills:
            till.begin()
        for victim in self._victims:
            victim.begin(time.monotonic())
        try:
            yield
        finally:
            for victim in self._victims:
                victim.give_up()
            for till in self._tills:
                till.give_up()
            self._raw.give_up()

    def _till_events(self) -> int:
        return round(self.settings.events * TILL_SHARE / AGENTS)

    def _top_up(self) -> None:
        """The tills send what is missing to the number of events that was asked for."""
        missing = self.settings.events - self._raw.frames * self._load.total_agents * RAW_ROWS - self._till_events() * AGENTS
        missing -= self._recorded_rows()
        for till in self._tills:
            till.more(max(0, -(-missing // AGENTS)))

    def _recorded_rows(self) -> int:
        """Rows that agents made of their recordings: the tills' events are spooled too, some of them twice."""
        rows = Rows()
        oracle.add_frames(rows, self._setup.spooled(), 0)
        return len(rows)

    def _until(self, reached: Callable[[], bool], phase: str, limit_s: float) -> None:
        self._phase = phase
        deadline_s = time.monotonic() + limit_s
        while not reached():
            self._show()
            for victim in self._victims:
                victim.check()
            if failure := self._failure():
                raise Broken(failure)
            if time.monotonic() > deadline_s:
                raise Broken(f"{phase}: not done after {limit_s:.0f} s; {self._state()}")
            time.sleep(SAMPLE_S)

    def _failure(self) -> str:
        failures = [victim.failure for victim in self._victims] + [till.failure for till in self._tills] + [self._raw.failure]
        return next(filter(None, failures), "")

    def _state(self) -> str:
        return f"{self._setup.unsent_frames()} frames wait in agents; the gateway says {self._setup.gateway.status()}"

    def _is_quiet(self) -> bool:
        """For some seconds nothing was spooled, sent or stored."""
        is_still = time.monotonic() - self._changed_s > QUIET_S
        return is_still and self._setup.gateway.is_settled() and self._setup.unsent_frames() == 0

    def _sent(self) -> int:
        return self._setup.spooled_rows() + self._raw.rows_made if self._setup.agents else 0

    def _show(self) -> None:
        sent = self._sent()
        stored = self._setup.stored_rows() if self._setup.agents else None
        if stored is not None:
            if (sent, stored) != self._samples[-1][1:]:
                self._changed_s = time.monotonic()
            self._stored = stored
            self._samples.append((time.monotonic(), sent, stored))
        self._watch(Progress(self._phase, sent, self._stored, self._kills()))

    def _kills(self) -> Counter[str]:
        kills: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
        for victim in self._victims:
            kills[kind_of(victim.victim)] += victim.kills
        return kills

    def _judge(self) -> Result:
        self._phase = "comparing"
        self._show()
        before = self._sent_rows()
        stored, failures = Rows(), list[str]()
        with closing(self._setup.reader()) as reader:
            presence, door, gap = (reader.rows(name) for name in ("presence", "door", "gap"))
            traffic = reader.rows("traffic")
        oracle.add_stored(stored, presence, door, gap)
        for name in ("in", "out"):
            doors, minutes = int(door.numbers(name).sum()), int(traffic.numbers(name).sum())
            if doors != minutes:
                failures.append(f"{name}: the doors' points say {doors}, the traffic {minutes}")
        balance = self._setup.gateway.status()["balance"]
        if balance["pending"]:
            failures.append(f"the balance does not come out even: {balance}")
        return Result(
            verdict=oracle.compare(before, stored, self._sent_rows()),
            failures=failures,
            kills=self._kills(),
            longest_outage_s=self._longest_outages(),
            lags_s=lags_s(self._samples),
            balance=balance,
            repeated_events=sum(till.repeated_total for till in self._tills),
            resent_frames=self._raw.resent_total,
        )

    def _refold(self) -> tuple[int, list[str]]:
        """How many points there are, and which are not as if nothing had ever been killed."""
        self._phase = "folding again"
        self._show()
        self._setup.gateway.process.stop()
        with closing(self._setup.reader()) as reader:
            stored = dump(reader)
        refolded = self._setup.refolded()
        wrong = sorted(differences(refolded, stored), key=str)
        return len(stored), [f"{key}: stored {stored.get(key)}, an undisturbed fold gives {refolded.get(key)}" for key in wrong]

    def _sent_rows(self) -> Rows:
        rows, clock = Rows(), SystemClock()
        oracle.add_frames(rows, self._setup.spooled(), time.time_ns() - clock.boot_ns())
        oracle.add_frames(rows, self._raw.bodies(), self._raw.offset_ns)
        for till in self._tills:
            oracle.add_counted(rows, till.agent, till.accepted)
        return rows

    def _longest_outages(self) -> dict[str, float]:
        return {
            kind: max((s for victim in self._victims if kind_of(victim.victim) == kind for s in victim.outages_s), default=0.0)
            for kind in KINDS
        }


def lags_s(samples: Sequence[tuple[float, int, int]]) -> list[float]:
    """How long it took until as many rows were stored as had been sent, for each sample (time, sent, stored); sorted."""
    times, stored = [sample[0] for sample in samples], [sample[2] for sample in samples]
    found = ((at_s, bisect.bisect_left(stored, sent)) for at_s, sent, _ in samples if sent)
    return sorted(times[i] - at_s for at_s, i in found if i < len(times))
