"""A walk as it is walked: rows that agents send of one beacon, and what the installer states of where it is. Pure.

walk = LiveWalk(subject)
walk.hear(topic's agent, header, body, received_ns)
walk.state("fitting", now_ns); walk.cross(now_ns); walk.pause(now_ns); walk.undo()
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from footfall.frames import Body, Header
from footfall.units import NS_PER_S
from gateway.calibration.walks import LevelRow, Walk, rows_of

TRUTH_EVERY_NS: Final = NS_PER_S // 5
FRESH_NS: Final = 15 * NS_PER_S
"""A level that is older is shown as silence, and is not the loudest of its zone."""
CROSSED_NS: Final = 20 * NS_PER_S
"""Who states a crossing states the zone behind it within so long."""


class Stated(NamedTuple):
    """From `from_ns` on the installer is in `zone`; "": where is not known."""

    from_ns: int
    zone: str


@dataclass(slots=True)
class _Row:
    """A row with the boot of its agent's clock, which is brought to ours in the end: the quickest frame tells best how."""

    clock: tuple[str, str]
    row: LevelRow


class HeardNow(NamedTuple):
    """The latest level of one receiver, or of a zone with one alone; `dbm` None: it does not hear the beacon any more."""

    zone: str
    agent: str
    receiver: str
    dbm: float | None
    t_ns: int


class LiveWalk:
    """One beacon. Times are ns since 1970, by the clock of whoever hears the broker."""

    def __init__(self, subject: int) -> None:
        self.subject: Final = subject
        self.stated: Final[list[Stated]] = []
        self.profiles: Final[Counter[str]] = Counter()
        """How many rows of the beacon each profile had."""
        self.now: Final[dict[tuple[str, str, str], HeardNow]] = {}
        """By zone, agent and receiver."""
        self._frames: Final[set[tuple[str, str, int]]] = set()
        self._crossing_ns = 0
        self._rows: Final[list[_Row]] = []
        self._offset_ns: Final[dict[tuple[str, str], int]] = {}
        self._reported_ns: Final[dict[tuple[str, str], int]] = {}

    # What agents send

    def hear(self, header: Header, body: Body, received_ns: int) -> None:
        """Take a frame. Its rows' times are brought to our clock by the frame that came the quickest."""
        if (frame := (header.agent, header.epoch, header.seq)) in self._frames:
            return  # agents send again what was not receipted
        self._frames.add(frame)
        clock = header.agent, header.boot
        offset_ns = self._offset_ns[clock] = min(received_ns - header.sent_boot_ns, self._offset_ns.get(clock, 1 << 62))
        levels = {row: more["levels"] for row, more in body.extra.items() if "levels" in more}
        before_ns = self._reported_ns.get(clock, 0)
        for number, (subject, profile, row) in enumerate(rows_of(body, header.agent, 0, before_ns)):
            if subject != self.subject:
                continue
            self.profiles[profile] += 1
            self._rows.append(_Row(clock, row))
            self._show(row, levels.get(number, {}), row.t_ns + offset_ns)
        self._reported_ns[clock] = body.made_boot_ns

    @property
    def frames(self) -> int:
        """Return how many frames came, of any beacon."""
        return len(self._frames)

    def _show(self, row: LevelRow, levels: Mapping[str, float], t_ns: int) -> None:
        for receiver, dbm in {"": row.dbm, **(levels if row.dbm is not None else {})}.items():
            self.now[row.zone, row.agent, receiver] = HeardNow(row.zone, row.agent, receiver, dbm, t_ns)

    def level(self, zone: str, now_ns: int) -> float | None:
        """Return how loud a zone hears the beacon now, by its loudest agent; None if it does not."""
        found = [each.dbm for each in self.now.values() if each.zone == zone and not each.receiver and now_ns - each.t_ns <= FRESH_NS]
        return max((dbm for dbm in found if dbm is not None), default=None)

    # What the installer states

    def state(self, zone: str, now_ns: int) -> None:
        """The installer is in a zone, since the crossing that was stated before, or since now."""
        crossed = self._crossing_ns if self.is_crossing and now_ns - self._crossing_ns <= CROSSED_NS else now_ns
        self._crossing_ns = 0
        self.stated.append(Stated(crossed, zone))

    def cross(self, now_ns: int) -> None:
        """The installer crosses a border now; the zone is stated next."""
        self._crossing_ns = now_ns

    def pause(self, now_ns: int) -> None:
        """Where the installer is from now on does not count, until a zone is stated."""
        self.stated.append(Stated(now_ns, ""))
        self._crossing_ns = 0

    def undo(self) -> None:
        """Take back what was stated last; a crossing is taken back alone."""
        if self._crossing_ns:
            self._crossing_ns = 0
        elif self.stated:
            self.stated.pop()

    @property
    def is_crossing(self) -> bool:
        """Return whether a crossing waits for its zone."""
        return bool(self._crossing_ns)

    @property
    def zone(self) -> str:
        """Return where the installer is; "" if nobody knows."""
        return self.stated[-1].zone if self.stated else ""

    def seconds_in(self, now_ns: int) -> dict[str, float]:
        """Return how long the installer was in each zone."""
        found: Counter[str] = Counter()
        for one, following in pairwise([*self.stated, Stated(now_ns, "")]):
            found[one.zone] += max(following.from_ns - one.from_ns, 0)
        return {zone: total_ns / NS_PER_S for zone, total_ns in found.items() if zone}

    # What is kept

    def zone_at(self, t_ns: int) -> str:
        """Return where the installer was at a time; "" if nobody knows."""
        return next((each.zone for each in reversed(self.stated) if each.from_ns <= t_ns), "")

    def every_row(self) -> list[LevelRow]:
        """Return the rows of all agents with times of our clock, in the order in which agents reported them."""
        return sorted(map(self._dated, self._rows), key=_place_ns)

    def truth(self, until_ns: int) -> list[tuple[int, str]]:
        """Return where the installer was, as moments TRUTH_EVERY_NS apart, up to a time."""
        ends = [*(each.from_ns for each in self.stated[1:]), until_ns]
        spans = zip(self.stated, ends, strict=False)
        return [(t_ns, one.zone) for one, end_ns in spans if one.zone for t_ns in range(one.from_ns, end_ns, TRUTH_EVERY_NS)]

    def as_walk(self, name: str, until_ns: int) -> Walk:
        """Return what a calibration is made of: a zone that several agents hear has the levels of each, as the gateway weighs them."""
        return Walk(name, self.every_row(), self.truth(until_ns))

    def rows(self) -> Iterator[LevelRow]:
        """Yield the rows that a recording of one agent has, with times of our clock, in the order in which agents reported them.

        Of several agents that hear a zone the loudest has its level.
        """
        latest: dict[str, dict[str, tuple[int, float]]] = {}
        for one in self.every_row():
            others = {
                agent: heard for agent, heard in latest.setdefault(one.zone, {}).items()
                if agent != one.agent and one.t_ns - heard[0] <= FRESH_NS
            }  # fmt: skip
            if one.dbm is None:
                latest[one.zone].pop(one.agent, None)
            else:
                latest[one.zone][one.agent] = one.t_ns, one.dbm
            louder = max((dbm for _, dbm in others.values()), default=None)
            if louder is None or (one.dbm is not None and one.dbm >= louder):
                yield one

    def _dated(self, one: _Row) -> LevelRow:
        offset_ns = self._offset_ns[one.clock]
        reported_ns = one.row.reported_ns + offset_ns if one.row.reported_ns else 0
        return one.row._replace(t_ns=one.row.t_ns + offset_ns, reported_ns=reported_ns)


def _place_ns(row: LevelRow) -> int:
    return max(row.t_ns, row.reported_ns)
