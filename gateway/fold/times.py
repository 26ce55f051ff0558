"""When the rows of many frames happened, and where their points go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.frames import Body
from footfall.units import NS_PER_S
from gateway.fold.keys import Keys, owner_of
from gateway.points import number_of, row_key_ns
from gateway.records import BOUNDED, DEVICE, DEVICE_FUTURE_NS, EARLIEST_NS, MEASURED, OLD_KEYS, Record

FUTURE_NS: Final = NS_PER_S
"""An event cannot be later than its arrival, but for what clocks bound."""
NO_WIDTH: Final = -1
"""Of times that no bounds are known of: the agent's word, a device's, or when it was received."""
LAST_NS: Final = (1 << 63) - 1
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Frames = Sequence[tuple[Record, Body]]


class RowTimes(NamedTuple):
    """One of each a row. `named`: the digits of its key come from a name, and may meet another's."""

    time_ns: npt.NDArray[np.int64]
    key_ns: npt.NDArray[np.int64]
    quality: npt.NDArray[np.uint8]
    named: npt.NDArray[np.bool_] | None


def times_of(frames: Frames, frame: npt.NDArray[np.intp], counts: Counter[str]) -> RowTimes:
    """Return the times of rows; `frame` numbers the frame of each. What cannot be is clamped to what can, and counted."""
    bodies = [body for _, body in frames]
    offset_ns = np.array([record.offset_ns for record, _ in frames], np.int64)[frame]
    time_ns = np.concatenate([body.t_boot_ns for body in bodies]) + offset_ns
    if time_ns.min(initial=0) < 0:  # a boot time near 2^63 went past it
        time_ns = np.where((time_ns < 0) & (offset_ns > 0), LAST_NS, time_ns)
    quality = np.array([record.time_quality for record, _ in frames], np.uint8)[frame]
    received_ns = np.array([record.received_ns for record, _ in frames], np.int64)[frame]
    latest_ns, number, named = received_ns + FUTURE_NS, _row_numbers(bodies, frame), None
    if any(body.t_wall_ns is not None for body in bodies):
        device_ns = np.concatenate([np.zeros(len(body), np.int64) if body.t_wall_ns is None else body.t_wall_ns for body in bodies])
        # A device whose clock was never set has no time: all its rows would share one moment, and a new epoch the last one's points.
        timed = device_ns >= EARLIEST_NS
        counts["times_unset_total"] += int(np.count_nonzero((device_ns != 0) & ~timed))
        time_ns, quality = np.where(timed, device_ns, time_ns), np.where(timed, np.uint8(DEVICE), quality)
        latest_ns = np.where(timed, received_ns + DEVICE_FUTURE_NS, latest_ns)
        base = np.array([record.key_base for record, _ in frames])[frame]
        named = timed & (base != OLD_KEYS)
        number = np.where(named, number % (1 << 62) + base, number)
    clamped = np.clip(time_ns, EARLIEST_NS, latest_ns)
    counts["times_clamped_total"] += int(np.count_nonzero(clamped != time_ns))
    return RowTimes(clamped, row_key_ns(clamped, number), quality, named if named is not None and named.any() else None)


def _row_numbers(bodies: Sequence[Body], frame: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    sizes = np.array([len(body) for body in bodies])
    starts = np.cumsum(sizes) - sizes
    number: npt.NDArray[np.int64] = np.arange(len(frame)) - starts[frame] + np.array([body.first_row for body in bodies])[frame]
    return number


def place_named(
    frames: Frames, frame: npt.NDArray[np.intp], times: RowTimes, zone: npt.NDArray[np.intp], keys: Keys, counts: Counter[str]
) -> None:
    """Move on what finds its place taken by something else, in `times.key_ns` itself. `zone` is into all names of the frames."""
    if times.named is None:
        return
    which = np.flatnonzero(times.named)
    owners = [owner_of(record.store, record.agent) for record, _ in frames]
    contents = _contents(frames, times, zone)[which].tolist()
    wanted = zip([owners[at] for at in frame[which].tolist()], times.key_ns[which].tolist(), contents, strict=True)
    times.key_ns[which] = keys.place_many(list(wanted), counts)


_number_of_name: Final = lru_cache(maxsize=1 << 14)(number_of)


def _contents(frames: Frames, times: RowTimes, zone: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """63 bits a row that stand for its content, whatever the codes of its names are today."""
    bodies = [body for _, body in frames]
    names = np.array([_number_of_name(name) for body in bodies for name in body.zones] or [0], np.uint64)
    mixed = names[zone] if len(zone) else np.zeros(0, np.uint64)
    for column in (times.time_ns, *(_column(bodies, name) for name in ("kind", "subject", "rssi_dbm", "count", "value"))):
        bits = column.view(np.uint32) if column.dtype == np.float32 else column
        mixed = (mixed ^ bits.astype(np.uint64)) * _MIX
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(1)).astype(np.int64)


def _column(bodies: Sequence[Body], name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(body, name) for body in bodies])


def widths_ms(records: Sequence[Record], frame: npt.NDArray[np.intp], quality: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return how wide the bounds of each row's time are, ms, rounded up; of rows of which no bounds are known, NO_WIDTH."""
    width_ms = np.array([_width_ms(record) for record in records], np.int64)[frame]
    return np.where(quality == DEVICE, NO_WIDTH, width_ms)


def _width_ms(record: Record) -> int:
    return -(-record.clock_width_ns // 1_000_000) if record.time_quality in (MEASURED, BOUNDED) else NO_WIDTH
