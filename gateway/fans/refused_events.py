"""What lies in quarantine of a plain event, by its id, beside the gateway: why it was refused, and when.

refused = refused_event(quarantine, "flagship", "till-1", "till-1-0881")     # None: nothing does
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from footfall.errors import ConfigError, Unreadable
from footfall.sqlite import open_file
from footfall.topics import topic_of
from gateway.state.event_ids import BUSY_S
from gateway.state.quarantine.schema import publisher_of
from gateway.state.quarantine.sealing import Seal, key_at, open_entry

LOOKED_AT: Final = 2_000
"""Entries of a publisher that are looked at, the latest first."""
_ENTRIES: Final = (
    "SELECT topic, reason, message, received_ns, payload FROM entry WHERE hopeless = ? AND publisher = ? ORDER BY id DESC LIMIT ?"
)


class RefusedEvent(NamedTuple):
    """Why an event lies in quarantine; `reason` is a stable word."""

    reason: str
    message: str
    received_ns: int


def refused_event(quarantine: Path, store: str, agent: str, event_id: str) -> RefusedEvent | None:
    """Return why an event that a publisher sent in a store was refused last. Raise Unreadable: the quarantine cannot be read.

    What makes no sense at all has no id, and is not found.
    """
    if not quarantine.is_file():
        return None
    topic = str(topic_of(store, agent, "events"))
    try:
        seal = Seal(key_at(quarantine.with_suffix(".key")))
        with closing(open_file(quarantine, "mode=ro", BUSY_S)) as db:
            rows = chain.from_iterable(db.execute(_ENTRIES, (hopeless, publisher_of(topic), LOOKED_AT)) for hopeless in (0, 1))
            for shown, reason, message, received_ns, sealed in rows:
                if shown == topic and _has(open_entry(seal, shown, sealed)[1], event_id):
                    return RefusedEvent(reason, message, received_ns)
    except (sqlite3.DatabaseError, ConfigError) as error:
        raise Unreadable(f"{quarantine}: cannot be read: {error}") from None
    return None


def _has(payload: bytes, event_id: str) -> bool:
    """Return whether an event with this id is among those of a message."""
    try:
        values: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return any(isinstance(each, dict) and each.get("id") == event_id for each in (values if isinstance(values, list) else [values]))
