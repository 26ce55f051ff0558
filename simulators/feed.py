"""A world's agents at work: what their devices hear goes through the real agent core and comes out as bodies of frames.

Pure: time is the world's, keys and ids come from its seed, so the same seed gives the same bytes here too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Final

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import Heard
from footfall.frames import RUN, Body, Header, encode_body, encode_frame
from footfall.pseudonyms import type_key
from footfall.receipts import DayKey
from footfall.topics import Topic
from footfall.units import NS_PER_S
from simulators.people import Purchase
from simulators.world import Window, World

ID_TYPES: Final = ("ibeacon",)
"""Identifier types whose long-lived keys the simulated boxes hold."""
UPTIME_NS: Final = 3600 * NS_PER_S
"""The boxes had been up for so long when the world began."""


def boot_of(world: World, agent: str) -> str:
    """The id of the boot in which the agent's box runs: of a box that has no boot ids, since its boot and this machine's overlap, which
    those of one machine never do."""
    return f"{RUN}sim-{_number(world, agent, 'boot'):016x}"


def epoch_of(world: World, agent: str) -> str:
    """The id of the agent's run."""
    return f"sim-{_number(world, agent, 'epoch'):016x}"


def keys_of(world: World, agent: str, brand_secret: bytes) -> SubjectKeys:
    """The long-lived keys of what is carried, and a private one for all else; no key of the day, as before the first receipt."""
    private = hashlib.sha256(f"{world.seed}/{agent}/private".encode()).digest()
    return SubjectKeys({id_type: type_key(brand_secret, id_type) for id_type in id_types(world)}, private)


def id_types(world: World) -> tuple[str, ...]:
    """Return the identifier types whose long-lived keys the boxes of this world hold."""
    return ID_TYPES if world.goods is None else (*ID_TYPES, "epc")


def day_key_of(world: World) -> DayKey:
    """Return a key of the day for all of the world's time, as from a receipt: with it all agents have the same subject for an address."""
    secret = hashlib.sha256(f"{world.seed}/{world.store}/day".encode()).digest()
    return DayKey(1, secret, world.start_ns, world.end_ns)


def till_of(world: World) -> str:
    """The agent whose box the store's till talks to: it reads the checkout."""
    checkout = world.plan.zones[-1].name
    return next(receiver.agent for receiver in world.plan.receivers if receiver.zone == checkout)


class Feed:
    """One agent of `world`, from `from_ns` of the world on, until `until_ns`; `flush_s` is how long rows wait for their frame.

    `day_key` is the key from an earlier receipt; without it everybody's subjects but the lasting ones are private to the box. `windows`:
    the world's from `from_ns` on, where several agents share them.
    """

    def __init__(
        self,
        world: World,
        agent: str,
        brand_secret: bytes,
        *,
        from_ns: int = 0,
        until_ns: int | None = None,
        flush_s: float = 1.0,
        day_key: DayKey | None = None,
        windows: Iterable[Window] | None = None,
    ) -> None:
        self.world, self.agent, self.from_ns, self._windows = world, agent, from_ns, windows
        self.until_ns = world.length_ns if until_ns is None else until_ns
        keys = keys_of(world, agent, brand_secret)
        if day_key is not None:
            keys.offer(day_key, day_key.from_ns)
        self.core = Core(
            boot_of(world, agent),
            world.plan.receivers_of(agent),
            shipped(),
            keys,
            flush_s=flush_s,
            heartbeat_s=max(5.0, flush_s),
        )
        self._sales = list(world.purchases()) if agent == till_of(world) else []

    def bodies(self) -> Iterator[tuple[int, Body]]:
        """`(t_ns, body)` with the world's time at which each body was made. At the end everybody leaves, as on a graceful stop."""
        tick_ns = self.from_ns
        for t_ns, heard in self._heard():
            while tick_ns <= t_ns:
                yield from ((tick_ns, body) for body in self.core.tick(self._moment(tick_ns)))
                tick_ns += NS_PER_S
            if isinstance(heard, str):
                self.core.event(heard, UPTIME_NS + t_ns)
            else:
                self.core.hear(heard)
        while tick_ns < self.until_ns:
            yield from ((tick_ns, body) for body in self.core.tick(self._moment(tick_ns)))
            tick_ns += NS_PER_S
        yield from ((self.until_ns, body) for body in self.core.finish(self._moment(self.until_ns)))

    def payloads(self) -> Iterator[tuple[str, bytes]]:
        """`(topic, payload)` of each frame, as an agent sends it that never lost the network and never heard a receipt."""
        store, boot = self.world.plan.store, boot_of(self.world, self.agent)
        topic, epoch = str(Topic(store, self.agent, "frames")), epoch_of(self.world, self.agent)
        for seq, (t_ns, body) in enumerate(self.bodies(), 1):
            now = self._moment(t_ns)
            yield topic, encode_frame(Header(store, self.agent, epoch, seq, 1, boot, now.boot_ns, now.wall_ns), encode_body(body))

    def _heard(self) -> Iterator[tuple[int, Heard | str]]:
        """What devices and the till send, in time order."""
        sales = [sale for sale in self._sales if self.from_ns <= sale.t_ns < self.until_ns]
        for item in self.world.heard(self.agent, self.from_ns, UPTIME_NS, self._windows):
            t_ns = item.t_boot_ns - UPTIME_NS
            if t_ns >= self.until_ns:
                break
            while sales and sales[0].t_ns <= t_ns:
                yield self._sold(sales.pop(0))
            yield t_ns, item
        yield from map(self._sold, sales)

    def _sold(self, sale: Purchase) -> tuple[int, str]:
        return sale.t_ns, json.dumps(sale.event(self.world.start_ns + sale.t_ns), separators=(",", ":"))

    def _moment(self, t_ns: int) -> Moment:
        return Moment(UPTIME_NS + t_ns, self.world.start_ns + t_ns, True)


def _number(world: World, agent: str, what: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{world.seed}/{agent}/{what}/{world.start_ns}".encode()).digest()[:8], "big")
