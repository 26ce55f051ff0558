"""Who may state what in plain events: kinds by role, what the desk states by headquarters alone, and stores by the caller's reach. Pure.

denied(events, caller, reach) -> Denial | None
"""

from __future__ import annotations

from collections.abc import Sequence

from footfall.event_corrections import Amend
from footfall.event_facts import AnyFact, OwnerFact, RevokeFact, SplitFact
from footfall.events import AnyEvent, Touch
from footfall.wording import with_article
from gateway.fans.desk_decisions import is_of_desk
from gateway.fans.owners import REGISTRATION
from serve.access import Denial
from serve.access_table import roles_of_kind
from serve.guard import Reach, refused
from serve.roles import Caller, Role


def denied(events: Sequence[AnyEvent], caller: Caller, reach: Reach) -> Denial | None:
    """Return why not all of these events may be sent by a caller; None if they may."""
    return next((found for i, event in enumerate(events) if (found := _denied(i, event, caller, reach)) is not None), None)


def _denied(i: int, event: AnyEvent, caller: Caller, reach: Reach) -> Denial | None:
    roles = roles_of_kind(event.kind)
    if caller.role not in roles:
        allowed = ", ".join(sorted(roles))
        return Denial(403, "role", f"event {i}: {with_article(event.kind)} is for {allowed}; this token is of {caller.name}, {caller.role}")
    if isinstance(event, AnyFact) and is_of_desk(event.source) and caller.role is not Role.HEADQUARTERS:
        return Denial(403, "role", f"event {i}: source {event.source[:80]!r} is the desk's, which stands above a CRM: for headquarters")
    store = getattr(event, "store", None)
    return refused("store", store, reach) if store and reach is not None and store not in reach else None


def needing_a_look(events: Sequence[AnyEvent]) -> list[int]:
    """Return where those of these events stand of which what is known decides whether a token of some stores may send them."""
    return [i for i, event in enumerate(events) if _may_reach_beyond(event)]


def _may_reach_beyond(event: AnyEvent) -> bool:
    """Return whether an event may take a fan from another store, or take back what is another's."""
    if isinstance(event, Touch):
        return event.what == REGISTRATION
    return isinstance(event, Amend | OwnerFact | RevokeFact | SplitFact)


def taken_back(events: Sequence[AnyEvent]) -> list[str]:
    """Return the ids of facts that revokes and splits among these events name."""
    return [event.of for event in events if isinstance(event, AnyFact) and (event.fact == "split" or event.fact == "revoke") and event.of]
