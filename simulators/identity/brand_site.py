"""The simulated brand's estate, and the boxes that hear what people carry: frames as an agent makes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from footfall.frames import COLUMNS, Body, Header, Kind, Offset, encode_body, encode_frame
from footfall.topics import Topic
from footfall.units import NS_PER_MS
from gateway.accept.messages import Message
from gateway.site import Site

FLOOR: Final = "floor"
ZONES: Final = (FLOOR, "glasses")
PROFILE: Final = "ibeacon"
IDLE_TIMEOUT_S: Final = 1800
HEARD_EVERY_MS: Final = 300_000
LEVEL_DBM: Final = -55
LATENCY_NS: Final = 20 * NS_PER_MS
WINDOW_HOURS: Final = 960.0
"""A till corrects for longer than a month lasts: what is tried here is orders, in which a void may come weeks after its touch."""
OLD_MS: Final = 24 * 3600 * 1000
"""Boxes were up for so long when the month began."""


class Heard(NamedTuple):
    """One row of a box: somebody came, stays or went."""

    time_ms: int
    kind: Kind
    subject: int


def box_of(store: str) -> str:
    return f"{store}-box"


def till_of(store: str) -> str:
    return f"{store}-till"


def brand_site(stores: Iterable[str]) -> Site:
    """Return the estate: one floor and one shelf of glasses a store, a box that hears people, and a till."""
    return Site.model_validate({"brand": "acme", "correction_windows": {"store_hours": WINDOW_HOURS}, "stores": [
        {
            "name": store, "timezone": "Asia/Shanghai", "idle_timeout_s": IDLE_TIMEOUT_S,
            "zones": [{"name": FLOOR}, {"name": "glasses", "type": "shelf"}],
            "agents": [{"name": box_of(store), "receivers": {"r1": FLOOR}, "tasks": ["presence"]}, {"name": till_of(store), "tasks": []}],
        }
        for store in stores
    ]})  # fmt: skip


def heard(subject: int, from_ms: int, to_ms: int) -> list[Heard]:
    """Return the rows of one stay: all that a box reports of somebody who stays where they are."""
    stays = [Heard(time_ms, Kind.STAY, subject) for time_ms in range(from_ms + HEARD_EVERY_MS, to_ms, HEARD_EVERY_MS)]
    return [Heard(from_ms, Kind.ENTER, subject), *stays, Heard(to_ms, Kind.EXIT, subject)]


class Box:
    """The box of one store. `frame` is called with the rows since the call before, in the order of their time."""

    def __init__(self, store: str, start_ms: int) -> None:
        self._store: Final = store
        self._from_ms: Final = start_ms - OLD_MS
        self._seq = self._row = self._receipt_ns = 0

    def frame(self, now_ms: int, rows: Sequence[Heard]) -> Message:
        """Return the next frame, made and sent now. A frame without rows is a sign of life."""
        self._seq += 1
        boot_ns = (now_ms - self._from_ms) * NS_PER_MS
        values: dict[str, Iterable[Any]] = {
            "kind": [row.kind for row in rows],
            "t_boot_ns": [(row.time_ms - self._from_ms) * NS_PER_MS for row in rows],
            "subject": [row.subject for row in rows],
            "zone": [0] * len(rows),
            "profile": [0] * len(rows),
            "rssi_dbm": [LEVEL_DBM] * len(rows),
            "count": [1] * len(rows),
            "value": [0.0] * len(rows),
        }
        columns: dict[str, Any] = {name: np.array(column, COLUMNS[name]) for name, column in values.items()}
        body = Body(
            boot="boot-0", made_boot_ns=boot_ns, made_wall_ns=now_ms * NS_PER_MS, wall_synced=True, first_row=self._row, key_id=1,
            zones=ZONES, profiles=(PROFILE,), extra={}, offset=Offset(self._from_ms * NS_PER_MS, 2 * LATENCY_NS),
            **columns,
        )  # fmt: skip
        heard_ns = self._receipt_ns + LATENCY_NS - self._from_ms * NS_PER_MS if self._receipt_ns else 0
        box = box_of(self._store)
        header = Header(
            self._store, box, f"{box}-0", self._seq, self._seq, "boot-0", boot_ns, now_ms * NS_PER_MS, self._receipt_ns, heard_ns
        )
        self._row += len(rows)
        self._receipt_ns = now_ms * NS_PER_MS + LATENCY_NS
        return Message(str(Topic(self._store, box, "frames")), encode_frame(header, encode_body(body)))
