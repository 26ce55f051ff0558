"""What time it is, for the gateway: its wall clock, as long as nothing speaks against it. Pure: readings in, a verdict out.

The wall clock is compared with CLOCK_BOOTTIME, which nobody sets: `base` is their difference. A clock that is set while the gateway runs
proves itself for a while before it is believed, and time goes on meanwhile as it was. So a jump of some seconds dates nothing, and a jump
for good stops nothing. Evidence against the clock, and only that, holds everything back: a time before this release or before the last
record, or most agents' synchronised clocks. `accept` overrules it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median_high, median_low
from typing import Final, NamedTuple

from footfall.units import NS_PER_S

BUILT_NS: Final = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * NS_PER_S
"""No clock is right that is before this."""
MAX_STEP_BACK_NS: Final = 5 * NS_PER_S
"""So far the clock may be set at once, and time stands still where it was set back."""
APART_NS: Final = 60 * NS_PER_S
"""So far the clocks of agents may be from ours."""
FRESH_NS: Final = 120 * NS_PER_S
"""So old may be what an agent said of its clock."""
SURE_NS: Final = 3600 * NS_PER_S
"""A clock that nobody vouches for is sure after so long."""
SHOWN_NS: Final = 3600 * NS_PER_S
"""So long a jump is shown."""
COMMAND: Final = "footfall clock accept"


class Reading(NamedTuple):
    """Both clocks of this machine at one moment."""

    wall_ns: int
    boot_ns: int

    @property
    def base_ns(self) -> int:
        return self.wall_ns - self.boot_ns


class Verdict(NamedTuple):
    """`trouble`: why nothing may be taken in, or "". `is_back`: time goes on before the last record, and rightly so."""

    now_ns: int
    trouble: str
    jumped: str
    is_back: bool


class _Said(NamedTuple):
    base_ns: int
    heard_boot_ns: int


class OwnClock:
    """`judge` again and again; `hear` what agents with synchronised clocks say."""

    def __init__(self, first: Reading, agents: int, prove_s: float) -> None:
        """`agents` there are by site.toml. `prove_s`: how long a clock that was set must stay so."""
        self._base_ns = self._raw_ns = first.base_ns
        self._fewest: Final = min(2, agents)
        self._prove_ns: Final = int(prove_s * NS_PER_S)
        self._said: dict[str, _Said] = {}
        self._accepted_ns: int | None = None
        self._believed_boot_ns = first.boot_ns
        """Since when this base is believed."""
        self._set_boot_ns = 0
        """Since when the wall clock is another than the one that is believed; 0: it is that one."""
        self._seen_ns = first.wall_ns
        self._jumped, self._jumped_boot_ns = "", 0

    def hear(self, agent: str, sent_wall_ns: int, boot_ns: int) -> None:
        """An agent whose clock is synchronised says what it reads now."""
        self._said[agent] = _Said(sent_wall_ns - boot_ns, boot_ns)

    def accept(self, base_ns: int) -> None:
        """Somebody says that a clock which differs by `base_ns` from CLOCK_BOOTTIME is right."""
        self._accepted_ns = base_ns

    def now_ns(self, boot_ns: int) -> int:
        """The time by the clock that is believed."""
        return boot_ns + self._base_ns

    def contradicts(self, agent: str) -> int:
        """How far an agent's synchronised clock is ahead of the time that is believed; 0 where that is no further than it may be."""
        said = self._said.get(agent)
        apart_ns = said.base_ns - self._base_ns if said is not None else 0
        return apart_ns if abs(apart_ns) > APART_NS else 0

    def is_sure(self, reading: Reading, is_synchronised: Callable[[], bool]) -> bool:
        """Whether what this clock says may be acted on for good: it was set by nobody for a while, and something vouches for it."""
        for_ns = reading.boot_ns - self._believed_boot_ns
        if self._set_boot_ns or for_ns < self._prove_ns or self._against(self._base_ns, self.now_ns(reading.boot_ns)):
            return False
        vouched = self._is_accepted(self._base_ns) or self._agents_are_near(self._base_ns) or is_synchronised()
        return vouched or for_ns >= SURE_NS

    def judge(self, reading: Reading, last_ns: int, is_synchronised: Callable[[], bool]) -> Verdict:
        """`last_ns`: the time of the last record. `is_synchronised` is asked only where it matters."""
        self._said = {agent: said for agent, said in self._said.items() if reading.boot_ns - said.heard_boot_ns <= FRESH_NS}
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

    def _follow(self, reading: Reading, last_ns: int) -> None:
        """The wall clock where it goes as it did; where it was set, once there is a reason to believe it."""
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

    def _is_better(self, reading: Reading, last_ns: int) -> bool:
        """Whether the wall clock is to be believed rather than the time as it was."""
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

    def _note_jump(self, reading: Reading, what: str) -> None:
        self._jumped, self._jumped_boot_ns = what, reading.boot_ns

    def _is_accepted(self, base_ns: int) -> bool:
        return self._accepted_ns is not None and abs(base_ns - self._accepted_ns) <= MAX_STEP_BACK_NS

    def _may_go_back(self, last_ns: int, is_synchronised: Callable[[], bool]) -> bool:
        """Whether the last record is what was dated wrongly: this very process was there, or somebody says so."""
        was_here = self._seen_ns >= last_ns - MAX_STEP_BACK_NS
        return was_here or self._is_accepted(self._base_ns) or self._agents_are_near(self._base_ns) or is_synchronised()

    def _against(self, base_ns: int, now_ns: int) -> str:
        """What speaks against a clock, apart from the last record; "" if nothing does."""
        if self._is_accepted(base_ns):
            return ""
        if now_ns < BUILT_NS:
            return f"the clock says {_moment(now_ns)}, which is before this release was made; if it is right: {COMMAND}"
        low_ns, high_ns = self._agents()
        if len(self._said) >= self._fewest and (low_ns > base_ns + APART_NS or high_ns < base_ns - APART_NS):
            theirs = _moment(now_ns + low_ns - base_ns)
            return f"the clock says {_moment(now_ns)}, most agents' clocks, which are synchronised, {theirs}; if ours is right: {COMMAND}"
        return ""

    def _agents_are_near(self, base_ns: int) -> bool:
        return bool(self._said) and all(abs(each_ns - base_ns) <= APART_NS for each_ns in self._agents())

    def _agents(self) -> tuple[int, int]:
        """Between which bases the middle of the agents' clocks is."""
        bases_ns = [said.base_ns for said in self._said.values()] or [self._base_ns]
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
