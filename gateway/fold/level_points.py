"""How loud each receiver hears a subject: a point for each that took part in a row of presence, where levels are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from footfall.frames import Body
from footfall.pseudonyms import to_hex
from gateway.points.rows import LevelPoint
from gateway.records import Record


def level_points(frames: Sequence[tuple[Record, Body]], key_ns: npt.NDArray[np.int64]) -> Iterator[LevelPoint]:
    """Yield the points of the rows of frames that name several receivers; `key_ns` has the key of each row, one frame after the other."""
    begin = 0
    for record, body in frames:
        for row, more in body.extra.items():
            for receiver, dbm in more.get("levels", {}).items():
                yield LevelPoint(
                    time_ns=int(key_ns[begin + row]), agent=record.agent, receiver=receiver, store=record.store,
                    zone=body.zones[body.zone[row]], subject=to_hex(int(body.subject[row])), dbm=round(float(dbm), 1),
                )  # fmt: skip
        begin += len(body)
