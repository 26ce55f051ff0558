"""Plain events made ready to be written: checked, their identifiers turned into subjects, nothing raw left. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

from footfall.baskets import spelled
from footfall.campaigns import campaign_values
from footfall.event_facts import LinkFact, OwnerFact
from footfall.event_times import EARLY_NS as EARLY_NS
from footfall.event_times import LATE_NS as LATE_NS
from footfall.event_times import check_time
from footfall.events import Adjustment, Amend, AnyEvent, Count, Occupancy, Touch, Void, parse_event
from footfall.identified import identifier_keys, stated_identifiers
from footfall.shown_topics import looks_like_identifier
from footfall.units import NS_PER_S
from gateway.accept.amounts import in_hundredths
from gateway.accept.corrections import Corrections, Sender, changed_values
from gateway.accept.facts import fact_values
from gateway.accept.ids import BRAND
from gateway.accept.ids import id_hash as id_hash
from gateway.accept.plain import Plain
from gateway.accept.pseudonymiser import Identified
from gateway.accept.pseudonymiser import Pseudonymiser as Pseudonymiser
from gateway.records import EARLIEST_NS
from gateway.site.index import StorePlaces

_CORRECTIONS: Final = (Void, Amend, Adjustment)
BLOCKED: Final = "blocked"
"""Of a touch, the types of values that were no identifiers, and so were left out; without it there were none."""


def normalise(
    value: object, sender: Sender, corrections: Corrections, taken_ns: int, received_ns: int, pseudonyms: Pseudonymiser, later_ns: int = 0
) -> Plain:
    """Return one plain event of its sender. Raise ContractError if it is invalid.

    `taken_ns` is when Footfall first accepted it, at the agent's intake or the gateway. An event without a time gets this one, an
    interval without a time ends at it, and the time of any other is compared with it; it may have been up to `later_ns` later.
    """
    event = parse_event(pseudonyms.opened(value))
    if pseudonyms.consent.refused and identifier_keys(type(event)):
        pseudonyms.consent.check(stated_identifiers(event))  # an agent's intake refuses it before, unless it came sealed
    taken_ns = min(max(taken_ns, EARLIEST_NS), received_ns)
    stated_ns = event.time_ns
    check_time(event, taken_ns, min(taken_ns + later_ns, received_ns))
    time_ns = max(taken_ns - _interval_ns(event), EARLIEST_NS) if stated_ns is None else stated_ns
    identified = Identified(pseudonyms)
    values: dict[str, Any] = {"kind": event.kind, "time_ns": time_ns, "timed": stated_ns is not None}
    places, publisher = sender.here, sender.publisher
    if event.kind == "fact":
        more, left_out = fact_values(event, publisher, taken_ns, identified)
        if isinstance(event, OwnerFact):
            corrections.places.check_owner(more["staff_id"], more["store"], more["from_ns"])
        elif isinstance(event, LinkFact) and event.store:
            corrections.places.check_store(event.store)
        of_brand = id_hash(BRAND, event.kind, event.id)
        return Plain(values | more, of_brand, event.id, identified, taken_ns, of_brand, left_out=left_out)
    known_as = None if event.id is None else id_hash(places.names.first, publisher, event.id)
    values["id"] = None if known_as is None else known_as.hex()
    plain = Plain(values, None if event.id is None else id_hash(publisher, event.id), event.id, identified, taken_ns, known_as)
    if isinstance(event, _CORRECTIONS):
        _correct(plain, event, sender, corrections)
    else:
        values |= _MORE[type(event)](event, places, publisher, time_ns, identified)
        if identified.blocked:
            values[BLOCKED] = sorted(set(identified.blocked))
    return plain


def _interval_ns(event: AnyEvent) -> int:
    """Return how long before its sending an event began."""
    return event.seconds * NS_PER_S if isinstance(event, Count) and event.seconds else 0


def _touch(event: Touch, places: StorePlaces, publisher: str, time_ns: int, identified: Identified) -> dict[str, Any]:
    if event.zone is not None and event.zone not in places.zones:
        raise places.no_zone(event.zone)
    if places.campaigns and (event.campaign or event.campaigns):
        places.check_campaigns(event.campaigns or [event.campaign or ""])
    types = event.types or [""] * len(event.subjects)
    named = identified.of_subjects(event.subjects, types) if event.subjects else identified.of(event.identifiers)
    found = {
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
        "amount": in_hundredths(event.amount),
    }
    return found if event.model_fields_set.isdisjoint(_SELDOM) else found | _seldom(event)


def _seldom(event: Touch) -> dict[str, Any]:
    """Return the keys that few touches state; earlier records have none of them."""
    found: dict[str, Any] = {key: value for key in _SELDOM if (value := getattr(event, key))}
    return found | campaign_values(event.campaign, event.campaigns)


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


def _in_clear(event_id: str | None) -> str:
    """Return an id as it may be listed: "" of one that may hold an identifier of a person. One of `footfall correct` holds none."""
    if event_id is None or (looks_like_identifier(event_id) and not _BY_COMMAND.fullmatch(event_id)):
        return ""
    return event_id


def _correct(plain: Plain, event: Void | Amend | Adjustment, sender: Sender, corrections: Corrections) -> None:
    """Add to a correction what it corrects, and in which store."""
    values, time_ns = plain.values, plain.values["time_ns"]
    values |= {"reason": event.reason, "actor": event.actor, "own_id": _in_clear(event.id)}
    if isinstance(event, Adjustment):
        plain.places = corrections.door(event, sender, time_ns, plain.taken_ns)
        values |= {"door": plain.places.door_at(event.door, time_ns), "in": event.entered, "out": event.left}
        return
    target = corrections.target(event, sender, plain.taken_ns)
    plain.places = target.places
    values |= {"of": target.of.hex(), "of_earlier": target.of_earlier.hex(), "of_id": _in_clear(event.of)}
    if isinstance(event, Amend) and event.changes is not None:
        values["set"] = changed_values(event.changes, target, time_ns, plain.identified)


_SELDOM: Final = ("squad", "campaigns", "code", "shared_by")
_BY_COMMAND: Final = re.compile(r"correct-[0-9a-f]{32}")
_MORE: Final[dict[type, Any]] = {Touch: _touch, Count: _count, Occupancy: _occupancy}
