"""What stores of the simulated brand leave undone, and the anonymity that comes of it, counted as `footfall query anonymity` counts it.

leaving_undone(world, {("store01", Remedy.ASK)})    # the same month, but nobody is asked at that till
counted(world, brand)                               # its visits and orders, each with the reason why it is nobody's
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from footfall.units import NS_PER_MS
from gateway.fans.anonymity_decided import named_by_deciding
from gateway.fans.anonymity_remedies import Gain, Tally, gains
from gateway.fans.anonymity_rows import Counted, Remedy, names_a_device, order_of, visit_of
from gateway.fold.store import TouchRow
from gateway.identity.nobody import Shown
from gateway.identity.types import IdentifierTypes
from gateway.site.identifier_types import IdentifierClass
from simulators.identity.oracle_facts import ms_of
from simulators.identity.oracle_types import normal
from simulators.identity.pure import KEY, PureBrand, identifier_of
from simulators.identity.score import registered
from simulators.identity.world import Sent, World, iso, settled

Undone = Collection[tuple[str, Remedy]]
"""What stores do not do."""
_TYPES: Final = IdentifierTypes()
_LENT: Final = "desk.tags"


def leaving_undone(world: World, undone: Undone) -> World:
    """Return a month with what stores leave undone taken out of its events: who is there, and all else, stays as it was."""
    sent = [changed for each in settled(world.sent) if (changed := _left(each, _what(each, world), undone)) is not None]
    return replace(world, sent=sent)


def _what(sent: Sent, world: World) -> Remedy | None:
    """Return what a store does with an event; None if nothing that may be left undone."""
    event = sent.event
    if event["kind"] == "touch":
        return {"transaction": Remedy.ASK, "payment": Remedy.LINK, "registration": Remedy.REGISTER}.get(event["what"])
    return Remedy.LEND if event.get("source") == _LENT else None


def _store_of(sent: Sent) -> str:
    """Return where it is done: what the desk states of a tag is sent by headquarters, and states the store, or the tag bears its name."""
    if store := sent.event.get("store"):
        return str(store)
    tag = sent.event.get("identifier") or (sent.event.get("of_link") or [""])[0]
    return tag.removeprefix("tag:").partition("-")[0] if sent.event.get("source") == _LENT else sent.store


def _left(sent: Sent, what: Remedy | None, undone: Undone) -> Sent | None:
    if what is None or (_store_of(sent), what) not in undone:
        return sent
    if what is Remedy.LEND:
        return None
    kept = [each for each in sent.event["identifiers"] if _is_kept(each, what, sent.event["identifiers"])]
    return sent._replace(event=sent.event | {"identifiers": kept})


def _is_kept(identifier: str, what: Remedy, beside: list[str]) -> bool:
    if what is Remedy.REGISTER:
        return not identifier.startswith("ibeacon:")
    return what is Remedy.LINK and identifier == beside[0]


def decided(world: World, brand: PureBrand, label: str) -> World:
    """Return a month in which the desk states, of each identifier with a label, whose it is: the first of its fans."""
    owners: dict[str, str] = {}
    for each in world.people:
        if each.registers_ms < world.sizes.end_ms and not each.withdrawn:
            for identifier in (each.member, *each.has.values()):
                standing = brand.standing(identifier_of(normal(identifier)).subject)
                if standing is not None and standing.label == label:
                    owners.setdefault(identifier, each.fan)
    facts = [
        {"kind": "fact", "fact": "link", "id": f"decided{nth}", "learned": iso(world.sizes.end_ms), "source": "desk.decides", "fan": fan,
         "identifier": identifier, "from": None, "to": None}
        for nth, (identifier, fan) in enumerate(owners.items())
    ]  # fmt: skip
    return replace(world, sent=[*world.sent, *(Sent(world.sizes.end_ms, "store00", fact) for fact in facts)])


def cleaned(world: World) -> World:
    """Return a month in which tills refuse junk: who gave it gives the number that is theirs."""
    sent = []
    for each in world.sent:
        event = each.event
        if event["kind"] == "touch" and event["what"] == "transaction" and not all(map(normal, event["identifiers"])):
            person = world.people[world.actor[event["id"]]]
            event = event | {"identifiers": [world.population.phone(person, ms_of(event["time"])) or person.has["phone"]]}
        sent.append(each._replace(event=event))
    return replace(world, sent=sent)


# The rows


def counted(world: World, brand: PureBrand) -> Iterator[Counted]:
    """Yield the guests' visits and the orders of a month as the brand knows them."""
    names, types = brand.names(world), _types_of(world)

    def class_of(id_type: str, subject: str) -> IdentifierClass:
        return _TYPES.of(id_type or types.get(subject, "")).klass

    for presence in world.presences:
        subject, time_ns = identifier_of(normal(presence.identifier)).subject, presence.from_ms * NS_PER_MS
        shown = Shown(subject, class_of("", subject), time_ns, presence.to_ms * NS_PER_MS)
        fan = registered(names.get((presence.identifier, presence.from_ms), ""))
        yield visit_of(presence.store, shown, fan, brand.standing, time_ns)
    by_ref = _by_ref(world)
    for row in touches_of(world, "transaction"):
        values = json.loads(row.body)
        mates = [each for each in by_ref[values["ref"]] if each != row] if values["ref"] else []
        yield order_of(row.store, [row, *mates], registered(names.get(row.id or "", "")), brand.standing, class_of)


def estimated(world: World, brand: PureBrand, rows: Sequence[Counted]) -> list[Gain]:
    """Return what remedies would bring in a month, as the brand's own `rows` of it show."""
    alike = Counter(rows)
    named = named_by_deciding(alike, brand.store, _TYPES, KEY, world.sizes.end_ms * NS_PER_MS)
    return gains(alike, registrations(world), named)


def registrations(world: World) -> dict[str, Tally]:
    """Return by store how many registrations name what can be heard."""
    found = defaultdict[str, Tally](Tally)
    for row in touches_of(world, "registration"):
        found[row.store].of += 1
        found[row.store].done += names_a_device(row, lambda id_type, subject: _TYPES.of(id_type).klass)
    return found


def _types_of(world: World) -> dict[str, str]:
    """Return by subject the type of every identifier that an event names: what nobody names is of no type that is known."""
    named = (each for sent in world.sent for each in [*sent.event.get("identifiers", ()), sent.event.get("identifier", "")] if each)
    return {identifier_of(form).subject: form.partition(":")[0] for form in map(normal, named) if form}


def touches_of(world: World, *what: str) -> list[TouchRow]:
    """Return the touches of a kind, of all kinds without one, that were not taken back, as a ledger has them."""
    voided = {each.event["of"] for each in world.sent if each.event["kind"] == "void"}
    return [
        _row(each.store, each.event)
        for each in settled(world.sent)
        if each.event["kind"] == "touch" and each.event["id"] not in voided and (not what or each.event["what"] in what)
    ]


def _by_ref(world: World) -> dict[str, list[TouchRow]]:
    found = defaultdict[str, list[TouchRow]](list)
    for row in touches_of(world):
        found[json.loads(row.body)["ref"]].append(row)
    return found


def _row(store: str, event: dict[str, Any]) -> TouchRow:
    forms = {each: normal(each) for each in event["identifiers"]}
    named = [identifier_of(form) for form in dict.fromkeys(forms.values()) if form]
    body = {"what": event["what"], "subjects": [each.subject for each in named], "types": [each.type for each in named],
            "ref": event.get("ref", ""), "channel": event.get("channel", "")}  # fmt: skip
    body |= {"blocked": ["phone"]} if not all(forms.values()) else {}
    time_ns = ms_of(event["time"]) * NS_PER_MS
    fan = event.get("fan", "")
    return TouchRow(store, "till", 0, time_ns, time_ns, event["id"], "", "", fan, 0, json.dumps(body))
