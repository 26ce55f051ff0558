"""What people do in a month: visits with what they carry and borrow, purchases, sessions in the browser, orders from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from simulators.identity.oracle_types import DAY_MS
from simulators.identity.world import HOUR_MS, MINUTE_MS, OPEN_H, OPENS_H, SECOND_MS, START_MS, Presence, Writer, iso
from simulators.identity.world_people import Person

VISITS: Final = 4.4
"""A person's visits to stores in 30 days, on average."""
SESSIONS: Final = 3.0
BORROWS: Final = 0.68
"""In what share of visits something with a tag is borrowed: one in ten persons a day, all in all."""
RESTS_MS: Final = 45 * MINUTE_MS
"""A tag lies in its drawer for at least so long, longer than a silence within a visit."""
HANDOVER_STATED: Final = 0.9
RETURN_STATED: Final = 0.7
BUYS: Final = 0.35
SHOWS_CARD: Final = 0.6
WRONG_CARD: Final = 0.03
NOTICED: Final = 0.5
AMENDED: Final = 0.5
"""Of wrong cards that are noticed; the others are voided, and the sale is sent anew."""
MISTYPED: Final = 0.02
"""In what share of payments the reference is, which is amended later."""
TILL_MAY_CORRECT_MS: Final = 72 * HOUR_MS
"""How long a store may correct what it sent."""
SHOPS_OWN_CODE: Final = 0.02
LOGS_IN: Final = 0.3
JUNK: Final = ("phone:13800138000", "phone:00000000000", "phone:138****8000", "email:test@test.com", "web:undefined")


class _Visit(NamedTuple):
    person: Person
    store: int
    from_ms: int
    to_ms: int


@dataclass(slots=True)
class _Tag:
    identifier: str
    free_ms: int


def write_months(writer: Writer) -> None:
    """Write all touches and presence of all people."""
    visits = [visit for person in writer.world.people for visit in _visits(writer, person)]
    for store in range(writer.world.sizes.stores):
        _write_store(writer, sorted((each for each in visits if each.store == store), key=lambda each: (each.from_ms, each.person.number)))
    for person in writer.world.people:
        for _ in range(_count(writer, SESSIONS)):
            _write_session(writer, person)
        if "shop.tmall" in person.has and writer.dice.random() < 0.6:
            _write_order(writer, person)


def _count(writer: Writer, mean_in_30_days: float) -> int:
    """Return a number around a mean: binomial, which is near enough to Poisson and cheap."""
    chances = max(1, round(4 * mean_in_30_days))
    return sum(writer.dice.random() < mean_in_30_days / chances * writer.world.sizes.days / 30 for _ in range(chances))


def _visits(writer: Writer, person: Person) -> Iterator[_Visit]:
    dice, sizes = writer.dice, writer.world.sizes
    taken = set[int]()
    for _ in range(_count(writer, VISITS)):
        day = dice.randrange(sizes.days)
        if day in taken:
            continue
        taken.add(day)
        from_ms = START_MS + day * DAY_MS + OPENS_H * HOUR_MS + dice.randrange((OPEN_H - 1) * HOUR_MS)
        store = person.household % sizes.stores if dice.random() < 0.8 else dice.randrange(sizes.stores)
        yield _Visit(person, store, from_ms, from_ms + dice.randrange(10 * MINUTE_MS, 50 * MINUTE_MS))


def _write_store(writer: Writer, visits: list[_Visit]) -> None:
    tags: list[_Tag] = []
    last: _Visit | None = None
    for visit in visits:
        borrowed = _borrow(writer, visit, tags) if writer.dice.random() < BORROWS else ""
        _write_visit(writer, visit, borrowed, last.person if last else None)
        last = visit


# What is carried and borrowed


def _borrow(writer: Writer, visit: _Visit, tags: list[_Tag]) -> str:
    """Hand a tag out: to somebody whom the desk knows with a fact, to a stranger without."""
    dice, world = writer.dice, writer.world
    free = [each for each in tags if each.free_ms <= visit.from_ms]
    if not free:
        free = [_Tag(f"tag:{len(tags):03d}" if len(tags) % 2 else f"tag:{writer.store(visit.store)}-{len(tags):03d}", 0)]
        tags += free
    tag, fan = free[0], _fan_at(visit.person, visit.from_ms)
    heard_ms = visit.from_ms + dice.randrange(20 * SECOND_MS, 2 * MINUTE_MS)
    heard_ms += (visit.store - heard_ms) % world.sizes.stores  # never at the same time as another store's of the same name
    tag.free_ms = visit.to_ms + RESTS_MS
    _hear(writer, visit, tag.identifier, heard_ms)
    if fan and dice.random() < HANDOVER_STATED:
        world.lent_to[writer.store(visit.store), tag.identifier].append((heard_ms, visit.to_ms, visit.person.number))
        _state_handover(writer, visit, tag.identifier, fan)
    return tag.identifier


def _state_handover(writer: Writer, visit: _Visit, tag: str, fan: str) -> None:
    dice, late_ms = writer.dice, writer.dice.randrange(DAY_MS) if writer.dice.random() < 0.2 else 5 * SECOND_MS
    values = {"identifier": tag, "fan": fan, "from": iso(visit.from_ms), "source": "desk.tags"}
    values |= {} if _is_of_one_store(tag) else {"store": writer.store(visit.store)}
    writer.fact("link", visit.from_ms + late_ms, **values, to=None)
    if dice.random() < RETURN_STATED:
        back_ms = visit.to_ms + dice.randrange(MINUTE_MS, 10 * MINUTE_MS)
        if dice.random() < 0.8:
            writer.fact("link", back_ms + late_ms, **values, to=iso(back_ms))
        else:
            writer.fact("revoke", back_ms + late_ms, of_link=[tag, fan], to=iso(back_ms), source="desk.tags")


def _is_of_one_store(tag: str) -> bool:
    """Return whether no other store has a tag of the same name."""
    return "-" in tag


def _fan_at(person: Person, time_ms: int) -> str:
    return person.fan if person.registers_ms <= time_ms else ""


def _hear(writer: Writer, visit: _Visit, identifier: str, from_ms: int) -> None:
    writer.world.presences.append(Presence(writer.store(visit.store), identifier, from_ms, visit.to_ms, visit.person.number))


# In the store


def _write_visit(writer: Writer, visit: _Visit, borrowed: str, before: Person | None) -> None:
    dice, person, store = writer.dice, visit.person, writer.store(visit.store)
    middle_ms = (visit.from_ms + visit.to_ms) // 2
    if beacon := person.has.get("ibeacon"):
        _hear(writer, visit, beacon, visit.from_ms + dice.randrange(MINUTE_MS))
    if dice.random() < 0.4 and (carried := borrowed or person.has.get("ibeacon", "")):
        writer.touch(store, middle_ms - 2 * MINUTE_MS, "try_on", [carried], person.number, zone="glasses")
    if "wx-oa" in person.has and dice.random() < 0.4:
        both = [person.has["wx-oa"], person.has["wx-union"]] if dice.random() < 0.3 else [person.has["wx-oa"]]
        writer.touch(store, middle_ms - MINUTE_MS, "scan", both, person.number)
    if dice.random() < BUYS:
        _buy(writer, visit, visit.to_ms - 2 * MINUTE_MS, before)


def _buy(writer: Writer, visit: _Visit, time_ms: int, before: Person | None) -> None:
    dice, person, store = writer.dice, visit.person, writer.store(visit.store)
    ref, amount = f"r{person.number:05d}-{visit.from_ms // MINUTE_MS}", round(dice.uniform(20, 900), 2)
    shown = _shown(writer, person, time_ms)
    wrong = shown[:1] == [person.member] and before is not None and before is not person and dice.random() < WRONG_CARD
    if wrong and before is not None and before.registers_ms <= time_ms:
        event_id = writer.touch(store, time_ms, "transaction", [before.member, *shown[1:]], person.number, ref=ref, amount=amount)
        noticed_ms = time_ms + dice.randrange(HOUR_MS, TILL_MAY_CORRECT_MS)
        if dice.random() >= NOTICED:
            writer.world.false.add(event_id)
            shown = []
        elif dice.random() < AMENDED:
            writer.amend(store, event_id, noticed_ms, identifiers=shown)
            shown = []
        else:
            writer.void(store, event_id, noticed_ms)
            del writer.world.actor[event_id]
    if not wrong or shown:
        writer.touch(store, time_ms, "transaction", shown, person.number, ref=ref, amount=amount, staff_id="ann", channel="own_store")
    if paid := _paid_with(writer, visit, time_ms):
        typed = f"{ref}9" if dice.random() < MISTYPED else ref
        payment = writer.touch(store, time_ms + MINUTE_MS, "payment", paid, person.number, ref=typed, amount=amount)
        if typed != ref:
            writer.amend(store, payment, time_ms + dice.randrange(HOUR_MS, TILL_MAY_CORRECT_MS), ref=ref)
    if dice.random() < 0.03:
        writer.touch(writer.store(dice.randrange(99)), time_ms + 2 * HOUR_MS, "return", [], person.number, ref=ref, amount=amount)


def _shown(writer: Writer, person: Person, time_ms: int) -> list[str]:
    """Return what is shown at the till: a card, a phone number, somebody's idea of one, or nothing."""
    draw, phone = writer.dice.random(), writer.world.population.phone(person, time_ms)
    if _fan_at(person, time_ms) and draw < SHOWS_CARD:
        return [person.member, phone] if phone and writer.dice.random() < 0.2 else [person.member]
    if draw > 0.98:
        return [writer.dice.choice(JUNK)]
    return [phone] if phone and draw > 0.7 else []


def _paid_with(writer: Writer, visit: _Visit, time_ms: int) -> list[str]:
    dice, person = writer.dice, visit.person
    phone = writer.world.population.phone(person, time_ms)
    if dice.random() < SHOPS_OWN_CODE:
        return [f"alipay.app7:shop-{visit.store:02d}", phone if dice.random() < 0.5 else ""]
    kinds = [kind for kind in ("alipay", "card", "wx-mini") if kind in person.has]
    if not kinds or dice.random() < 0.15:
        return []
    kind = dice.choice(kinds)
    more = [phone] if phone and kind != "card" and dice.random() < 0.2 else []
    return [person.has[kind], *more]


# Elsewhere


def _write_session(writer: Writer, person: Person) -> None:
    dice, phone_at = writer.dice, writer.world.population.phone
    time_ms = START_MS + dice.randrange(writer.world.sizes.days * DAY_MS - HOUR_MS)
    web = person.has.get("web", "")
    for number in range(dice.randrange(1, 4) if web else 0):
        writer.touch(writer.store(0), time_ms + number * MINUTE_MS, "promotion", [web], person.number, channel="web")
    if dice.random() < LOGS_IN:
        known_by = [person.member] if _fan_at(person, time_ms) else []
        known_by += [each for each in (phone_at(person, time_ms), person.has.get("email", "")) if each]
        if known_by:
            writer.touch(writer.store(0), time_ms + 5 * MINUTE_MS, "promotion", [web, dice.choice(known_by)], person.number, channel="web")
    if "wx-mini" in person.has and dice.random() < 0.3:
        writer.touch(
            writer.store(0),
            time_ms + 9 * MINUTE_MS,
            "promotion",
            [person.has["wx-mini"], person.has["wx-union"]],
            person.number,
            channel="mini",
        )


def _write_order(writer: Writer, person: Person) -> None:
    dice = writer.dice
    time_ms = START_MS + dice.randrange((writer.world.sizes.days - 3) * DAY_MS)
    ref, amount = f"o{person.number:05d}", round(dice.uniform(20, 900), 2)
    phone = writer.world.population.phone(person, time_ms) if dice.random() < 0.4 else ""
    shown = [person.has["shop.tmall"], phone]
    writer.touch(writer.store(1), time_ms, "transaction", shown, person.number, ref=ref, amount=amount, channel="tmall")
    if dice.random() < 0.5:
        store = writer.store(person.household)
        writer.touch(store, time_ms + dice.randrange(HOUR_MS, 2 * DAY_MS), "pickup", [], person.number, ref=ref)
