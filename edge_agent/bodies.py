"""Rows as columns of bodies, cut into pieces that fit a packet. Pure.

cut(rows, max_rows, max_bytes) -> list[list[Row]]
columns_of(rows, zones: Names, profiles: Names) -> dict[str, array]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from edge_agent.presence import EvidenceRow
from footfall.frames import COLUMNS, MAX_FRAME_BYTES, Offset

MAX_EXTRA_BYTES: Final = 400_000
BODY_BYTES: Final = 512
"""Upper bound for a body's map with the names of boot and store, without rows, zones and profiles."""
ROW_BYTES: Final = sum(dtype.itemsize for dtype in COLUMNS.values()) + 8
"""With a device's own time."""
_EXTRA_KEY_BYTES: Final = 8
"""Overhead of msgpack for a row's map, and for a key and its value."""


class Terms(NamedTuple):
    """What a body made now must keep to: the known offset of the agent's clock, and the largest size."""

    offset: Offset | None = None
    max_bytes: int = MAX_FRAME_BYTES


FREE: Final = Terms()


class NameTable:
    """Codes of names, in order of first use. A row without a name gets the code of `filler`, since every code must have a name."""

    def __init__(self, filler: str) -> None:
        self._filler: Final = filler
        self._codes: Final[dict[str, int]] = {}

    def code(self, name: str) -> int:
        return self._codes.setdefault(name or next(iter(self._codes), self._filler), len(self._codes))

    def names(self) -> tuple[str, ...]:
        return tuple(self._codes)


def columns_of(rows: Sequence[EvidenceRow], zones: NameTable, profiles: NameTable) -> dict[str, Any]:
    values = {
        "kind": [row.kind for row in rows],
        "t_boot_ns": [max(0, row.t_ns) for row in rows],
        "subject": [row.subject for row in rows],
        "zone": [zones.code(row.zone) for row in rows],
        "profile": [profiles.code(row.profile) for row in rows],
        "rssi_dbm": [row.rssi_dbm for row in rows],
        "count": [row.n for row in rows],
        "value": [row.value for row in rows],
    }
    return {name: np.array(values[name], dtype) for name, dtype in COLUMNS.items()}


def cut(rows: Sequence[EvidenceRow], max_rows: int, max_bytes: int) -> list[list[EvidenceRow]]:
    """Return `rows` in pieces that fit a frame by number, by the size of their texts and by `max_bytes` of a body. No row is cut."""
    pieces: list[list[EvidenceRow]] = []
    texts = size = 0
    names: set[str] = set()
    for row in rows:
        text = sum(len(str(value).encode()) for value in row.extra.values()) if row.extra else 0
        weight = _weight(row, text, names)
        if not pieces or len(pieces[-1]) >= max_rows or texts + text > MAX_EXTRA_BYTES or size + weight > max_bytes:
            pieces.append([])
            names.clear()
            texts, size = 0, BODY_BYTES
            weight = _weight(row, text, names)
        names |= {row.zone, row.profile}
        pieces[-1].append(row)
        texts += text
        size += weight
    return pieces


def _weight(row: EvidenceRow, text: int, names: set[str]) -> int:
    """Return the most bytes that this row adds to a body that has `names` already."""
    weight = ROW_BYTES + sum(len(name) + 2 for name in (row.zone, row.profile) if name not in names)
    if row.extra:
        weight += text + _EXTRA_KEY_BYTES + sum(len(key) + 2 * _EXTRA_KEY_BYTES for key in row.extra)
    return weight
