"""What accept is given in tests: an estate, frames, and a memory without a disk."""

from __future__ import annotations

from typing import Any

import numpy as np

from footfall.boot_clock import UNKNOWN, Bounds
from footfall.frames import COLUMNS, Body, Header, Kind, encode_body, encode_frame
from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.corrections import Corrections, Sender
from gateway.accept.decisions import Runs
from gateway.accept.events import Pseudonymiser, normalise
from gateway.accept.memory import Mark
from gateway.accept.plain import Plain
from gateway.site import Site
from gateway.site.index import Places

S = 1_000_000_000
NOW = 1_790_000_000 * S
TOPIC = Topic("s1", "x", "frames")
EVENTS = Topic("s1", "till", "events")
SITE = Site.model_validate({
    "brand": "b",
    "stores": [
        {"name": "s1", "zones": [{"name": "a"}, {"name": "b"}], "doors": ["d"], "agents": [{"name": "x"}, {"name": "till"}]},
        {"name": "s2", "zones": [{"name": "c"}], "agents": [{"name": "y"}]},
    ],
})  # fmt: skip
SECRET = b"a brand's secret, for tests only"


class Memory:
    """What the journal remembers, in memory."""

    def __init__(self, journal_id: str = "j") -> None:
        self.journal_id = journal_id
        self.marks: dict[tuple[str, str], Mark] = {}
        self.clocks: dict[tuple[str, str], Bounds] = {}
        self.ids: set[bytes] = set()
        self.contents: dict[bytes, bytes] = {}
        self.runs: dict[str, Runs] = {}
        self.histories: dict[str, int] = {}
        self.absences: list[tuple[int, int]] = []

    def mark(self, agent: str, epoch: str) -> Mark:
        return self.marks.get((agent, epoch), Mark())

    def set_mark(self, agent: str, epoch: str, mark: Mark) -> None:
        self.marks[agent, epoch] = mark

    def bounds(self, agent: str, boot: str) -> Bounds:
        return self.clocks.get((agent, boot), UNKNOWN)

    def set_bounds(self, agent: str, boot: str, bounds: Bounds) -> None:
        self.clocks[agent, boot] = bounds

    def sure_ns(self, agent: str) -> int:
        return max([0, *(mark.sure_ns for (name, _), mark in self.marks.items() if name == agent)])

    def decisions(self, agent: str) -> Runs:
        return self.runs.get(agent, ())

    def set_decisions(self, agent: str, runs: Runs) -> None:
        self.runs[agent] = runs

    def knows(self, agent: str) -> bool:
        return any(name == agent for name, _ in self.clocks)

    def was_away(self, time_ns: int) -> bool:
        return any(from_ns < time_ns < to_ns for from_ns, to_ns in self.absences)

    def back_ns(self) -> int:
        return max((back_ns for _, back_ns in self.absences), default=0)

    def history_ns(self, store: str) -> int:
        return self.histories.get(store, 0)

    def set_history_ns(self, store: str, until_ns: int) -> None:
        self.histories[store] = until_ns

    def is_new_event(self, id_hash: bytes, earlier: bytes | None = None, content: bytes = b"") -> bool:
        new = id_hash not in self.ids and earlier not in self.ids
        self.ids.add(id_hash)
        if new:
            self.contents[id_hash] = content
        return new

    def event_content(self, id_hash: bytes) -> bytes:
        return self.contents.get(id_hash, b"")


def acceptor(memory: Memory | None = None, secret: bytes | None = SECRET) -> Acceptor:
    return Acceptor(Places(SITE), memory or Memory(), Pseudonymiser(secret))


def plain_of(value: object, places: Places, store: str, agent: str, taken_ns: int, received_ns: int, pseudonyms: Pseudonymiser) -> Plain:
    """A plain event of an agent as accept makes it ready, with nothing remembered of earlier ones."""
    sender = Sender(places.of(store, agent), agent)
    return normalise(value, sender, Corrections(places, Memory()), taken_ns, received_ns, pseudonyms)


def body(*kinds: Kind, first_row: int = 0, boot: str = "boot", made_boot_ns: int = 100 * S, **more: Any) -> Body:
    """Rows of these kinds in zone a, doors at d, made when the boot clock read 100 s."""
    zones = more.pop("zones", ("a", "d"))
    values: dict[str, list[Any]] = {name: [0] * len(kinds) for name in COLUMNS} | {
        "kind": list(kinds),
        "t_boot_ns": [made_boot_ns - S] * len(kinds),
        "subject": list(range(1, len(kinds) + 1)),
        "zone": [int(kind in (Kind.IN, Kind.OUT)) for kind in kinds],
    }
    columns = {name: np.array(column, COLUMNS[name]) for name, column in values.items()}
    given = {"made_wall_ns": 0, "wall_synced": False, "key_id": 1, "extra": {}} | more
    return Body(boot=boot, made_boot_ns=made_boot_ns, first_row=first_row, zones=zones, profiles=("ibeacon",), **columns, **given)


def header(seq: int, **more: Any) -> Header:
    given = {"store": "s1", "agent": "x", "epoch": "e", "oldest": 1, "boot": "boot", "sent_boot_ns": 100 * S, "sent_wall_ns": 0} | more
    return Header(seq=seq, **given)


def frame(seq: int, data: Body | bytes, **more: Any) -> bytes:
    return encode_frame(header(seq, **more), encode_body(data) if isinstance(data, Body) else data)
