"""What the brand learns about its people: registrations, imports, merges, mistakes and what undoes them, consents."""

from __future__ import annotations

from typing import Any, Final

from simulators.identity.oracle_types import DAY_MS, EVER_MS
from simulators.identity.world import HOUR_MS, MINUTE_MS, START_MS, Writer, iso
from simulators.identity.world_people import NEVER_MS, Passing, Person

DESK_PHONE: Final = 0.012
"""In what share of registrations the telephone of the shop is typed in."""
JUNK_PHONE: Final = 0.012
WRONG_MERGES: Final = 0.004
"""Of all people: merged with somebody else by mistake."""
UNDONE: Final = 0.8
DISTINCT: Final = 0.4
"""Of wrong merges that are undone: by stating that the two are not one, the others by a split."""
WRONG_LINKS: Final = 0.004
"""Of all people: somebody else's address stands with them for some days."""
STATED_SAME: Final = 0.1
"""Of those who have both: an address and a WeChat id that the CRM states to be one person's."""
WRONG_FAN: Final = 0.01
"""In what share of registrations a till sends the number of another fan, which is amended."""
MERGED: Final = 0.7
"""Of people with two ids: merged in the end."""
LONG_AGO_MS: Final = 200 * DAY_MS


def write_knowledge(writer: Writer) -> None:
    """Write all that is stated about who is who beside what people do."""
    for person in writer.world.people:
        if person.registers_ms < START_MS:
            _import(writer, person)
        elif person.registers_ms != NEVER_MS:
            _register(writer, person)
        for from_ms, to_ms in person.withdrawn:
            writer.fact("consent", from_ms, fan=person.fan, purpose="identify", granted=False, version="1", **{"from": iso(from_ms)})
            if to_ms < EVER_MS:
                writer.fact("consent", to_ms, fan=person.fan, purpose="identify", granted=True, version="2", **{"from": iso(to_ms)})
        if person.withdrawn:
            _buy_across(writer, person)
        if person.second_fan:
            _register_again(writer, person)
        if {"email", "wx-union"} <= person.has.keys() and writer.dice.random() < STATED_SAME:
            _state_same(writer, person)
    _merge_wrongly(writer)
    _link_wrongly(writer)


def _buy_across(writer: Writer, person: Person) -> None:
    """Write a sale before somebody withdraws consent, its payment while it is withdrawn, and its pickup later: all by one reference."""
    (from_ms, to_ms), ref, amount = person.withdrawn[0], f"c{person.number:05d}", round(writer.dice.uniform(20, 900), 2)
    writer.touch(writer.store(1), from_ms - HOUR_MS, "transaction", [], person.number, ref=ref, amount=amount, channel="web")
    writer.touch(writer.store(1), from_ms + MINUTE_MS, "payment", [person.member], person.number, ref=ref, amount=amount, channel="web")
    again_ms = to_ms + HOUR_MS if to_ms < EVER_MS else from_ms + HOUR_MS
    writer.touch(writer.store(person.household), again_ms, "pickup", [], person.number, ref=ref)


def _state_same(writer: Writer, person: Person) -> None:
    learned_ms = START_MS + writer.dice.randrange(writer.world.sizes.days * DAY_MS)
    both = [person.has["email"], person.has["wx-union"]]
    writer.world.actor[writer.fact("same", learned_ms, identifiers=both)] = person.number


def _import(writer: Writer, person: Person) -> None:
    """Write what the brand's customer data has before the start: cards, beacons and phones, since ever or since a time."""
    learned_ms = START_MS - DAY_MS
    for identifier in (person.member, *(person.has[kind] for kind in ("ibeacon", "wx-oa", "email") if kind in person.has)):
        writer.fact("link", learned_ms, identifier=identifier, fan=person.fan, **{"from": None, "to": None})
    passing = next((each for each in writer.world.population.passings if each.of == person.number), None)
    phone = passing.identifier if passing else person.has["phone"]
    since = iso(START_MS - LONG_AGO_MS) if passing and passing.way == "quiet" else None
    writer.fact("link", learned_ms, identifier=phone, fan=person.fan, **{"from": since, "to": None})


def _register(writer: Writer, person: Person) -> None:
    """Write a registration: with the fan by the till, or without, and the fan by the CRM's next files."""
    dice, time_ms = writer.dice, person.registers_ms
    identifiers = [person.member, _phone(writer, person)]
    identifiers += [person.has[kind] for kind in ("ibeacon", "email", "wx-union") if kind in person.has and dice.random() < 0.5]
    identifiers += [person.has["web"]] if "web" in person.has and dice.random() < 0.3 else []
    is_named = dice.random() < 0.6
    store = writer.store(person.household)
    fan = dice.choice(writer.world.people).fan if is_named and dice.random() < WRONG_FAN else person.fan
    values: dict[str, Any] = {"fan": fan} if is_named else {}
    touch = writer.touch(store, time_ms, "registration", identifiers, person.number, ref=f"reg-{person.fan}", **values)
    if fan != person.fan:
        writer.amend(store, touch, time_ms + dice.randrange(HOUR_MS, DAY_MS), fan=person.fan)
    if not is_named:
        learned_ms = time_ms + (dice.randrange(HOUR_MS, DAY_MS) if dice.random() < 0.6 else dice.randrange(DAY_MS, 12 * DAY_MS))
        writer.fact("link", learned_ms, identifier=person.member, fan=person.fan, **{"from": None, "to": None})
    if passing := writer.world.population.passed_to(person):
        _pass_on(writer, passing, person)


def _phone(writer: Writer, person: Person) -> str:
    draw, passing = writer.dice.random(), writer.world.population.passed_to(person)
    if passing:
        return passing.identifier if passing.way in ("revoked", "quiet") else ""
    if draw < DESK_PHONE:
        return f"phone:021555500{person.household % writer.world.sizes.stores:02d}"
    if draw < DESK_PHONE + JUNK_PHONE:
        return "phone:12345678901"
    return writer.world.population.phone(person, person.registers_ms)


def _pass_on(writer: Writer, passing: Passing, person: Person) -> None:
    before = writer.world.people[passing.of]
    learned_ms = passing.at_ms + writer.dice.randrange(HOUR_MS, 9 * DAY_MS)
    if passing.way == "stated":
        writer.fact("link", learned_ms, identifier=passing.identifier, fan=person.fan, **{"from": iso(passing.at_ms), "to": None})
    elif passing.way == "revoked":
        writer.fact("revoke", learned_ms, of_link=[passing.identifier, before.fan], to=iso(passing.at_ms))


def _register_again(writer: Writer, person: Person) -> None:
    """Write the second registration of one person, in the shop on the web, with the same phone and another card."""
    dice, card = writer.dice, f"customer.web:{person.number:05d}"
    writer.world.population.owners.add(card, person.number)
    time_ms = max(person.registers_ms, START_MS) + dice.randrange(HOUR_MS, 2 * DAY_MS)
    identifiers = [card, writer.world.population.phone(person, time_ms)]
    writer.touch(
        writer.store(0), time_ms, "registration", identifiers, person.number, fan=person.second_fan, ref=f"reg-{person.second_fan}"
    )
    writer.touch(writer.store(0), time_ms + 9 * MINUTE_MS, "promotion", [card], person.number, channel="web")
    if dice.random() < MERGED:
        learned_ms = time_ms + dice.randrange(DAY_MS, 9 * DAY_MS)
        writer.fact("merge", learned_ms, fans=[person.fan, person.second_fan], source="desk.shanghai")


def _merge_wrongly(writer: Writer) -> None:
    dice, world = writer.dice, writer.world
    known = [each for each in world.people if each.registers_ms < world.sizes.end_ms - 10 * DAY_MS and not each.second_fan]
    for _ in range(max(2, round(WRONG_MERGES * len(world.people)))):
        if len(known) < 2:  # in a small month few have registered by then
            break
        one, other = dice.sample(known, 2)
        if one.household == other.household or one.withdrawn or other.withdrawn:
            continue
        known.remove(one)
        known.remove(other)
        learned_ms = max(one.registers_ms, other.registers_ms, START_MS) + dice.randrange(HOUR_MS, 5 * DAY_MS)
        merge = writer.fact("merge", learned_ms, fans=[one.fan, other.fan])
        if dice.random() < UNDONE:
            if dice.random() < DISTINCT:
                writer.fact("distinct", learned_ms + dice.randrange(8 * DAY_MS), fans=[one.fan, other.fan], source="desk.shanghai")
                continue
            # A split may be known before the merge that it undoes: the files come from two systems.
            writer.fact("split", learned_ms + dice.randrange(-HOUR_MS, 8 * DAY_MS), of=merge, source="desk.shanghai")
        else:
            world.wrongly_one.append((one.number, other.number))


def _link_wrongly(writer: Writer) -> None:
    """Write links of addresses to somebody else, each of which is taken back; the revoke may be known before its link."""
    dice, world = writer.dice, writer.world
    for _ in range(max(2, round(WRONG_LINKS * len(world.people)))):
        one, other = dice.sample(world.people, 2)
        if "email" in one.has and other.registers_ms < world.sizes.end_ms:
            learned_ms = START_MS + dice.randrange(world.sizes.days * DAY_MS)
            link = writer.fact("link", learned_ms, identifier=one.has["email"], fan=other.fan, **{"from": None, "to": None})
            writer.fact("revoke", learned_ms + dice.randrange(-HOUR_MS, 8 * DAY_MS), of=link, source="desk.shanghai")
