"""The rows of frames as columns, and the points that they are at once: of presence and of doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.frames import KINDS, TIME_QUALITIES, Body, Kind
from gateway.fold.frame_names import coded, coded_names
from gateway.fold.times import widths_ms
from gateway.points import Points
from gateway.records import Record

_KIND_NAMES: Final = ("", *KINDS)


@dataclass(slots=True, eq=False)
class FrameColumns:
    """The rows of several frames as columns; `frame` numbers the frames, of which `stores` and `agents` have the codes."""

    stores: npt.NDArray[np.int32]
    agents: npt.NDArray[np.int32]
    frame: npt.NDArray[np.intp]
    kind: npt.NDArray[np.uint8]
    time_ns: npt.NDArray[np.int64]
    key_ns: npt.NDArray[np.int64]
    subject: npt.NDArray[np.uint64]
    zone: npt.NDArray[np.intp]
    """into the zones that the frames name, one after the other"""
    profile: npt.NDArray[np.intp]
    rssi_dbm: npt.NDArray[np.int8]
    count: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    quality: npt.NDArray[np.uint8]


def presence_points(frames: Sequence[tuple[Record, Body]], rows: FrameColumns, which: npt.NDArray[np.intp]) -> Points:
    """Return the points of `presence` of some rows."""
    frame, time_ns = rows.frame[which], rows.time_ns[which]
    received_ns = np.array([record.received_ns for record, _ in frames])[frame]
    dwell_s = np.round(rows.value[which].astype(np.float64), 3)
    return Points(
        "presence",
        rows.key_ns[which],
        {
            "agent": coded(frame, [record.agent for record, _ in frames]),
            "kind": coded(rows.kind[which], _KIND_NAMES),
            "store": coded(frame, [record.store for record, _ in frames]),
            "zone": coded_names(rows.zone[which], [body.zones for _, body in frames]),
        },
        {
            "subject": rows.subject[which],
            "profile": coded_names(rows.profile[which], [body.profiles for _, body in frames]),
            "rssi_dbm": rows.rssi_dbm[which].astype(np.int64),
            "dwell_s": dwell_s,
            "time_quality": coded(rows.quality[which], TIME_QUALITIES),
            "time_width_ms": widths_ms([record for record, _ in frames], frame, rows.quality[which]),
            "lag_ms": (received_ns - time_ns) // 1_000_000,
        },
    )


def door_points(frames: Sequence[tuple[Record, Body]], rows: FrameColumns, which: npt.NDArray[np.intp]) -> Points:
    """Return the points of `door` of some rows, all of them IN or OUT."""
    frame, entered, count = rows.frame[which], rows.kind[which] == Kind.IN, rows.count[which].astype(np.int64)
    return Points(
        "door",
        rows.key_ns[which],
        {
            "agent": coded(frame, [record.agent for record, _ in frames]),
            "door": coded_names(rows.zone[which], [body.zones for _, body in frames]),
            "store": coded(frame, [record.store for record, _ in frames]),
        },
        {"in": np.where(entered, count, 0), "out": np.where(entered, 0, count)},
    )
