"""Corrections at accept: whose event it is, whether its sender may correct it, and whether that is still in time. Pure.

What is not there yet is no mistake: a correction may come before its event, and waits for it in the fold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from footfall.baskets import spelled
from footfall.campaigns import campaign_values
from footfall.errors import ContractError
from footfall.event_corrections import Adjustment, Amend, Changes, Void, why_unfit
from footfall.units import NS_PER_DAY, NS_PER_HOUR
from gateway.accept.amounts import in_hundredths
from gateway.accept.contents import Remembered, remembered
from gateway.accept.ids import BRAND, id_hash
from gateway.accept.memory import EventContents
from gateway.accept.pseudonymiser import Identified
from gateway.site.corrections import LAST, Stage
from gateway.site.index import Places, StorePlaces

AUTHORITY: Final = "event.authority"
"""The reason of a correction that its sender may not make."""
WINDOW: Final = "event.window"
"""The reason of a correction that comes too late for its sender."""
DECIDED: Final = "event.correction"
"""The reason of one that headquarters made by command, until the gateway takes it."""
WAITING: Final = frozenset({AUTHORITY, WINDOW, DECIDED})
"""Reasons of corrections that headquarters takes, or may take."""
_SAME_KEY: Final = frozenset({"zone", "fan", "staff_id", "department", "squad", "channel", "stage", "code", "shared_by", "ref"})
_AS_RECORDED: Final = {"entered": "in", "left": "out"}
_CAMPAIGNS: Final = frozenset({"campaign", "campaigns"})
_HEADQUARTERS: Final = "it waits in quarantine for headquarters: footfall quarantine replay"


_LASTING: Final = {
    "void": "a void, which lasts: send what it took back again, under a new id",
    "amend": "an amend: amend the event itself once more",
    "occupancy": "an occupancy: the next one stands in its place",
}
"""Kinds of events that nothing takes back, and what to do."""


class Sender(NamedTuple):
    """Who sends a correction from where; `is_replayed`: headquarters decided to take it all the same."""

    here: StorePlaces
    publisher: str
    """By its first name."""
    is_replayed: bool = False


class Target(NamedTuple):
    """Where what is corrected stands, and what is remembered of it."""

    places: StorePlaces
    of: bytes
    of_earlier: bytes
    known: Remembered


class Corrections:
    """Looks up what corrections name, in the estate and in what accept remembers."""

    def __init__(self, places: Places, memory: EventContents) -> None:
        self.places: Final = places
        self._memory: Final = memory

    def target(self, event: Void | Amend, sender: Sender, taken_ns: int) -> Target:
        """Return the event that is corrected. Raise ContractError if its sender may not correct it, or not any more."""
        publisher = event.publisher or sender.publisher
        places = self._store(event.store, publisher, sender)
        first, store = self.places.agent(publisher).first, places.names.first
        target = id_hash(store, first, event.of)
        content = self._memory.event_content(target)
        if not content and self._memory.event_content(id_hash(BRAND, "fact", event.of)):
            raise ContractError("event.invalid", f"{event.kind}.of: it is a fact: send one that revokes it, or splits it if it is a merge")
        known = remembered(content)
        check_ends(event, known.values)
        self._check(sender, publisher, places, known.taken_ns, taken_ns)
        return Target(places, target, id_hash(first, event.of), known)

    def door(self, event: Adjustment, sender: Sender, time_ns: int, taken_ns: int) -> StorePlaces:
        """Return the store of the door that is adjusted. Raise ContractError as `target` does."""
        places = sender.here if event.store is None else self.places.store(event.store)
        if event.door not in places.doors:
            raise places.no_door(event.door)
        whose = sender.publisher if places is sender.here else ""
        self._check(sender, whose, places, time_ns, taken_ns)
        return places

    def _store(self, store: str | None, publisher: str, sender: Sender) -> StorePlaces:
        """Return the store of the event: the one that is named, else the sender's."""
        name = sender.here.name if store is None else store
        stores = sorted({self.places.store_now(each) for each in self.places.of_agent(self.places.agent_now(publisher))})
        if store is not None or not stores:
            return self.places.of_publisher(name, publisher)
        try:
            return self.places.of(name, publisher)
        except ContractError as error:
            there = f"; it is in {', '.join(stores[:3])}: name the store with `store`"
            raise ContractError(error.reason, f"{error}{there}") from None

    def _check(self, sender: Sender, whose: str, places: StorePlaces, since_ns: int, taken_ns: int) -> None:
        agent, rules = self.places.agent_now(sender.publisher), self.places.corrections
        stage = LAST if sender.is_replayed else rules.stage_of(agent, self.places.agent_now(whose), places.name)
        if stage is None:
            named = f"events of {whose!r}" if whose else "doors"
            why = f"{agent!r} may not correct {named} in store {places.name!r}: no entry of may_correct in site.toml has them"
            raise ContractError(AUTHORITY, f"{why}; {_HEADQUARTERS}")
        if since_ns and taken_ns - since_ns > rules.windows_ns[stage]:
            raise ContractError(WINDOW, _too_late(agent, stage, taken_ns - since_ns, rules.windows_ns[stage]))


def _too_late(agent: str, stage: Stage, age_ns: int, window_ns: int) -> str:
    if stage == LAST:
        return f"it is {_length(age_ns)} old, and nobody corrects what is older than {_length(window_ns)}"
    return f"it is {_length(age_ns)} old: {agent!r} corrects at the stage {stage}, up to {_length(window_ns)}; {_HEADQUARTERS}"


def _length(ns: int) -> str:
    return f"{ns / NS_PER_DAY:,.0f} days" if ns >= 4 * NS_PER_DAY else f"{ns / NS_PER_HOUR:,.1f} h"


def check_ends(event: Void | Amend, known: Mapping[str, Any]) -> None:
    """Raise ContractError if what is remembered of the event that is corrected is of one that nothing takes back."""
    if why := _LASTING.get(known.get("kind", "")):
        raise ContractError("event.invalid", f"{event.kind}.of: it is {why}")


def check_changes(changes: Changes, known: Mapping[str, Any], places: StorePlaces) -> None:
    """Raise ContractError if what an amend replaces does not fit the event, of which `known` is remembered, or the event's store."""
    _check_kind(changes, known)
    if changes.zone is not None and changes.zone not in places.zones:
        raise places.no_zone(changes.zone)
    places.check_campaigns(changes.campaigns or filter(None, [changes.campaign]))


def changed_values(changes: Changes, target: Target, time_ns: int, identified: Identified) -> dict[str, Any]:
    """Return keys and values of a record that an amend replaces. Raise ContractError if they do not fit the event."""
    places, stated = target.places, changes.model_fields_set
    check_changes(changes, target.known.values, places)
    found: dict[str, Any] = {key: getattr(changes, key) or "" for key in _SAME_KEY & stated}
    if changes.zone:
        found["zone"] = places.zone_at(changes.zone, target.known.values.get("time_ns", time_ns))
    if stated & _CAMPAIGNS:
        found |= campaign_values(changes.campaign, changes.campaigns)
    if stated & {"identifiers", "subjects"}:
        types = changes.types or [""] * len(changes.subjects)
        named = identified.of_subjects(changes.subjects, types) if changes.subjects else identified.of(changes.identifiers)
        found |= {
            "subjects": [each.subject for each in named],
            "types": [each.type for each in named],
            "blocked": sorted(set(identified.blocked)),
        }
    if "items" in stated:
        found["items"] = spelled([(item.sku, item.n) for item in changes.items]) if changes.items else ""
    if "amount" in stated:
        found["amount"] = in_hundredths(changes.amount or 0.0)
    if changes.what is not None:
        found["what"] = changes.what
    return found | {key: value for key, value in (("in", changes.entered), ("out", changes.left)) if value is not None}


def _check_kind(changes: Changes, known: Mapping[str, Any]) -> None:
    """Of an event that did not come yet nothing is known but what the amend makes of it: the fold applies it if it fits, then."""
    kind = known.get("kind") or ("touch" if changes.what else None)
    if kind is not None and (why := why_unfit(kind, known, _as_recorded(changes))):
        raise ContractError("event.invalid", f"amend.{'of' if kind not in ('touch', 'count') else 'set'}: {why}")


def _as_recorded(changes: Changes) -> dict[str, Any]:
    """Return the keys that an amend replaces, those by which it is judged as records have them."""
    names = {key: _AS_RECORDED.get(key, key) for key in changes.model_fields_set}
    found: dict[str, Any] = {name: getattr(changes, key) for key, name in names.items()}
    if "items" in found:
        found["items"] = spelled([(item.sku, item.n) for item in changes.items])
    return found | ({"amount": in_hundredths(changes.amount)} if changes.amount is not None else {})
