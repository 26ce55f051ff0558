"""A seeded store: who was there and what its agents' devices heard. The same seed gives the same bytes, on any day, in any process."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from edge_agent.sources.source import Crossing, Sighting
from footfall.moments import to_ns
from footfall.units import NS_PER_HOUR, NS_PER_S
from simulators.mountings import Outage
from simulators.people import Crowd, Person, Purchase
from simulators.plan import Plan, shop
from simulators.population import Population
from simulators.radio import Ether, Radio
from simulators.rfid import TaggedGoods, reads
from simulators.street import Street, outsiders

DEFAULT_START_NS: Final = to_ns(datetime.fromisoformat("2026-11-21T10:00:00+08:00"))
WINDOW_NS: Final = 60 * NS_PER_S


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One minute of a store. Row k: the device `device[k]` was heard at `t_ns[k]` by the receiver `receiver[k]`; in time order."""

    t_ns: npt.NDArray[np.int64]
    device: npt.NDArray[np.int64]
    receiver: npt.NDArray[np.int64]
    rssi_dbm: npt.NDArray[np.int64]
    devices: tuple[tuple[str, str], ...]
    """`(profile, identifier)` of each device number."""
    crossings: tuple[tuple[int, int, int, str], ...]
    """`(t_ns, entered, left, door)` as the door counters report them, in time order."""


@dataclass(frozen=True)
class World:
    """Store number `store` of the world `seed`, from `start_ns` (since 1970) for `hours`. Its own times are ns since its start."""

    seed: int
    hours: float = 8.0
    store: int = 0
    start_ns: int = DEFAULT_START_NS
    plan: Plan = field(default_factory=lambda: shop("store-0"))
    crowd: Crowd = field(default_factory=Crowd)
    radio: Radio = field(default_factory=Radio)
    street: Street = field(default_factory=Street)
    outages: tuple[Outage, ...] = ()
    goods: TaggedGoods | None = None
    """Tags that an RFID reader reads; its antennas are receivers of the plan."""

    @cached_property
    def population(self) -> Population:
        return Population(self.seed, self.store, self.plan, self.crowd, self.start_ns)

    @cached_property
    def _ether(self) -> Ether:
        return Ether(self.seed, self.store, self.plan, self.radio, self.outages)

    @property
    def length_ns(self) -> int:
        return round(self.hours * NS_PER_HOUR)

    @property
    def end_ns(self) -> int:
        """Since 1970."""
        return self.start_ns + self.length_ns

    def people(self) -> Iterator[Person]:
        """All who come before the end, in the order of their coming. Some may leave after the end."""
        coming: list[tuple[int, tuple[int, ...], Person]] = []
        for hour in range(-(-self.length_ns // NS_PER_HOUR)):
            for person in self.population.arriving(hour):
                heapq.heappush(coming, (person.path.from_ns, person.key, person))
            until_ns = min((hour + 1) * NS_PER_HOUR, self.length_ns)
            while coming and coming[0][0] < until_ns:
                yield heapq.heappop(coming)[2]

    def outsiders(self) -> Iterator[Person]:
        """Return what is heard although nobody entered, in the order of coming."""
        return outsiders(self.street, self.plan, self.seed, self.store, self.length_ns)

    def purchases(self) -> Iterator[Purchase]:
        """What was sold before the end, in time order."""
        sales = [p.purchase for p in self.people() if p.purchase is not None and p.purchase.t_ns < self.length_ns]
        return iter(sorted(sales, key=lambda sale: (sale.t_ns, sale.id)))

    def windows(self, from_ns: int = 0) -> Iterator[Window]:
        """Minute by minute, from the minute that holds `from_ns` on; only the people of one minute are in memory."""
        coming = heapq.merge(self.people(), self.outsiders(), key=lambda person: (person.path.from_ns, person.key))
        newcomer = next(coming, None)
        inside: list[Person] = []
        for begin_ns in range(0, self.length_ns, WINDOW_NS):
            finish_ns = min(begin_ns + WINDOW_NS, self.length_ns)
            while newcomer is not None and newcomer.path.from_ns < finish_ns:
                inside.append(newcomer)
                newcomer = next(coming, None)
            if finish_ns > from_ns:
                yield self._window(inside, begin_ns, finish_ns)
            inside = [person for person in inside if person.path.to_ns >= finish_ns]

    def heard(
        self, agent: str | None = None, from_ns: int = 0, origin_ns: int = 0, windows: Iterable[Window] | None = None
    ) -> Iterator[Sighting | Crossing]:
        """Return what the devices of `agent` (None: of all agents) send from `from_ns` on, in time order.

        `t_boot_ns` is `origin_ns` when the world begins. `windows`: those from `from_ns` on, where several agents share them.
        """
        people = self._heard_of_people(agent, from_ns, origin_ns, self.windows(from_ns) if windows is None else windows)
        if self.goods is None:
            return people
        mine = self.plan.receivers_of(agent) if agent else {receiver.name: receiver.zone for receiver in self.plan.receivers}
        tags = reads(self.goods, self.seed, self.store, self.length_ns, from_ns, origin_ns)
        return heapq.merge(people, (read for read in tags if read.receiver in mine), key=lambda item: item.t_boot_ns)

    def _heard_of_people(self, agent: str | None, from_ns: int, origin_ns: int, windows: Iterable[Window]) -> Iterator[Sighting | Crossing]:
        receivers = [receiver.name if agent in (None, receiver.agent) else None for receiver in self.plan.receivers]
        mine = np.array([name is not None for name in receivers])
        doors = {door.name for door in self.plan.doors if agent in (None, door.agent)}
        for window in windows:
            rows = mine[window.receiver] & (window.t_ns >= from_ns)
            columns = (window.t_ns[rows], window.device[rows], window.receiver[rows], window.rssi_dbm[rows])
            crossings = [c for c in window.crossings if c[0] >= from_ns and c[3] in doors]
            for t_ns, device, receiver, rssi_dbm in zip(*(column.tolist() for column in columns), strict=True):
                while crossings and crossings[0][0] <= t_ns:
                    yield _crossing(crossings.pop(0), origin_ns)
                profile, identifier = window.devices[device]
                yield Sighting(origin_ns + t_ns, receivers[receiver] or "", profile, identifier, rssi_dbm)
            yield from (_crossing(crossing, origin_ns) for crossing in crossings)

    def digest(self) -> str:
        """SHA-256 over everything heard: equal for equal worlds."""
        total = hashlib.sha256()
        for window in self.windows():
            for column in (window.t_ns, window.device, window.receiver, window.rssi_dbm):
                total.update(column.astype("<i8").tobytes())
            total.update(repr((window.devices, window.crossings)).encode())
        return total.hexdigest()

    def _window(self, people: list[Person], begin_ns: int, finish_ns: int) -> Window:
        devices: list[tuple[str, str]] = []
        parts = []
        inside = sum(person.outside is None for person in people)
        for person in people:
            for device in person.devices:
                if device.from_ns < finish_ns and device.to_ns > begin_ns:
                    heard = self._ether.hear(person, device, begin_ns, finish_ns, inside)
                    parts.append((heard.t_ns, np.full(len(heard.t_ns), len(devices), "i8"), heard.receiver, heard.rssi_dbm))
                    devices.append((device.profile, device.identifier))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.empty(0, "i8")] * 4
        order = np.lexsort((columns[2], columns[1], columns[0]))
        t_ns, device_number, receiver, rssi_dbm = (column[order] for column in columns)
        return Window(t_ns, device_number, receiver, rssi_dbm, tuple(devices), _crossings(people, begin_ns, finish_ns))


def _crossing(crossing: tuple[int, int, int, str], origin_ns: int) -> Crossing:
    t_ns, entered, left, door = crossing
    return Crossing(origin_ns + t_ns, door, entered, left)


def _crossings(people: list[Person], begin_ns: int, finish_ns: int) -> tuple[tuple[int, int, int, str], ...]:
    came = [(p.path.from_ns, p.counted_in + p.extra_in, 0, p.door) for p in people if begin_ns <= p.path.from_ns < finish_ns]
    went = [(p.path.to_ns, 0, p.counted_out + p.extra_out, p.door) for p in people if begin_ns <= p.path.to_ns < finish_ns]
    return tuple(sorted(crossing for crossing in came + went if crossing[1] or crossing[2]))
