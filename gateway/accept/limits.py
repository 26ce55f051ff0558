"""How much one agent may send, so that none slows another, however valid its certificate. Time is an argument; nothing is durable.

A pace is a sustained rate, and how many seconds of it may come at once: a backlog of days. Above its pace an agent is asked by
receipts to pause, and its frames wait in its spool. If it goes on sending, its messages are not read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import numpy as np

from footfall.errors import ContractError
from footfall.frames import Body, Kind
from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_S

LimitedAmount = Literal["messages", "bytes", "rows", "events", "healths"]


class Pace(NamedTuple):
    a_second: float
    burst_s: float


PACES: Final[Mapping[LimitedAmount, Pace]] = {
    "messages": Pace(2_000, 30),
    "bytes": Pace(8 << 20, 60),
    "rows": Pace(20_000, 100),
    "events": Pace(2_000, 300),
    "healths": Pace(2, 60),
}
"""A busy store's agent has 1 message, 3 KB and 30 rows a second: three days of that as backlog come in within seven minutes."""
FLOOD: Final = "agent.flood"
"""The reason of input that is refused for exceeding a limit."""
DEAF_AFTER_S: Final = 10.0
"""This far above its pace an agent ignores its receipts: its messages are not read until it is back."""
MOST_BEYOND_S: Final = 60.0
"""Longest time for which an agent is held back."""
_UNIT_NS: Final = {what: round(NS_PER_S / pace.a_second) for what, pace in PACES.items()}
_BURST_NS: Final = {what: round(pace.burst_s * NS_PER_S) for what, pace in PACES.items()}
_MOST_BEYOND_NS: Final = int(MOST_BEYOND_S * NS_PER_S)
MAX_SUBJECTS_AN_HOUR: Final = 200_000
"""Per agent: twice the rows of a busy one. Each takes memory until its visit is over."""
DAY_ROWS: Final = 20_000
"""What rows of one more day cost, in rows: they change its minutes, and the occupancy of all that follow."""
DAYS_FREE: Final = 2
"""Days of an agent's latest frames cost nothing: midnight, or a device that reports late."""
_EVENTS: Final = bytes([Kind.EVENT, Kind.REFUSED])
_HOURS_KEPT: Final = 48
_HOURS_FULL: Final = 2
"""Hours besides the present one of which subjects are remembered: all of them would be hundreds of megabytes per agent."""


class RateLimits:
    """One for all agents. Callers name only agents of `site.toml`, which bounds memory."""

    def __init__(self) -> None:
        self._full_ns: Final[dict[LimitedAmount, dict[str, int]]] = {what: {} for what in PACES}
        """When all that an agent sent would have arrived at exactly its pace."""
        self._paced: Final = {what: (full_ns, _UNIT_NS[what], _BURST_NS[what]) for what, full_ns in self._full_ns.items()}
        self.late: Final[set[str]] = set()
        """Agents that went above a pace, and may still be."""
        self._hours: Final[defaultdict[str, dict[int, _Hour]]] = defaultdict(dict)
        self._days: Final[dict[str, tuple[int, ...]]] = {}
        """Days of the latest frames of each agent, the last at the end."""
        self._latest_ns = 0

    def spend(self, agent: str, what: LimitedAmount, amount: int, now_ns: int) -> float:
        """Count what arrived. Return by how many seconds the agent is above its pace; 0 if it is not."""
        if now_ns < self._latest_ns:
            self._forget()
        self._latest_ns = now_ns
        full_ns, unit_ns, burst_ns = self._paced[what]
        behind_ns = full_ns.get(agent, 0)
        new_ns = full_ns[agent] = (behind_ns if behind_ns > now_ns else now_ns) + amount * unit_ns
        if new_ns - now_ns <= burst_ns:
            return 0.0
        self.late.add(agent)
        full_ns[agent] = min(new_ns, now_ns + burst_ns + _MOST_BEYOND_NS)
        return (full_ns[agent] - now_ns - burst_ns) / NS_PER_S

    def _forget(self) -> None:
        """The clock was ahead, and was set right: otherwise every agent would be held back until the time that it showed."""
        self.late.clear()
        for full_ns in self._full_ns.values():
            full_ns.clear()

    def beyond_s(self, agent: str, now_ns: int, *sent: LimitedAmount) -> float:
        """Return by how many seconds the agent is above the worst of these paces; 0 if it keeps all."""
        if agent not in self.late:
            return 0.0
        beyond_ns = {what: self._full_ns[what].get(agent, 0) - now_ns - _BURST_NS[what] for what in PACES}
        if max(beyond_ns.values()) <= 0:
            self.late.remove(agent)
        return max(0.0, *(beyond_ns[what] / NS_PER_S for what in sent))

    def take_rows(self, agent: str, body: Body, heard_ns: int, now_ns: int) -> None:
        """Count a frame's rows. Raise ContractError FLOOD for more different subjects than an hour can have.

        Subjects are counted only where the rows of the hour are more than that.
        """
        self.spend(agent, "rows", len(body.kind), now_ns)
        number = heard_ns // NS_PER_HOUR
        hour = self._hours[agent].get(number) or self._new_hour(agent, number)
        hour.rows += len(body.kind)
        if hour.rows <= MAX_SUBJECTS_AN_HOUR:
            return
        new = set(np.unique(body.subject).tolist()) - hour.subjects
        if len(hour.subjects) + len(new) > MAX_SUBJECTS_AN_HOUR:
            raise ContractError(FLOOD, f"more than {MAX_SUBJECTS_AN_HOUR} subjects in one hour of agent {agent!r}")
        hour.subjects |= new

    def take_days(self, agent: str, body: Body, offset_ns: int, heard_ns: int, now_ns: int) -> None:
        """Count each new day of a frame's rows as rows. Plain events are counted as such: history comes in by years of days."""
        if not body.kind.tobytes().strip(_EVENTS):
            return
        known, days = self._days.get(agent, ()), _days_of(body, offset_ns, heard_ns)
        if len(days) == 1 and days[0] in known:
            return
        new = [day for day in days if day not in known]
        if new:
            self._days[agent] = (*known, *new)[-DAYS_FREE:]
            self.spend(agent, "rows", DAY_ROWS * len(new), now_ns)

    def _new_hour(self, agent: str, number: int) -> _Hour:
        hours = self._hours[agent]
        for full in [*hours.values()][:-_HOURS_FULL]:
            full.subjects.clear()
        hour = hours[number] = _Hour()
        if len(hours) > _HOURS_KEPT:
            del hours[next(iter(hours))]
        return hour


def _days_of(body: Body, offset_ns: int, heard_ns: int) -> list[int]:
    """Return days since 1970, UTC, by the device's time where a row has one. A time after the frame's own counts as the frame's."""
    heard = heard_ns // NS_PER_DAY
    if body.t_wall_ns is None:
        first_ns: int = body.t_boot_ns.item(body.t_boot_ns.argmin())  # a third of what `min` takes
        if (first_ns + offset_ns) // NS_PER_DAY >= heard:
            return [heard]
        times_ns = body.t_boot_ns + offset_ns
    else:
        times_ns = np.where(body.t_wall_ns, body.t_wall_ns, body.t_boot_ns + offset_ns)
    days: list[int] = np.unique(np.minimum(times_ns // NS_PER_DAY, heard)).tolist()
    return days


class _Hour:
    """The rows of one hour; `subjects` only once there were many."""

    __slots__ = ("rows", "subjects")

    def __init__(self) -> None:
        self.rows = 0
        self.subjects: set[int] = set()
