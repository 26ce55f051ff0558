"""The spool: numbers, marks, bounds, and what a disk can do to it."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core, lost_frame
from edge_agent.keys import SubjectKeys
from edge_agent.sources.source import Crossing
from edge_agent.spool import Spool, SpoolUnavailable
from footfall.frames import Body, DecidedTime, decode_body
from footfall.receipts import TimeRun, Times
from footfall.units import NS_PER_S as S

HOUR_NS = 3600 * S


def bodies(n: int, first: int = 0, made_s: int = 100) -> list[Body]:
    core = Core("b1", {}, shipped(), SubjectKeys(), max_rows=1, first_row=first)
    for i in range(n):
        core.hear(Crossing(made_s * S, "main", first + i + 1, 0))
    return core.finish(Moment(made_s * S, 0, False))


def counts(spool: Spool, epoch: str, from_seq: int = 1) -> list[int]:
    return [int(decode_body(frame.body).count[0]) for frame in spool.frames(epoch, from_seq, 10_000)]


def test_numbers_run_without_gaps_in_an_epoch(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    assert spool.append(bodies(3)) == [1, 2, 3]
    assert spool.append(bodies(2, 3)) == [4, 5]
    assert counts(spool, "e1", 2) == [2, 3, 4, 5]
    assert spool.frames("e1", 1, 1)[0].is_whole()
    spool.close()


def test_what_counters_showed_is_stored_with_the_frames_or_not_at_all(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(1), {"main": "7", "side": "1"})
    spool.append([], {"main": "8"})
    with sqlite3.connect(tmp_path / "s") as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON frames BEGIN SELECT RAISE(ABORT, 'no room'); END")
    with pytest.raises(sqlite3.IntegrityError):
        spool.append(bodies(1, 1), {"main": "9"})
    spool.close()
    again = Spool(tmp_path / "s", "e2", "b1")
    assert again.readings() == {"main": "8", "side": "1"}
    assert counts(again, "e1") == [1]
    again.close()


def test_older_epochs_come_first_and_marks_survive(tmp_path: Path) -> None:
    for epoch in ("e1", "e2"):
        spool = Spool(tmp_path / "s", epoch, "b1")
        spool.append(bodies(3))
        spool.close()
    spool = Spool(tmp_path / "s", "e3", "b1")
    assert (spool.sending().name, spool.sending().mark) == ("e1", 0)
    spool.mark("e1", 2, S)
    spool.close()
    spool = Spool(tmp_path / "s", "e4", "b1")
    assert (spool.sending().name, spool.sending().mark) == ("e1", 2)
    spool.mark("e1", 3, 2 * S)
    assert spool.sending().name == "e2"
    spool.mark("e2", 3, 3 * S)
    assert spool.sending().name == "e4", "all is receipted: the current one"
    assert spool.get("e9") is None
    spool.close()


def test_receipted_frames_stay_for_their_time_by_the_gateways_clock(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1", keep_s=72 * 3600)
    spool.append(bodies(6))
    spool.mark("e1", 2, 100 * HOUR_NS)
    spool.append([])
    spool.mark("e1", 4, 110 * HOUR_NS)
    spool.tidy(0, 171 * HOUR_NS)
    assert counts(spool, "e1") == [1, 2, 3, 4, 5, 6]
    spool.tidy(0, 173 * HOUR_NS)
    assert counts(spool, "e1") == [3, 4, 5, 6]
    assert spool.sending().oldest == 3
    spool.tidy(0, 500 * HOUR_NS)
    assert counts(spool, "e1") == [5, 6], "never what is not receipted"
    spool.close()


def test_steady_receipts_do_not_keep_frames_for_ever(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1", keep_s=3600)
    for i in range(200):
        spool.append(bodies(1, i))
        spool.mark("e1", i + 1, i * 60 * S)
    spool.tidy(0, 200 * 60 * S)
    assert 60 <= len(counts(spool, "e1")) <= 63
    spool.close()


def test_a_new_journal_owes_everything_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(3))
    assert spool.journal_id is None
    spool.mark("e1", 3, S)
    spool.bind_journal("j1")
    assert spool.sending().mark == 0 or spool.sending().last == 3
    spool.mark("e1", 3, S)
    spool.append([])
    spool.bind_journal("j2")
    assert (spool.sending().name, spool.sending().mark) == ("e1", 0)
    assert spool.journal_id == "j2"
    spool.close()
    assert Spool(tmp_path / "s", "e2", "b1").journals == ["j1", "j2"]


def test_when_full_receipted_frames_go_first_then_the_oldest(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1", max_bytes=100_000)
    spool.append(bodies(150))
    spool.mark("e1", 100, S)
    spool.append(bodies(240, 150))
    assert spool.dropped_rows_total == 0
    assert spool.sending().oldest > 1
    spool.append(bodies(400, 390))
    assert spool.dropped_rows_total == spool.sending().oldest - 101
    assert spool.fill(0).bytes <= 100_000
    assert counts(spool, "e1")[-1] == 790
    spool.close()


def test_the_last_frame_of_an_epoch_stays_to_report_the_others(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1", max_bytes=50_000)
    spool.append(bodies(50))
    spool.close()
    spool = Spool(tmp_path / "s", "e2", "b1", max_bytes=50_000)
    spool.append(bodies(500))
    assert counts(spool, "e1") == [50]
    assert (spool.sending().name, spool.sending().oldest, spool.sending().last) == ("e1", 50, 50)
    spool.close()


def test_frames_of_old_age_go_however_wrong_the_wall_clock_is(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1", max_age_s=1000)
    spool.append(bodies(2, 0, made_s=100))
    spool.append(bodies(2, 2, made_s=900))
    spool.tidy(1050 * S, 0)
    assert counts(spool, "e1") == [1, 2, 3, 4]
    spool.tidy(1150 * S, 0)
    assert counts(spool, "e1") == [3, 4]
    assert spool.dropped_rows_total == 2
    spool.close()
    rebooted = Spool(tmp_path / "s", "e2", "b2", max_age_s=1000)
    rebooted.tidy(990 * S, 0)
    assert counts(rebooted, "e1") == [3, 4], "of another boot: at least as old as this one"
    assert rebooted.fill(990 * S).oldest_unsent_s == 990
    rebooted.close()


def test_empty_epochs_are_forgotten(tmp_path: Path) -> None:
    for n in range(5):
        spool = Spool(tmp_path / "s", f"e{n}", "b1")
        spool.close()
    spool = Spool(tmp_path / "s", "e9", "b1")
    spool.tidy(0, 0)
    assert [spool.get(f"e{n}") for n in range(5)] == [None] * 5
    assert spool.get("e9") is not None
    spool.close()


def test_a_spoiled_body_is_seen_and_replaced(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(3))
    with sqlite3.connect(tmp_path / "s") as db:
        db.execute("UPDATE frames SET body = zeroblob(length(body)) WHERE seq = 2")
    frame = spool.frames("e1", 2, 1)[0]
    assert not frame.is_whole()
    assert (frame.first_row, frame.rows, frame.boot) == (1, 1, "b1")
    spool.bury("e1", frame, lost_frame("b1", frame.made_boot_ns, frame.first_row, frame.rows, {}, shipped()), "crc32")
    assert [found.is_whole() for found in spool.frames("e1", 1, 3)] == [True] * 3
    with sqlite3.connect(tmp_path / "s") as db:
        assert db.execute("SELECT epoch, seq, reason FROM dead").fetchall() == [("e1", 2, "crc32")]
    spool.close()


def test_what_is_lost_of_a_run_was_heard_in_the_store_of_that_run(tmp_path: Path) -> None:
    """An agent moved while it owed rows: the gap of those that its card has spoiled is none of the new store."""
    spool = Spool(tmp_path / "s", "e1", "b1", store="old")
    spool.append(bodies(3))
    spool.close()
    spool = Spool(tmp_path / "s", "e2", "b1", store="new")
    spool.append(bodies(1))
    spool.close()
    with sqlite3.connect(tmp_path / "s") as db:
        db.execute("UPDATE frames SET body = zeroblob(length(body)) WHERE seq = 2")
        db.execute("DELETE FROM listed WHERE seq = 3")
        db.execute("DELETE FROM frames WHERE seq = 3")
    spool = Spool(tmp_path / "s", "e3", "b1", store="new")
    frames = [*spool.frames("e1", 1, 9), *spool.frames("e2", 1, 9)]
    assert [(frame.seq, frame.store) for frame in frames] == [(1, "old"), (2, "old"), (3, "old"), (1, "new")]
    assert not frames[1].is_whole()
    assert decode_body(frames[2].body).store == "old", "what the list had lost is a gap of the old store"
    spool.close()


@pytest.mark.parametrize("keep_bytes", [0, 4096])
def test_a_corrupt_file_is_set_aside_and_the_agent_goes_on(tmp_path: Path, keep_bytes: int) -> None:
    path = tmp_path / "s"
    spool = Spool(path, "e1", "b1")
    spool.append(bodies(200))
    spool.close()
    data = path.read_bytes()
    path.write_bytes(data[:keep_bytes] + b"\xff" * (len(data) - keep_bytes))
    spool = Spool(path, "e2", "b1")
    assert spool.append(bodies(3)) == [1, 2, 3]
    assert counts(spool, spool.epoch) == [1, 2, 3]
    assert spool.epoch != "e2", "a number of this epoch may already mean another body"
    assert spool.set_aside_total == 1
    assert (tmp_path / "s.corrupt-1").exists()
    spool.close()


def test_a_corrupt_page_met_later_is_set_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "s"
    spool = Spool(path, "e1", "b1")
    spool.append(bodies(2000))
    spool.close()
    spool = Spool(path, "e2", "b1")
    with sqlite3.connect(path) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'frames'").fetchone()[0]
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    with pytest.raises(SpoolUnavailable, match="set aside"):
        spool.frames("e1", 1, 2000)
    assert spool.append(bodies(1)) == [1]
    spool.close()


def test_a_full_disk_stores_all_or_nothing(tmp_path: Path) -> None:
    """In a process of its own whose files may not grow past 200 KB: what SQLite then meets is what a full disk is."""
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_spool as t, resource, signal
from pathlib import Path
spool = t.Spool(Path({str(tmp_path / "s")!r}), "e1", "b1")
spool.append(t.bodies(10))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    spool.append(t.bodies(2000, 10))
except t.SpoolUnavailable as error:
    print("refused", error)
print(spool.sending().last, len(spool.frames("e1", 1, 9999)))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)
print(spool.append(t.bodies(1, 10)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    refused, state, after = done.stdout.strip().splitlines()
    assert refused.startswith("refused")
    assert state == "10 10"
    assert after == "[11]"
    assert signal.SIGXFSZ
    assert resource.RLIMIT_FSIZE


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SpoolUnavailable, match="cannot be opened"):
        Spool(tmp_path / "folder", "e1", "b1")


def test_a_receipt_above_the_last_number_reports_that_all_is_known(tmp_path: Path) -> None:
    """The card went back, or an older copy of it was put in: the numbers above were used in its future."""
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(5))
    spool.close()
    spool = Spool(tmp_path / "s", "e2", "b1")
    spool.append(bodies(2, 5))
    spool.mark("e1", 9, S)
    assert (spool.sending().name, spool.sending().mark) == ("e2", 0)
    known = spool.get("e1")
    assert known is not None
    assert (known.mark, known.last, known.receipted) == (5, 5, 9)
    assert "the card went back" in spool.problems()["spool_damaged"]
    assert spool.epoch == "e2"
    spool.close()
    again = Spool(tmp_path / "s", "e3", "b1")
    assert again.sending().name == "e2"
    again.close()


def test_the_current_epoch_ends_where_its_numbers_were_used_already(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(5))
    spool.mark("e1", 9, S)
    assert spool.epoch != "e1"
    assert spool.append(bodies(2, 5)) == [1, 2]
    assert (spool.sending().name, spool.sending().last) == (spool.epoch, 2)
    assert counts(spool, "e1") == [1, 2, 3, 4, 5]
    spool.close()


def test_what_was_receipted_is_remembered_whatever_a_mark_does(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(5))
    spool.mark("e1", 4, 7 * S)
    spool.bind_journal("j1")
    spool.bind_journal("j2")
    spool.heard(9 * S)
    spool.mark("e1", 2, 8 * S)
    spool.close()
    again = Spool(tmp_path / "s", "e2", "b1")
    assert (again.sending().mark, again.sending().receipted, again.receipted_ns) == (2, 4, 9 * S)
    again.close()


def test_an_agent_goes_back_to_an_earlier_journal(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(5))
    for journal_id in ("j1", "j2"):
        spool.bind_journal(journal_id)
        spool.mark("e1", 5, S)
    spool.bind_journal("j2")
    assert spool.sending().mark == 5, "the same again changes nothing"
    spool.bind_journal("j1")
    assert (spool.journal_id, spool.journals) == ("j1", ["j2", "j1"])
    assert spool.sending().mark == 0, "until its receipt names the mark"
    spool.close()
    again = Spool(tmp_path / "s", "e2", "b1")
    assert again.journals == ["j2", "j1"]
    again.close()


def test_dates_that_a_gateway_sent_go_with_their_frames(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1", keep_s=0)
    spool.append(bodies(6))
    assert spool.times_n == 0
    early, late = DecidedTime(5, 6, 0), DecidedTime(7, 8, 1)
    spool.store_times(Times(4, (TimeRun("e1", 1, 3, early), TimeRun("e1", 5, 5, late), TimeRun("gone", 1, 9, late))))
    spool.store_times(Times(5, (TimeRun("e1", 3, 3, late),)))
    spool.close()
    spool = Spool(tmp_path / "s", "e2", "b1", keep_s=0)
    assert [frame.decided for frame in spool.frames("e1", 1, 9)] == [early, early, late, None, late, None]
    assert spool.times_n == 5
    spool.mark("e1", 6, S)
    spool.tidy(0, 10 * S)
    spool.tidy(0, 10 * S)
    spool.close()
    with sqlite3.connect(tmp_path / "s") as db:
        assert db.execute("SELECT count(*) FROM times").fetchone() == (0,), "forgotten with the frames"


def test_dates_of_its_own_are_there_at_the_next_start_and_what_a_gateway_reports_later_counts(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(6))
    own, told = DecidedTime(5, 6, 0), DecidedTime(7, 8, 1)
    spool.date("e1", [(1, own), (2, own)])
    spool.date("e1", [(3, own), (5, told)])
    spool.store_times(Times(4, (TimeRun("e1", 2, 2, told),)))
    with sqlite3.connect(tmp_path / "s") as db:
        assert db.execute("SELECT count(*) FROM times").fetchone() == (3,), "what follows each other with one date is one row"
    spool.close()
    spool = Spool(tmp_path / "s", "e2", "b1")
    assert [frame.decided for frame in spool.frames("e1", 1, 9)] == [own, told, own, None, told, None]
    spool.close()


def test_dates_of_its_own_stay_while_the_disk_takes_nothing_and_are_stored_when_it_does(tmp_path: Path) -> None:
    path, own = tmp_path / "s", DecidedTime(5, 6, 0)
    spool = Spool(path, "e1", "b1")
    spool.append(bodies(2))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("PRAGMA busy_timeout = 0")
        spool._store.file.db.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        spool.date("e1", [(1, own)])
        assert [frame.decided for frame in spool.frames("e1", 1, 9)] == [own, None]
        other.execute("ROLLBACK")
    spool.append([])
    spool.close()
    spool = Spool(path, "e2", "b1")
    assert [frame.decided for frame in spool.frames("e1", 1, 9)] == [own, None]
    spool.close()


def test_another_journal_numbers_its_dates_anew(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1")
    spool.append(bodies(2))
    spool.bind_journal("j1")
    spool.store_times(Times(9, (TimeRun("e1", 1, 2, DecidedTime(5, 6, 0)),)))
    spool.bind_journal("j2")
    assert spool.times_n == 0
    assert spool.frames("e1", 1, 1)[0].decided == DecidedTime(5, 6, 0), "every gateway dates it likewise"
    spool.close()


def test_boots_lie_apart_by_all_that_is_known_of_their_lengths(tmp_path: Path) -> None:
    for epoch, boot, made_s in (("e1", "b1", 900), ("e2", "b2", 50), ("e3", "b2", 300)):
        spool = Spool(tmp_path / "s", epoch, boot, keep_s=0)
        spool.append(bodies(2, made_s=made_s))
        spool.close()
    spool = Spool(tmp_path / "s", "e4", "b3", keep_s=0)
    assert [spool.get(epoch).boots_apart_ns for epoch in ("e1", "e2", "e3", "e4")] == [1200 * S, 300 * S, 300 * S, 0]  # type: ignore[union-attr] # they are there
    assert spool.fill(60 * S).oldest_unsent_s == 1200 - 900 + 60
    for epoch in ("e2", "e3"):
        spool.mark(epoch, 2, S)
    spool.tidy(0, 10 * S)
    spool.tidy(0, 10 * S)
    spool.close()
    spool = Spool(tmp_path / "s", "e5", "b4")
    assert spool.get("e2") is None
    assert spool.sending().boots_apart_ns == 1200 * S, "also when the frames of the boots in between are gone"
    spool.close()


def test_runs_without_a_boot_id_report_nothing_of_boots(tmp_path: Path) -> None:
    for epoch in ("e1", "e2"):
        spool = Spool(tmp_path / "s", epoch, f"run-{epoch}")
        spool.append(bodies(2, made_s=900))
        assert spool.sending().boots_apart_ns == 0
        spool.close()


def test_a_gateway_clock_that_was_ahead_and_came_back_keeps_no_frames_for_ever(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", "e1", "b1", keep_s=3600)
    spool.append(bodies(4))
    spool.mark("e1", 2, 1000 * HOUR_NS)
    spool.append([])
    spool.mark("e1", 4, 10 * HOUR_NS)
    spool.tidy(0, 12 * HOUR_NS)
    assert counts(spool, "e1") == []
    spool.close()
