"""What the journal has and the ledger does not yet: facts and plain events since the gateway's last checkpoint, read beside it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from footfall.errors import Unreadable
from footfall.sqlite import open_file
from gateway.identity.facts import Fact
from gateway.identity.facts_json import facts_of_record
from gateway.records import Record, RecordKind
from gateway.state.checksums import record_of
from gateway.state.journal_reader import SELECT

BUSY_S: Final = 10.0
_KINDS: Final = f"{RecordKind.FACTS:d}, {RecordKind.LINKS:d}"
_FACTS: Final = f'kind IN ({_KINDS}) OR (kind = {RecordKind.EVENT:d} AND body LIKE \'%"kind":"fact"%\')'
_EVENTS: Final = f"kind = {RecordKind.EVENT:d}"


class JournaledEvent(NamedTuple):
    """A plain event: its record, and what that has."""

    record: Record
    values: Mapping[str, Any]


def facts_after(journal: Path, pos: int) -> list[Fact]:
    """Return the facts of records after a position, but what touches state. Raise ConfigError if the journal cannot be read."""
    return [fact for record in _records(journal, pos, _FACTS) for fact in _facts(record)]


def events_after(journal: Path, pos: int) -> list[JournaledEvent]:
    """Return the plain events of records after a position. Raise ConfigError if the journal cannot be read."""
    return [JournaledEvent(record, json.loads(record.body)) for record in _records(journal, pos, _EVENTS)]


def _records(journal: Path, pos: int, which: str) -> Iterator[Record]:
    """Yield records after a position. One that is damaged is the gateway's to set aside: it is left out here."""
    if not journal.is_file():
        return
    try:
        with closing(open_file(journal, "mode=ro", BUSY_S)) as db:
            rows = db.execute(f"{SELECT} WHERE pos > ? AND ({which}) ORDER BY pos", (pos,)).fetchall()
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"{journal}: cannot be read: {error}") from None
    yield from (written.record for written in map(record_of, rows) if written is not None)


def _facts(record: Record) -> Iterator[Fact]:
    if record.kind != RecordKind.EVENT or json.loads(record.body).get("kind") == "fact":
        yield from facts_of_record(record.kind, record.body, record.received_ns)
