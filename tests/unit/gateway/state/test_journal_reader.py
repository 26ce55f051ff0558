"""What is read is what was written: damage of any kind is noticed, kept, reported in its place, and ends nothing."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from gateway.accept.memory import Mark
from gateway.accept.outcome import Entry
from gateway.records import Record, RecordKind
from gateway.state.journal import Journal
from gateway.state.journal_reader import DamagedRecords

S = 1_000_000_000
NOW = 1_790_000_000 * S
RECORDS = 60


def entry(n: int) -> Entry:
    if n == 1:
        return Entry(RecordKind.SITE, "", "", 0, b'{"brand":"b"}')
    if n % 7 == 0:
        return Entry(RecordKind.TICK, "", "", 0, b"")
    return Entry(RecordKind.FRAME, "s1", "agent", n, bytes([n]) * (n * 11), NOW, 1, n, rows=n)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Record]]:
    """A journal's file, and what was written into it."""
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    journal = Journal(path)
    records = []
    for n in range(1, RECORDS + 1):
        journal.set_mark("agent", "e", Mark(n))
        records += journal.commit([(NOW + n * S, entry(n))], {"in": n})
    journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    return path.read_bytes(), records


def read_all(journal: Journal, limit: int = 500) -> tuple[list[Record], int]:
    """As the fold's thread does: what is damaged is set aside, and read again; and how many rows that were."""
    records: list[Record] = []
    at = rows = 0
    while True:
        try:
            more = journal.read(at, limit)
        except DamagedRecords as found:
            journal.set_aside(found.aside)
            rows += found.aside.rows
            continue
        if not more:
            return records, rows
        records, at = records + more, more[-1].pos


def check(found: list[Record], rows_aside: int, records: list[Record]) -> None:
    """Every position once; what is not set aside is what was written; no row is forgotten."""
    at = 0
    for record in found:
        first = record.seq if record.kind == RecordKind.ASIDE else record.pos
        assert first == at + 1
        assert record.kind == RecordKind.ASIDE or record == records[record.pos - 1]
        at = record.pos
    assert at == len(records)
    good = {record.pos for record in found if record.kind != RecordKind.ASIDE}
    assert rows_aside == sum(entry(record.pos).rows for record in records if record.pos not in good)


@pytest.mark.parametrize("seed", range(300))
def test_a_flipped_bit_anywhere_is_noticed_or_means_nothing(tmp_path: Path, written: tuple[bytes, list[Record]], seed: int) -> None:
    """In the pages of the journal; a file whose own head is damaged is refused by its name."""
    content, records = bytearray(written[0]), written[1]
    at = random.Random(seed).randrange(100, len(content))
    content[at] ^= 1 << seed % 8
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    try:
        journal = Journal(path)
    except ConfigError as error:
        assert str(path) in str(error)  # noqa: PT017 # whether it is refused depends on where the bit is
        return
    found, rows = read_all(journal)
    check(found, rows, records)
    assert read_all(journal) == (found, 0), "it is set aside for good"
    journal.close()


def damage(path: Path, sql: str) -> None:
    db = sqlite3.connect(path)
    db.execute(sql)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "change",
    [
        *(f"{column} = {column} + 1" for column in ("received_ns", "seq", "offset_ns", "time_quality", "clock_width_ns")),
        "rows = 7", "rows_total = 7", "key_base = 7",
        "kind = 4", "kind = 77", "store = 's2'", "agent = CAST(x'ff80' AS TEXT)", "body = 'text'", "body = zeroblob(3)", "crc = crc + 1",
        "pos = 1000000", "pos = 0", "received_ns = 'x'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("limit", [500, 1])
def test_a_record_with_another_value_is_set_aside(tmp_path: Path, written: tuple[bytes, list[Record]], change: str, limit: int) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(written[0])
    damage(path, f"UPDATE records SET {change} WHERE pos = 30")
    journal = Journal(path)
    found, rows = read_all(journal, limit)
    check(found, rows, written[1])
    assert [record.pos for record in found if record.kind == RecordKind.ASIDE] == [30]
    assert rows == 30
    assert [aside.pos for aside in journal.asides()] == [30]
    journal.commit([(NOW + 100 * S, entry(61))], {})
    assert journal.read(60, 1)[0].pos == 61


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 5), (59, 60), (60, 60), (1, 60), (20, 40)])
def test_records_that_are_gone_are_set_aside_together(tmp_path: Path, written: tuple[bytes, list[Record]], first: int, last: int) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(written[0])
    damage(path, f"DELETE FROM records WHERE pos BETWEEN {first} AND {last}")
    journal = Journal(path)
    assert (journal.last_pos, journal.last_received_ns) == (60, NOW + 60 * S), "the end is written down beside"
    found, rows = read_all(journal)
    check(found, rows, written[1])
    assert [(record.seq, record.pos) for record in found if record.kind == RecordKind.ASIDE] == [(first, last)]


def test_what_was_pruned_is_not_damaged(tmp_path: Path, written: tuple[bytes, list[Record]]) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(written[0])
    journal = Journal(path)
    assert journal.pruned_to() == 0
    assert journal.prune(30, NOW + 1000 * S, most=10) == 10
    assert [record.pos for record in journal.read(0, 3)] == [1, 12, 13]
    assert journal.pruned_to() == 11
    damage(path, "DELETE FROM records WHERE pos = 12")
    with pytest.raises(DamagedRecords, match="12 to 12"):
        read_all_strictly(journal)


def read_all_strictly(journal: Journal) -> None:
    at = 0
    while more := journal.read(at, 500):
        at = more[-1].pos


def test_a_damaged_end_is_found_in_the_records(tmp_path: Path, written: tuple[bytes, list[Record]]) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(written[0])
    damage(path, "UPDATE meta SET value = '99' || substr(value, 3) WHERE key = 'head'")
    journal = Journal(path)
    assert (journal.last_pos, journal.last_received_ns) == (60, NOW + 60 * S)
    assert journal.commit([(NOW + 100 * S, entry(61))], {})[0].pos == 61


def test_a_damaged_mark_is_none(tmp_path: Path, written: tuple[bytes, list[Record]]) -> None:
    """Too high a mark would lose frames without a word."""
    path = tmp_path / "journal.db"
    path.write_bytes(written[0])
    assert Journal(path).mark("agent", "e").seq == 60
    damage(path, "UPDATE marks SET seq = 124")
    assert Journal(path).mark("agent", "e") == Mark()


def test_a_clock_that_was_ahead_is_accepted_once_and_time_goes_on_from_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.commit([(NOW + 8 * 3600 * S, entry(2))], {})
    assert journal.next_ns(NOW) == NOW + 8 * 3600 * S + 1, "not without a word"
    (note,) = journal.accept_clock(NOW, "everybody else says so")
    assert (note.kind, note.received_ns, note.pos) == (RecordKind.NOTE, NOW, 2)
    assert journal.accept_clock(NOW + S, "again") == []
    assert journal.commit([(NOW + 2 * S, entry(3))], {})[0].received_ns == NOW + 2 * S
    assert [record.received_ns for record in Journal(tmp_path / "journal.db").read(0, 9)] == [NOW + 8 * 3600 * S, NOW, NOW + 2 * S]


def test_records_of_a_clock_that_was_ahead_keep_nothing_from_being_pruned(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.commit([(NOW, entry(2)), (NOW + 3650 * 86_400 * S, entry(3))], {})
    journal.accept_clock(NOW + S, "")
    journal.commit([(NOW + n * S, entry(4)) for n in range(2, 10)], {})
    assert journal.prune(9, NOW + 100 * S) == 9
