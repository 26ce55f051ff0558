"""A segment of a visit as a row of the store and as a point, and what the minutes of its store count of it.

Each is written once, for one segment or for columns of segments (gateway.fold.writers).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from footfall.units import NS_PER_MINUTE, NS_PER_MS
from gateway.fold.absences import Span, absences_between, heard_spans
from gateway.fold.estate_index import seconds_of
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.state import State
from gateway.fold.visit_touches import NO_TOUCHES, VisitTouches
from gateway.fold.writers import Values, Writer
from gateway.points.rows import VisitPoint

OPEN, CLOSED = 1, 2


class VisitKey(NamedTuple):
    """A visit's series and time, frozen at its opening event."""

    store: int
    key_ns: int
    agent: int


@dataclass(frozen=True, slots=True)
class TrafficContribution:
    """What a visit contributes to the traffic of its store."""

    first_minute: int
    last_minute: int
    known: bool
    closed: bool
    seconds: float
    anonymous: bool = False
    """Of a day subject; an earlier release counted none of these apart."""
    staff_minutes: tuple[int, ...] = ()
    """When one of the staff came in: then nothing else is counted."""

    def to_list(self) -> list[Any]:
        """Return its values in their order."""
        values = [self.first_minute, self.last_minute, self.known, self.closed, self.seconds, self.anonymous]
        return [*values, list(self.staff_minutes)] if self.staff_minutes else values

    @classmethod
    def of_list(cls, values: Sequence[Any]) -> TrafficContribution:
        """Return what `to_list` returned, now or in an earlier release."""
        kept = cls(*values[:6])
        return replace(kept, staff_minutes=tuple(values[6])) if len(values) > 6 else kept

    @classmethod
    def of_staff(cls, entries_ns: Sequence[int]) -> TrafficContribution:
        """Return what the visit of one of the staff contributes: when they came in."""
        minutes = [time_ns // NS_PER_MINUTE for time_ns in entries_ns]
        return cls(minutes[0], minutes[0], False, False, 0.0, False, tuple(minutes))

    def to_json(self) -> str:
        """Return what the store keeps."""
        return json.dumps(self.to_list())


@dataclass(slots=True)
class Segment:
    """A segment, from a track or from the store. Made by a ColumnWriter, its fields are columns."""

    key: VisitKey
    subject: str
    start_ns: int
    last_ns: int
    zones: int
    """A bit a zone, unsigned."""
    staff: bool
    is_open: bool
    fan: str
    slot: int
    grouped: bool
    counted: TrafficContribution | None
    anonymous: bool
    """Whether traffic counts it, or would, as that of a day subject."""
    absences: tuple[Span, ...] = ()
    """Of one segment alone: columns of segments have none here."""
    part_of_ns: int = 0
    """See VisitRow."""


def of_track(state: State, writer: Writer, slot: Any, counted: TrafficContribution | None) -> Segment:
    """Return the segment that a track has now."""
    t, number = state.tracks, writer.number
    return Segment(
        key=VisitKey(number(t.store[slot]), number(t.v_key_ns[slot]), number(t.v_agent[slot])),
        subject=writer.subject(t.subject[slot]),
        start_ns=number(t.v_start_ns[slot]),
        last_ns=number(t.v_last_ns[slot]),
        zones=number(t.v_zones[slot]),
        staff=number(t.staff[slot]),
        is_open=number(t.v_state[slot] == OPEN),
        fan=writer.fan(t.v_fan[slot]),
        slot=slot,
        grouped=number(t.v_grouped[slot]),
        counted=counted,
        anonymous=number(t.v_anonymous[slot]),
        part_of_ns=number(t.v_part_of_ns[slot]),
    )


def contribution(state: State, slot: int) -> TrafficContribution | None:
    """Return what the visit of a track that is not grouped contributes; None if nothing."""
    t = state.tracks
    if not t.v_counted[slot]:
        return None
    start_ns, last_ns = int(t.v_start_ns[slot]), int(t.v_last_ns[slot])
    known, closed = state.fans.known(t.v_fan[slot]), bool(t.v_state[slot] == CLOSED)
    seconds, anonymous = seconds_of(start_ns, last_ns), bool(t.v_anonymous[slot])
    return TrafficContribution(start_ns // NS_PER_MINUTE, int(t.v_minute[slot]), known, closed, seconds, anonymous)


def joined(primary: Segment, group: Sequence[Segment]) -> Segment:
    """Return the primary of a group with the span and the zones of all."""
    zones = 0
    for part in group:
        zones |= part.zones
    start_ns, last_ns = min(part.start_ns for part in group), max(part.last_ns for part in group)
    return replace(primary, start_ns=start_ns, last_ns=last_ns, is_open=any(part.is_open for part in group), zones=zones)


def entries_of(parts: Sequence[Segment], reentry_ns: int, vouched_ns: Sequence[int]) -> list[int]:
    """Return when the person of a visit came in, ns: an absence is one from all its parts, in which nothing vouches for the person."""
    one = parts[0]
    away = one.absences
    if len(parts) > 1:
        away = absences_between([span for part in parts for span in heard_spans(part.start_ns, part.last_ns, part.absences)], reentry_ns)
    start_ns = min(part.start_ns for part in parts)
    return [start_ns, *(to_ns for from_ns, to_ns in away if not any(from_ns <= time_ns <= to_ns for time_ns in vouched_ns))]


def row_of(state: State, writer: Writer, segment: Segment, grouped: Any, counted: Any, absences: Any) -> Values:
    """Return the fields of VisitRow; `grouped` is 0 or 1, the others are texts, or what `rows_of` takes for columns of texts."""
    estate, key = state.estate, segment.key
    return {
        "subject": segment.subject,
        "store": writer.text(key.store, estate.stores.names),
        "key_ns": key.key_ns,
        "agent": writer.text(key.agent, estate.agents.names),
        "start_ns": segment.start_ns,
        "last_ns": segment.last_ns,
        "zones": writer.signed(segment.zones),
        "staff": writer.flag(segment.staff),
        "open": writer.flag(segment.is_open),
        "fan": segment.fan,
        "grouped": grouped,
        "counted": counted,
        "absences": absences,
        "part_of_ns": segment.part_of_ns,
    }


def emit(
    writer: Writer,
    row: Values,
    zones: Any,
    entries: Any,
    known: Any,
    touches: VisitTouches = NO_TOUCHES,
    merged_into: str = "",
    void: bool = False,
) -> None:
    """Emit the point of a visit; `row` has the fields of VisitRow, `zones` is in how many it has been, `entries` how often it came in.

    How far an open one has got depends on when one looks: it is stored as at its beginning, in one zone.
    """
    is_open = row["open"]
    writer.emit(
        VisitPoint,
        {
            "time_ns": row["key_ns"], "agent": row["agent"], "store": row["store"], "subject": row["subject"], "fan": row["fan"],
            "known": known, "is_staff": row["staff"] != 0, "open": is_open != 0, "started_ms": row["start_ns"] // NS_PER_MS,
            "seconds": (1 - is_open) * seconds_of(row["start_ns"], row["last_ns"]), "zones": is_open + (1 - is_open) * zones,
            "void": void or merged_into != "", "merged_into": merged_into, "entries": is_open + (1 - is_open) * entries,
            **touches._asdict(), **writer.member(row),
        },
    )  # fmt: skip


def started(known: Any, anonymous: Any, sign: int = 1) -> Mapping[int, Any]:
    """Return what the minute of its start counts of a visit, by column of TRAFFIC; with `sign` -1, to take it back."""
    amounts = {
        "visits_started": sign, "visits_open": sign, "known_open": sign * known,
        "anonymous_started": sign * anonymous, "anonymous_open": sign * anonymous,
    }  # fmt: skip
    return {TRAFFIC_COLUMN[name]: amount for name, amount in amounts.items()}


def ended(seconds: Any, sign: int = 1) -> Mapping[int, Any]:
    """Return what the minute of its end counts of a visit that is closed, by column of TRAFFIC."""
    return {TRAFFIC_COLUMN["visits_closed"]: sign, TRAFFIC_COLUMN["dwell_sum_s"]: sign * seconds}


def number_of_zones(zones: Any) -> Any:
    """Return how many bits are set, of one unsigned number or of a column."""
    return np.bitwise_count(zones).astype(np.int64) if isinstance(zones, np.ndarray) else zones.bit_count()
