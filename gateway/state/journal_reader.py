"""Reading the journal: records that are what was written, and what stands for those that are not.

A position that holds no such record is pruned, set aside, or damaged. Damage is raised to the reader, who has it set aside (durably, so
that every later reading agrees); from then on one record of kind ASIDE stands in its place, and is a gap.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from footfall.checksums import checksum
from footfall.errors import FootfallError
from gateway.records import Record, RecordKind
from gateway.state.checksums import Written, record_of

COLUMNS: Final = (*Record._fields, "rows", "rows_total", "crc")
SELECT: Final = "SELECT {} FROM records".format(
    ", ".join(f"CAST({name} AS BLOB)" if name in ("store", "agent") else name for name in COLUMNS)
)
"""Texts as bytes: damaged ones are not UTF-8, and would end the query."""
_ASIDE: Final = "pos, first_pos, received_ns, from_ns, store, agent, rows, rows_total, reason"
LOOK_AHEAD: Final = 500


class Head(NamedTuple):
    """Where the journal ends, and how many rows of the balance all its records ever had (-1: not counted)."""

    pos: int = 0
    received_ns: int = 0
    rows_total: int = 0


class Aside(NamedTuple):
    """Records from `first_pos` to `pos` that cannot be used, heard from `from_ns` to `received_ns`: `rows` rows of the balance."""

    pos: int
    first_pos: int
    received_ns: int
    from_ns: int
    store: str
    agent: str
    rows: int
    rows_total: int
    reason: str

    def record(self) -> Record:
        """Return the record that stands in their place."""
        gap = {"from_ns": self.from_ns, "to_ns": self.received_ns, "rows": self.rows, "reason": self.reason}
        return Record(
            self.pos, self.received_ns, RecordKind.ASIDE, self.store, self.agent, self.first_pos, 0, 0, 0, json.dumps(gap).encode()
        )


class DamagedRecords(FootfallError):
    """What comes next in the journal is not what was written: `aside` is to be set aside, `payload` all that is left of it."""

    def __init__(self, aside: Aside, payload: bytes) -> None:
        super().__init__(f"records {aside.first_pos} to {aside.pos} are not what was written")
        self.aside: Final = aside
        self.payload: Final = payload


def write_down(db: sqlite3.Connection, name: str, *numbers: int) -> None:
    """Write numbers under a name, with a checksum."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (name, " ".join(map(str, (*numbers, checksum(name, *numbers))))))


def written_down(db: sqlite3.Connection, name: str) -> tuple[int, ...] | None:
    """Return the numbers under a name; None if they are not there, or not what was written."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (name,)).fetchone()
    try:
        *numbers, found = map(int, row[0].split()) if row else (0,)
    except (ValueError, AttributeError):
        return None
    return tuple(numbers) if row and checksum(name, *numbers) == found else None


def head(db: sqlite3.Connection) -> Head:
    """Return what the last commit wrote; if that is damaged, what the records show."""
    found = written_down(db, "head")
    if found is not None:
        return Head(*found)
    rows = db.execute(f"{SELECT} ORDER BY pos DESC LIMIT {LOOK_AHEAD}").fetchall()
    last = next(filter(None, map(record_of, rows)), None)
    return Head(last.record.pos, last.record.received_ns, last.rows_total) if last else Head()


def site_after(db: sqlite3.Connection, pos: int) -> bytes | None:
    """Return the body of the latest SITE record after a position; None without any."""
    row = db.execute("SELECT body FROM records WHERE pos > ? AND kind = ? ORDER BY pos DESC LIMIT 1", (pos, RecordKind.SITE)).fetchone()
    return bytes(row[0]) if row else None


def size_bytes(db: sqlite3.Connection) -> int:
    """Return the bytes in use, without pages that are free again."""
    pages, free, size = (int(db.execute(f"PRAGMA {what}").fetchone()[0]) for what in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def pruned_to(db: sqlite3.Connection) -> int:
    """Return up to where records, but sites, may be gone because nobody needs them; 0: all that ever was written is there."""
    found = written_down(db, "pruned")
    return found[0] if found else 0


def set_aside(db: sqlite3.Connection, aside: Aside) -> None:
    """Write that every reading has one record of kind ASIDE there from now on."""
    db.execute(f"INSERT OR REPLACE INTO aside ({_ASIDE}, crc) VALUES (?,?,?,?,?,?,?,?,?,?)", (*aside, checksum(*aside)))


def asides(db: sqlite3.Connection, after_pos: int = 0) -> list[Aside]:
    """Return those that end after a position."""
    rows = db.execute(f"SELECT {_ASIDE}, crc FROM aside WHERE pos > ? ORDER BY pos", (after_pos,)).fetchall()
    return [Aside(*row[:-1]) for row in rows if checksum(*row[:-1]) == row[-1]]


def read(db: sqlite3.Connection, after_pos: int, limit: int, most_bytes: int) -> list[Record]:
    """Return up to `limit` records after a position, no more once bodies have `most_bytes`. Raise DamagedRecords if the next is."""
    end = head(db)
    rows = _rows(db, after_pos, end.pos, limit)
    good = _ascending(after_pos, rows)
    covered = good[-1].record.pos if good and len(rows) >= limit else end.pos if len(rows) < limit else min(end.pos, after_pos + limit)
    records: list[Record] = []
    size = 0
    for piece in _pieces(db, after_pos, good, covered):
        if not isinstance(piece, Record):
            if records:
                break
            raise _damaged(db, *piece, rows, end)
        records.append(piece)
        size += len(piece.body)
        if size >= most_bytes:
            break
    return records


def _rows(db: sqlite3.Connection, after_pos: int, end: int, limit: int) -> Sequence[tuple[Any, ...]]:
    try:
        return db.execute(f"{SELECT} WHERE pos > ? AND pos <= ? ORDER BY pos LIMIT ?", (after_pos, end, limit)).fetchall()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:  # a damaged page: what lies on others can be read
        return list(_one_by_one(db, range(after_pos + 1, min(end, after_pos + limit) + 1)))


def _one_by_one(db: sqlite3.Connection, positions: range) -> Iterator[tuple[Any, ...]]:
    """A row for each position; of one that cannot be read, one that is no record."""
    for pos in positions:
        try:
            yield db.execute(f"{SELECT} WHERE pos = ?", (pos,)).fetchone() or (pos, 0, 0)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            yield (pos, 0, 0)


def _ascending(after_pos: int, rows: Sequence[tuple[Any, ...]]) -> list[Written]:
    """Those that are what was written. In a damaged table they may come in any order, or twice."""
    good = {written.record.pos: written for written in map(record_of, rows) if written is not None}
    return [good[pos] for pos in sorted(good) if pos > after_pos]


def _pieces(db: sqlite3.Connection, after_pos: int, good: Sequence[Written], covered: int) -> Iterator[Record | tuple[int, int]]:
    """Records, and (first, last) of damaged ones, without a hole from `after_pos` to `covered` but for what was pruned."""
    stand_ins = asides(db, after_pos)
    pruned = pruned_to(db)
    at = after_pos
    for written in [*good, None]:
        pos = written.record.pos if written else covered + 1
        for aside in [each for each in stand_ins if at < each.pos and each.first_pos <= pos and each.pos <= covered]:
            if max(at, pruned) + 1 < aside.first_pos:
                yield max(at, pruned) + 1, aside.first_pos - 1
            yield aside.record()
            at = aside.pos
        if max(at, pruned) + 1 < pos:
            yield max(at, pruned) + 1, pos - 1
        if written and pos > at:
            yield written.record
        at = max(at, pos)


def _damaged(db: sqlite3.Connection, first: int, last: int, rows: Sequence[tuple[Any, ...]], end: Head) -> DamagedRecords:
    """Return whose and how many they were, as far as their neighbours and their remains show."""
    before, after = _before(db, first), _after(db, last, end)
    counted = before.rows_total >= 0 and after.rows_total >= before.rows_total
    count = after.rows_total - before.rows_total if counted else last - first + 1
    remains = [row for row in rows if isinstance(row[0], int) and first <= row[0] <= last]
    store, agent = _named(db, remains) if len(remains) == 1 else ("", "")
    total = after.rows_total if counted else -1
    aside = Aside(
        last,
        first,
        after.received_ns,
        min(before.received_ns or after.received_ns, after.received_ns),
        store,
        agent,
        count,
        total,
        "journal_damaged",
    )
    return DamagedRecords(aside, "\n".join(map(repr, remains)).encode())


def _before(db: sqlite3.Connection, first: int) -> Head:
    """The journal as of the record before."""
    for aside in asides(db, first - 2):
        if aside.pos == first - 1:
            return Head(aside.pos, aside.received_ns, aside.rows_total)
    found = _ascending(0, _rows(db, first - 2, first - 1, 1)) if first > 1 else []
    if found:
        return Head(first - 1, found[0].record.received_ns, found[0].rows_total)
    return Head(0, 0, 0 if first == 1 else -1)


def _after(db: sqlite3.Connection, last: int, end: Head) -> Head:
    """When the next record was received, and the rows before it."""
    if last >= end.pos:
        return end
    for written in _ascending(last, _rows(db, last, end.pos, LOOK_AHEAD)):
        before = written.rows_total - written.rows if written.rows_total >= 0 else -1
        return Head(last, written.record.received_ns, before if written.record.pos == last + 1 else -1)
    return Head(last, end.received_ns, -1)


def _named(db: sqlite3.Connection, remains: Sequence[tuple[Any, ...]]) -> tuple[str, str]:
    """Store and agent, if they are still names of somebody who was heard."""
    store, agent = (value.decode("utf-8", "replace") if isinstance(value, bytes) else "" for value in (*remains[0], b"", b"")[3:5])
    known = db.execute("SELECT 1 FROM marks WHERE agent=?", (agent,)).fetchone()
    return (store, agent) if known else ("", "")
