"""What is committed is durable as a whole; what is not leaves no trace; positions never come again."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from footfall.boot_clock import UNKNOWN, Bounds
from footfall.errors import ConfigError
from footfall.frames import DecidedTime
from gateway.accept.decisions import Decision
from gateway.accept.memory import Mark
from gateway.accept.outcome import Entry
from gateway.records import RecordKind
from gateway.state.journal import Journal, append

S = 1_000_000_000
DAY = 86_400 * S


def entry(seq: int = 1, body: bytes = b"body", agent: str = "x") -> Entry:
    return Entry(RecordKind.FRAME, "s1", agent, seq, body, 5, 1, 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_records_come_back_as_they_were_committed(path: Path) -> None:
    journal = Journal(path)
    records = journal.commit([(100, entry(1)), (200, entry(2, b"more"))], {"in": 2})
    journal.close()
    again = Journal(path)
    assert again.read(0, 10) == records
    assert [(r.pos, r.received_ns, r.kind, r.seq, r.body) for r in records] == [
        (1, 100, RecordKind.FRAME, 1, b"body"),
        (2, 200, RecordKind.FRAME, 2, b"more"),
    ]
    assert again.read(1, 10) == records[1:]
    assert again.read(0, 1) == records[:1]
    assert (again.last_pos, again.last_received_ns, again.balance()) == (2, 200, {"in": 2})


def test_memory_is_durable_with_its_records(path: Path) -> None:
    journal = Journal(path)
    journal.set_mark("x", "e", Mark(3, 9, 77))
    journal.set_bounds("x", "b", Bounds(5, -6, 7, 1))
    assert journal.is_new_event(b"1" * 16)
    assert not journal.is_new_event(b"1" * 16)
    journal.commit([(100, entry())], {"in": 1})
    journal.close()
    again = Journal(path)
    assert (again.mark("x", "e"), again.bounds("x", "b")) == (Mark(3, 9, 77), Bounds(5, -6, 7, 1))
    assert (again.mark("x", "f"), again.bounds("x", "c")) == (Mark(), UNKNOWN)
    assert not again.is_new_event(b"1" * 16)
    assert again.is_new_event(b"2" * 16)


def test_what_an_event_held_is_remembered_with_its_id(path: Path) -> None:
    journal = Journal(path)
    assert journal.is_new_event(b"1" * 16, None, b"content1")
    assert journal.is_new_event(b"2" * 16)
    assert not journal.is_new_event(b"1" * 16, None, b"content2")
    assert journal.event_content(b"1" * 16) == b"content1", "before it is committed"
    journal.commit([], {})
    journal.close()
    again = Journal(path)
    assert [again.event_content(name * 16) for name in (b"1", b"2", b"3")] == [b"content1", b"", b""]


def test_what_was_not_committed_is_not_there(path: Path) -> None:
    journal = Journal(path)
    journal.set_mark("x", "e", Mark(3, 9, 77))
    journal.is_new_event(b"1" * 16)
    journal.close()
    again = Journal(path)
    assert again.mark("x", "e") == Mark()
    assert again.is_new_event(b"1" * 16)


def test_the_look_ups_of_a_batch_see_one_state_of_the_file_and_those_after_it_the_latest(path: Path) -> None:
    journal, other = Journal(path), Journal(path)
    with journal.looking_up():
        assert journal.is_new_event(b"1" * 16)
        assert other.is_new_event(b"2" * 16)
        other.commit([], {})
        assert journal.is_new_event(b"2" * 16)
    journal.forget_uncommitted()
    assert not journal.is_new_event(b"2" * 16)
    journal.commit([(100, entry(1))], {})


def test_a_batch_whose_look_ups_fail_leaves_the_journal_ready_for_the_next(path: Path) -> None:
    journal = Journal(path)
    with pytest.raises(ZeroDivisionError), journal.looking_up():
        raise ZeroDivisionError
    assert journal.commit([(100, entry(1))], {})[0].pos == 1


def test_times_never_go_back(path: Path) -> None:
    journal = Journal(path)
    journal.commit([(500, entry(1))], {})
    assert [record.received_ns for record in journal.commit([(100, entry(2)), (600, entry(3)), (550, entry(4))], {})] == [500, 600, 600]


def test_the_balance_adds_up(path: Path) -> None:
    journal = Journal(path)
    journal.commit([(1, entry(1))], {"in": 5, "dropped.duplicate": 2})
    journal.commit([], {"in": 1})
    assert journal.balance() == {"in": 6, "dropped.duplicate": 2}


def test_its_id_stays(path: Path) -> None:
    first = Journal(path)
    second = Journal(path)
    assert first.journal_id == second.journal_id
    assert len(first.journal_id) == 16


def test_positions_go_on_after_everything_was_pruned(path: Path) -> None:
    """Else the fold would take new records for old ones."""
    journal = Journal(path)
    journal.commit([(n * DAY, entry(n)) for n in range(1, 11)], {})
    assert journal.prune(10, 100 * DAY) == 9
    assert journal.commit([(20 * DAY, entry(11))], {})[0].pos == 11
    journal.prune(11, 100 * DAY)
    journal.close()
    again = Journal(path)
    assert (again.last_pos, again.last_received_ns) == (11, 20 * DAY)
    assert again.commit([(21 * DAY, entry(12))], {})[0].pos == 12


def test_prune_keeps_what_is_needed_or_young(path: Path) -> None:
    journal = Journal(path)
    journal.commit([(n * DAY, entry(n)) for n in range(1, 11)], {})
    journal.prune(4, 8 * DAY)
    assert [record.pos for record in journal.read(0, 100)] == [5, 6, 7, 8, 9, 10]
    journal.prune(10, 8 * DAY)
    assert [record.pos for record in journal.read(0, 100)] == [8, 9, 10]


def test_prune_goes_in_pieces_and_never_takes_a_site(path: Path) -> None:
    journal = Journal(path)
    site = Entry(RecordKind.SITE, "", "", 0, b"{}")
    journal.commit([(DAY, site), *((n * DAY, entry(n)) for n in range(2, 11))], {})
    assert journal.prune(10, 100 * DAY, most=3) == 3
    assert [record.pos for record in journal.read(0, 100)] == [1, 5, 6, 7, 8, 9, 10]
    assert journal.prune(10, 8 * DAY) == 3
    assert [record.pos for record in journal.read(0, 100)] == [1, 8, 9, 10]


def test_read_stops_at_the_bytes_asked_for(path: Path) -> None:
    journal = Journal(path)
    journal.commit([(n, entry(n, bytes(1000))) for n in range(1, 11)], {})
    assert len(journal.read(0, 100, most_bytes=2500)) == 3


def test_marks_outlive_pruning_and_ids_live_as_long_as_asked(path: Path) -> None:
    journal = Journal(path)
    journal.set_mark("x", "e", Mark(1, 1, 1))
    journal.is_new_event(b"1" * 16)
    journal.commit([(DAY, entry())], {})
    journal.prune(1, 5 * DAY)
    journal.forget_events(DAY)
    assert not journal.is_new_event(b"1" * 16)
    journal.forget_events(2 * DAY)
    assert journal.is_new_event(b"1" * 16)
    assert Journal(path).mark("x", "e") == Mark(1, 1, 1)


def test_size_shrinks_when_records_go(path: Path) -> None:
    journal = Journal(path)
    journal.commit([(n, entry(n, bytes(10_000))) for n in range(1, 200)], {})
    full = journal.size_bytes()
    journal.prune(199, 10**18)
    assert journal.size_bytes() < full / 10


def test_append_from_beside_the_gateway(path: Path) -> None:
    journal = Journal(path)
    journal.commit([(5, entry(1))], {})
    program = (
        "import sys; from pathlib import Path; from gateway.state.journal import append; from gateway.accept.outcome import Entry;"
        "from gateway.records import RecordKind;"
        "print(append(Path(sys.argv[1]), [Entry(RecordKind.LINKS, '', '', 0, b'[]')] * 2))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"
    later = journal.commit([(6, entry(2))], {})[0]
    assert later.pos == 4
    assert later.received_ns >= journal.read(2, 1)[0].received_ns


def test_append_never_goes_back_in_time(path: Path) -> None:
    journal = Journal(path)
    future = time.time_ns() + 1000 * DAY
    journal.commit([(future, entry(1))], {})
    append(path, [Entry(RecordKind.LINKS, "", "", 0, b"[]")])
    assert journal.read(1, 1)[0].received_ns == future


def test_a_file_of_somebody_else_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be looked at by SQLite" * 20)
    with pytest.raises(ConfigError, match=r"journal\.db"):
        Journal(path)


def test_a_journal_of_another_release_is_refused(path: Path) -> None:
    Journal(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(ConfigError, match="another release"):
        Journal(path)


COMMITTING = """
import sys
from pathlib import Path
from gateway.accept.memory import Mark
from gateway.accept.outcome import Entry
from gateway.state.journal import Journal
from gateway.records import RecordKind
journal = Journal(Path(sys.argv[1]))
seq = journal.mark("x", "e").seq
while True:
    entries = []
    for _ in range(7):
        seq += 1
        entries.append((seq, Entry(RecordKind.FRAME, "s1", "x", seq, b"b" * 500)))
        journal.set_mark("x", "e", Mark(seq, seq, seq))
        journal.is_new_event(seq.to_bytes(16, "big"))
    journal.commit(entries, {"in": 7})
    print(seq, flush=True)
"""


@pytest.mark.parametrize("kills", [6])
def test_kill_9_at_any_moment_leaves_marks_records_ids_and_balance_in_step(path: Path, kills: int) -> None:
    """And all that was reported as committed is there."""
    for kill in range(kills):
        process = subprocess.Popen([sys.executable, "-c", COMMITTING, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = int(process.stdout.readline())
        time.sleep(0.01 + 0.013 * kill)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        process.wait()
        told = max([told, *(int(line) for line in rest[:-1] if line)])
        journal = Journal(path)
        records = journal.read(0, 10**6)
        last = journal.mark("x", "e").seq
        assert last >= told
        assert last % 7 == 0
        assert [record.seq for record in records] == list(range(1, last + 1))
        assert journal.balance() == {"in": last}
        assert not journal.is_new_event(last.to_bytes(16, "big"))
        assert journal.is_new_event((last + 1).to_bytes(16, "big"))
        journal.close()


FULL = """
import resource, signal, sqlite3, sys
from pathlib import Path
from gateway.accept.memory import Mark
from gateway.accept.outcome import Entry
from footfall.boot_clock import Bounds
from gateway.state.journal import Journal
from gateway.records import RecordKind
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]))
journal.set_mark("x", "e", Mark(1, 1, 1))
journal.commit([(1, Entry(RecordKind.FRAME, "s1", "x", 1, b"good"))], {"in": 1})
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
journal.set_mark("x", "e", Mark(2, 2, 2))
journal.set_bounds("x", "b", Bounds(1, 2, 3))
assert journal.is_new_event(b"1" * 16)
try:
    journal.commit([(2, Entry(RecordKind.FRAME, "s1", "x", 2, bytes(1_000_000)))], {"in": 1})
except sqlite3.OperationalError as error:
    print("refused:", error)
journal.forget_uncommitted()
assert journal.mark("x", "e") == Mark(1, 1, 1), journal.mark("x", "e")
assert journal.bounds("x", "b").low_ns < 0
assert journal.is_new_event(b"1" * 16)
journal.forget_uncommitted()
assert [r.seq for r in journal.read(0, 10)] == [1]
assert journal.balance() == {"in": 1}
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
journal.set_mark("x", "e", Mark(2, 2, 2))
journal.commit([(2, Entry(RecordKind.FRAME, "s1", "x", 2, bytes(1_000_000)))], {"in": 1})
assert [r.pos for r in journal.read(0, 10)] == [1, 2]
print("went on")
"""


def test_a_full_disk_takes_nothing_and_the_next_commit_goes_on(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    refused, went_on = done.stdout.splitlines()
    assert refused.startswith("refused:")
    assert went_on == "went on"
    assert Journal(path).mark("x", "e") == Mark(2, 2, 2)


def test_a_locked_journal_takes_nothing(path: Path) -> None:
    journal = Journal(path, busy_timeout_s=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        journal.commit([(1, entry())], {"in": 1})
    journal.forget_uncommitted()
    other.execute("ROLLBACK")
    assert journal.commit([(1, entry())], {"in": 1})[0].pos == 1


def test_what_agents_are_to_be_sent_and_whose_history_it_is_outlive_a_restart(tmp_path: Path) -> None:
    run = Decision(5, "e", 1, 9, DecidedTime(7, 8, 2), 6)
    journal = Journal(tmp_path / "journal.db")
    journal.decided.begin(10**9)
    journal.set_decisions("x", (run, run._replace(n=6)))
    journal.set_history_ns("s1", 50)
    journal.set_mark("x", "e", Mark(1, 2, 3, 4, 77))
    journal.set_bounds("x", "boot", Bounds(1, 2, 3))
    journal.commit([(10**9 + 5, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    journal.close()
    journal = Journal(tmp_path / "journal.db")
    assert journal.decisions("x") == (run, run._replace(n=6))
    assert journal.history_ns("s1") == 50
    assert (journal.sure_ns("x"), journal.sure_ns("y")) == (77, 0)
    assert (journal.knows("x"), journal.knows("y")) == (True, False)
    assert (journal.was_away(5 * 10**8), journal.was_away(10**9 + 1)) == (True, False)
    assert journal.back_ns() == 10**9
    journal.set_decisions("x", ())
    journal.set_history_ns("s1", 60)
    journal.forget_uncommitted()
    assert (len(journal.decisions("x")), journal.history_ns("s1")) == (2, 50)
    journal.close()


def test_the_time_in_which_nothing_was_taken_is_known_whatever_was_appended_meanwhile(tmp_path: Path) -> None:
    path, s = tmp_path / "journal.db", 10**9
    journal = Journal(path)
    journal.commit([(10 * s, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    journal.commit([(15 * s, Entry(RecordKind.LINKS, "", "", 0, b"[]")), (19 * s, Entry(RecordKind.SITE, "", "", 0, b"{}"))], {})
    journal.decided.begin(20 * s)
    assert [journal.was_away(at * s) for at in (9, 11, 16, 19, 20, 21)] == [False, True, True, True, False, False]
    assert journal.back_ns() == 20 * s
    journal.close()


def test_what_a_flipped_bit_has_changed_of_dates_histories_and_absences_is_not_believed(tmp_path: Path) -> None:
    path, run = tmp_path / "journal.db", Decision(5, "e", 1, 9, DecidedTime(7, 8, 2), 6)
    journal = Journal(path)
    journal.decided.begin(10**9)
    journal.set_decisions("x", (run, run._replace(n=6)))
    journal.set_history_ns("s1", 50)
    journal.set_history_ns("s2", 60)
    journal.commit([(10**9 + 5, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE decisions SET offset_ns = offset_ns | 1024 WHERE n = 5")
        db.execute("UPDATE histories SET until_ns = until_ns | 1024 WHERE store = 's1'")
        db.execute("UPDATE absences SET from_ns = from_ns | 1024")
    journal = Journal(path)
    assert journal.decisions("x") == (run._replace(n=6),)
    assert (journal.history_ns("s1"), journal.history_ns("s2")) == (0, 60)
    assert not journal.was_away(5 * 10**8)
    journal.close()


def test_what_was_written_without_checksums_gets_them(tmp_path: Path) -> None:
    path, run = tmp_path / "journal.db", Decision(5, "e", 1, 9, DecidedTime(7, 8, 2), 6)
    journal = Journal(path)
    journal.decided.begin(10**9)
    journal.set_decisions("x", (run,))
    journal.set_history_ns("s1", 50)
    journal.commit([(10**9 + 5, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    journal.close()
    with sqlite3.connect(path) as db:
        for table in ("decisions", "histories", "absences"):
            db.execute(f"ALTER TABLE {table} DROP COLUMN crc")
        db.execute("ALTER TABLE event_ids DROP COLUMN content")
        db.execute("PRAGMA user_version=4")
    journal = Journal(path)
    assert journal.decisions("x") == (run,)
    assert journal.history_ns("s1") == 50
    assert journal.was_away(5 * 10**8)
    journal.close()
