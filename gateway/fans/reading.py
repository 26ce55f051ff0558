"""What the ledger has of one fan, gathered: the rows behind a history, and the clocks of the stores that it is shown in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.fans.history import FanRows
from gateway.fold.open_tracks import OpenTrack, open_tracks
from gateway.fold.store import DwellRow, TouchRow, VisitRow
from gateway.state.ledger_reader import LedgerReader


def rows_of_fan(ledger: LedgerReader, fan: str) -> FanRows:
    """Return what the ledger has of a fan, by the id that rows have."""
    subjects = ledger.subjects_of(fan)
    tracks = open_tracks(ledger.part, ledger.fold, subjects) if subjects and ledger.fold else []
    open_keys = {(track.subject, track.store, track.key_ns, track.agent) for track in tracks}
    visits = [row for subject in subjects for row in ledger.visits_of(subject)]
    return FanRows(
        visits=[row for row in visits if row.fan == fan and (row.subject, row.store, row.key_ns, row.agent) not in open_keys],
        dwells=[row for subject in subjects for row in ledger.dwells_of(subject) if row.fan == fan],
        touches=ledger.all_touches_of_fan(fan),
        open=[track for track in tracks if track.fan == fan],
        timeout_ns=timeouts(ledger),
    )


class AllRows:
    """The rows of a ledger by a name of somebody, also of visits and dwells that are not over (`gateway.fans.effect.Rows`)."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger: Final = ledger

    def visits_of(self, subject: str) -> list[VisitRow]:
        """Return all visits of a subject."""
        going = [
            VisitRow(subject, each.store, each.key_ns, each.agent, each.start_ns, each.last_ns, 1, each.is_staff, 1, each.fan, 0, "")
            for each in self._open.get(subject, ())
        ]
        keys = {(row.store, row.key_ns, row.agent) for row in going}
        return [*(row for row in self._ledger.visits_of(subject) if (row.store, row.key_ns, row.agent) not in keys), *going]

    def dwells_of(self, subject: str) -> list[DwellRow]:
        """Return all dwells of a subject."""
        going = [
            DwellRow(subject, each.store, each.zone, each.zone_since_ns, each.agent, each.zone_since_ns, each.last_ns, 0, 1, each.fan)
            for each in self._open.get(subject, ())
            if each.zone
        ]
        return [*self._ledger.dwells_of(subject), *going]

    def touches_of(self, name: str) -> list[TouchRow]:
        """Return all touches of a name."""
        return self._ledger.touches_of(name)

    @cached_property
    def _open(self) -> Mapping[str, list[OpenTrack]]:
        found: defaultdict[str, list[OpenTrack]] = defaultdict(list)
        for track in open_tracks(self._ledger.part, self._ledger.fold) if self._ledger.fold else ():
            found[track.subject].append(track)
        return found


def timeouts(ledger: LedgerReader) -> Mapping[str, int]:
    """Return by store after which silence, in ns, a visit is over."""
    return {store: int(rule[3]) for store, rule in _rules(ledger).items()}


def zones(ledger: LedgerReader) -> Mapping[str, ZoneInfo]:
    """Return the time zone of each store."""
    return {store: ZoneInfo(rule[1]) for store, rule in _rules(ledger).items()}


def _rules(ledger: LedgerReader) -> Mapping[str, list[Any]]:
    estate = ledger.fold["state"]["estate"] if ledger.fold else {"stores": [], "rules": []}
    return {estate["stores"][rule[0]]: rule for rule in estate["rules"]}
