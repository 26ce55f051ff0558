"""The boxes of the chain's stores: they number and frame what they heard, send it at full ten minutes, fail, and come back.

Bodies and headers are made by the product's own wire code, as `edge_agent` makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from footfall.frames import COLUMNS, Body, Header, Kind, Offset, encode_body, encode_frame
from footfall.health import Health, encode_health
from footfall.topics import Topic
from footfall.units import NS_PER_MS
from gateway.accept.messages import Message
from simulators.chain.chain import DOOR_TASK, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_S, Box, ChainStore, Outage
from simulators.chain.heard import COUNTER, PROFILES, Row

LATENCY_NS: Final = 20 * NS_PER_MS
"""From a box to the gateway, and back."""
WIDTH_NS: Final = 2 * LATENCY_NS
"""How well a box knows its clock, by receipts."""
OLD_MS: Final = 24 * MS_PER_HOUR
"""Boxes were up for so long when the chain began."""
STARTING_MS: Final = MS_PER_MINUTE
"""From power to the first thing heard."""
LEVEL_DBM: Final = -60


@dataclass(frozen=True, slots=True)
class _Boot:
    name: str
    epoch: str
    from_ms: int


@dataclass(frozen=True, slots=True)
class _Spooled:
    seq: int
    made_ms: int
    boot: _Boot
    body: bytes


class BoxSender:
    """One box. `messages` is called at every step, in their order."""

    def __init__(self, store: ChainStore, box: Box, zones: Sequence[str]) -> None:
        self.store: Final = store
        self.box: Final = box
        self._outages: Final = tuple(each for each in store.outages if each.box == box.letter)
        self._places: Final = (*zones, *box.doors)
        self._place_of: Final = {place: number for number, place in enumerate(self._places)}
        self._boot = _Boot("boot-0", f"{box.agent}-0", store.from_ms - OLD_MS)
        self._seq = self._row = 0
        self._spool: list[_Spooled] = []
        self._receipt_ns = self._rows_total = 0
        self._began: set[int] = set()

    def messages(self, now_ms: int, rows: Sequence[Row]) -> Iterator[Message]:
        """Yield what the box sends at a step, of the rows since the step before, which are in the order of their time."""
        if now_ms < self.store.from_ms or now_ms > self.store.to_ms or self._is_down(now_ms):
            return
        gaps = list(self._reported(now_ms))
        if rows or gaps or now_ms % MS_PER_HOUR == 0 or not self._seq or now_ms == self.store.to_ms or self._fails_at(now_ms):
            self._spool.append(self._frame(now_ms, [*gaps, *rows]))
        if self._is_offline(now_ms) or not self._spool:
            return
        if now_ms % MS_PER_HOUR == 0 or len(self._spool) > 1:
            yield self._health(now_ms)
        for spooled in self._spool:
            yield Message(str(Topic(self.store.name, self.box.agent, "frames")), encode_frame(self._header(spooled, now_ms), spooled.body))
        self._spool = []
        self._receipt_ns = now_ms * NS_PER_MS + LATENCY_NS

    @property
    def sent(self) -> tuple[str, int]:
        """Return the epoch and the highest number that was sent in it."""
        return self._boot.epoch, self._seq - len(self._spool)

    def _is_down(self, now_ms: int) -> bool:
        """Return whether it is off: what it made up to the moment at which it failed was still sent, or spooled."""
        return any(each.kind in ("crash", "power", "dead") and each.from_ms < now_ms < each.to_ms for each in self._outages) or any(
            each.kind == "dead" and each.from_ms < now_ms for each in self._outages
        )

    def _is_offline(self, now_ms: int) -> bool:
        return any(each.kind == "offline" and each.from_ms <= now_ms < each.to_ms for each in self._outages)

    def _fails_at(self, now_ms: int) -> bool:
        return any(each.from_ms == now_ms for each in self._outages)

    def _reported(self, now_ms: int) -> Iterator[Row]:
        """Yield the gaps of faults that are over now, each once. A box that was without power begins another boot."""
        for number, each in enumerate(self._outages):
            if number in self._began or each.to_ms > now_ms or each.kind in ("offline", "dead"):
                continue
            self._began.add(number)
            if each.kind == "power":
                self._restart(each)
                yield self._gap(self._boot.from_ms, each.to_ms, "agent.restart")
            elif each.kind == "crash":
                self._new_epoch(self._boot)
                yield self._gap(each.from_ms, each.to_ms, "agent.restart")
            else:
                yield self._gap(each.from_ms, each.to_ms, f"source.fault: counter-{each.door}", task=DOOR_TASK)

    def _restart(self, outage: Outage) -> None:
        self._new_epoch(_Boot(f"boot-{outage.to_ms}", "", outage.to_ms - STARTING_MS))

    def _new_epoch(self, boot: _Boot) -> None:
        """Every run of an agent numbers its frames in an epoch of its own."""
        self._boot = _Boot(boot.name, f"{self.box.agent}-{len(self._began)}", boot.from_ms)
        self._seq = self._row = 0

    def _gap(self, from_ms: int, to_ms: int, reason: str, **task: str) -> Row:
        return Row(from_ms, Kind.GAP, self._places[0], COUNTER, people=0, more={"to_ms": to_ms, "rows": 0, "reason": reason, **task})

    def _frame(self, now_ms: int, rows: Sequence[Row]) -> _Spooled:
        self._seq += 1
        boot, columns = self._boot, self._columns(rows)
        extra = {number: _extra(row, boot) for number, row in enumerate(rows) if row.more}
        body = Body(
            boot=boot.name, made_boot_ns=(now_ms - boot.from_ms) * NS_PER_MS, made_wall_ns=now_ms * NS_PER_MS, wall_synced=True,
            first_row=self._row, key_id=1, zones=self._places, profiles=PROFILES, **columns, extra=extra,
            offset=Offset(boot.from_ms * NS_PER_MS, WIDTH_NS),
        )  # fmt: skip
        self._row += len(rows)
        self._rows_total += len(rows)
        return _Spooled(self._seq, now_ms, boot, encode_body(body))

    def _columns(self, rows: Sequence[Row]) -> dict[str, Any]:
        boot_ms, place_of = self._boot.from_ms, self._place_of
        values: dict[str, Iterable[Any]] = {
            "kind": [row.kind for row in rows],
            "t_boot_ns": [(row.time_ms - boot_ms) * NS_PER_MS for row in rows],
            "subject": [row.subject for row in rows],
            "zone": [place_of[row.place] for row in rows],
            "profile": [_PROFILE_NUMBERS[row.profile] for row in rows],
            "rssi_dbm": [LEVEL_DBM if row.subject else 0 for row in rows],
            "count": [row.people for row in rows],
            "value": [0.0] * len(rows),
        }
        return {name: np.array(column, COLUMNS[name]) for name, column in values.items()}

    def _header(self, spooled: _Spooled, now_ms: int) -> Header:
        boot_ns = spooled.boot.from_ms * NS_PER_MS
        heard_ns = self._receipt_ns + LATENCY_NS - boot_ns if self._receipt_ns else 0
        is_heard = heard_ns > 0
        return Header(
            self.store.name, self.box.agent, spooled.boot.epoch, spooled.seq, spooled.seq, spooled.boot.name,
            now_ms * NS_PER_MS - boot_ns, now_ms * NS_PER_MS, self._receipt_ns if is_heard else 0, heard_ns if is_heard else 0,
        )  # fmt: skip

    def _health(self, now_ms: int) -> Message:
        waiting = len(self._spool) if len(self._spool) > 1 else 0
        health = Health(
            state="online", agent=self.box.agent, store=self.store.name, boot=self._boot.name,
            uptime_s=(now_ms - self._boot.from_ms) / MS_PER_S, sent_wall_ns=now_ms * NS_PER_MS, spool_frames=waiting,
            oldest_unsent_s=(now_ms - self._spool[0].made_ms) / MS_PER_S if waiting else 0.0, rows_total=self._rows_total, wall_synced=True,
        )  # fmt: skip
        return Message(str(Topic(self.store.name, self.box.agent, "health")), encode_health(health))


_PROFILE_NUMBERS: Final = {profile: number for number, profile in enumerate(PROFILES)}


def _extra(row: Row, boot: _Boot) -> Mapping[str, Any]:
    more = dict(row.more or {})
    if "to_ms" in more:
        more["to_boot_ns"] = (more.pop("to_ms") - boot.from_ms) * NS_PER_MS
    return more
