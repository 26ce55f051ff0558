"""The gateway's time: its wall clock, unless there is evidence against it. Pure: readings in, a verdict out.

The wall clock is compared with CLOCK_BOOTTIME, which cannot be set: `base` is their difference. A clock that is set while the gateway
runs is trusted only after a while; meanwhile time continues as before. So a short jump dates nothing, and a lasting one stops nothing.
Only evidence against the clock stops ingestion: a time before this release or before the last record, or the synchronised clocks of
most agents. `accept` overrules it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median_high, median_low
from typing import Final, NamedTuple

from footfall.units import NS_PER_S

BUILT_NS: Final = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * NS_PER_S
"""A clock before this time is wrong."""
MAX_STEP_BACK_NS: Final = 5 * NS_PER_S
"""Largest step of the clock that is followed at once; after a step back, time stands still until the clock catches up."""
APART_NS: Final = 60 * NS_PER_S
"""How far the clocks of agents may be from ours."""
FRESH_NS: Final = 120 * NS_PER_S
"""How old an agent's reading of its clock may be."""
SURE_NS: Final = 3600 * NS_PER_S
"""After so long unset, a clock is certain without other evidence."""
SHOWN_NS: Final = 3600 * NS_PER_S
"""How long status shows a jump."""
COMMAND: Final = "footfall clock accept"


class ClockReading(NamedTuple):
    """Both clocks of this machine at one moment."""

    wall_ns: int
    boot_ns: int

    @property
    def base_ns(self) -> int:
        return self.wall_ns - self.boot_ns


class Verdict(NamedTuple):
    """`trouble`: why nothing may be ingested, or "". `is_back`: time continues before the last record, rightly."""

    now_ns: int
    trouble: str
    jumped: str
    is_back: bool


class _AgentClock(NamedTuple):
    base_ns: int
    heard_boot_ns: int


class OwnClock:
    """Call `judge` repeatedly, and `hear` with each reading of an agent's synchronised clock."""

    def __init__(self, first: ClockReading, agents: int, prove_s: float) -> None:
        """`agents`: their number in site.toml. `prove_s`: how long a clock that was set must keep its pace to be trusted."""
        self._base_ns = self._raw_ns = first.base_ns
        self._fewest = min(2, agents)
        self._prove_ns: Final = int(prove_s * NS_PER_S)
        self._agent_clocks: dict[str, _AgentClock] = {}
        self._accepted_ns: int | None = None
        self._believed_boot_ns = first.boot_ns
        """Since when this base is trusted."""
        self._set_boot_ns = 0
        """Since when the wall clock differs from the trusted time; 0: it does not."""
        self._seen_ns = first.wall_ns
        self._jumped, self._jumped_boot_ns = "", 0

    def expect(self, agents: int) -> None:
        """Take the number of agents of another site.toml."""
        self._fewest = min(2, agents)

    def hear(self, agent: str, sent_wall_ns: int, boot_ns: int) -> None:
        """Note the present reading of an agent's synchronised clock."""
        self._agent_clocks[agent] = _AgentClock(sent_wall_ns - boot_ns, boot_ns)

    def accept(self, base_ns: int) -> None:
        """A person confirmed that a clock that differs by `base_ns` from CLOCK_BOOTTIME is right."""
        self._accepted_ns = base_ns

    def now_ns(self, boot_ns: int) -> int:
        """Return the time by the trusted clock."""
        return boot_ns + self._base_ns

    def contradicts(self, agent: str) -> int:
        """Return how far an agent's synchronised clock is ahead of the trusted time; 0 within APART_NS."""
        clock = self._agent_clocks.get(agent)
        apart_ns = clock.base_ns - self._base_ns if clock is not None else 0
        return apart_ns if abs(apart_ns) > APART_NS else 0

    def is_sure(self, reading: ClockReading, is_synchronised: Callable[[], bool]) -> bool:
        """Whether irreversible acts may rely on this clock: it was not set for a while, and there is evidence for it."""
        for_ns = reading.boot_ns - self._believed_boot_ns
        if self._set_boot_ns or for_ns < self._prove_ns or self._against(self._base_ns, self.now_ns(reading.boot_ns)):
            return False
        vouched = self._is_accepted(self._base_ns) or self._agents_are_near(self._base_ns) or is_synchronised()
        return vouched or for_ns >= SURE_NS

    def judge(self, reading: ClockReading, last_ns: int, is_synchronised: Callable[[], bool]) -> Verdict:
        """Return the verdict. `last_ns`: the time of the last record. `is_synchronised` is called only if it matters."""
        self._agent_clocks = {
            agent: clock for agent, clock in self._agent_clocks.items() if reading.boot_ns - clock.heard_boot_ns <= FRESH_NS
        }
        self._follow(reading, last_ns)
        now_ns = self.now_ns(reading.boot_ns)
        is_back = now_ns < last_ns - MAX_STEP_BACK_NS
        trouble = self._against(self._base_ns, now_ns)
        if not trouble and is_back and not self._may_go_back(last_ns, is_synchronised):
            trouble = _before_the_last(now_ns, last_ns)
        if not trouble:
            self._seen_ns = max(self._seen_ns, now_ns)
        if reading.boot_ns - self._jumped_boot_ns > SHOWN_NS:
            self._jumped = ""
        return Verdict(now_ns, trouble, self._jumped, is_back and not trouble)

    def _follow(self, reading: ClockReading, last_ns: int) -> None:
        """Follow the wall clock while it keeps its pace; after it was set, once there is a reason to trust it."""
        raw_ns, jump_ns = reading.base_ns, reading.base_ns - self._base_ns
        was_set, self._raw_ns = abs(raw_ns - self._raw_ns) > MAX_STEP_BACK_NS, raw_ns
        if abs(jump_ns) <= MAX_STEP_BACK_NS:
            if self._set_boot_ns:
                away_s = (reading.boot_ns - self._set_boot_ns) / NS_PER_S
                self._note_jump(reading, f"the machine's clock jumped, and came back after {away_s:.0f} s: time went on as it was")
            self._believe(raw_ns)
            return
        if was_set or not self._set_boot_ns:
            self._set_boot_ns = reading.boot_ns
            self._note_jump(
                reading, f"the machine's clock jumped by {_span(jump_ns)}: time goes on as it was, until the clock has proved itself"
            )
        if self._is_better(reading, last_ns):
            self._note_jump(reading, f"the machine's clock was set by {_span(jump_ns)}, and is believed")
            self._believe(raw_ns)
            self._believed_boot_ns = reading.boot_ns

    def _is_better(self, reading: ClockReading, last_ns: int) -> bool:
        """Whether to trust the wall clock rather than the time as it continued."""
        if self._against(reading.base_ns, reading.wall_ns):
            return False
        before_ns = self.now_ns(reading.boot_ns)
        was_wrong = bool(self._against(self._base_ns, before_ns)) or before_ns < last_ns - MAX_STEP_BACK_NS
        proved = reading.boot_ns - self._set_boot_ns >= self._prove_ns
        return was_wrong or proved or self._is_accepted(reading.base_ns) or self._agents_are_near(reading.base_ns)

    def _believe(self, base_ns: int) -> None:
        if self._is_accepted(base_ns):
            self._accepted_ns = base_ns
        self._base_ns, self._set_boot_ns = base_ns, 0

    def _note_jump(self, reading: ClockReading, what: str) -> None:
        self._jumped, self._jumped_boot_ns = what, reading.boot_ns

    def _is_accepted(self, base_ns: int) -> bool:
        return self._accepted_ns is not None and abs(base_ns - self._accepted_ns) <= MAX_STEP_BACK_NS

    def _may_go_back(self, last_ns: int, is_synchronised: Callable[[], bool]) -> bool:
        """Whether the last record was dated wrongly: this very process was there, or there is other evidence."""
        was_here = self._seen_ns >= last_ns - MAX_STEP_BACK_NS
        return was_here or self._is_accepted(self._base_ns) or self._agents_are_near(self._base_ns) or is_synchronised()

    def _against(self, base_ns: int, now_ns: int) -> str:
        """Return the evidence against a clock, apart from the last record; "" if there is none."""
        if self._is_accepted(base_ns):
            return ""
        if now_ns < BUILT_NS:
            return f"the clock says {_moment(now_ns)}, which is before this release was made; if it is right: {COMMAND}"
        low_ns, high_ns = self._agents()
        if len(self._agent_clocks) >= self._fewest and (low_ns > base_ns + APART_NS or high_ns < base_ns - APART_NS):
            theirs = _moment(now_ns + low_ns - base_ns)
            return f"the clock says {_moment(now_ns)}, most agents' clocks, which are synchronised, {theirs}; if ours is right: {COMMAND}"
        return ""

    def _agents_are_near(self, base_ns: int) -> bool:
        return bool(self._agent_clocks) and all(abs(each_ns - base_ns) <= APART_NS for each_ns in self._agents())

    def _agents(self) -> tuple[int, int]:
        """Return the low and high median of the agents' bases; without agents, our own."""
        bases_ns = [clock.base_ns for clock in self._agent_clocks.values()] or [self._base_ns]
        return median_low(bases_ns), median_high(bases_ns)


def _before_the_last(now_ns: int, last_ns: int) -> str:
    return (
        f"the clock says {_moment(now_ns)}, which is in the past: the last record is of {_moment(last_ns)}. Set the clock;"
        f" if it is right, and was ahead before: {COMMAND}"
    )


def _moment(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M} UTC"


def _span(ns: int) -> str:
    seconds = abs(ns) / NS_PER_S
    number = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
    return f"{'+' if ns > 0 else '-'}{number}"
