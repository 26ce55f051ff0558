"""The gateway's contest between zones for one carrier, in the few lines that a fit calls thousands of times. Pure.

It follows gateway/fold/zone_contest.py: the first zone is settled, a zone that is ahead leads, and owns once it has led for the confirm
time and is ahead by the margin. What it leaves out are visits, dwells, rows out of order, and margins that follow how sharp a level is.
`footfall score` plays the real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from footfall.units import NS_PER_S
from gateway.calibration.walks import LevelRow

SETTLE_NS: Final = 2 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Settings:
    """What a calibration finds: offsets by zone, and how a change is decided and stamped."""

    offset_db: Mapping[str, int] = field(default_factory=dict)
    margin_db: float = 3.0
    confirm_s: float = 2.0
    back_s: float = 0.0


class Change(NamedTuple):
    """`zone` has the carrier since `from_ns`, which is known since `decided_ns`."""

    zone: str
    from_ns: int
    decided_ns: int


def changes_of(rows: Sequence[LevelRow], settings: Settings, stale_ns: int) -> list[Change]:
    """Return who owned the carrier, in the order of time; `back_s` is not applied."""
    contest = _Contest(settings, stale_ns)
    for row in rows:
        contest.take(row)
    return contest.changes


class _Contest:
    def __init__(self, settings: Settings, stale_ns: int) -> None:
        self.changes: Final[list[Change]] = []
        self._offset_db: Final = settings.offset_db
        self._margin_db: Final = settings.margin_db
        self._confirm_ns: Final = round(settings.confirm_s * NS_PER_S)
        self._stale_ns: Final = stale_ns
        self._levels: Final[dict[tuple[str, str], tuple[float, int]]] = {}
        self._owner = self._leader = ""
        self._since_ns = 0
        self._first_ns: int | None = None
        self._is_clear = False

    def take(self, row: LevelRow) -> None:
        self._decide(row.t_ns)
        key = row.zone, row.agent
        if row.dbm is None:
            self._levels.pop(key, None)
        else:
            self._levels[key] = row.dbm + self._offset_db.get(row.zone, 0), row.t_ns
        self._judge(row.t_ns)

    def _loud(self, t_ns: int) -> dict[str, float]:
        found: dict[str, float] = {}
        for (zone, _), (dbm, heard_ns) in self._levels.items():
            if t_ns - heard_ns <= self._stale_ns and dbm > found.get(zone, -1e9):
                found[zone] = dbm
        return found

    def _judge(self, t_ns: int) -> None:
        loud = self._loud(t_ns)
        if not self._owner:
            self._first_ns = t_ns if self._first_ns is None else self._first_ns
            return
        own = loud.pop(self._owner, None)
        best = max(loud, key=loud.__getitem__, default="")
        if not best or (own is not None and loud[best] <= own):
            self._leader = ""
            return
        if not self._leader:
            self._since_ns = t_ns
        self._leader, self._is_clear = best, own is None or loud[best] > own + self._margin_db

    def _decide(self, t_ns: int) -> None:
        """Decide what is over before a row."""
        if not self._owner and self._first_ns is not None and t_ns - self._first_ns > SETTLE_NS:
            loud = self._loud(self._first_ns + SETTLE_NS)
            self._own(max(loud, key=loud.__getitem__, default=""), self._first_ns, t_ns)
        if not self._leader:
            return
        led_ns = t_ns - self._since_ns
        if led_ns > self._confirm_ns and self._is_clear:
            self._own(self._leader, self._since_ns, t_ns)
        elif led_ns > 2 * self._confirm_ns:
            self._leader = ""

    def _own(self, zone: str, from_ns: int, decided_ns: int) -> None:
        """Nobody owns a carrier whose first zone fell silent while it was settled."""
        self._first_ns = None
        if zone:
            self.changes.append(Change(zone, from_ns, decided_ns))
        self._owner, self._leader = zone, ""
