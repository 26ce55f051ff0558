"""The ground truth of simulated worlds: one JSON object a line, in the order of people's coming; times in ns since 1970.

`store` comes first, once a store; then for each entry of a person `visit` (with its zone stays, devices, crossings and purchase); then
`other`, who was heard but never entered; `item` and `move`, where goods were; `failure`, which receivers were down; then `link`, what
the brand knows: this identifier is that fan, within a span.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from footfall.errors import ConfigError
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.units import NS_PER_HOUR, NS_PER_S
from simulators import tagged_goods
from simulators.mountings import Outage
from simulators.paths import LEAST_STAY_NS, Stay, stays_and_passes
from simulators.people import Person, fan_identifiers, fan_name
from simulators.world import World

_KNOWN_BEFORE_NS: Final = 30 * 24 * NS_PER_HOUR
_HANDED_OUT_NS: Final = NS_PER_S
"""A rented tag is handed out before it is heard inside: clocks of devices and of the desk differ by milliseconds."""


@dataclass(frozen=True, slots=True)
class Carried:
    """An identifier transmitted by a visitor from `from_ns` to `to_ns`. Those of a `lasting` type have a subject known beforehand."""

    id_type: str
    identifier: str
    lasting: bool
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class ZoneStay:
    zone: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Sale:
    t_ns: int
    id: str
    member: str
    fan: str
    staff_id: str
    amount: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One entry of a person into a store, until they leave. `fan` is who the brand can know it was, "" if nobody.

    `counted`: whether the door counter saw them come, and go. Whoever comes in again soon has the same `person`, and the next `entry`.
    """

    store: str
    person: str
    fan: str
    staff_id: str
    enter_ns: int
    leave_ns: int
    door: str
    counted: tuple[bool, bool]
    stays: tuple[ZoneStay, ...] = ()
    carried: tuple[Carried, ...] = ()
    sale: Sale | None = None
    entry: int = 0
    passes: tuple[ZoneStay, ...] = ()
    """Spans in a zone that were shorter than the store's least stay."""
    extra: tuple[int, int] = (0, 0)
    """People that the door counter counted in and out beside them although there were none: a trolley."""


@dataclass(frozen=True, slots=True)
class Other:
    """Who or what was heard and never entered: `what` is parked, passing or lingering. No visit of theirs is true."""

    store: str
    name: str
    what: str
    from_ns: int
    to_ns: int
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """`identifier` is `fan`, from `from_ns` until `to_ns` (None: until further notice)."""

    id_type: str
    identifier: str
    fan: str
    from_ns: int
    to_ns: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A receiver was down; then it hung `moved_m` from where it was, and heard `offset_db` more than before."""

    store: str
    receiver: str
    from_ns: int
    to_ns: int
    moved_m: float
    offset_db: float


@dataclass(frozen=True, slots=True)
class Item:
    """A tagged piece of goods, and the zone in which it was first."""

    store: str
    epc: str
    zone: str


@dataclass(frozen=True, slots=True)
class Move:
    """An item crossed the border of two zones. One without any never moved."""

    store: str
    epc: str
    from_zone: str
    to_zone: str
    t_ns: int


@dataclass(frozen=True, slots=True)
class Store:
    store: str
    seed: int
    start_ns: int
    end_ns: int
    least_stay_ns: int = 0
    """Whoever was in a zone for less passed it; 0: only stays are known, and all of them."""


@dataclass(slots=True)
class Truth:
    stores: list[Store] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def end_ns(self) -> int:
        return max((store.end_ns for store in self.stores), default=0)


Record = Store | Visit | Link | Other | Item | Move | Failure
_KINDS: Final[Mapping[str, type[Record]]] = {kind.__name__.lower(): kind for kind in (Store, Visit, Link, Other, Item, Move, Failure)}


def truth_of(world: World) -> Iterator[Record]:
    """All that was true in `world`, one record after the other."""
    yield Store(world.plan.store, world.seed, world.start_ns, world.end_ns, _least_stay_ns(world))
    rented = []
    for person in world.people():
        visit = _visit(world, person)
        yield visit
        if person.carries == "rented":
            tag = visit.carried[0]
            rented.append(Link(tag.id_type, tag.identifier, visit.fan, visit.enter_ns - _HANDED_OUT_NS, visit.leave_ns))
    yield from (_other(world, person) for person in world.outsiders())
    yield from _goods(world)
    yield from (_failure(world, outage) for outage in world.outages)
    for number in range(world.crowd.fans):
        for id_type, identifier in fan_identifiers(world.store, number):
            yield Link(id_type, identifier, fan_name(world.store, number), world.start_ns - _KNOWN_BEFORE_NS, None)
    yield from rented


def collect(records: Iterable[Record]) -> Truth:
    truth = Truth()
    lists: Mapping[type, list[Any]] = {kind: getattr(truth, f"{name}s") for name, kind in _KINDS.items()}
    for record in records:
        lists[type(record)].append(record)
    return truth


def write_truth(path: Path, records: Iterable[Record]) -> int:
    """Writes `records`; returns how many visits were among them."""
    visits = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            visits += isinstance(record, Visit)
            file.write(json.dumps({"kind": type(record).__name__.lower(), **asdict(record)}, separators=(",", ":")) + "\n")
    return visits


def read_truth(path: Path) -> Truth:
    """What `write_truth` wrote; ConfigError names the line that is something else."""
    try:
        with path.open(encoding="utf-8") as file:
            return collect(_record(line, f"{path}:{number}") for number, line in enumerate(file, 1))
    except OSError as error:
        raise ConfigError(f"{path}: the truth cannot be read: {error.strerror}") from None


def subject_hex(brand_secret: bytes, id_type: str, identifier: str) -> str:
    """The 16 hex digits under which a consented identifier is stored."""
    return to_hex(lasting_subject(type_key(brand_secret, id_type), id_type, identifier))


def _visit(world: World, person: Person) -> Visit:
    start_ns, path, sale = world.start_ns, person.path, person.purchase
    stays, passes = stays_and_passes(path.t_ns, path.x_m, path.y_m, world.plan, _least_stay_ns(world))
    return Visit(
        store=world.plan.store,
        person=person.name,
        fan=person.fan,
        staff_id=person.staff_id,
        enter_ns=start_ns + path.from_ns,
        leave_ns=start_ns + path.to_ns,
        door=person.door,
        counted=(person.counted_in, person.counted_out),
        stays=_stays(world, stays),
        carried=_carried(world, person),
        sale=None if sale is None else Sale(start_ns + sale.t_ns, sale.id, sale.member, sale.fan, sale.staff_id, sale.amount),
        entry=person.entry,
        passes=_stays(world, passes),
        extra=(person.extra_in, person.extra_out),
    )


def _least_stay_ns(world: World) -> int:
    return LEAST_STAY_NS if world.crowd.gait is None else world.crowd.gait.least_stay_ns


def _goods(world: World) -> Iterator[Record]:
    if world.goods is None:
        return
    store, plan = world.plan.store, world.plan
    yield from (Item(store, tag.epc, tagged_goods.home(tag, plan)) for tag in world.goods.tags)
    for t_ns, epc, from_zone, to_zone in sorted(tagged_goods.moves(world.goods, plan)):
        yield Move(store, epc, from_zone, to_zone, world.start_ns + t_ns)


def _failure(world: World, outage: Outage) -> Failure:
    span_ns = world.start_ns + outage.from_ns, world.start_ns + outage.to_ns
    return Failure(world.plan.store, outage.receiver, *span_ns, math.hypot(outage.x_m, outage.y_m), outage.offset_db)


def _other(world: World, person: Person) -> Other:
    path = person.path
    span_ns = world.start_ns + path.from_ns, world.start_ns + path.to_ns
    return Other(world.plan.store, person.name, person.outside or "", *span_ns, _carried(world, person))


def _stays(world: World, stays: Iterable[Stay]) -> tuple[ZoneStay, ...]:
    return tuple(ZoneStay(stay.zone, world.start_ns + stay.from_ns, world.start_ns + stay.to_ns) for stay in stays)


def _carried(world: World, person: Person) -> tuple[Carried, ...]:
    start_ns = world.start_ns
    return tuple(Carried(d.id_type, d.identifier, d.id_type != "mac", start_ns + d.from_ns, start_ns + d.to_ns) for d in person.devices)


def _record(line: str, where: str) -> Record:
    try:
        values = json.loads(line)
        kind = _KINDS[values.pop("kind")]
        return _READERS[kind](values) if kind in _READERS else kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{where}: not a record of a truth file: {type(error).__name__}: {error}") from None


def _read_visit(values: Mapping[str, Any]) -> Visit:
    """Files of before know neither passes nor extra counts."""
    return Visit(
        **{
            **values,
            "counted": tuple(values["counted"]),
            "stays": tuple(ZoneStay(**stay) for stay in values["stays"]),
            "carried": tuple(Carried(**carried) for carried in values["carried"]),
            "sale": None if values["sale"] is None else Sale(**values["sale"]),
            "passes": tuple(ZoneStay(**stay) for stay in values.get("passes", ())),
            "extra": tuple(values.get("extra", (0, 0))),
        }
    )


def _read_other(values: Mapping[str, Any]) -> Other:
    return Other(**{**values, "carried": tuple(Carried(**carried) for carried in values["carried"])})


_READERS: Final[Mapping[type[Record], Callable[[Mapping[str, Any]], Record]]] = {Visit: _read_visit, Other: _read_other}
