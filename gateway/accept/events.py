"""Plain events made ready to be written: checked, their identifiers turned into subjects, nothing raw left. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from footfall.baskets import spelled
from footfall.errors import ContractError
from footfall.event_times import EARLY_NS as EARLY_NS
from footfall.event_times import LATE_NS as LATE_NS
from footfall.event_times import check_time
from footfall.events import AnyEvent, Count, Occupancy, Touch, Void, parse_event
from footfall.identified import identifier_keys, stated_identifiers
from footfall.units import NS_PER_S
from gateway.accept.facts import fact_values
from gateway.accept.pseudonymiser import Identified
from gateway.accept.pseudonymiser import Pseudonymiser as Pseudonymiser
from gateway.records import EARLIEST_NS
from gateway.site.index import StorePlaces

ID_BYTES: Final = 16
BRAND: Final = ""
"""In the place of a store: what is known by its id throughout the brand."""


@dataclass(slots=True)  # one is made for each event: frozen would cost four times as much
class Plain:
    """`values` is JSON for the journal; the digits of its point come from `id_hash`, None where the event has no id."""

    values: dict[str, Any]
    id_hash: bytes | None
    event_id: str | None
    identified: Identified
    """What its identifiers came to."""
    taken_ns: int
    known_as: bytes | None
    """Under what it is remembered: a fact throughout the brand, any other event as its publisher's in its store."""
    left_out: frozenset[str] = frozenset()
    """Keys of `values` that its publisher did not state, and that depend on who sent it when."""


def id_hash(*names: str) -> bytes:
    """Return 128 bits that stand for names, of which none but the last can contain NUL.

    An event id is known by (store, publisher, id), each by its first name: a shard remembers the ids of its own stores. Earlier
    releases knew it by (publisher, id), which still gives its point the same digits whichever gateway takes it.
    """
    return hashlib.blake2b("\0".join(names).encode(), digest_size=ID_BYTES).digest()


def normalise(
    value: object, places: StorePlaces, publisher: str, taken_ns: int, received_ns: int, pseudonyms: Pseudonymiser, later_ns: int = 0
) -> Plain:
    """Return one plain event of a publisher, by its first name, in a store. Raise ContractError if it is invalid.

    `taken_ns` is when Footfall first accepted it, at the agent's intake or the gateway. An event without a time gets this one, an
    interval without a time ends at it, and the time of any other is compared with it; it may have been up to `later_ns` later.
    """
    event = parse_event(pseudonyms.opened(value))
    if pseudonyms.refused_types and identifier_keys(type(event)):
        _check_consent(event, pseudonyms.refused_types)
    taken_ns = min(max(taken_ns, EARLIEST_NS), received_ns)
    stated_ns = event.time_ns
    check_time(event, taken_ns, min(taken_ns + later_ns, received_ns))
    time_ns = max(taken_ns - _interval_ns(event), EARLIEST_NS) if stated_ns is None else stated_ns
    identified = Identified(pseudonyms)
    values: dict[str, Any] = {"kind": event.kind, "time_ns": time_ns, "timed": stated_ns is not None}
    if event.kind == "fact":
        more, left_out = fact_values(event, publisher, taken_ns, identified)
        of_brand = id_hash(BRAND, event.kind, event.id)
        return Plain(values | more, of_brand, event.id, identified, taken_ns, of_brand, left_out)
    known_as = None if event.id is None else id_hash(places.names.first, publisher, event.id)
    values["id"] = None if known_as is None else known_as.hex()
    values |= _MORE[type(event)](event, places, publisher, time_ns, identified)
    return Plain(values, None if event.id is None else id_hash(publisher, event.id), event.id, identified, taken_ns, known_as)


def _interval_ns(event: AnyEvent) -> int:
    """Return how long before its sending an event began."""
    return event.seconds * NS_PER_S if isinstance(event, Count) and event.seconds else 0


def _check_consent(event: BaseModel, refused_types: frozenset[str]) -> None:
    """Raise ContractError for an identifier such as a phone's address; an agent's intake refuses it before, unless it came sealed."""
    for identifier in stated_identifiers(event):
        id_type = identifier.partition(":")[0]
        if id_type in refused_types:
            raise ContractError("event.identifier", f"identifiers of type {id_type!r} are not consented to and are not taken")


def _touch(event: Touch, places: StorePlaces, publisher: str, time_ns: int, identified: Identified) -> dict[str, Any]:
    if event.zone is not None and event.zone not in places.zones:
        raise places.no_zone(event.zone)
    types = event.types or [""] * len(event.subjects)
    named = identified.of_subjects(event.subjects, types) if event.subjects else identified.of(event.identifiers)
    return {
        "what": event.what,
        "zone": "" if event.zone is None else places.zone_at(event.zone, time_ns),
        "subjects": [each.subject for each in named],
        "types": [each.type for each in named],
        "fan": event.fan or "",
        "staff_id": event.staff_id or "",
        "department": event.department or "",
        "channel": event.channel or "",
        "campaign": event.campaign or "",
        "stage": event.stage or "",
        "items": spelled([(item.sku, item.n) for item in event.items]) if event.items else "",
        "ref": event.ref or "",
        "amount": event.amount,
    }


def _count(event: Count, places: StorePlaces, publisher: str, time_ns: int, identified: Identified) -> dict[str, Any]:
    if event.door not in places.doors:
        raise places.no_door(event.door)
    counted = {"door": places.door_at(event.door, time_ns), "in": event.entered, "out": event.left}
    return counted if event.seconds is None else counted | {"seconds": event.seconds}


def _occupancy(event: Occupancy, places: StorePlaces, publisher: str, time_ns: int, identified: Identified) -> dict[str, Any]:
    if event.zone is not None and event.zone not in places.zones:
        raise places.no_zone(event.zone)
    return {
        "zone": "" if event.zone is None else places.zone_at(event.zone, time_ns),
        "sensor": event.sensor or "",
        "people": int(bool(event.occupied)) if event.people is None else event.people,
        "counted": event.people is not None,
    }


def _void(event: Void, places: StorePlaces, publisher: str, time_ns: int, identified: Identified) -> dict[str, Any]:
    of, of_earlier = id_hash(places.names.first, publisher, event.of), id_hash(publisher, event.of)
    return {"of": of.hex(), "of_earlier": of_earlier.hex(), "reason": event.reason, "actor": event.actor}


_MORE: Final[dict[type, Any]] = {Touch: _touch, Count: _count, Occupancy: _occupancy, Void: _void}
