"""What goes wrong on the way and with clocks, seeded: frames doubled, out of order, lost, spoiled; wall clocks of 1970, days off,
stepped, drifting. Wrap them around any stream of messages, and around the agents of a simulated world.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from edge_agent.clock import Moment
from footfall.units import NS_PER_DAY, NS_PER_S

Item = TypeVar("Item")


def doubled(items: Iterable[Item], rng: np.random.Generator, share: float) -> Iterator[Item]:
    """Each item, and `share` of them twice in a row."""
    for item in items:
        yield item
        if rng.random() < share:
            yield item


def lost(items: Iterable[Item], rng: np.random.Generator, share: float) -> Iterator[Item]:
    """All but `share` of the items."""
    return (item for item in items if rng.random() >= share)


def reordered(items: Iterable[Item], rng: np.random.Generator, depth: int) -> Iterator[Item]:
    """All items; each leaves a pool of `depth` at random, so that early ones may come late."""
    pool: list[Item] = []
    for item in items:
        pool.append(item)
        if len(pool) > depth:
            yield pool.pop(int(rng.integers(len(pool))))
    while pool:
        yield pool.pop(int(rng.integers(len(pool))))


def spoiled(payloads: Iterable[bytes], rng: np.random.Generator, share: float) -> Iterator[bytes]:
    """All payloads, `share` of them with one bit turned over."""
    for payload in payloads:
        if payload and rng.random() < share:
            at, bit = int(rng.integers(len(payload))), 1 << int(rng.integers(8))
            yield payload[:at] + bytes([payload[at] ^ bit]) + payload[at + 1 :]
        else:
            yield payload


@dataclass(frozen=True, slots=True)
class ClockFault:
    """How a box's clocks err. `offset_ns` is what the wall clock is ahead; `step_ns` is added once `step_after_ns` have passed.

    `drift_ppm` is the quartz: both clocks run fast by it. `since_1970`: the wall clock began at 1970 when the box was switched on.
    """

    offset_ns: int = 0
    since_1970: bool = False
    step_after_ns: int = 0
    step_ns: int = 0
    drift_ppm: float = 0.0
    synced: bool = False


CLOCK_FAULTS: Final[Mapping[str, ClockFault]] = {
    "right": ClockFault(synced=True),
    "1970": ClockFault(since_1970=True),
    "behind 3 days": ClockFault(offset_ns=-3 * NS_PER_DAY),
    "ahead 1 hour": ClockFault(offset_ns=3600 * NS_PER_S),
    "step": ClockFault(offset_ns=-7 * NS_PER_DAY, step_after_ns=600 * NS_PER_S, step_ns=7 * NS_PER_DAY),
    "drift 50 ppm": ClockFault(drift_ppm=50.0),
}


class FaultyClock:
    """An `edge_agent.clock.Clock` of a box that was switched on at `start_ns`, `uptime_ns` ago. True time is set by `true_ns`."""

    def __init__(self, boot: str, start_ns: int, fault: ClockFault, uptime_ns: int = 0) -> None:
        self.boot = boot
        self.true_ns = start_ns
        self._start_ns: Final = start_ns
        self._uptime_ns: Final = uptime_ns
        self._fault: Final = fault

    def boot_ns(self) -> int:
        return self._uptime_ns + self._elapsed_ns()

    def wall_ns(self) -> int:
        fault, elapsed_ns = self._fault, self._elapsed_ns()
        if fault.since_1970:
            return self._uptime_ns + elapsed_ns
        stepped_ns = fault.step_ns if elapsed_ns >= fault.step_after_ns else 0
        return self._start_ns + elapsed_ns + fault.offset_ns + stepped_ns

    def wall_synced(self) -> bool:
        return self._fault.synced

    def at(self, true_ns: int) -> Moment:
        """What both clocks show at a true time; it becomes the present."""
        self.true_ns = true_ns
        return Moment(self.boot_ns(), self.wall_ns(), self.wall_synced())

    def _elapsed_ns(self) -> int:
        true_elapsed_ns = self.true_ns - self._start_ns
        return true_elapsed_ns + round(true_elapsed_ns * self._fault.drift_ppm / 1e6)
