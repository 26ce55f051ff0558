"""A dwell as a row of the store and as a point, and what the minutes of its zone count of it: for one dwell or for columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.fold.estate_index import seconds_of
from gateway.fold.minute_counts import ZONE_COLUMN
from gateway.fold.state import State
from gateway.fold.writers import Values, Writer
from gateway.points.rows import DwellPoint

OPEN, CLOSED = 1, 2
LEAST_STAY_S: Final = 10
"""Who is in a zone for less, to the millisecond, walks through it: people in a store walk about a metre a second."""
_KNOWN: Final = ZONE_COLUMN["known_present"]


def current(state: State, writer: Writer, slot: Any) -> Values:
    """Return the fields of DwellRow for the dwell that a track has now: for the last part of one that was cut."""
    t = state.tracks
    return _row(
        state, writer, slot, zone=t.zone, whole_ns=t.d_key_ns, key_ns=t.d_part_key_ns, agent=t.d_agent, start_ns=t.d_part_ns,
        last_ns=t.zone_ns, fan=t.d_fan, sure=t.d_sure, is_open=writer.flag(t.d_state[slot] == OPEN),
    )  # fmt: skip


def previous(state: State, writer: Writer, slot: Any) -> Values:
    """Return the same for the dwell before a track's current one."""
    t = state.tracks
    return _row(
        state, writer, slot, zone=t.p_zone, whole_ns=t.p_key_ns, key_ns=t.p_part_key_ns, agent=t.p_agent, start_ns=t.p_part_ns,
        last_ns=t.p_last_ns, fan=t.p_fan, sure=t.p_sure, is_open=0,
    )  # fmt: skip


def _row(
    state: State,
    writer: Writer,
    slot: Any,
    *,
    zone: Any,
    whole_ns: Any,
    key_ns: Any,
    agent: Any,
    start_ns: Any,
    last_ns: Any,
    fan: Any,
    sure: Any,
    is_open: Any,
) -> Values:
    t, estate, number = state.tracks, state.estate, writer.number
    return {
        "subject": writer.subject(t.subject[slot]),
        "store": writer.text(t.store[slot], estate.stores.names),
        "zone": writer.text(zone[slot], estate.zone_name),
        "key_ns": number(key_ns[slot]),
        "agent": writer.text(agent[slot], estate.agents.names),
        "start_ns": number(start_ns[slot]),
        "last_ns": number(last_ns[slot]),
        "staff": writer.flag(t.staff[slot]),
        "open": is_open,
        "fan": writer.fan(fan[slot]),
        "quality": number(sure[slot]),
        "part_of_ns": number(whole_ns[slot]) * writer.flag(whole_ns[slot] != key_ns[slot]),
    }


def emit(writer: Writer, row: Values, void: bool = False) -> None:
    """Emit the point of a dwell; `row` has the fields of DwellRow. How long an open one has lasted depends on when one looks: it is 0."""
    writer.emit(
        DwellPoint,
        {
            "time_ns": row["key_ns"], "agent": row["agent"], "store": row["store"], "zone": row["zone"],
            "subject": row["subject"], "fan": row["fan"], "seconds": (1 - row["open"]) * seconds_of(row["start_ns"], row["last_ns"]),
            "is_staff": row["staff"] != 0, "open": row["open"] != 0, "void": void,
            "quality": row["quality"] / 100, **writer.member(row),
        },
    )  # fmt: skip


def opened(known: Any) -> Mapping[int, Any]:
    """Return what the minute of its start counts of a dwell, by column of ZONE."""
    return {ZONE_COLUMN["entries"]: 1, ZONE_COLUMN["present"]: 1, _KNOWN: known}


def closed(start_ns: Any, last_ns: Any, sign: int = 1) -> Mapping[int, Any]:
    """Return what the minute of its end counts of a dwell, by column of ZONE; with `sign` -1, to take it back.

    A dwell that is shorter than a stay is a pass as well: who walks through a zone does not stay there.
    """
    seconds = seconds_of(start_ns, last_ns)
    passes = seconds < LEAST_STAY_S
    return {
        ZONE_COLUMN["exits"]: sign,
        ZONE_COLUMN["dwells"]: sign,
        ZONE_COLUMN["dwell_sum_s"]: sign * seconds,
        ZONE_COLUMN["passes"]: sign * passes,
        ZONE_COLUMN["passing_sum_s"]: sign * passes * seconds,
    }
