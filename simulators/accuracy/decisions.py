"""A sink that remembers when things were decided: by which evidence each dwell was first stored, and what is stored in the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MS, NS_PER_S
from gateway.points import Coded, Points
from simulators.stored_rows import Stored, StoredDwell, StoredMinute, StoredVisit, StoredZoneMinute


class StoredCounts(NamedTuple):
    """One minute at the doors; `drift` is what the occupancy is known to be wrong by."""

    entered: int
    left: int
    occupancy: int
    drift: int
    in_staff: int = 0
    transactions: int = 0


class MovedItem(NamedTuple):
    """An item that is stored as moved; `t_ns` is when."""

    epc: str
    from_zone: str
    to_zone: str
    t_ns: int


@dataclass(slots=True)
class _Dwell:
    store: str
    subject: str
    zone: str
    from_ns: int
    decided_ns: int
    fan: str = ""
    is_staff: bool = False
    seconds: float = 0.0
    is_open: bool = True
    is_void: bool = False
    quality: float = -1.0


@dataclass(slots=True)
class _Visit:
    store: str
    subject: str
    fan: str
    from_ns: int
    seconds: float
    is_open: bool
    is_void: bool
    is_staff: bool
    entries: int = 1


class DecisionSink:
    """`evidence_ns`, set by whoever drives the gateway: all evidence up to it has been folded."""

    name = "decisions"

    def __init__(self) -> None:
        self.evidence_ns = 0
        self.minutes: Final[dict[tuple[str, int], StoredCounts]] = {}
        """By the store and the time of the minute."""
        self.moved: Final[dict[tuple[int, str], MovedItem]] = {}
        """By the time of the point and the item."""
        self._zone_minutes: Final[dict[tuple[str, str, int], StoredZoneMinute]] = {}
        self._dwells: Final[dict[tuple[str, int, str, str], _Dwell]] = {}
        self._visits: Final[dict[tuple[str, int, str, str], _Visit]] = {}

    def write(self, batch: Sequence[Points]) -> None:
        """Take points, in the order in which they were emitted."""
        for points in batch:
            if taking := _TAKE.get(points.measurement):
                for row in _rows(points):
                    taking(self, row)

    def delete(self, measurements: Sequence[str], store: str, from_ns: int, to_ns: int) -> None:
        """Forget nothing: a gateway deletes what another one made, and there is none."""

    def close(self) -> None:
        """Close nothing: all is in memory."""

    def stored(self, until_ns: int) -> Stored:
        """Return what a database would hold of the time up to `until_ns`. What is open then lasts until then."""
        return Stored(
            [_visit(one, until_ns) for one in self._visits.values() if not one.is_void and one.from_ns <= until_ns],
            [_dwell(one, until_ns) for one in self._dwells.values() if not one.is_void and one.from_ns <= until_ns],
            [
                StoredMinute(store, t_ns, of.entered, of.left, of.transactions)
                for (store, t_ns), of in self.minutes.items()
                if t_ns < until_ns
            ],
            [minute for minute in self._zone_minutes.values() if minute.t_ns < until_ns],
        )

    def returns(self, subjects: Collection[str], from_ns: int, to_ns: int) -> int:
        """Return how often somebody came in again during the visits of some subjects that are stored in a span."""
        mine = [one for one in self._visits.values() if one.subject in subjects and not one.is_void]
        return sum(one.entries - 1 for one in mine if one.from_ns < to_ns and _end_ns(one, to_ns) > from_ns)

    def _take_dwell(self, row: Mapping[str, Any]) -> None:
        key = (row["store"], row["time_ns"], row["subject"], row["zone"])
        dwell = self._dwells.get(key)
        if dwell is None:
            begun_ns = row["time_ns"] // NS_PER_MS * NS_PER_MS
            dwell = self._dwells[key] = _Dwell(row["store"], row["subject"], row["zone"], begun_ns, self.evidence_ns)
        dwell.seconds, dwell.is_open, dwell.is_void, dwell.quality = row["seconds"], row["open"], row["void"], row["quality"]
        dwell.fan, dwell.is_staff = row["fan"], row["is_staff"]

    def _take_visit(self, row: Mapping[str, Any]) -> None:
        self._visits[row["store"], row["time_ns"], row["subject"], row["agent"]] = _Visit(
            row["store"], row["subject"], row["fan"], row["started_ms"] * NS_PER_MS, row["seconds"], row["open"], row["void"],
            row["is_staff"], row["entries"],
        )  # fmt: skip

    def _take_zone_traffic(self, row: Mapping[str, Any]) -> None:
        stay_s = row["dwell_sum_s"] - row["passing_sum_s"]
        self._zone_minutes[row["store"], row["zone"], row["time_ns"]] = StoredZoneMinute(
            row["store"], row["zone"], row["time_ns"], row["dwells"] - row["passes"], row["passes"], stay_s
        )

    def _take_item(self, row: Mapping[str, Any]) -> None:
        if row["kind"] == "moved":
            at_ns = row["time_ns"] // NS_PER_MS * NS_PER_MS
            self.moved[row["time_ns"], row["epc"]] = MovedItem(row["epc"], row["from_zone"], row["zone"], at_ns)

    def _take_traffic(self, row: Mapping[str, Any]) -> None:
        counts = (row["in"], row["out"], row["occupancy"], row["drift"], row["in_staff"], row["transactions"])
        self.minutes[row["store"], row["time_ns"]] = StoredCounts(*counts)


_TAKE: Final = {
    "dwell": DecisionSink._take_dwell,  # noqa: SLF001 # its own
    "visit": DecisionSink._take_visit,  # noqa: SLF001 # likewise
    "item": DecisionSink._take_item,  # noqa: SLF001 # likewise
    "zone_traffic": DecisionSink._take_zone_traffic,  # noqa: SLF001 # likewise
    "traffic": DecisionSink._take_traffic,  # noqa: SLF001 # likewise
}


def _dwell(one: _Dwell, until_ns: int) -> StoredDwell:
    end_ns = _end_ns(one, until_ns)
    return StoredDwell(
        one.store, one.zone, one.subject, one.from_ns, end_ns, one.fan, one.is_staff, one.is_open, one.decided_ns, one.quality
    )


def _visit(one: _Visit, until_ns: int) -> StoredVisit:
    return StoredVisit(one.store, one.subject, one.fan, one.is_staff, one.is_open, one.from_ns, _end_ns(one, until_ns), one.entries)


def _end_ns(one: _Dwell | _Visit, until_ns: int) -> int:
    return max(until_ns, one.from_ns) if one.is_open else one.from_ns + round(one.seconds * NS_PER_S)


def _rows(points: Points) -> list[dict[str, Any]]:
    columns = {"time_ns": points.time_ns.tolist()}
    for name, column in {**points.tags, **points.fields}.items():
        columns[name] = column.texts() if isinstance(column, Coded) else column.tolist()
    columns["subject"] = [each if isinstance(each, str) else to_hex(each) for each in columns.get("subject", [""] * len(points))]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
