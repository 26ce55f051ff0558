"""Who carries what: subjects of beacons, badges and cards, and since when the brand knows whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.accept.events import Pseudonymiser
from gateway.identity.links import FOR_EVER_NS, Link
from simulators.chain.chain import MS_PER_MINUTE, SQUADS, STAFF_OF_A_STORE, Chain, ChainStore, badge
from simulators.chain.people import Party
from simulators.chain.truth import Owned

SECRET: Final = b"the simulated chain: reproducible, so good for nothing else"
UNOWNED: Final = 5
"""Every so manieth fan is nobody's."""
HANDED_ON: Final = 4
"""Every so manieth passes to another of the staff in the middle of the chain."""
JOINS_LATE: Final = 3
"""Every so manieth fan becomes one in the middle of the chain: before, the beacon was nobody's."""


class Identity:
    """Fans of a store have numbers. `known_fan` is what the truth expects a fan to be called, "" before the brand knows."""

    def __init__(self, chain: Chain) -> None:
        self._chain: Final = chain
        self.pseudonyms: Final = Pseudonymiser(SECRET)

    def carried(self, store: ChainStore, party: Party) -> tuple[int, str]:
        """Return the subject that a party's device has, and its profile; 0 if nothing is heard of it."""
        if party.staff >= 0:
            return self.pseudonyms.subject(badge(self._chain.staff_ids(store)[party.staff])), "staff-badge"
        if party.fan >= 0:
            return self.pseudonyms.subject(_beacon(store, party.fan)), "ibeacon"
        return party.subject, "ble-anonymous"

    def card(self, store: ChainStore, fan: int) -> str:
        return f"member:{_name(store, fan)}"

    def known_fan(self, store: ChainStore, fan: int, time_ms: int) -> str:
        """Return the fan's name as the brand knows it at a time; "" if it does not, or for -1, which is nobody."""
        return _name(store, fan) if fan >= 0 and time_ms >= self._known_from_ms(store, fan) else ""

    def links(self) -> Iterator[Link]:
        """Yield what the brand's customer data has: every fan's beacon and card, from the time on at which it knows them."""
        for store in self._chain.stores:
            for fan in range(self._chain.plan.people.fans):
                for identifier in (_beacon(store, fan), self.card(store, fan)):
                    subject = f"{self.pseudonyms.subject(identifier):016x}"
                    yield Link(subject, _name(store, fan), self._known_from_ms(store, fan) * 1_000_000, FOR_EVER_NS, "crm", 1.0)

    def owners(self) -> Iterator[Owned]:
        """Yield who of the staff cares for the fans of their store."""
        middle = self._chain.days // 2
        for store in self._chain.stores:
            for fan in range(self._chain.plan.people.fans):
                if fan % UNOWNED:
                    yield self._owned(store, fan, fan, 0)
                if fan % HANDED_ON == 0:
                    yield self._owned(store, fan, fan + 1, middle)

    def _owned(self, store: ChainStore, fan: int, staff: int, from_day: int) -> Owned:
        number, departments = staff % STAFF_OF_A_STORE, self._chain.plan.departments
        return Owned(_name(store, fan), store.at_ms(from_day), self._chain.staff_ids(store)[number],
                     departments[number % len(departments)].name, SQUADS[number % len(SQUADS)])  # fmt: skip

    def _known_from_ms(self, store: ChainStore, fan: int) -> int:
        return store.at_ms(self._chain.days // 2) if fan % JOINS_LATE == 0 else store.at_ms(-30) + fan * MS_PER_MINUTE


def _name(store: ChainStore, fan: int) -> str:
    return f"{store.name}-f{fan:03d}"


def _beacon(store: ChainStore, fan: int) -> str:
    return f"ibeacon:{_name(store, fan)}"
