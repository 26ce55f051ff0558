"""Kept in the journal beside marks and clocks: dates that agents have not confirmed, whose history stores have, when nothing was taken,
and how many rows of each epoch were refused.

Its tables are in the journal's file, and written in the journal's transactions. A row that is not what was written is as if it had never
been: a date is sent no more, a history comes again with the next header that knows of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from footfall.checksums import checksum
from footfall.frames import DecidedTime
from footfall.sqlite import transaction
from footfall.units import NS_PER_DAY
from gateway.accept.decisions import Decision, Runs
from gateway.records import RecordKind

TABLES: Final = """
CREATE TABLE decisions (agent TEXT, n INTEGER, epoch TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    offset_ns INTEGER NOT NULL, width_ns INTEGER NOT NULL, quality INTEGER NOT NULL, decided_ns INTEGER NOT NULL,
    PRIMARY KEY (agent, n)) WITHOUT ROWID;
CREATE TABLE histories (store TEXT PRIMARY KEY, until_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE absences (to_ns INTEGER PRIMARY KEY, from_ns INTEGER NOT NULL);
"""
CHECKED: Final = """
ALTER TABLE decisions ADD COLUMN crc INTEGER;
ALTER TABLE histories ADD COLUMN crc INTEGER;
ALTER TABLE absences ADD COLUMN crc INTEGER;
"""
_RUN_COLUMNS: Final = "n, epoch, first_seq, last_seq, offset_ns, width_ns, quality, decided_ns"
SHORTEST_ABSENCE_NS: Final = 1_000_000
KEEP_ABSENCES_NS: Final = 400 * NS_PER_DAY
_AGENTS_CACHED: Final = 50_000
_ALL: Final = f"SELECT agent, {_RUN_COLUMNS}, crc FROM decisions"
_DECISIONS: Final = f"{_ALL} WHERE agent=? ORDER BY n"
_HISTORIES: Final = "SELECT store, until_ns, crc FROM histories"
COUNT: Final = "INSERT INTO balance VALUES (?,?) ON CONFLICT (name) DO UPDATE SET total = total + excluded.total"
BALANCE: Final = "SELECT name, total FROM balance WHERE name NOT GLOB 'refused/*'"
"""Totals of refused rows stand in the same table, by epoch."""
_REFUSED: Final = "SELECT total FROM balance WHERE name=?"
_ABSENCES: Final = "SELECT to_ns, from_ns, crc FROM absences"


def check(db: sqlite3.Connection) -> None:
    """Give what is there its checksums, which it was written without."""
    keys = ((_ALL, "decisions", "agent=? AND n=?"), (_HISTORIES, "histories", "store=?"), (_ABSENCES, "absences", "to_ns=?"))
    for select, table, key in keys:
        rows = [row[:-1] for row in db.execute(select).fetchall()]
        db.executemany(f"UPDATE {table} SET crc=? WHERE {key}", [(checksum(*row), *row[: key.count("?")]) for row in rows])


def _whole(db: sqlite3.Connection, sql: str, *key: str) -> Iterator[Any]:
    """Rows as they were written, without their checksums."""
    return (row[:-1] for row in db.execute(sql, key).fetchall() if checksum(*row[:-1]) == row[-1])


def _refused(store: str, agent: str, epoch: str) -> str:
    return f"refused/{store}/{agent}/{epoch}"


class Decided:
    """`gateway.accept`'s Decisions, and most of its Histories. Changes count once `write` was committed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db: Final = db
        self._runs: dict[str, Runs] = {}
        self._dirty_runs: dict[str, Runs] = {}
        self._histories: dict[str, int] = {}
        self._dirty_histories: dict[str, int] = {}
        self._dirty_refused: dict[str, int] = {}
        self._absences: list[tuple[int, int]] = []
        self.forget()

    def forget(self) -> None:
        """Remember what is durable, and nothing else."""
        self._runs, self._dirty_runs, self._dirty_histories, self._dirty_refused = {}, {}, {}, {}
        self._histories = dict(_whole(self._db, _HISTORIES))
        self._absences = [(from_ns, to_ns) for to_ns, from_ns in _whole(self._db, _ABSENCES)]

    def write(self) -> None:
        """Write what was decided; call it in a transaction."""
        for agent, runs in self._dirty_runs.items():
            self._db.execute("DELETE FROM decisions WHERE agent=?", (agent,))
            rows = [(agent, run.n, run.epoch, run.first_seq, run.last_seq, *run.time, run.decided_ns) for run in runs]
            self._db.executemany("INSERT INTO decisions VALUES (?,?,?,?,?,?,?,?,?,?)", [(*row, checksum(*row)) for row in rows])
        said = [(*row, checksum(*row)) for row in self._dirty_histories.items()]
        self._db.executemany("INSERT OR REPLACE INTO histories VALUES (?,?,?)", said)
        self._db.executemany(COUNT, self._dirty_refused.items())

    def written(self) -> None:
        self._dirty_runs, self._dirty_histories, self._dirty_refused = {}, {}, {}
        if len(self._runs) > _AGENTS_CACHED:
            self._runs = {}

    def refuse(self, store: str, agent: str, epoch: str, rows: int) -> None:
        """Note that so many more rows of an epoch went to quarantine."""
        name = _refused(store, agent, epoch)
        self._dirty_refused[name] = self._dirty_refused.get(name, 0) + rows

    def refused_rows(self, store: str, agent: str, epoch: str) -> int:
        """Return how many rows of an epoch went to quarantine, by what is durable."""
        row = self._db.execute(_REFUSED, (_refused(store, agent, epoch),)).fetchone()
        return row[0] if row else 0

    def runs(self, agent: str) -> Runs:
        known = self._runs.get(agent)
        if known is None:
            known = self._runs[agent] = tuple(
                Decision(n, epoch, first_seq, last_seq, DecidedTime(offset_ns, width_ns, quality), decided_ns)
                for _, n, epoch, first_seq, last_seq, offset_ns, width_ns, quality, decided_ns in _whole(self._db, _DECISIONS, agent)
            )
        return known

    def set_runs(self, agent: str, runs: Runs) -> None:
        self._runs[agent] = self._dirty_runs[agent] = runs

    def histories(self) -> dict[str, int]:
        """Return the stores whose history, up to a time in ns, was made by a state that is not here."""
        return dict(self._histories)

    def history_ns(self, store: str) -> int:
        return self._histories.get(store, 0)

    def set_history_ns(self, store: str, until_ns: int) -> None:
        self._histories[store] = self._dirty_histories[store] = until_ns

    def was_away(self, time_ns: int) -> bool:
        return any(from_ns < time_ns < to_ns for from_ns, to_ns in self._absences)

    def back_ns(self) -> int:
        return max((back_ns for _, back_ns in self._absences), default=0)

    def begin(self, now_ns: int) -> None:
        """Note that messages are taken from now on, for the first time since the last record that the gateway itself made.

        What was appended from beside it does not count.
        """
        row = self._db.execute(
            "SELECT received_ns FROM records WHERE kind NOT IN (?,?,?,?,?) ORDER BY pos DESC LIMIT 1",
            (RecordKind.SITE, RecordKind.LINKS, RecordKind.FACTS, RecordKind.NOTE, RecordKind.REBUILT),
        ).fetchone()
        from_ns = row[0] if row else 0
        if now_ns - from_ns <= SHORTEST_ABSENCE_NS:
            return
        with transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO absences VALUES (?,?,?)", (now_ns, from_ns, checksum(now_ns, from_ns)))
            self._db.execute("DELETE FROM absences WHERE from_ns > 0 AND to_ns < ?", (now_ns - KEEP_ABSENCES_NS,))
        self._absences.append((from_ns, now_ns))
