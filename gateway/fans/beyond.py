"""What publishers of some stores may not state of whose fans are: what takes a fan from another store, or takes back what is another's.

why = Beyond(files, places, is_own, now_ns).why(event, sender)      "" where nothing of it is another store's

Headquarters decides between stores. The words name no other store and none of its staff.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from footfall.errors import ConfigError, ContractError
from footfall.event_corrections import Amend
from footfall.event_facts import OwnerFact, RevokeFact, SplitFact
from footfall.events import AnyEvent, Touch
from gateway.accept.ids import known_as
from gateway.fans.desk import Desk
from gateway.fans.known_events import known_events
from gateway.fans.owners import REGISTRATION, first_registration
from gateway.fold.store import TouchRow
from gateway.identity.facts import FOR_EVER_NS, Link, fact_name, is_registered, ref_name
from gateway.identity.ownership import NOBODY, Owner, Owners, facts_of_owners
from gateway.site.index import Places
from gateway.site.staff import Roster

_DECIDES: Final = "headquarters states whose the fan is: `footfall fan own`, or /api/decisions/own"
_NAMES: Final = frozenset({"what", "fan", "identifiers", "subjects", "ref"})
"""What an amend may replace that makes a touch a registration, or one of somebody else."""


class _Registered(NamedTuple):
    """Whom a registration names, and when it was."""

    fan: str
    identifiers: Sequence[str]
    subjects: Sequence[str]
    ref: str
    time_ns: int


class Beyond:
    """By one reading of a gateway's files."""

    def __init__(self, files: Desk, places: Places | None, is_own: Callable[[str], bool], now_ns: int) -> None:
        """`places`: those of site.toml, if it can be read. `is_own`: whether a store, by any of its names, is one of the publishers'."""
        self._files: Final = files
        self._places: Final = places
        self._roster: Final = places.roster if places else Roster()
        self._is_own: Final = is_own
        self._now_ns: Final = now_ns

    def why(self, event: AnyEvent, sender: tuple[str, str]) -> str:
        """Return why an event is not for these publishers to send; "" if it is. `sender`: in which store, and by which of its agents."""
        if isinstance(event, OwnerFact):
            return self._of_owner(event)
        if isinstance(event, RevokeFact | SplitFact):
            return self._of_taking_back(event)
        registered = self._registered(event, sender)
        if registered is None or not any(map(self._is_later_elsewhere(registered.time_ns), self._fans(registered))):
            return ""
        return f"this would register a fan before the registration that counts, which is of a store beyond this token: {_DECIDES}"

    def _of_owner(self, event: OwnerFact) -> str:
        stated = event.moments_ns
        from_ns = stated.get("from", stated.get("learned", self._now_ns))
        if self._is_beyond(Owner(event.staff_id or "", event.store or ""), from_ns):
            return f"staff_id {(event.staff_id or '')[:80]!r} is not of a store of this token: {_DECIDES}"
        if self._is_cared_for_elsewhere(event.fan, from_ns, stated.get("to", FOR_EVER_NS)):
            return f"fan {event.fan[:80]!r} is of a store beyond this token in that time: {_DECIDES}"
        return ""

    def _of_taking_back(self, event: RevokeFact | SplitFact) -> str:
        known = self._files.known()
        if event.of:
            found = [fact for fact in known.facts_naming([fact_name(event.of)]) if fact.id == event.of]
            named = f"fact {event.of[:80]!r}"
        elif isinstance(event, RevokeFact) and event.of_link:
            subjects, fan = self._subjects(event.of_link[:1]), event.of_link[1]
            found = [fact for fact in known.facts_naming(subjects) if isinstance(fact, Link) and fact.fan == fan]
            named = "a link that this ends"
        else:
            return ""
        stated = (Owner(getattr(fact, "staff_id", ""), getattr(fact, "store", "")) for fact in found)
        is_beyond = any(self._is_beyond(owner, fact.from_ns) for owner, fact in zip(stated, found, strict=True))
        return f"{named} is of a store beyond this token: headquarters takes it back" if is_beyond else ""

    def _is_beyond(self, owner: Owner, time_ns: int) -> bool:
        """Return whether somebody is of another store: the one stated, else that of the staff then."""
        member = self._roster.at(owner.staff_id, max(time_ns, 0)) if owner.staff_id and not owner.store else None
        store = owner.store or (member.store if member else "")
        return store != "" and not self._is_own(store)

    def _is_cared_for_elsewhere(self, fan: str, from_ns: int, to_ns: int) -> bool:
        """Return whether a fan is another store's at any moment of a span."""
        person = self._files.person(fan)
        owners, row = Owners(facts_of_owners(self._files.known(), person.ids)), self._first(person.fan)
        registered = Owner(json.loads(row.body)["staff_id"], row.store) if row else NOBODY
        turns = {time_ns for fact in owners.all_stated(fan) for time_ns in (fact.from_ns, fact.to_ns) if from_ns < time_ns < to_ns}
        return any(self._is_beyond(owners.of(fan, time_ns, registered), time_ns) for time_ns in {from_ns, *turns})

    def _registered(self, event: AnyEvent, sender: tuple[str, str]) -> _Registered | None:
        """Return what registration an event makes; None if it makes none. An amend of what has not come may be of anything."""
        if isinstance(event, Touch):
            time_ns = self._now_ns if event.time_ns is None else event.time_ns
            names = _Registered(event.fan or "", event.identifiers, event.subjects, event.ref or "", time_ns)
            return names if event.what == REGISTRATION else None
        if not isinstance(event, Amend) or event.changes is None or not _NAMES & event.changes.model_fields_set:
            return None
        (was, time_ns), changes = self._amended(event, sender), event.changes
        if (changes.what or was["what"]) != REGISTRATION:
            return None
        stated = changes.model_fields_set
        fan, ref = changes.fan if "fan" in stated else was["fan"], changes.ref if "ref" in stated else was["ref"]
        subjects = changes.subjects if stated & {"identifiers", "subjects"} else was["subjects"]
        return _Registered(fan or "", changes.identifiers, subjects, ref or "", time_ns)

    def _amended(self, event: Amend, sender: tuple[str, str]) -> tuple[Mapping[str, Any], int]:
        """Return what an amend is of, and when that was: by the ledger, else by the journal, else a registration of all times."""
        nothing: Mapping[str, Any] = {"what": REGISTRATION, "fan": "", "subjects": [], "ref": ""}
        if self._places is None:
            return nothing, -FOR_EVER_NS
        of = event.store or sender[0], event.publisher or sender[1], event.of
        try:
            ids = known_as(self._places, *of)
            known = known_events(self._files.journal, self._places, *of[:2], [event.of]).get(event.of)
        except ContractError:  # the estate has no such publisher: who sends it gets that answer
            return nothing, -FOR_EVER_NS
        if row := next((row for each in ids if (row := self._files.ledger.touch_by_id(each.hex()))), None):
            return json.loads(row.body), row.time_ns
        values = known.values if known else {}
        return {**nothing, **values}, values.get("time_ns", -FOR_EVER_NS)

    def _fans(self, registered: _Registered) -> set[str]:
        """Return every registered fan whom a registration may be of, also who withdrew consent."""
        if registered.fan:
            return {self._files.person(registered.fan).fan}
        names = [*self._subjects(registered.identifiers), *registered.subjects, *([ref_name(registered.ref)] if registered.ref else [])]
        return {fan for each in self._files.ledger.standings(names).values() for fan in each.persons() if is_registered(fan)}

    def _subjects(self, identifiers: Iterable[str]) -> list[str]:
        """Return the subjects of identifiers; what is none, or cannot be read here, has none."""
        found = []
        for each in identifiers:
            try:
                found += [one.subject for one in self._files.identified(each)]
            except (ConfigError, ContractError):
                continue
        return found

    def _first(self, fan: str) -> TouchRow | None:
        return first_registration(self._files.ledger.all_touches_of_fan(fan))

    def _is_later_elsewhere(self, time_ns: int) -> Callable[[str], bool]:
        """Return what finds whether a fan was registered first by another store, and not before a time."""

        def is_later(fan: str) -> bool:
            first = self._first(fan)
            return first is not None and time_ns <= first.time_ns and not self._is_own(first.store)

        return is_later
