"""Arrivals: each visit of a fan who is known when it begins, reported once for the live stream, as soon as its first zone is settled.

Evidence is in order by then: the zone is the one in which the visit begins as it is stored. Whoever is named later does not arrive. What
was reported is no part of the state: records that are folded once more after a restart report the same arrivals, with the same ids and in
the same places, by which whoever sends them knows those that were sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.fold.dwell_rows import current
from gateway.fold.history import DERIVED
from gateway.fold.state import State
from gateway.fold.store import DwellRow
from gateway.fold.visit_rows import Segment, VisitKey
from gateway.fold.writers import RowWriter
from gateway.identity.facts import is_registered


class Place(NamedTuple):
    """Where an arrival stands among all of a journal's: the record up to which it took, and its number among those of that record."""

    pos: int
    number: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A known fan came into a store. `id` is the visit's, unique among stores; `time_ns` is when it began."""

    id: str
    store: str
    zone: str
    fan: str
    time_ns: int
    place: Place


class _Begun(NamedTuple):
    """A visit that is to be reported, with its first part."""

    visit: Segment
    first: Segment
    zone: int
    """The code of the zone of its first evidence."""
    place: Place


class Arrivals:
    """Segments of known fans are announced, and reported with the visit that they turn out to belong to: of several segments one."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._writer: Final = RowWriter(state)
        self._announced: Final[dict[VisitKey, int]] = {}
        """Segments that are yet to be projected, with the code of the zone of their first evidence."""
        self._begun: list[_Begun] = []
        self._next = Place(0, 0)

    def begin(self, pos: int) -> None:
        """Begin with what is decided behind the record at a position."""
        if pos != self._next.pos:
            self._next = Place(pos, 0)

    def announce(self, key: VisitKey, zone: int) -> None:
        """Announce the segment of a known fan that begins with evidence in a zone."""
        self._announced[key] = zone

    def project(self, visit: Segment, parts: Sequence[Segment]) -> None:
        """Report a visit as it is stored, unless a part of it was reported before."""
        if not self._announced:
            return
        zones = {part.key: self._announced.pop(part.key) for part in parts if part.key in self._announced}
        if len(zones) == len(parts) and is_registered(visit.fan) and not visit.staff:
            first = min(parts, key=lambda part: (part.start_ns, part.key))
            self._begun.append(_Begun(visit, first, zones[first.key], self._next))
            self._next = Place(self._next.pos, self._next.number + 1)

    def take(self) -> list[Arrival]:
        """Return the arrivals since the last call; between batches, when the store behind the fold has every dwell that was closed."""
        begun, self._begun = self._begun, []
        return [self._arrival(each) for each in begun if self._is_ours(each.visit.key)]

    def _is_ours(self, key: VisitKey) -> bool:
        """Return whether a visit is of the history that this gateway makes: of any other somebody else has reported it."""
        return key.key_ns + DERIVED["visit"] > self._state.history.of(self._state.estate.stores.names[key.store])

    def _arrival(self, begun: _Begun) -> Arrival:
        key, estate = begun.visit.key, self._state.estate
        store = estate.stores.names[key.store]
        return Arrival(
            id=f"{store}/{key.key_ns}/{estate.agents.names[key.agent]}",
            store=store,
            zone=self._first_zone(begun, store),
            fan=begun.visit.fan,
            time_ns=begun.visit.start_ns,
            place=begun.place,
        )

    def _first_zone(self, begun: _Begun, store: str) -> str:
        """Return the zone of the visit's first dwell, else of its first evidence."""
        estate, start_ns, last_ns = self._state.estate, begun.first.start_ns, begun.first.last_ns
        inside = [row for row in self._dwells(begun.first, store) if row.start_ns <= last_ns and row.last_ns >= start_ns]
        inside = [row for row in inside if not estate.zone_outside[estate.zone(store, row.zone)]]
        if inside:
            return min(inside, key=lambda row: row.start_ns).zone
        return str(estate.zone_name[begun.zone])

    def _dwells(self, segment: Segment, store: str) -> Iterator[DwellRow]:
        """Yield the dwells of a segment's subject in its store: those around it that are closed, and those that tracks have now."""
        tracks = self._state.tracks
        yield from self._state.ledger.dwells(segment.subject, store, segment.start_ns, segment.last_ns)
        for slot in tracks.tracks_of(int(segment.subject, 16), segment.key.store):
            if tracks.d_state[slot]:
                yield DwellRow(**current(self._state, self._writer, slot))
