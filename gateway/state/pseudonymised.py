"""Identifiers of people leave the files of earlier releases, which recorded the estate with staff's and things' identifiers in clear.

    hide_identifiers(state_dir, subject_of)     # once, at the first start of this release; `subject_of` None: no brand's secret

The estate's records in the journal, and the one in force in the ledger, get subjects in their place. Then the files are written anew, since
SQLite leaves in free pages and in its log what was there before. It takes about as long as copying the file, and its size on the disk.
What a restore has moved beside is treated alike. Files that were set aside as damaged cannot be: the log names them.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgpack

from footfall.errors import ConfigError
from footfall.sqlite import connect, migrate, transaction
from gateway.fold.state_version import STATE_VERSION
from gateway.records import RecordKind
from gateway.site.recorded import with_subjects
from gateway.state import journal_reader as journaled
from gateway.state import journal_schema, ledger_schema
from gateway.state.checksums import record_checksum, record_of

log = logging.getLogger("footfall.gateway")

SubjectOf = Callable[[str], str] | None
JOURNAL, LEDGER = "journal.db", "ledger.db"
STATE: Final = "fold"
"""The part of the ledger's state that has the estate in force, under `site`."""


def hide_identifiers(state_dir: Path, subject_of: SubjectOf) -> bool:
    """Replace identifiers by subjects in all files where they may stand. Return whether none is left, as far as files can be read."""
    places = [place for place in (*sorted(state_dir.glob("replaced-*")), state_dir) if (place / JOURNAL).is_file()]
    done = [_hide_in(place, subject_of) for place in places]
    for beside in _unreadable(state_dir):
        log.warning("%s was set aside as damaged and may hold identifiers of staff in clear: delete it once nobody needs it", beside)
    return all(done)


def _hide_in(folder: Path, subject_of: SubjectOf) -> bool:
    """The journal comes last: its mark shows that both are done."""
    try:
        with closing(connect(folder / JOURNAL)) as journal:
            migrate(journal, folder / JOURNAL, journal_schema.SCHEMA)
            if not _may_hold_identifiers(journal):
                return True
            if not journaled.head(journal).pos:
                _unmark(journal)
                return True
            log.info("%s: identifiers of staff are replaced by subjects, once; it may take a minute for each GB", folder)
            if (folder / LEDGER).is_file():
                with closing(connect(folder / LEDGER)) as ledger:
                    migrate(ledger, folder / LEDGER, ledger_schema.SCHEMA)
                    _rewrite_ledger(ledger, subject_of)
                    _write_anew(ledger)
            _rewrite_journal(journal, subject_of)
            _write_anew(journal)
            _unmark(journal)
    except (sqlite3.DatabaseError, ConfigError, OSError) as error:
        log.error("%s: identifiers of staff may still stand there in clear: %s. The next start tries again", folder, error)
        return False
    return True


def _may_hold_identifiers(journal: sqlite3.Connection) -> bool:
    return journal.execute("SELECT 1 FROM meta WHERE key = ?", (journal_schema.MAY_HOLD_IDENTIFIERS,)).fetchone() is not None


def _unmark(journal: sqlite3.Connection) -> None:
    journal.execute("DELETE FROM meta WHERE key = ?", (journal_schema.MAY_HOLD_IDENTIFIERS,))


def _rewrite_journal(db: sqlite3.Connection, subject_of: SubjectOf) -> None:
    with transaction(db):
        for row in list(_sites(db)):
            written = record_of(row)
            if written is None:  # damaged: whoever reads it sets it aside, sealed
                continue
            record = written.record._replace(body=with_subjects(written.record.body, subject_of))
            crc = record_checksum(record, written.rows, written.rows_total) if row[-1] is not None else None
            db.execute("UPDATE records SET body = ?, crc = ? WHERE pos = ?", (record.body, crc, record.pos))


def _sites(db: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    yield from db.execute(f"{journaled.SELECT} WHERE kind = ? ORDER BY pos", (RecordKind.SITE,))


def _rewrite_ledger(db: sqlite3.Connection, subject_of: SubjectOf) -> None:
    with transaction(db):
        found = db.execute("SELECT value, crc FROM state WHERE key = ?", (STATE,)).fetchone()
        if not found or not isinstance(found[0], bytes) or zlib.crc32(found[0]) != found[1]:
            return  # damaged, or nothing yet: the fold makes it again from the journal
        state = msgpack.unpackb(found[0], strict_map_key=False)
        if state["version"] > STATE_VERSION:
            raise ConfigError("the fold's state is of a newer release")
        if state.get("site"):
            packed: bytes = msgpack.packb(state | {"site": with_subjects(state["site"], subject_of)})
            db.execute("UPDATE state SET value = ?, crc = ? WHERE key = ?", (packed, zlib.crc32(packed), STATE))


def _write_anew(db: sqlite3.Connection) -> None:
    """Write the file anew without its free pages, and empty the log beside it."""
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _unreadable(state_dir: Path) -> list[str]:
    found = [path for name in (JOURNAL, LEDGER) for path in sorted(state_dir.glob(f"{name}.unusable-*"))]
    return [path.name for path in found if not path.name.endswith(("-wal", "-shm"))]
