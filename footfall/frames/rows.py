"""What a row of a frame means, and a body: columns of rows as they were made, which never change once spooled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

MAX_ROWS: Final = 10_000
MAX_GOODS_CHARS: Final = 128
"""Longest `epc` or `sku`."""


class Kind(IntEnum):
    """The kind of a row. `zone` is an index of a zone, for IN and OUT of a door."""

    ENTER = 1
    """A subject entered a zone; `rssi_dbm` is the filtered level. For goods, `extra` has `epc` and `sku` in clear ("": not known)."""
    STAY = 2
    """Evidence: `rssi_dbm` is the zone's filtered level, `count` the sightings since the last row; `value` is the dwell so far, in seconds.
    Where several receivers hear the zone, `extra` of ENTER and STAY has their `levels`, dBm by receiver, and what counts is the mean of all
    sightings and of those of the receiver that had most."""
    EXIT = 3
    """The subject was last heard at this time; `value` is its dwell in seconds. For goods, `extra` is as in ENTER."""
    IN = 4
    """`count` people passed the door inwards up to this time."""
    OUT = 5
    """`count` people passed the door outwards up to this time."""
    GAP = 6
    """A span was not observed: `extra` has `to_boot_ns`, `rows` (0 if unknown) and `reason`."""
    EVENT = 7
    """A plain event relayed by the agent: `extra` has `event`, its JSON as text."""
    REFUSED = 8
    """Input that a source could not read: `extra` has `reason`, `where` (file and line) and, if no identifier can be in it, `data`."""


KINDS: Final = tuple(kind.name.lower() for kind in Kind)

COLUMNS: Final[Mapping[str, np.dtype[Any]]] = {
    "kind": np.dtype("u1"),
    "t_boot_ns": np.dtype("<i8"),
    "subject": np.dtype("<u8"),
    "zone": np.dtype("<u2"),
    "profile": np.dtype("u1"),
    "rssi_dbm": np.dtype("i1"),
    "count": np.dtype("<i4"),
    "value": np.dtype("<f4"),
}


RUN: Final = "run-"
"""Prefix of a boot that is a run of the agent: its machine names no boots, so two runs may belong to one boot."""


def is_run(boot: str) -> bool:
    """Whether `boot` names a run of the agent and not a boot of its machine."""
    return boot.startswith(RUN)


class Offset(NamedTuple):
    """Gateway time minus boot time: the middle of two bounds, `width_ns` apart."""

    offset_ns: int
    width_ns: int


@dataclass(slots=True, eq=False)  # frozen would triple the cost of construction
class Body:
    """Columns of shape (n,), in the order in which the agent made the rows; `boot` is the boot in which they happened.

    `first_row` is the running number of row 0 in the epoch. `t_wall_ns` is the device's own time per row, 0 where it gave none.
    """

    boot: str
    made_boot_ns: int
    made_wall_ns: int
    wall_synced: bool
    first_row: int
    key_id: int
    zones: tuple[str, ...]
    profiles: tuple[str, ...]
    kind: npt.NDArray[np.uint8]
    t_boot_ns: npt.NDArray[np.int64]
    subject: npt.NDArray[np.uint64]
    zone: npt.NDArray[np.uint16]
    profile: npt.NDArray[np.uint8]
    rssi_dbm: npt.NDArray[np.int8]
    count: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    t_wall_ns: npt.NDArray[np.int64] | None = None
    extra: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    unknown_keys: int = 0
    store: str = ""
    """The store in which it was heard; "": the header's store."""
    offset: Offset | None = None
    """The offset of the agent's clock to its gateway's when the body was made, as `footfall.boot_clock` bounds it; None: not known."""

    def __len__(self) -> int:
        return len(self.kind)

    def kinds(self) -> frozenset[int]:
        """Return the kinds of row present."""
        return frozenset(self.kind.tobytes())


def is_goods_text(value: object) -> bool:
    """Whether `value` can be an `epc` or a `sku`."""
    return isinstance(value, str) and len(value) <= MAX_GOODS_CHARS and value.isprintable()
