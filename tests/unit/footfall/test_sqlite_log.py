"""A log whose bits flipped is mended to what was written; one that a power cut ended is left as it is."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from footfall.sqlite import connect
from footfall.sqlite_log import PAGE_BYTES, broken_log, mend_log
from tests.support.whole import small_or_whole

STEP = PAGE_BYTES + 24
HEADER = 32
ROWS = 30


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A file and its log as a process leaves them that is killed: a transaction a row, of two or three pages each."""
    path = tmp_path_factory.mktemp("killed") / "s"
    db = connect(path)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value BLOB)")
    for row in range(ROWS):
        db.execute("INSERT INTO t VALUES (?, ?)", (row, random.Random(row).randbytes(3000)))
    found = path.read_bytes(), path.with_name("s-wal").read_bytes()
    db.close()
    return found


def with_log(path: Path, killed: tuple[bytes, bytes], log: bytes) -> Path:
    path.write_bytes(killed[0])
    path.with_name(f"{path.name}-wal").write_bytes(log)
    return path


def rows(path: Path) -> list[tuple[int, bytes]]:
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT id, value FROM t ORDER BY id").fetchall()
    finally:
        db.close()


def are_all(found: list[tuple[int, bytes]]) -> bool:
    return found == [(row, random.Random(row).randbytes(3000)) for row in range(ROWS)]


def flipped(log: bytes, at: int, bit: int) -> bytes:
    return log[:at] + bytes([log[at] ^ 1 << bit]) + log[at + 1 :]


def is_high(at: int, bit: int) -> bool:
    """Whether it is one of the highest of a summed word, which the sums do not distinguish from others."""
    return at >= HEADER and (at - HEADER) % STEP not in range(8, 24) and (at % 4 == 3 or bit == 7)


def test_one_flipped_bit_is_put_right_wherever_it_is(tmp_path: Path, killed: tuple[bytes, bytes]) -> None:
    log, rng = killed[1], random.Random(1)
    last = len(log) - 8 * STEP
    few, every = small_or_whole((6, 3), (20, 1))
    heads = [HEADER + STEP * rng.randrange(last // STEP) + rng.randrange(24) for _ in range(few)]
    for at in [*range(0, HEADER, every), *heads, *(rng.randrange(HEADER, last) for _ in range(2 * few))]:
        bit = rng.randrange(8)
        if is_high(at, bit):
            continue
        path = with_log(tmp_path / f"{at}.{bit}", killed, flipped(log, at, bit))
        assert mend_log(path), f"bit {bit} of byte {at}"
        assert not broken_log(path)
        assert are_all(rows(path)), f"bit {bit} of byte {at}"


def test_the_highest_bits_cost_no_more_than_their_own_page(tmp_path: Path, killed: tuple[bytes, bytes]) -> None:
    log, rng = killed[1], random.Random(2)
    for _ in range(small_or_whole(4, 15)):
        at = HEADER + STEP * rng.randrange(len(log) // STEP - 8) + 24 + 4 * rng.randrange(PAGE_BYTES // 4) + 3
        path = with_log(tmp_path / str(at), killed, flipped(log, at, 7))
        assert mend_log(path)
        assert not broken_log(path)
        assert path.with_name(f"{path.name}-wal").stat().st_size == len(log)


def test_a_page_that_is_rubbish_costs_no_other(tmp_path: Path, killed: tuple[bytes, bytes]) -> None:
    """A page that was written again later is whole then."""
    log = killed[1]
    at = HEADER + 6 * STEP + 24
    path = with_log(tmp_path / "s", killed, log[:at] + random.Random(2).randbytes(PAGE_BYTES) + log[at + PAGE_BYTES :])
    assert mend_log(path)
    assert not broken_log(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM t WHERE id > 20").fetchone() == (ROWS - 21,)
    db.close()


def test_what_a_power_cut_left_is_not_touched(tmp_path: Path, killed: tuple[bytes, bytes]) -> None:
    log = killed[1]
    for cut in range(len(log) - STEP, len(log), small_or_whole(999, 333)):
        for end in (b"", bytes(STEP), random.Random(cut).randbytes(len(log) - cut)):
            path = with_log(tmp_path / f"{cut}.{len(end)}", killed, log[:cut] + end)
            assert mend_log(path) == ""
            assert path.with_name(f"{path.name}-wal").read_bytes() == log[:cut] + end


def test_a_file_without_a_log_has_none_that_is_broken(tmp_path: Path) -> None:
    assert mend_log(tmp_path / "s") == ""
    (tmp_path / "s-wal").write_bytes(b"")
    assert mend_log(tmp_path / "s") == ""
