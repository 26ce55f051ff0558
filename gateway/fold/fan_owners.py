"""Whose a fan is when something is sold, as the outcome of a day takes it: by what is stated, else by who registered the fan first."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from footfall.units import NS_PER_S
from gateway.fold.outcome_days import EVER_NS, REGISTRATION, Reowned
from gateway.fold.state import State
from gateway.identity.facts import Ownership, fact_name, is_registered
from gateway.identity.naming import fan_at
from gateway.identity.ownership import NOBODY, Owner, Owners, facts_of_owners
from gateway.outcome.journey import UNOWNED, OwnedBy
from gateway.site.staff import Member

KEPT: Final = 20_000
"""Fans of whom it is kept in memory who registered them."""


class FanOwners:
    """`prepare` for all fans of a day, then ask `of`. Where identity is another process's, nothing is stated here."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._owners = Owners(())
        self._registered: dict[str, Owner] = {}

    def prepare(self, fans: Collection[str]) -> None:
        """Read what is stated of whose these fans are."""
        registered = sorted(fan for fan in set(fans) if is_registered(fan))
        self._owners = Owners(facts_of_owners(self._state.ledger, registered) if registered else ())

    def of(self, fan: str, time_ns: int) -> OwnedBy:
        """Return whose a fan is at a time; UNOWNED of nobody known."""
        if not is_registered(fan):
            return UNOWNED
        stated = self._owners.stated(fan, time_ns)
        owner = Owner(stated.staff_id, stated.store) if stated else self._registered_by(fan)
        member = (self._state.roster.at(owner.staff_id, time_ns) if owner.staff_id else None) or Member("")
        return OwnedBy(owner.staff_id, owner.store or member.store, member.department, member.squad)

    def changed(self, each: Reowned) -> list[tuple[str, int]]:
        """Return the fans, as they are called now, of whom others are the owners, and from when on, ns."""
        self._registered.clear()
        stated = [(each.fan, each.from_ns)]
        if each.of:
            facts = self._state.ledger.statements_naming([fact_name(each.of)])
            stated = [(fact.fan, fact.from_ns) for fact in facts if isinstance(fact, Ownership)]
        links = self._state.links
        return [(name, from_ns) for fan, from_ns in stated for name in {fan, fan_at(links.standing, fan, self._now_ns())} if name]

    def _now_ns(self) -> int:
        return self._state.revisions.now_s * NS_PER_S

    def _registered_by(self, fan: str) -> Owner:
        found = self._registered.get(fan)
        if found is None:
            if len(self._registered) >= KEPT:
                self._registered.clear()
            found = self._registered[fan] = self._read(fan)
        return found

    def _read(self, fan: str) -> Owner:
        for row in self._state.ledger.touches_since(fan, EVER_NS):
            values = json.loads(row.body)
            if values["what"] == REGISTRATION:
                return Owner(values["staff_id"], row.store)
        return NOBODY
