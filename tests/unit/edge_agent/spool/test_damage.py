"""What a card does to the bytes of a spool: each flip is mended, or a gap counts the rows; nothing is doubled or waits for ever."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from device_profiles.registry import shipped
from edge_agent.core import lost_frame
from edge_agent.spool import Spool, SpooledFrame, SpoolUnavailable
from edge_agent.spool.twins import TWINS
from footfall.frames import Body, DecidedTime, Kind, decode_body
from footfall.receipts import TimeRun, Times
from tests.support.whole import small_or_whole
from tests.unit.edge_agent.spool.test_spool import bodies

FRAMES = 40
RECEIPTED = 8
PAGE_BYTES = 4096
DATE = DecidedTime(7, 8, 1)


def filled(path: Path) -> bytes:
    """The file of two runs: e1 with 25 frames, 8 of them receipted, e2 with the others. Each frame is one row; its count names it."""
    spool = Spool(path, "e1", "b1")
    spool.append(bodies(25), {"camera": "25"})
    spool.bind_journal("j1")
    spool.mark("e1", RECEIPTED, 10**18)
    spool.close()
    spool = Spool(path, "e2", "b1")
    spool.append(bodies(FRAMES - 25, 25), {"camera": str(FRAMES)})
    spool.store_times(Times(3, (TimeRun("e1", 1, 25, DATE),)))
    spool.close()
    return path.read_bytes()


class Gateway:
    """Marks as a gateway keeps them, every row it was given, and how many rows the gaps report as lost."""

    def __init__(self) -> None:
        self.marks = Counter({"e1": RECEIPTED})
        self.next_row = {"e1": RECEIPTED}
        self.rows = Counter[int]()
        self.lost = 0

    def take(self, epoch: str, oldest: int, frame: SpooledFrame) -> None:
        if frame.seq != max(self.marks[epoch] + 1, oldest):
            return
        body = decode_body(frame.body)
        if frame.seq != self.marks[epoch] + 1 and epoch in self.next_row:
            self.lost += max(0, body.first_row - self.next_row[epoch])
        self.marks[epoch] = frame.seq
        self.next_row[epoch] = body.first_row + len(body)
        self._read(body)

    def _read(self, body: Body) -> None:
        for i in range(len(body)):
            if body.kind[i] == Kind.IN:
                self.rows[int(body.count[i])] += 1
            else:
                self.lost += body.extra[i]["rows"]


def patiently(spool: Spool, gateway: Gateway) -> None:
    """Drain the spool as a publisher does; what raises is tried again."""
    for _ in range(3 * FRAMES):
        try:
            epoch = spool.sending()
            if epoch.mark == epoch.last:
                lost = spool.take_lost()
                gateway.lost += lost.rows if lost else 0
                return
            for frame in spool.frames(epoch.name, max(epoch.mark + 1, epoch.oldest), 5):
                if not frame.is_whole():
                    spool.bury(epoch.name, frame, substitute(frame), "crc32")
                    break
                gateway.take(epoch.name, epoch.oldest, frame)
            spool.mark(epoch.name, gateway.marks[epoch.name], 2 * 10**18)
            spool.append([])
        except SpoolUnavailable:
            continue
    raise AssertionError("stuck")


def substitute(frame: SpooledFrame) -> Body:
    return lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, {}, shipped())


def check(path: Path, what: str) -> None:
    """Open the broken file as a third run does, deliver all, and count."""
    gateway = Gateway()
    spool = Spool(path, "e3", "b1", lost=substitute)
    patiently(spool, gateway)
    append_patiently(spool, bodies(1, FRAMES))
    patiently(spool, gateway)
    problems = spool.problems()
    dates = set()
    with suppress(SpoolUnavailable):
        dates = {frame.decided for frame in spool.frames("e1", 1, FRAMES)} if spool.get("e1") else set()
    remembered = (spool.readings(), dates - {DATE}, spool.journal_id, spool.times_n)
    spool.close()
    assert "spool_damaged" in problems or remembered == ({"camera": str(FRAMES)}, set(), "j1", 3), what
    expected = set(range(RECEIPTED + 1, FRAMES + 2))
    assert set(gateway.rows) <= expected, f"{what}: rows again that were receipted, or none that were spooled"
    assert max(gateway.rows.values()) == 1, f"{what}: doubled"
    missing = expected - set(gateway.rows)
    assert FRAMES + 1 not in missing, what
    assert len(missing) <= gateway.lost, f"{what}: {sorted(missing)} are lost, gaps tell of {gateway.lost}"
    assert not missing or "spool_damaged" in problems, f"{what}: nothing is said"


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


@pytest.mark.parametrize("seed", range(small_or_whole(2, 4)))
def test_a_flipped_bit_anywhere(tmp_path: Path, seed: int) -> None:
    data = filled(tmp_path / "whole")
    rng = random.Random(seed)
    for _ in range(40):
        at, bit = rng.randrange(len(data)), rng.randrange(8)
        path = tmp_path / f"{at}.{bit}"
        path.write_bytes(flipped(data, at, bit))
        check(path, f"bit {bit} of byte {at} in page {at // PAGE_BYTES + 1}")


@pytest.mark.parametrize("table", [table for twin in TWINS for table in twin.tables])
def test_a_flipped_byte_in_every_page_of_the_small_tables(tmp_path: Path, table: str) -> None:
    """Headers, pointers, and the cells at the page's end."""
    data = filled(tmp_path / "whole")
    with sqlite3.connect(tmp_path / "whole") as db:
        page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    cells = sum(1 for byte in data[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] if byte)
    for place in [*range(10), *range(PAGE_BYTES - cells - 10, PAGE_BYTES, 29)]:
        at = (page - 1) * PAGE_BYTES + place
        path = tmp_path / f"{at}"
        path.write_bytes(flipped(data, at, at % 8))
        check(path, f"byte {place} of {table}")


@pytest.mark.parametrize("seed", range(4))
def test_a_bit_that_flips_while_the_agent_runs(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    data = filled(tmp_path / "whole")
    for _ in range(10):
        path = tmp_path / str(rng.random())
        path.write_bytes(data)
        gateway = Gateway()
        spool = Spool(path, "e3", "b1", lost=substitute)
        spool.append(bodies(1, FRAMES))
        at, bit = rng.randrange(len(data)), rng.randrange(8)
        path.write_bytes(flipped(path.read_bytes(), at, bit))
        for n in range(3):
            append_patiently(spool, bodies(1, FRAMES + 1 + n))
        patiently(spool, gateway)
        spool.close()
        again = Spool(path, "e4", "b1", lost=substitute)
        patiently(again, gateway)
        again.close()
        expected = set(range(RECEIPTED + 1, FRAMES + 5))
        what = f"bit {bit} of byte {at}"
        assert set(gateway.rows) <= expected, what
        assert max(gateway.rows.values()) == 1, f"{what}: doubled"
        assert len(expected - set(gateway.rows)) <= gateway.lost, what


def append_patiently(spool: Spool, made: list[Body]) -> None:
    for _ in range(5):
        try:
            spool.append(made)
        except SpoolUnavailable:
            continue
        return
    raise AssertionError("the spool takes nothing any more")


def test_a_row_that_is_wrong_in_both_copies_is_reported_and_its_frames_become_dead_letters(tmp_path: Path) -> None:
    filled(tmp_path / "s")
    with sqlite3.connect(tmp_path / "s") as db:
        for table in ("epochs", "epochs_twin"):
            db.execute(f"UPDATE {table} SET epoch = 'e7' WHERE epoch = 'e1'")
    check(tmp_path / "s", "the epoch's name")
    with sqlite3.connect(tmp_path / "s") as db:
        assert db.execute("SELECT count(*), min(reason) FROM dead").fetchone() == (25, "epoch")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE epochs SET last = last - 3",
        "UPDATE epochs SET mark = last",
        "UPDATE epochs SET boot = 'b9'",
        "UPDATE epochs SET epoch = epoch || 'x'",
        "UPDATE listed SET rows = 7 WHERE seq = 12",
        "UPDATE listed SET epoch_n = 2 WHERE seq = 12",
        "DELETE FROM listed WHERE seq = 12",
        "DELETE FROM frames WHERE seq = 12",
        "UPDATE frames SET body = zeroblob(length(body)) WHERE seq = 12",
        "UPDATE journals SET journal_id = 'j9'",
        "DELETE FROM epochs",
        "DROP TABLE readings",
        "PRAGMA user_version = 7",
        "PRAGMA user_version = 0",
    ],
)
def test_values_that_are_not_those_that_were_written(tmp_path: Path, change: str) -> None:
    filled(tmp_path / "s")
    with sqlite3.connect(tmp_path / "s") as db:
        db.execute(change)
    check(tmp_path / "s", change)


def killed(folder: Path) -> tuple[bytes, bytes]:
    """The file and its log of an agent that was killed: nearly all is in the log. The content is that of `filled`."""
    folder.mkdir()
    spool = Spool(folder / "s", "e1", "b1")
    spool.append(bodies(25), {"camera": "25"})
    spool.bind_journal("j1")
    spool.mark("e1", RECEIPTED, 10**18)
    spool.store_times(Times(3, (TimeRun("e1", 1, 25, DATE),)))
    for row in range(25, FRAMES):
        spool.append(bodies(1, row), {"camera": str(FRAMES)})
    found = (folder / "s").read_bytes(), (folder / "s-wal").read_bytes()
    spool.close()
    return found


def with_log(path: Path, file: bytes, log: bytes) -> Path:
    path.write_bytes(file)
    path.with_name(f"{path.name}-wal").write_bytes(log)
    return path


@pytest.mark.parametrize("seed", range(3))
def test_a_bit_that_flips_in_the_log_of_a_killed_agent_loses_no_frame_behind_it(tmp_path: Path, seed: int) -> None:
    """But for the last transaction: the power may have gone while it was written."""
    file, log = killed(tmp_path / "killed")
    rng = random.Random(seed)
    for _ in range(12):
        at, bit = rng.randrange(len(log) - 40 * PAGE_BYTES), rng.randrange(8)
        path = with_log(tmp_path / f"{at}.{bit}", file, flipped(log, at, bit))
        check(path, f"bit {bit} of byte {at} of the log")


@pytest.mark.parametrize("spoilt", [slice(0, 32), slice(0, 4), slice(24, 32)])
def test_a_log_whose_head_is_spoilt_loses_nothing(tmp_path: Path, spoilt: slice) -> None:
    file, log = killed(tmp_path / "killed")
    bad = bytearray(log)
    bad[spoilt] = bytes(byte ^ 0x55 for byte in bad[spoilt])
    check(with_log(tmp_path / "s", file, bytes(bad)), f"head of the log, {spoilt}")


def test_a_log_without_its_file_is_taken_out(tmp_path: Path) -> None:
    _, log = killed(tmp_path / "killed")
    check(with_log(tmp_path / "s", b"", log), "the file is empty")


def test_a_log_that_a_power_cut_ended_is_no_damage(tmp_path: Path) -> None:
    file, log = killed(tmp_path / "killed")
    for cut in range(len(log) - 3 * PAGE_BYTES, len(log), 1999):
        for end in (b"", bytes(PAGE_BYTES), b"\xa5" * (len(log) - cut)):
            spool = Spool(with_log(tmp_path / f"{cut}.{len(end)}", file, log[:cut] + end), "e3", "b1", lost=substitute)
            assert not spool.problems(), f"cut at {cut}, then {len(end)} bytes"
            spool.close()
