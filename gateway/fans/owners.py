"""Whose a fan is to care for, by what is known: what was stated, else who registered the fan; as an object and as lines. Pure.

owner = cared_for(Owners(facts_of_owners(store, person.ids)), person.fan, time_ns, registered_by(history.touches))
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from gateway.fans.fact_text import owner as shown
from gateway.fans.fact_text import when
from gateway.fans.history import Touched
from gateway.fans.known_links import Facts
from gateway.fold.store import TouchRow
from gateway.identity.facts import FOR_EVER_NS, Fact, Ownership, Revoke, fact_name
from gateway.identity.ownership import NOBODY, Owner, Owners, facts_of_owners

REGISTRATION: Final = "registration"


class CaredFor(NamedTuple):
    """Whose a fan is at a time, and by which fact; None where no fact decides."""

    owner: Owner
    fact: Ownership | None


BY_NOBODY: Final = CaredFor(NOBODY, None)


def registered_by(touches: Iterable[Touched]) -> Owner:
    """Return who registered a fan first, by the touches of the fan: one of the staff in a store, or a store; NOBODY if nobody did."""
    first = min((each for each in touches if each.what == REGISTRATION), default=None)
    return Owner(first.staff_id, first.store) if first else NOBODY


def first_registration(touches: Iterable[TouchRow]) -> TouchRow | None:
    """Return the registration that decides whose a fan is where no fact does: the first of these touches, which are in order of time."""
    return next((row for row in touches if json.loads(row.body)["what"] == REGISTRATION and not row.void), None)


def cared_for(owners: Owners, fan: str, time_ns: int, registered: Owner) -> CaredFor:
    """Return whose a fan is at a time."""
    fact = owners.stated(fan, time_ns)
    return CaredFor(owners.of(fan, time_ns, registered), fact)


def as_object(found: CaredFor, moment: Any) -> dict[str, Any] | None:
    """Return it as JSON has it; None for nobody. `moment` writes a time."""
    if found.owner == NOBODY:
        return None
    begun = found.fact.from_ns if found.fact else -FOR_EVER_NS
    return {
        "staff_id": found.owner.staff_id,
        "store": found.owner.store,
        "since": None if begun <= -FOR_EVER_NS else moment(begun),
        "fact": found.fact.id if found.fact else None,
    }


def line(found: CaredFor) -> str:
    """Return it as a line for people."""
    if found.owner == NOBODY:
        return "owner: nobody"
    named = shown(*found.owner)
    return f"owner: {named}, since {when(found.fact.from_ns)}, by {found.fact.id}" if found.fact else f"owner: {named}, by registration"


def changes(store: Facts, facts: Sequence[Fact]) -> list[str]:
    """Return, as lines, what facts that would be stated change of whose fans are; nothing if they are about other things."""
    found = []
    for fact in facts:
        of = [fact] if isinstance(fact, Ownership) else store.facts_naming([fact_name(fact.of)]) if isinstance(fact, Revoke) else ()
        for each in of:
            if isinstance(each, Ownership):
                known = facts_of_owners(store, [each.fan])
                was, will_be = (Owners(all_).of(each.fan, each.from_ns) for all_ in (known, [*known, fact]))
                found.append(f"{each.fan}, from {when(each.from_ns)} on: {shown(*will_be)} to care for, instead of {shown(*was)}")
    return found
