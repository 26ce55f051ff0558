"""What a gateway's files remember of plain events by their ids, beside the gateway: what each held in words, and when it was taken.

known = known_events(journal, places, "flagship", "till-1", ["till-1-0881"], facts=[])
contradicts(known["till-1-0881"], {"kind": "touch", "what": "transaction", "amount": 12.5})
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from footfall.errors import Unreadable
from footfall.sqlite import open_file
from gateway.accept.amounts import in_hundredths
from gateway.accept.contents import remembered
from gateway.accept.ids import BRAND, id_hash, known_as
from gateway.site.index import Places
from gateway.state.event_ids import BUSY_S

FACT: Final = "fact"
_SAME: Final = {FACT: ("fact", "fans", "fan", "of", "purpose", "granted", "staff_id"), "touch": ("what", "amount"), "count": ("in", "out")}
"""By kind, the keys that are remembered as they were sent: names may have been changed since, and times depend on when it came."""


class KnownEvent(NamedTuple):
    """An event that was taken; `values` are empty where an earlier release took it."""

    values: Mapping[str, Any]
    taken_ns: int


def known_events(
    journal: Path, places: Places, store: str, agent: str, ids: Iterable[str] = (), facts: Iterable[str] = ()
) -> Mapping[str, KnownEvent]:
    """Return what is remembered, by id, of events that a publisher sent in a store, and of facts, whose ids are their own in the brand.

    Raise ContractError: site.toml has no such publisher. Raise Unreadable (ConfigError): the journal cannot be read.
    """
    hashes: dict[str, tuple[bytes, ...]] = {each: known_as(places, store, agent, each) for each in ids}
    hashes |= {each: (id_hash(BRAND, FACT, each),) for each in facts}
    if not journal.is_file():
        return {}
    try:
        with closing(open_file(journal, "mode=ro", BUSY_S)) as db:
            return {each: found for each, known in hashes.items() if (found := _found(db, known)) is not None}
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{journal}: cannot be read: {error}") from None


def _found(db: sqlite3.Connection, known: Iterable[bytes]) -> KnownEvent | None:
    for each in known:
        if row := db.execute("SELECT content FROM event_ids WHERE id=?", (each,)).fetchone():
            return KnownEvent(*remembered(row[0] or b""))
    return None


def contradicts(known: KnownEvent, value: Mapping[str, Any]) -> bool:
    """Return whether an event, as it was sent, has other content for certain than the one that was taken under its id."""
    kind = known.values.get("kind")
    if kind is None:
        return False
    return kind != value.get("kind") or any(_plain(known.values.get(key)) != _plain(value.get(key)) for key in _SAME.get(kind, ()))


def _plain(value: Any) -> Any:
    """Return what is left out, empty or 0 as one, lists without their order, and money as it is taken."""
    if isinstance(value, list | tuple):
        return frozenset(value)
    return (in_hundredths(value) if isinstance(value, float) else value) or None
