"""What the boxes of a store make of its people: rows for the wire, events for the till, and the truth of what can be known of it.

Nothing is left to chance here: what a box hears follows from the ways of people and from the faults of the plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from footfall.frames import Kind
from footfall.units import NS_PER_MS
from simulators.chain.chain import CHECKOUT, DOOR_TASK, MS_PER_MINUTE, SQUADS, Chain, ChainStore
from simulators.chain.identity import Identity
from simulators.chain.people import Doing, Garment, Party, People, Stay
from simulators.chain.plan import DOORS
from simulators.chain.promoting import Promoting
from simulators.chain.renting import HANDBACK, Rented, Renting
from simulators.chain.sharing import Shared, Sharing
from simulators.chain.truth import Dwell, ItemEvent, Passing, Touch, Truth, Unobserved, Visit
from simulators.people import iso

TIMEOUT_MS: Final = 30 * MS_PER_MINUTE
"""A silence of more than this ends a visit: `idle_timeout_s` of `site.toml`."""
TRIED_MS: Final = 30_000
AGAIN_MS: Final = 2000
"""A box that is back hears whoever is there after so long."""
MISTYPED_MS: Final = 60_000
STAY_EVERY_MS: Final = {"ibeacon": 60_000, "ble-anonymous": 85_000, "staff-badge": 60_000, "garment-tag": 150_000}
"""How often a box reports what stays where it is: within the longest silence that the profile allows."""
NEVER_MS: Final = 1 << 62
COUNTER: Final = "door-counter"
PROFILES: Final = (*STAY_EVERY_MS, COUNTER)


class Row(NamedTuple):
    """A row of a frame. `place` is a zone or a door."""

    time_ms: int
    kind: Kind
    place: str
    profile: str
    subject: int = 0
    people: int = 1
    more: dict[str, Any] | None = None


class Event(NamedTuple):
    """A plain event of the till, sent at `time_ms`."""

    time_ms: int
    json: str


@dataclass(slots=True)
class HeardDay:
    """What the boxes (by letter) and the till of a store make of one of its days."""

    rows: dict[str, list[Row]]
    events: list[Event]


class Hearing:
    """The boxes of one store, day by day, in order."""

    def __init__(self, chain: Chain, store: ChainStore, identity: Identity, truth: Truth) -> None:
        self._chain: Final = chain
        self._store: Final = store
        self._identity: Final = identity
        self._truth: Final = truth
        self._people: Final = People(chain, store)
        self._deaf: Final = [each for each in store.outages if each.box == "a" and each.kind in ("crash", "power", "dead")]
        self._sharing: Final = Sharing(chain, store)
        self._renting: Final = Renting(chain, store)
        self._promoting: Final = Promoting(chain, store)
        self._of_receipt: dict[str, str] = {}
        """By the number of a receipt the fan who is known to have it."""
        self._sold = 0
        self._note_unobserved()

    def day(self, day: int) -> HeardDay:
        """Return what is heard of a day, and add to the truth what happened."""
        heard = HeardDay({box.letter: [] for box in self._store.boxes}, [])
        for shared in self._sharing.of_day(day) if self._chain.is_open(self._store, day) else ():
            self._share(heard, shared)
        for party in self._people.parties(day):
            self._pass(heard, party)
            self._hear(heard, party)
            for doing in party.doings:
                self._do(heard, doing, party.fan)
            if rented := self._renting.of_party(party):
                self._rent(heard, rented, party.fan)
        for doing in self._people.returns(day):
            self._do(heard, doing, -1)
        for garment in self._people.garments(day):
            self._read(heard, garment)
        return heard

    # Doors

    def _pass(self, heard: HeardDay, party: Party) -> None:
        for time_ms, door, kind in ((party.arrive_ms, party.door_in, Kind.IN), (party.leave_ms, party.door_out, Kind.OUT)):
            box = DOORS[self._store.plan.agents][door]
            counted = not self._is_blind(box, door, time_ms)
            entered, left = (party.size, 0) if kind == Kind.IN else (0, party.size)
            self._truth.passings.append(Passing(self._store.name, door, time_ms, entered, left, counted))
            if counted:
                heard.rows[box].append(Row(time_ms, kind, door, COUNTER, people=party.size))

    def _is_blind(self, box: str, door: str, time_ms: int) -> bool:
        return any(each.kind != "offline" and each.from_ms <= time_ms < each.to_ms and each.box == box and each.door in ("", door)
                   for each in self._store.outages)  # fmt: skip

    # People

    def _hear(self, heard: HeardDay, party: Party) -> None:
        subject, profile = self._identity.carried(self._store, party)
        if not subject:
            return
        is_staff, pieces = party.staff >= 0, list(self._pieces(party.stays))
        for piece, is_cut in pieces:
            heard.rows["a"] += _rows_of(piece, is_cut, subject, profile)
            ends_ms = _last_ms(piece, is_cut, STAY_EVERY_MS[profile])
            fan = self._identity.known_fan(self._store, party.fan, piece.from_ms)
            self._truth.dwells.append(Dwell(self._store.name, piece.zone, subject, fan, is_staff, piece.from_ms, ends_ms))
        spans = [(piece.from_ms, _last_ms(piece, is_cut, STAY_EVERY_MS[profile]), piece.zone) for piece, is_cut in pieces]
        for visit in _visits(spans):
            fan = self._identity.known_fan(self._store, party.fan, visit[0][0])
            zones = len({zone for _, _, zone in visit})
            self._truth.visits.append(Visit(self._store.name, subject, fan, is_staff, visit[0][0], visit[-1][1], zones))

    def _pieces(self, stays: Sequence[Stay]) -> Iterator[tuple[Stay, bool]]:
        """Yield the parts of stays that the box heard; with True one that its silence cut off, so that no EXIT came."""
        for stay in stays:
            from_ms = stay.from_ms
            for outage in self._deaf:
                if not (from_ms < outage.to_ms and outage.from_ms < stay.to_ms):
                    continue
                if from_ms < outage.from_ms:
                    yield Stay(stay.zone, from_ms, outage.from_ms), True
                from_ms = outage.to_ms + AGAIN_MS
            if from_ms < stay.to_ms:
                yield Stay(stay.zone, from_ms, stay.to_ms), False

    # The till

    def _do(self, heard: HeardDay, doing: Doing, fan: int) -> None:
        self._sold += 1
        touch = self._touch(doing, fan)
        self._sell(heard, touch)
        if not doing.is_mistyped:
            return
        void_ms = doing.time_ms + MISTYPED_MS // 2
        void = {"kind": "void", "id": f"{touch.event_id}-void", "of": touch.event_id, "reason": "mistyped", "actor": touch.staff_id}
        heard.events.append(Event(void_ms, json.dumps(void | {"time": iso(void_ms * NS_PER_MS)})))
        again = touch._replace(time_ms=doing.time_ms + MISTYPED_MS, amount=doing.amount - 1, event_id=f"{touch.event_id}-again")
        self._sell(heard, again._replace(is_void=False))

    def _share(self, heard: HeardDay, shared: Shared) -> None:
        """A fan shares with the brand's app, at home."""
        identity, store = self._identity, self._store
        fan, card = identity.known_fan(store, shared.fan, shared.time_ms), identity.card(store, shared.fan)
        self._sold += 1
        self._sell(heard, Touch(store.name, shared.time_ms, "share", "", fan, card, "", "", "app", "", (), 0.0,
                                f"{store.name}-{self._sold}", False, code=shared.code))  # fmt: skip

    def _rent(self, heard: HeardDay, rented: Rented, fan: int) -> None:
        """The desk states who has a tag, where it knows; whoever it is, the tag is handed back."""
        chain, store, number = self._chain, self._store, rented.staff
        self._sold += 1
        event_id, named = f"{store.name}-{self._sold}", self._identity.known_fan(store, fan, rented.lent_ms)
        if named:
            at = iso(rented.lent_ms * NS_PER_MS)
            link = {"kind": "fact", "fact": "link", "id": f"{event_id}-lent", "identifier": rented.tag, "fan": named}
            heard.events.append(Event(rented.lent_ms, json.dumps(link | {"from": at, "learned": at})))
        departments = chain.plan.departments
        self._sell(heard, Touch(
            store=store.name, time_ms=rented.back_ms, what=HANDBACK, zone=CHECKOUT, fan=named, card=rented.tag,
            staff_id=chain.staff_ids(store)[number], department=departments[number % len(departments)].name, channel="own_store",
            campaign="", items=(), amount=0.0, event_id=event_id, is_void=False, squad=SQUADS[number % len(SQUADS)],
        ))  # fmt: skip

    def _brought(self, doing: Doing, fan: int) -> dict[str, str]:
        """Return what a touch states of the share by which somebody came."""
        shared = self._sharing.followed(doing, fan)
        if shared is None:
            return {}
        by_code = self._sharing.by_code()
        name = self._identity.known_fan(self._store, shared.fan, NEVER_MS)
        return {"code": shared.code, "came_by": name} if by_code else {"shared_by": name, "came_by": name}

    def _touch(self, doing: Doing, fan: int) -> Touch:
        chain, store, identity = self._chain, self._store, self._identity
        named = identity.known_fan(store, fan, doing.time_ms) if doing.shows_card else self._of_receipt.get(doing.ref, "")
        if doing.ref:
            self._of_receipt[doing.ref] = named
        campaigns = self._promoting.campaigns(doing)
        return Touch(
            store=store.name, time_ms=doing.time_ms, what=doing.what, zone=doing.zone,
            fan=named,
            card=identity.card(store, fan) if doing.shows_card else "",
            staff_id=chain.staff_ids(store)[doing.staff], department=chain.plan.departments[doing.department].name,
            channel=doing.channel, campaign=next(iter(campaigns), ""), campaigns=campaigns if len(campaigns) > 1 else (),
            items=((f"sku-{doing.department}-0", doing.pieces),) if doing.amount else (), amount=doing.amount,
            event_id=f"{store.name}-{self._sold}", is_void=doing.is_mistyped,
            squad=SQUADS[doing.staff % len(SQUADS)], ref=doing.ref, **self._brought(doing, fan),
        )  # fmt: skip

    def _sell(self, heard: HeardDay, touch: Touch) -> None:
        self._truth.touches.append(touch)
        event = {
            "kind": "touch", "what": "return" if touch.what == HANDBACK else touch.what, "id": touch.event_id,
            "time": iso(touch.time_ms * NS_PER_MS), "zone": touch.zone,
            "identifiers": [touch.card] if touch.card else [], "staff_id": touch.staff_id, "department": touch.department,
            "channel": touch.channel, **_campaigns_stated(touch), "items": [{"sku": sku, "n": n} for sku, n in touch.items],
            "amount": touch.amount, "ref": touch.ref, "code": touch.code, "shared_by": touch.shared_by,
        }  # fmt: skip
        heard.events.append(Event(touch.time_ms, json.dumps({name: value for name, value in event.items() if value != ""})))

    # Goods

    def _read(self, heard: HeardDay, garment: Garment) -> None:
        """The first row in a zone is the move; whoever was in the fitting room for long enough was tried on."""
        named = {"epc": garment.epc, "sku": garment.sku}
        first, last = garment.stays[0], garment.stays[-1]
        event, before = self._item_event(garment), first
        event(first.from_ms, "arrived", first.zone, "", 0.0)
        for number, stay in enumerate(garment.stays):
            heard.rows["a"] += [
                row._replace(more=named if row.kind != Kind.STAY else None) for row in _rows_of(stay, False, garment.subject, "garment-tag")
            ]
            if number:
                event(stay.from_ms, "moved", stay.zone, before.zone, (before.to_ms - before.from_ms) / 1000)
            if number == 1 and stay.to_ms - stay.from_ms >= TRIED_MS:
                event(stay.from_ms, "tried", stay.zone, before.zone, (stay.to_ms - stay.from_ms) / 1000)
            before = stay
        event(last.to_ms, "left", last.zone, garment.stays[-2].zone, (last.to_ms - first.from_ms) / 1000)

    def _item_event(self, garment: Garment) -> Any:
        def event(time_ms: int, kind: str, zone: str, from_zone: str, seconds: float) -> None:
            self._truth.items.append(ItemEvent(self._store.name, time_ms, kind, zone, from_zone, garment.epc, garment.sku, seconds))

        return event

    # What was not observed

    def _note_unobserved(self) -> None:
        for outage in self._store.outages:
            if outage.kind == "offline":
                continue
            box = next(each for each in self._store.boxes if each.letter == outage.box)
            for task in (DOOR_TASK,) if outage.door else box.tasks:
                self._truth.unobserved.append(Unobserved(self._store.name, box.agent, task, outage.from_ms, outage.to_ms))


def _campaigns_stated(touch: Touch) -> dict[str, Any]:
    return {"campaigns": list(touch.campaigns)} if touch.campaigns else {"campaign": touch.campaign}


def _rows_of(stay: Stay, is_cut: bool, subject: int, profile: str) -> list[Row]:
    rows = [Row(stay.from_ms, Kind.ENTER, stay.zone, profile, subject)]
    every_ms = STAY_EVERY_MS[profile]
    rows += [Row(at_ms, Kind.STAY, stay.zone, profile, subject) for at_ms in range(stay.from_ms + every_ms, stay.to_ms, every_ms)]
    return rows if is_cut else [*rows, Row(stay.to_ms, Kind.EXIT, stay.zone, profile, subject)]


def _last_ms(stay: Stay, is_cut: bool, every_ms: int) -> int:
    """Return when it was heard last: at its end, or in the last report before the box fell silent."""
    return stay.to_ms - (stay.to_ms - stay.from_ms - 1) % every_ms - 1 if is_cut else stay.to_ms


def _visits(spans: Sequence[tuple[int, int, str]]) -> Iterator[list[tuple[int, int, str]]]:
    """Yield runs of spans without a silence longer than the timeout."""
    run: list[tuple[int, int, str]] = []
    for span in spans:
        if run and span[0] - run[-1][1] > TIMEOUT_MS:
            yield run
            run = []
        run.append(span)
    if run:
        yield run
