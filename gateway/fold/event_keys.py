"""When the points of plain events are stored, ns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fold.keys import owner_of
from gateway.fold.state import State
from gateway.points import number_of, record_key_ns
from gateway.records import Record


def event_key_ns(state: State, record: Record, values: Mapping[str, Any]) -> int:
    """Return the place of an event's point. Accept names it; what earlier releases journaled is numbered.

    An event without an id is itself, however alike another is.
    """
    if "key" not in values:
        return record_key_ns(values["time_ns"], record.seq)
    content = number_of(values["id"] or str(record.seq))
    key_ns = record_key_ns(values["time_ns"], values["key"])
    return state.keys.place(owner_of(record.store, record.agent), key_ns, content, state.counts)
