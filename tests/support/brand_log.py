"""The log of a brand with several stores: raw messages, and one shard or many that read it, with identity beside them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgpack
import numpy as np

from device_profiles.registry import shipped
from footfall.frames import COLUMNS, Body, Header, Kind, encode_body, encode_frame
from footfall.health import Health, encode_health
from gateway.accept.messages import Message
from gateway.accept.outcome import TIME_PASSED, Entry
from gateway.fold.fold import Fold
from gateway.identity.fact_store import FactStore, GivingFacts, MemoryFactStore
from gateway.identity.facts import Fact
from gateway.identity.facts_json import encode_facts, facts_of_links
from gateway.identity.identity import Identity
from gateway.identity.links import Link, encode_links
from gateway.identity.types import IdentifierTypes
from gateway.points import Points
from gateway.records import RecordKind
from gateway.shard import Shard
from gateway.site import Site, shard_of
from gateway.site.recorded import record_site
from tests.support import shards
from tests.support.journal_stories import PROFILES, STAFF, T0, TIMEOUT_S, Row, Rows, S, store
from tests.support.memory_fold_store import MemoryStore

BOOT_NS = 10**15
"""What every agent's boot clock shows at T0."""
TICK_S = 30.0
STORES = ("s1", "s2", "s4", "north")
"""Seven shards have one each; of two shards one has s4, the other the rest."""
AGENTS = {name: f"{name}-agent" for name in STORES}
ZONES = ("a", "b", "street", "d")


def site_of(stores: Sequence[str] = STORES) -> Site:
    zones = [{"name": "a"}, {"name": "b", "type": "fitting"}, {"name": "street", "type": "outside"}]
    return Site.model_validate({"brand": "b", "stores": [
        {"name": name, "timezone": "Asia/Shanghai", "zones": zones, "doors": ["d"], "idle_timeout_s": TIMEOUT_S, "tried_s": 10,
         "agents": [{"name": f"{name}-agent"}, {"name": f"{name}-till"}]}
        for name in stores
    ]})  # fmt: skip


class Logged(NamedTuple):
    """What arrived at one time: messages of one store, or what goes to every shard, or facts from the CRM."""

    received_ns: int
    store: str = ""
    messages: tuple[Message, ...] = ()
    facts: tuple[Fact, ...] = ()


class BrandLog:
    """Writes the log; `now_ns` is its time, which never stands still between two entries."""

    def __init__(self, stores: Sequence[str] = STORES) -> None:
        self.site = site_of(stores)
        self.now_ns = T0
        self.entries: list[Logged] = [Logged(T0)]
        self.settled = 0
        """So many entries of it are about what happened; after them all standings are known, and time alone passes."""
        self._seqs: defaultdict[str, int] = defaultdict(int)
        self._rows: defaultdict[str, int] = defaultdict(int)

    def __repr__(self) -> str:
        """Return what is in it, for people who look at a failure."""
        shown = (f"{at} +{(each.received_ns - T0) / S:.3f}s {each.store} {[m.topic for m in each.messages]} {each.facts}"
                 for at, each in enumerate(self.entries) if each.messages or each.facts)  # fmt: skip
        return "\n".join(["", *shown])

    def wait(self, seconds: float) -> BrandLog:
        """Let time pass, with the ticks of it."""
        ends_ns = self.now_ns + round(seconds * S)
        while self.now_ns + round(TICK_S * S) < ends_ns:
            self.now_ns += round(TICK_S * S)
            self._add(Logged(self.now_ns))
        self.now_ns = ends_ns
        return self

    def _add(self, entry: Logged) -> BrandLog:
        self.now_ns = max(entry.received_ns, self.entries[-1].received_ns + 1)
        self.entries.append(entry._replace(received_ns=self.now_ns))
        return self

    def send(self, store_name: str, *messages: Message) -> BrandLog:
        return self._add(Logged(self.now_ns, store_name, messages))

    def frame(self, store_name: str, rows: Sequence[Row], lag_s: float = 0.0, lost: int = 0) -> Message:
        """Return the next frame of a store's agent, made `lag_s` ago; `lost`: so many frames of two rows were dropped before it."""
        agent = f"{store_name}-agent"
        self._seqs[agent] += 1 + lost
        self._rows[agent] += 2 * lost
        sent_boot_ns = self.now_ns - T0 + BOOT_NS
        made_boot_ns = sent_boot_ns - round(lag_s * S)
        columns: dict[str, list[Any]] = {
            "kind": [row.kind for row in rows],
            "t_boot_ns": [made_boot_ns - round(row.age_s * S) for row in rows],
            "subject": [0 if row.kind in (Kind.IN, Kind.OUT) else row.subject for row in rows],
            "zone": [3 if row.kind in (Kind.IN, Kind.OUT) else row.place for row in rows],
            "profile": [row.profile for row in rows],
            "rssi_dbm": [row.rssi_dbm for row in rows],
            "count": [row.count for row in rows],
            "value": [row.value for row in rows],
        }
        body = Body("boot", made_boot_ns, 0, False, self._rows[agent], 1, ZONES, PROFILES,
                    extra={i: dict(row.extra) for i, row in enumerate(rows) if row.extra},
                    **{key: np.array(values, COLUMNS[key]) for key, values in columns.items()})  # fmt: skip
        self._rows[agent] += len(rows)
        seq = self._seqs[agent]
        header = Header(store_name, agent, "e", seq, seq if lost else 1, "boot", sent_boot_ns, 0)
        return Message(f"footfall/1/{store_name}/{agent}/frames", encode_frame(header, encode_body(body)))

    def event(self, store_name: str, **values: Any) -> Message:
        return Message(f"footfall/1/{store_name}/{store_name}-till/events", json.dumps(values).encode())

    def health(self, store_name: str) -> Message:
        agent = f"{store_name}-agent"
        health = Health(state="online", agent=agent, store=store_name, boot="boot", uptime_s=1.0)
        return Message(f"footfall/1/{store_name}/{agent}/health", encode_health(health))

    def links(self, links: Iterable[Link]) -> BrandLog:
        return self.facts(facts_of_links(encode_links(list(links))))

    def facts(self, facts: Iterable[Fact]) -> BrandLog:
        return self._add(Logged(self.now_ns, facts=tuple(facts)))

    def end(self, hours: float = 0.5) -> BrandLog:
        """Signs of life only, until nothing is open and nothing waits."""
        for _ in range(int(hours * 6)):
            self.wait(600)
            for each in self.site.stores:
                self.send(each.name, self.frame(each.name, []))
        self.wait(2 * TICK_S + 1)
        self.settled = len(self.entries)
        return self

    def idle(self, hours: float) -> BrandLog:
        """Let time pass, with a tick every ten minutes."""
        for _ in range(int(hours * 6)):
            self._add(Logged(self.now_ns + 600 * S))
        return self


@dataclass
class Results:
    """What all shards returned, as a database, agents and a quarantine hold it."""

    rows: Rows = field(default_factory=dict)
    receipts: dict[tuple[int, tuple[str, str, str]], int] = field(default_factory=dict)
    """(entry of the log, (store, agent, epoch)) -> up to."""
    refused: set[tuple[str | None, str, bytes]] = field(default_factory=set)


class Reader:
    """One shard that reads the log up to where it stands, and the standings up to where it stands in those."""

    def __init__(self, log: BrandLog, number: int, count: int, results: Results, identity: Identity, given: GivingFacts) -> None:
        self._identity, self._given = identity, given
        self.site = log.site.only(number, count)
        self._entries, self._number, self._count = log.entries, number, count
        self._results = results
        self._kept: dict[str, Any] = {}
        self.at = 0
        self._shard = self._resumed()

    def _resumed(self) -> Shard:
        """Return a shard that knows nothing but what the last checkpoint stored."""
        kept = MemoryStore(self._kept)
        shard = shards.shard_of(Fold(shipped(), kept, lambda site: ({STAFF}, set()), True, filter_bytes=1 << 10), self.site)
        shard.resume(kept.state())
        self.at = msgpack.unpackb(kept.state().get("log", msgpack.packb(0)))
        return shard

    def crash(self, keep: Callable[[int], int]) -> None:
        """Lose all since the last checkpoint, and read it again up to the same place. `keep(at)`: up to where standings have come there."""
        until = self.at
        self._shard = self._resumed()
        while self.at < until:
            self.read(keep(self.at))

    def checkpoint(self) -> None:
        self._shard.checkpoint({"log": msgpack.packb(self.at)})

    def read(self, until_place: int) -> None:
        """Take the next entry of the log, after the standings that have come by now."""
        self._store(
            self._shard.take_given([each for each in self._given.given_after(self._shard.given_place) if each.place <= until_place])
        )
        entry = self._entries[self.at]
        mine = shard_of(entry.store, self._count) == self._number if entry.store else True
        if mine and not entry.facts:
            given = () if entry.store else (TIME_PASSED,)
            if self.at == 0:
                given = (Entry(RecordKind.SITE, "", "", 0, record_site(self.site)),)
            accepted, folded = self._shard.take(entry.messages, f"log/{self.at}", entry.received_ns, given)
            self._results.receipts |= {(self.at, key): upto for key, (upto, _) in accepted.receipts.items()}
            self._results.refused |= {(part.key, topic, part.payload) for topic, part in accepted.refused}
            self._store(folded.points)
            self._identity.take(folded.facts)
        self.at += 1

    def _store(self, points: Iterable[Points]) -> None:
        store(points, self._results.rows)


def new_identity(store: FactStore | None = None) -> Identity:
    return Identity(store or MemoryFactStore(), IdentifierTypes(), b"a key of tests")


def stored(log: BrandLog, count: int = 1, delays: Sequence[int] = (0,), checkpoints: Sequence[int] = (), crashes: bool = False) -> Results:
    """Return what `count` shards make of the log. Standings come to shard n `delays[n]` entries late; all are there when it is settled.

    A checkpoint is made every `checkpoints[n]` entries; with `crashes` every shard loses after each entry what came since its last one
    (of bare ticks, after each seventh).
    """
    results, facts, places = Results(), MemoryFactStore(), [0]
    identity = new_identity(facts)
    readers = [Reader(log, number, count, results, identity, facts) for number in range(count)]
    for at, entry in enumerate(log.entries):
        if entry.facts:
            identity.take(entry.facts)
        for number, reader in enumerate(readers):
            late = delays[number % len(delays)]

            def known(where: int, late: int = late) -> int:
                return 10**9 if where >= log.settled - 2 else places[max(0, where - late)]

            reader.read(known(at))
            if crashes and (entry.messages or entry.facts or at % 7 == 0):
                reader.crash(known)
            if checkpoints and at % checkpoints[number % len(checkpoints)] == 0:
                reader.checkpoint()
        places.append(max((each.place for each in facts.given_after(places[-1])), default=places[-1]))
    return results


def folded_alone(log: BrandLog) -> Results:
    """Return what one gateway makes of the log: a fold over all stores that takes what identity makes of a record before the next."""
    results = Results()
    shard = shards.shard_of(Fold(shipped(), MemoryStore(), lambda site: ({STAFF}, set()), True, filter_bytes=1 << 10), log.site,
                            identity=lambda types: new_identity())  # fmt: skip
    for at, entry in enumerate(log.entries):
        given = [] if entry.store else [TIME_PASSED]
        if at == 0:
            given = [Entry(RecordKind.SITE, "", "", 0, record_site(log.site))]
        if entry.facts:
            given = [Entry(RecordKind.FACTS, "", "", 0, encode_facts(entry.facts))]
        accepted = shard.messages.accept(entry.messages, f"log/{at}", entry.received_ns)
        results.receipts |= {(at, key): upto for key, (upto, _) in accepted.receipts.items()}
        results.refused |= {(part.key, topic, part.payload) for topic, part in accepted.refused}
        entries = enumerate([*given, *accepted.entries], shard.core.pos + 1)
        store(shard.fold_alone((each.record(pos, entry.received_ns), each.frame) for pos, each in entries).points, results.rows)
    return results


def counted(rows: Rows) -> Mapping[tuple[Any, ...], dict[str, Any]]:
    """Return rows without minutes in which nothing was counted: such a minute may have a row, which repeats the one before it, or none.

    Revisions are left out, too: they have when something became known, which links that come later change. So are outcomes, which are
    written hours later (`outcomes`).
    """
    return {key: row for key, row in rows.items() if key[0] not in ("revision", "outcome") and not _is_empty_minute(key[0], row)}


def outcomes(rows: Rows) -> Mapping[tuple[Any, ...], dict[str, Any]]:
    """Return the rows of outcomes that have anything: what was taken back has a row of zeros where it was written before."""
    return {key: row for key, row in rows.items() if key[0] == "outcome" and any(row.values())}


def _is_empty_minute(measurement: str, row: Mapping[str, Any]) -> bool:
    is_minute = measurement in ("traffic", "zone_traffic")
    return is_minute and not any(value for name, value in row.items() if name not in ("occupancy", "drift"))
