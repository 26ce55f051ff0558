"""What sensors report of how many people are in a zone now: a point of each report, and nothing is added up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fold.event_keys import event_key_ns
from gateway.fold.state import State
from gateway.points.rows import OccupancyPoint
from gateway.records import Record


def emit_occupancy(state: State, record: Record, values: Mapping[str, Any]) -> None:
    """Emit the point of one report of a sensor."""
    point = OccupancyPoint(
        time_ns=event_key_ns(state, record, values), agent=record.agent, sensor=values["sensor"], store=record.store,
        zone=values["zone"], people=values["people"], counted=values["counted"],
    )  # fmt: skip
    state.emit(point, None)
