"""What the ledger has of one fan, gathered: the rows behind a history, and the clocks of the stores that it is shown in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC
from functools import cached_property, partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from footfall.units import NS_PER_S
from gateway.fans.history import FanRows, History
from gateway.fans.owners import CaredFor, cared_for, registered_by
from gateway.fans.show import Heading, moment
from gateway.fans.whose import Owned, Person, as_object, person_of
from gateway.fans.whose_then import lent_until_ns
from gateway.fold.absences import to_text
from gateway.fold.open_tracks import OpenTrack, OpenTracks, open_tracks
from gateway.fold.store import DwellRow, TouchRow, VisitRow
from gateway.identity.facts import Span
from gateway.identity.ownership import Owners, facts_of_owners
from gateway.state.ledger_reader import LedgerReader


class FanReader:
    """Reads fans from one checkpoint of a ledger. What all of them share is read once."""

    def __init__(self, ledger: LedgerReader) -> None:
        self.ledger: Final = ledger

    def person(self, fan: str) -> Person:
        """Return who a fan id is now."""
        return person_of(self.ledger, fan)

    def rows(self, fan: str, subjects: Collection[str]) -> FanRows:
        """Return what the ledger has of a fan, by the id that rows have; `subjects`: what is or was one of the identifiers."""
        ledger, tracks = self.ledger, self._open.of(subjects)
        open_keys = {(track.subject, track.store, track.key_ns, track.agent) for track in tracks}
        visits = ledger.visits_of_subjects(subjects, fan)
        if open_keys:
            visits = [row for row in visits if (row.subject, row.store, row.key_ns, row.agent) not in open_keys]
        return FanRows(
            visits=visits,
            dwells=ledger.dwells_of_subjects(subjects, fan),
            touches=ledger.all_touches_of_fan(fan),
            open=[track for track in tracks if track.fan == fan],
            timeout_ns=self._timeouts,
        )

    def heading(
        self, asked: str, person: Person, until_ns: int | None = None, at_ns: int | None = None, touches: Iterable[TouchRow] = ()
    ) -> Heading:
        """Return whose history it is, by which id it was asked for; `until_ns`: as known on that time; `at_ns`: as of that time.

        `touches` are the person's, where they were read.
        """
        types = self.ledger.identifier_types([owned.subject for owned in person.identifiers], touches)
        owned = [each if each.lent_ns is None else each._replace(to_ns=self._lent_until_ns(each)) for each in person.identifiers]
        identifiers = [as_object(each, types[each.subject], partial(moment, zone=UTC)) for each in owned]
        as_of_s, withdrawn_ns = self.ledger.as_of_s, person.withdrawn_ns
        if at_ns is not None:
            as_of_s, withdrawn_ns = at_ns // NS_PER_S, withdrawn_ns if withdrawn_ns is not None and withdrawn_ns <= at_ns else None
        return Heading(person.fan, asked, as_of_s, until_ns, person.ids, identifiers, withdrawn_ns)

    def owner(self, person: Person, history: History, at_ns: int | None = None) -> CaredFor:
        """Return whose a person is to care for now, or at a time; `history` has all touches of the person up to then."""
        owners = Owners(facts_of_owners(self.ledger, person.ids))
        time_ns = self.ledger.as_of_s * NS_PER_S if at_ns is None else at_ns
        return cared_for(owners, person.fan, time_ns, registered_by(history.touches))

    def _lent_until_ns(self, owned: Owned) -> int:
        """Return until when something lent is a fan's: where its visit is over that ends it."""
        rows = with_open(self.ledger.visits_of(owned.subject), self._open.of([owned.subject]))
        span = Span(owned.from_ns if owned.lent_ns is None else owned.lent_ns, owned.to_ns, "")
        stores = [owned.store] if owned.store else sorted({row.store for row in rows}) or [""]
        ends_ns = [lent_until_ns(span, self._timeouts.get(store, 0), [row for row in rows if row.store == store]) for store in stores]
        return max(owned.from_ns, *ends_ns)

    @cached_property
    def _open(self) -> OpenTracks:
        parts: dict[str, bytes] = {}

        def part(name: str) -> bytes:
            return parts[name] if name in parts else parts.setdefault(name, self.ledger.part(name))

        return OpenTracks(part, self.ledger.fold)

    @cached_property
    def _timeouts(self) -> Mapping[str, int]:
        return timeouts(self.ledger)


def rows_of_fan(ledger: LedgerReader, fan: str) -> FanRows:
    """Return what the ledger has of a fan, by the id that rows have."""
    return FanReader(ledger).rows(fan, ledger.subjects_of(fan))


class AllRows:
    """The rows of a ledger by a name of somebody, also of visits and dwells that are not over (`gateway.fans.effect.Rows`)."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger: Final = ledger

    def visits_of(self, subject: str) -> list[VisitRow]:
        """Return all visits of a subject."""
        return with_open(self._ledger.visits_of(subject), self._open.get(subject, ()))

    def dwells_of(self, subject: str) -> list[DwellRow]:
        """Return all dwells of a subject."""
        going = open_dwells(self._open.get(subject, ()))
        keys = {(row.store, row.key_ns, row.agent, row.zone) for row in going}
        return [*(row for row in self._ledger.dwells_of(subject) if (row.store, row.key_ns, row.agent, row.zone) not in keys), *going]

    def touches_of(self, name: str) -> list[TouchRow]:
        """Return all touches of a name."""
        return self._ledger.touches_of(name)

    def names_of_fan(self, fan: str) -> list[str]:
        """Return every name that means a fan, or meant it at some time."""
        return self._ledger.names_of_fan(fan)

    @cached_property
    def _open(self) -> Mapping[str, list[OpenTrack]]:
        found: defaultdict[str, list[OpenTrack]] = defaultdict(list)
        for track in open_tracks(self._ledger.part, self._ledger.fold) if self._ledger.fold else ():
            found[track.subject].append(track)
        return found


def with_open(stored: Iterable[VisitRow], tracks: Iterable[OpenTrack]) -> list[VisitRow]:
    """Return the visits of a subject that the ledger has, and those that are not over."""
    going = [
        VisitRow(
            each.subject, each.store, each.key_ns, each.agent, each.start_ns, each.last_ns, 1, each.is_staff, 1, each.fan, 0, "",
            absences=to_text(each.absences), part_of_ns=each.part_of_ns,
        )
        for each in tracks
    ]  # fmt: skip
    keys = {(row.store, row.key_ns, row.agent) for row in going}
    return [*(row for row in stored if (row.store, row.key_ns, row.agent) not in keys), *going]


def open_dwells(tracks: Iterable[OpenTrack]) -> list[DwellRow]:
    """Return the dwells that are not over."""
    return [
        DwellRow(
            each.subject, each.store, each.zone, each.dwell_key_ns, each.dwell_agent, each.zone_since_ns, each.last_ns,
            int(each.is_staff), 1, each.fan, part_of_ns=each.dwell_part_of_ns,
        )
        for each in tracks
        if each.zone
    ]  # fmt: skip


def timeouts(ledger: LedgerReader) -> Mapping[str, int]:
    """Return by store after which silence, in ns, a visit is over."""
    return {store: int(rule[3]) for store, rule in _rules(ledger).items()}


def zones(ledger: LedgerReader) -> Mapping[str, ZoneInfo]:
    """Return the time zone of each store."""
    return {store: ZoneInfo(rule[1]) for store, rule in _rules(ledger).items()}


def _rules(ledger: LedgerReader) -> Mapping[str, list[Any]]:
    estate = ledger.fold["state"]["estate"] if ledger.fold else {"stores": [], "rules": []}
    return {estate["stores"][rule[0]]: rule for rule in estate["rules"]}
