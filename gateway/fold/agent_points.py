"""Points about agents rather than people: their health, and what they did not observe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from footfall.frames import Body
from gateway.fold.boot_clocks import BootClock
from gateway.points import record_key_ns, row_key_ns
from gateway.points.rows import AgentPoint, GapPoint, PointRow
from gateway.records import OLD_KEYS, Record


def health_points(record: Record, health: Mapping[str, Any], clock: BootClock) -> Iterator[PointRow]:
    """Yield the points of a health record; `clock` is the agent's as frames showed it until then."""
    yield AgentPoint(
        time_ns=record_key_ns(record.received_ns, _digits(record)), agent=record.agent, store=record.store,
        uptime_s=float(health["uptime_s"]), spool_frames=int(health["spool_frames"]), clock_width_ms=clock.width_ns / 1e6,
        drift_ppm=clock.drift_ppm, sightings=int(health["sightings_total"]), dropped=int(health["dropped_total"]),
    )  # fmt: skip


def gap_of_record(record: Record) -> GapPoint:
    """Return the point of a gap that has a record to itself."""
    gap = json.loads(record.body)
    return GapPoint(
        time_ns=record_key_ns(gap["from_ns"], _digits(record)), agent=record.agent, store=record.store, from_ns=gap["from_ns"],
        to_ns=gap["to_ns"], rows=gap["rows"], reason=gap["reason"],
    )  # fmt: skip


def _digits(record: Record) -> int:
    """Return the digits of a point that has a record to itself; earlier releases went by its position."""
    return record.pos if record.key_base == OLD_KEYS else record.key_base


def gap_of_row(record: Record, body: Body, row: int, from_ns: int, key_ns: int) -> GapPoint:
    """Return the point of a frame's row that is a gap: a span that was not observed."""
    more = body.extra.get(row, {})
    to_ns = more["to_boot_ns"] + record.offset_ns if "to_boot_ns" in more else from_ns
    reason = str(more.get("reason", "unknown"))
    return _of_row(record, body, row, from_ns, max(from_ns, min(to_ns, record.received_ns)), key_ns, more.get("rows", 0), reason)


def refusal_of_row(record: Record, body: Body, row: int, from_ns: int, key_ns: int) -> GapPoint:
    """Return the point of a frame's row that is a message which its agent could not read."""
    reason = f"refused: {body.extra.get(row, {}).get('reason', 'unknown')}"
    return _of_row(record, body, row, from_ns, from_ns, key_ns, 1, reason)


def _of_row(record: Record, body: Body, row: int, from_ns: int, to_ns: int, key_ns: int, lost: int, reason: str) -> GapPoint:
    """Return the point. Gaps reach into the time of an epoch before, whose rows have the same numbers: so digits come from the epoch."""
    has_device_time = body.t_wall_ns is not None and body.t_wall_ns[row]
    if record.key_base != OLD_KEYS and not has_device_time:
        key_ns = row_key_ns(key_ns, body.first_row + row + record.key_base)
    return GapPoint(key_ns, record.agent, record.store, from_ns=from_ns, to_ns=to_ns, rows=lost, reason=reason)
