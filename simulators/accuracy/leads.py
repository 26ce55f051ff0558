"""What a gateway shows while nothing is decided: which zone led, of whom, and while which evidence was the latest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from footfall.pseudonyms import to_hex
from gateway.fold.state import State
from gateway.fold.tables.tracks import DECIDED
from gateway.fold.zones_now import zones_now
from simulators.accuracy.course import Lead


class LeadWatch:
    """Look after each batch that is folded; `leads` has all that was seen, by subject."""

    def __init__(self) -> None:
        self._ended: Final[dict[str, list[Lead]]] = {}
        self._open: dict[tuple[str, str, int], int] = {}
        """By subject, zone and since when: from which evidence on."""

    def look(self, state: State, evidence_ns: int) -> None:
        """Take what leads now; all evidence up to a time has been folded."""
        tracks = state.tracks
        now = zones_now(state, np.flatnonzero((tracks.contest[: tracks.size] != DECIDED) & ~tracks.out_of_order[: tracks.size]))
        now = now.take(~now.is_decided)
        names = state.estate.zone_name
        rows = zip(tracks.subject[now.slot].tolist(), now.zone.tolist(), now.since_ns.tolist(), strict=True)
        found = {(to_hex(subject), names[zone], since_ns): evidence_ns for subject, zone, since_ns in rows}
        for lead in self._open.keys() - found.keys():
            self._end(lead, evidence_ns)
        self._open = {lead: self._open.get(lead, from_ns) for lead, from_ns in found.items()}

    def leads(self, end_ns: int) -> Mapping[str, Sequence[Lead]]:
        """Return all leads by subject, those that are open until a time."""
        for lead in self._open:
            self._end(lead, end_ns)
        self._open = {}
        return self._ended

    def _end(self, lead: tuple[str, str, int], to_ns: int) -> None:
        subject, zone, since_ns = lead
        self._ended.setdefault(subject, []).append(Lead(zone, since_ns, self._open[lead], to_ns))
