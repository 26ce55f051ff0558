"""What both trees are given: the same bytes at the same times, made once by the present tree."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgpack
import numpy as np

from benchmarks.messages import LOAD, messages
from footfall.units import NS_PER_MS, NS_PER_S
from simulators.load import UPTIME_NS
from simulators.load_frames import FrameFactory, Load, Sending

BEGAN_NS: Final = int(datetime(2026, 11, 20, 2, tzinfo=UTC).timestamp()) * NS_PER_S
OFFSET_NS: Final = BEGAN_NS - UPTIME_NS
ECHO_AGE_NS: Final = NS_PER_S
ONE_WAY_NS: Final = 2 * NS_PER_MS
SEED: Final = 7
Batch = tuple[int, list[tuple[str, bytes]], bool]
"""Received time, (topic, payload), and whether a checkpoint follows."""


@dataclass(frozen=True, slots=True)
class Workload:
    """`units` are what one is named after, so that a figure can be given for each."""

    name: str
    what: str
    unit: str
    units: int
    make: Callable[[], Mapping[str, Any]]

    def packed(self) -> bytes:
        packed: bytes = msgpack.packb(dict(self.make()))
        return packed


def _sending(load: Load, now_ns: int, origin_boot_ns: int) -> Sending:
    """Frames sent at `now_ns`, by agents that had a receipt a second before."""
    boot_ns = now_ns - OFFSET_NS - ONE_WAY_NS
    echoed = np.full(load.total_agents, now_ns - ECHO_AGE_NS)
    return Sending(boot_ns, now_ns - ONE_WAY_NS, origin_boot_ns, echoed, echoed - OFFSET_NS + ONE_WAY_NS)


def backlog(load: Load, frames: int, at_once: int, every_ms: float) -> Mapping[str, Any]:
    """Frames as fast as a gateway takes them: `frames` of each agent, `at_once` in one reading of the network."""
    factory, total = FrameFactory(load), load.total_agents * frames
    origin_boot_ns = UPTIME_NS - frames * load.frame_ns
    batches: list[Batch] = []
    for first in range(0, total, at_once):
        number = np.arange(first, min(first + at_once, total), dtype="i8")
        now_ns = BEGAN_NS + round(len(batches) * every_ms * NS_PER_MS)
        sending = _sending(load, now_ns, origin_boot_ns)
        batches.append((now_ns, list(factory.payloads(number % load.total_agents, number // load.total_agents + 1, sending)), False))
    return {"site": load.site().model_dump_json(exclude_defaults=True).encode(), "batches": batches, "fold_every": 3}


def chain(load: Load, seconds: int, every_ms: int, checkpoint_s: int) -> Mapping[str, Any]:
    """Every agent sends a frame each `frame_s`, evenly spread, as it happens; the network is read every `every_ms`."""
    return {
        "site": load.site().model_dump_json(exclude_defaults=True).encode(),
        "batches": list(_chain(load, seconds, every_ms, checkpoint_s)),
        "fold_every": 2,
    }


def _chain(load: Load, seconds: int, every_ms: int, checkpoint_s: int) -> Iterator[Batch]:
    factory = FrameFactory(load)
    sent, turns = 0, seconds * 1000 // every_ms
    per_ns = load.total_agents / load.frame_ns
    stored_s = 0
    for turn in range(1, turns + 1):
        now_ns = BEGAN_NS + turn * every_ms * NS_PER_MS
        until = int((now_ns - BEGAN_NS) * per_ns)
        number, sent = np.arange(sent, until, dtype="i8"), until
        found: list[tuple[str, bytes]] = []
        for seq in np.unique(number // load.total_agents + 1).tolist():
            these = number[number // load.total_agents + 1 == seq]
            sending = _sending(load, now_ns, now_ns - OFFSET_NS - ONE_WAY_NS - seq * load.frame_ns)
            found += factory.payloads(these % load.total_agents, np.full(len(these), seq), sending)
        second = turn * every_ms // 1000
        is_due = second // checkpoint_s > stored_s
        stored_s = second // checkpoint_s
        yield now_ns, found, is_due


def touches(events: int, at_once: int, every_ms: int) -> Mapping[str, Any]:
    """Plain events, one a message, and checkpoints in the middle and at the end of them."""
    found = list(messages("touch", events))
    batches: list[Batch] = [
        (BEGAN_NS + NS_PER_S * 3600 + first // at_once * every_ms * NS_PER_MS, found[first : first + at_once], False)
        for first in range(0, events, at_once)
    ]
    for place in (len(batches) // 2, len(batches) - 1):
        batches[place] = (*batches[place][:2], True)
    return {"site": LOAD.site().model_dump_json(exclude_defaults=True).encode(), "batches": batches, "fold_every": 2}


def sightings(identifiers: int, seconds: int) -> Mapping[str, Any]:
    """Every identifier is heard once a second by one of two receivers, and walks between them now and then."""
    rng = random.Random(SEED)
    names = [f"e2c56db5-dffb-48d2-b060-d0f5a71096e0/1/{number}" for number in range(identifiers)]
    near = [rng.random() < 0.5 for _ in names]
    found = []
    for second in range(seconds):
        heard = []
        for number, name in enumerate(names):
            if rng.random() < 0.01:
                near[number] = not near[number]
            at_first = near[number] == (rng.random() < 0.8)
            heard.append(("r1" if at_first else "r2", name, rng.randrange(-75, -55) - (0 if at_first == near[number] else 15)))
        found.append((second * NS_PER_S, heard))
    return {"seconds": found}


_500: Final = Load(stores=10, agents=4, rows=500)
_30: Final = Load(stores=140, agents=4, rows=30)
_CHAIN: Final = Load(stores=2000, agents=4, rows=30)
WORKLOADS: Final = (
    Workload("frames-500", "frames of 500 rows, 40 agents", "rows", 40 * 30 * 500, lambda: backlog(_500, 30, 20, 25)),
    Workload("frames-30", "frames of 30 rows, 560 agents", "rows", 560 * 25 * 30, lambda: backlog(_30, 25, 100, 20)),
    Workload("json", "plain JSON events, with two checkpoints", "events", 20_000, lambda: touches(20_000, 50, 30)),
    Workload("chain", "30 s of 2,000 stores, 8,000 agents, three checkpoints", "rows", 8000 * 3 * 30, lambda: chain(_CHAIN, 30, 30, 10)),
    Workload("sighting", "sightings at an agent, into its spool", "sightings", 800 * 240, lambda: sightings(800, 240)),
)
