"""The gateway's files, how each is opened, and how one that is damaged is made anew; see `salvage`."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from footfall.checksums import checksum
from footfall.sqlite import DamagedFile, is_damage, open_file
from gateway.config import GatewayConfig
from gateway.site import Site
from gateway.state import day_keys as daykeys
from gateway.state import journal_reader as journaled
from gateway.state import journal_schema
from gateway.state.day_keys import DayKeys
from gateway.state.journal import Journal
from gateway.state.quarantine.schema import QUARANTINE
from gateway.state.quarantine.store import DAMAGED, DROPPED, Quarantine
from gateway.state.salvage import Rescue, found_damaged, opened

log = logging.getLogger("footfall.gateway")

Said = Callable[[str], None]
JOURNAL, LEDGER, KEYS = "journal.db", "ledger.db", "keys.db"
_TRIGGERED: Final = frozenset({"total", "share"})


def paths(config: GatewayConfig) -> Sequence[Path]:
    """Return all of them that are databases of the gateway's own."""
    return (config.state_dir / JOURNAL, config.state_dir / LEDGER, config.state_dir / KEYS, config.quarantine_path)


@contextmanager
def naming_damage(config: GatewayConfig) -> Iterator[None]:
    """Raise ConfigError, which names the file, for damage of any of the files; the next start mends it."""
    try:
        yield
    except (sqlite3.DatabaseError, DamagedFile) as error:
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise
        raise found_damaged(paths(config), error) from error


def open_journal(state_dir: Path, said: Said = log.error) -> Journal:
    path = state_dir / JOURNAL
    ends = {"records": lambda db: journaled.head(db).pos}
    rescue = Rescue(journal_schema.SCHEMA, finish=lambda old, new: _name_journal(new, state_dir / LEDGER), ends=ends)
    return opened(path, rescue, lambda: Journal(path), said)


def open_quarantine(config: GatewayConfig, said: Said = log.error) -> Quarantine:
    kept = config.quarantine
    return opened(
        config.quarantine_path,
        Rescue(QUARANTINE, _TRIGGERED, _count_quarantine, {"entry": _last_entry}),
        lambda: Quarantine(config.quarantine_path, keep_hours=kept.keep_hours, max_bytes=kept.max_bytes),
        said,
    )


def open_keys(state_dir: Path, site: Site, said: Said = log.error) -> DayKeys:
    return opened(state_dir / KEYS, Rescue(daykeys.SCHEMA), lambda: DayKeys(state_dir / KEYS, site), said)


def _name_journal(new: sqlite3.Connection, ledger: Path) -> None:
    """The name of a journal is in its ledger, too: under another the ledger would not go on, and agents would send all again."""
    found = dict(new.execute("SELECT key, value FROM meta WHERE key IN ('journal_id', 'journal_crc')").fetchall())
    if found.get("journal_crc") == checksum(found.get("journal_id")):
        return
    new.execute("DELETE FROM meta WHERE key = 'journal_crc'")
    with suppress(sqlite3.DatabaseError, TypeError, UnicodeDecodeError), closing(open_file(ledger, "mode=ro")) as db:
        name = db.execute("SELECT value FROM state WHERE key = 'journal'").fetchone()[0].decode()
        new.execute("INSERT OR REPLACE INTO meta VALUES ('journal_id', ?)", (name,))


def _last_entry(db: sqlite3.Connection) -> int:
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").fetchone()
    return int(found[0]) if found else 0


def _count_quarantine(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Rows that could not be read are dropped for that reason: what was ever kept is what is held, replayed or dropped."""
    with suppress(sqlite3.DatabaseError):
        totals = dict(old.execute("SELECT name, n FROM total").fetchall())
        left = {name: n for name, n in totals.items() if name == "replayed" or name.startswith(DROPPED)}
        held = new.execute("SELECT n FROM total WHERE name = 'held'").fetchone()[0]
        lost = max(0, totals["kept"] - held - sum(left.values()))
        left[DAMAGED] = left.get(DAMAGED, 0) + lost
        new.executemany("INSERT OR REPLACE INTO total VALUES (?,?)", list(left.items()))
        new.execute("UPDATE total SET n = ? WHERE name = 'kept'", (held + sum(left.values()),))
        last = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").fetchone()[0]
        new.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'entry'", (last,))
