"""A box with wrong clocks on a bad line, against the real accept stage, in simulated time."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from footfall.frames import COLUMNS, TIME_QUALITIES, Body, Header, Kind, encode_body, encode_frame
from gateway.records import RecordKind
from simulators.faults import ClockFault, FaultyClock
from tests.support.accept_inputs import TOPIC, Memory, S, acceptor

HOUR_S = 3600.0
START_NS = 1_780_012_800 * S
"""2026-05-29 00:00 UTC."""


@dataclass(frozen=True)
class Line:
    """Seconds that messages take either way, at most; when it is down (true seconds since the start)."""

    up_s: float = 0.4
    down_s: float = 0.4
    outages: tuple[tuple[float, float], ...] = ()

    def is_up(self, at_s: float) -> bool:
        for start_s, end_s in self.outages:  # noqa: SIM110 # asked every second of every life: a generator costs three times as much
            if start_s <= at_s < end_s:
                return False
        return True


@dataclass(frozen=True)
class Life:
    """What a box goes through: `reboots` at true seconds, each taking `off_s`; a row every `every_s`."""

    fault: ClockFault
    line: Line = Line()
    length_s: float = 2 * HOUR_S
    reboots: tuple[float, ...] = ()
    off_s: float = 60.0
    every_s: float = 20.0


@dataclass(frozen=True)
class Placed:
    """Where a row was put in time, and where it belongs; both in seconds since the start."""

    true_s: float
    told_s: float
    quality: str

    @property
    def error_s(self) -> float:
        return self.told_s - self.true_s


@dataclass
class _Epoch:
    name: str
    boot: str
    bodies: list[bytes] = field(default_factory=list)
    mark: int = 0


def live(life: Life, seed: int) -> list[Placed]:
    """Every row that the gateway took, in the order in which it took them; AssertionError if any is missing or twice."""
    return _Run(life, random.Random(seed)).rows()


class _Run:
    def __init__(self, life: Life, rng: random.Random) -> None:
        self._life, self._rng = life, rng
        self._memory = Memory()
        self._accept = acceptor(self._memory)
        self._true_s: list[float] = []
        self._placed: list[Placed] = []
        self._arrivals: list[tuple[float, int, Callable[[float], None]]] = []
        self._number = 0
        self._last_arrival = {"up": 0.0, "down": 0.0}
        self._received_ns = 0
        self._epochs: list[_Epoch] = []
        self._boot()
        self._heard = (0, 0)
        self._greeted = False
        self._sent: tuple[str, int] = ("", 0)
        self._progress_s = 0.0

    def rows(self) -> list[Placed]:
        step_s, length_s = 1.0, self._life.length_s
        reboots, off_until = list(self._life.reboots), 0.0
        for second in range(int(length_s + 3 * HOUR_S)):
            now_s = second * step_s
            self._deliver(now_s)
            if reboots and now_s >= reboots[0]:
                off_until = reboots.pop(0) + self._life.off_s
                self._arrivals = [each for each in self._arrivals if each[2].__name__ == "take"]
                self._pending_boot = True
            if now_s < off_until:
                continue
            if self.__dict__.pop("_pending_boot", False):
                self._boot(now_s)
            if now_s < length_s and now_s % self._life.every_s == 0:
                self._observe(now_s)
            self._talk(now_s)
            if now_s > length_s and all(epoch.mark == len(epoch.bodies) for epoch in self._epochs):
                break
        assert sorted(each.true_s for each in self._placed) == self._true_s, "a row is missing, or there twice"
        return self._placed

    # The box

    def _boot(self, now_s: float = 0.0) -> None:
        name = f"boot-{len(self._epochs)}"
        fault = self._life.fault
        self._clock = FaultyClock(name, START_NS + round(now_s * S), fault, uptime_ns=30 * S)
        self._epochs.append(_Epoch(f"epoch-{len(self._epochs)}", name))
        self._heard, self._greeted = (0, 0), False

    def _observe(self, now_s: float) -> None:
        moment = self._clock.at(START_NS + round(now_s * S))
        values: dict[str, Any] = {name: [0] for name in COLUMNS} | {"kind": [Kind.STAY], "t_boot_ns": [moment.boot_ns]}
        values["subject"] = [len(self._true_s)]
        epoch = self._epochs[-1]
        body = Body(epoch.boot, moment.boot_ns, max(0, moment.wall_ns), moment.wall_synced, len(epoch.bodies), 1, ("a",), ("ibeacon",),
                    **{name: np.array(values[name], dtype) for name, dtype in COLUMNS.items()})  # fmt: skip
        self._true_s.append(now_s)
        epoch.bodies.append(encode_body(body))

    def _talk(self, now_s: float) -> None:
        """The hello on a new connection, then up to 20 frames past the mark; from the mark again if nothing moves for 5 s."""
        if not self._life.line.is_up(now_s):
            self._greeted = False
            return
        epoch = next((epoch for epoch in self._epochs if epoch.mark < len(epoch.bodies)), self._epochs[-1])
        if not self._greeted:
            if now_s % 5 == 0:
                self._send(now_s, epoch, 0, b"")
            return
        if self._sent[0] != epoch.name or now_s - self._progress_s > 5:
            self._sent, self._progress_s = (epoch.name, epoch.mark), now_s
        last = min(len(epoch.bodies), epoch.mark + 20)
        for seq in range(max(self._sent[1], epoch.mark) + 1, last + 1):
            self._send(now_s, epoch, seq, epoch.bodies[seq - 1])
            self._sent = (epoch.name, seq)

    def _send(self, now_s: float, epoch: _Epoch, seq: int, body: bytes) -> None:
        moment = self._clock.at(START_NS + round(now_s * S))
        oldest = min(epoch.mark + 1, len(epoch.bodies)) if epoch.bodies else 1
        header = Header(TOPIC.store, TOPIC.agent, epoch.name, seq, max(1, oldest), self._clock.boot, moment.boot_ns, max(0, moment.wall_ns),
                        *self._heard)  # fmt: skip
        payload = encode_frame(header, body)

        def take(at_s: float) -> None:
            self._take(at_s, payload)

        self._post("up", now_s, self._life.line.up_s, take)

    # The line and the gateway

    def _post(self, way: str, now_s: float, most_s: float, what: Callable[[float], None]) -> None:
        at_s = max(self._last_arrival[way], now_s + self._rng.uniform(0.005, most_s))
        self._last_arrival[way] = at_s
        self._number += 1
        if self._life.line.is_up(at_s):
            heapq.heappush(self._arrivals, (at_s, self._number, what))

    def _deliver(self, now_s: float) -> None:
        while self._arrivals and self._arrivals[0][0] <= now_s:
            at_s, _, what = heapq.heappop(self._arrivals)
            what(at_s)

    def _take(self, at_s: float, payload: bytes) -> None:
        self._received_ns = max(START_NS + round(at_s * S), self._received_ns + 1)
        outcome = self._accept.frame(TOPIC, payload, self._received_ns)
        assert not outcome.refused
        for entry in outcome.entries:
            assert entry.kind == RecordKind.FRAME
            assert entry.frame is not None
            for number, boot_ns in zip(entry.frame.subject.tolist(), entry.frame.t_boot_ns.tolist(), strict=True):
                told_s = (boot_ns + entry.offset_ns - START_NS) / S
                self._placed.append(Placed(self._true_s[number], told_s, TIME_QUALITIES[entry.time_quality]))
        assert outcome.receipt is not None
        epoch, upto = outcome.receipt
        gateway_ns, boots = self._received_ns, len(self._epochs)

        def hear(when_s: float) -> None:
            if boots == len(self._epochs):
                self._hear(when_s, epoch, upto, gateway_ns)

        self._post("down", at_s, self._life.line.down_s, hear)

    def _hear(self, at_s: float, epoch: str, upto: int, gateway_ns: int) -> None:
        found = next(each for each in self._epochs if each.name == epoch)
        if upto > found.mark:
            found.mark, self._progress_s = upto, at_s
        self._heard = (gateway_ns, self._clock.at(START_NS + round(at_s * S)).boot_ns)
        self._greeted = True


def worst(placed: list[Placed]) -> Iterator[Placed]:
    """Those furthest off first."""
    return iter(sorted(placed, key=lambda each: -abs(each.error_s)))
