"""Receivers of calibrated stores that fell silent while their agents are online. Pure: frames in, names out.

Nobody knows whether a silent zone is empty or deaf. But each has its usual share of its store's rows: one that should have sent a
thousand by its share, and sent none, is deaf. The same holds for a receiver among those of one zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from footfall.frames import Body, Kind
from footfall.units import NS_PER_S
from gateway.records import Record, RecordKind
from gateway.site import Site

SILENT_NS: Final = 60 * NS_PER_S
MISSED_ROWS: Final = 1_000
"""Some ten stays of people: by chance none of them is missed once in 20,000 times."""
NEVER_ROWS: Final = 10_000
"""So many rows of a store, and none of a zone that has a receiver: it was deaf when the gateway started."""
ONLINE_NS: Final = 60 * NS_PER_S


@dataclass(slots=True)
class _Heard:
    """Of a zone, or of one of its receivers: its rows, when the latest came, and how many its store had by then."""

    rows: int = 0
    last_ns: int = 0
    store_rows: int = 0


@dataclass(slots=True)
class _Store:
    began_ns: int = 0
    rows: int = 0
    agents_ns: dict[str, int] = field(default_factory=dict)
    heard: dict[tuple[str, str, str], _Heard] = field(default_factory=dict)
    """By agent, zone and receiver; "" is the zone itself."""


class ReceiverWatch:
    """Of calibrated stores alone. `zones` has, by store, the agent of each zone that has receivers by site.toml."""

    def __init__(self, zones: Mapping[str, Collection[tuple[str, str]]]) -> None:
        self._zones = zones
        self._stores: dict[str, _Store] = {store: _Store() for store in zones}

    def use(self, zones: Mapping[str, Collection[tuple[str, str]]]) -> None:
        """Watch the stores of another estate; what was heard in those that stay is kept."""
        self._zones, self._stores = zones, {store: self._stores.get(store) or _Store() for store in zones}

    def hear(self, store: str, agent: str, body: Body, received_ns: int) -> None:
        """Take a frame; those of other stores are passed over."""
        known = self._stores.get(store)
        if known is None:
            return
        known.began_ns = known.began_ns or received_ns
        known.agents_ns[agent] = received_ns
        counts = _counts(body)
        known.rows += sum(rows for (_, receiver), rows in counts.items() if not receiver)
        for (zone, receiver), rows in counts.items():
            heard = known.heard.setdefault((agent, zone, receiver), _Heard())
            heard.rows, heard.last_ns, heard.store_rows = heard.rows + rows, received_ns, known.rows

    def hear_all(self, frames: Iterable[tuple[Record, Body]]) -> None:
        """Take the frames among records."""
        if self._stores:
            for record, body in frames:
                if record.kind == RecordKind.FRAME:
                    self.hear(record.store, record.agent, body, record.received_ns)

    def silent(self, now_ns: int) -> list[str]:
        """Return what is silent though it should not be, each as `store/agent/zone` or `store/agent/receiver (zone)`, for how long."""
        return [line for store, known in list(self._stores.items()) for line in self._silent_in(store, known, now_ns)]

    def receivers(self, store: str) -> set[tuple[str, str, str]]:
        """Return agent, name and zone of all receivers whose own levels came."""
        known = self._stores.get(store, _Store())
        return {(agent, receiver, zone) for agent, zone, receiver in list(known.heard) if receiver}

    def _silent_in(self, store: str, known: _Store, now_ns: int) -> Iterator[str]:
        online = {agent for agent, last_ns in list(known.agents_ns.items()) if now_ns - last_ns <= ONLINE_NS}
        for (agent, zone, receiver), heard in list(known.heard.items()):
            missed = (known.rows - heard.store_rows) * heard.rows / max(heard.store_rows, 1)
            if agent in online and now_ns - heard.last_ns > SILENT_NS and missed >= MISSED_ROWS:
                name = f"{receiver} ({zone})" if receiver else zone
                yield f"{store}/{agent}/{name} for {(now_ns - heard.last_ns) // NS_PER_S // 60} min"
        for agent, zone in self._zones.get(store, ()):
            if agent in online and known.rows >= NEVER_ROWS and (agent, zone, "") not in known.heard:
                yield f"{store}/{agent}/{zone} since the gateway started"


def calibrated_zones(site: Site) -> dict[str, set[tuple[str, str]]]:
    """Return, by calibrated store, agent and zone of each receiver that site.toml lists."""
    return {
        store.name: {(agent.name, zone) for agent in store.agents for zone in agent.receivers.values()}
        for store in site.stores
        if store.calibrations or store.areas
    }


def _counts(body: Body) -> Counter[tuple[str, str]]:
    """Return the rows of presence by zone, and those with the level of each receiver."""
    found: Counter[tuple[str, str]] = Counter()
    present = body.kind < Kind.EXIT
    for zone, rows in zip(*np.unique(body.zone[present], return_counts=True), strict=True):
        found[body.zones[zone], ""] = int(rows)
    for row, more in body.extra.items():
        if present[row]:
            found.update((body.zones[body.zone[row]], receiver) for receiver in more.get("levels", ()))
    return found
