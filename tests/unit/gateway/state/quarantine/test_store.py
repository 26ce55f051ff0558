from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from footfall.errors import ConfigError
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.store import Quarantine, may_hold_identifiers

FRAMES, EVENTS = "footfall/1/s/a/frames", "footfall/1/s/a/events"
HOUR_NS = 3_600_000_000_000


@pytest.fixture
def quarantine(tmp_path: Path) -> Iterator[Quarantine]:
    store = Quarantine(tmp_path / "quarantine.db")
    yield store
    store.close()


def refusal(payload: bytes = b"bad", topic: str = FRAMES, reason: str = "frame.crc", received_ns: int = 1, **more: object) -> Refusal:
    return Refusal(reason, "what is wrong", topic, received_ns, payload, "accept", **more)  # type: ignore[arg-type] # tests name the fields


def test_what_is_added_is_listed_shown_and_counted(quarantine: Quarantine) -> None:
    assert quarantine.add([refusal(b"\x00\xff"), refusal(topic=EVENTS, reason="event.json", rows=3)]) == 2
    first, second = quarantine.entries()
    assert (first.reason, first.message, first.topic, first.origin, first.rows, first.private, first.state) == (
        "frame.crc", "what is wrong", FRAMES, "accept", 1, False, "held",
    )  # fmt: skip
    assert (second.rows, second.private) == (3, True)
    assert quarantine.show(first.id) == (first, b"\x00\xff")
    assert quarantine.show(99) is None
    assert quarantine.counts() == {"event.json": 3, "frame.crc": 1}
    assert quarantine.totals().kept_total == quarantine.totals().held == 4


def test_a_topic_that_is_not_shown_is_sealed_with_its_payload(quarantine: Quarantine, tmp_path: Path) -> None:
    topic, shown = "footfall/1/s/8613977040826/events", "footfall/1/s/<13 characters>/events"
    quarantine.add([refusal(b"a\0b", topic, "site.agent", shown=shown), refusal(b"", topic, "site.agent", shown=shown)])
    assert [(entry.topic, entry.private) for entry in quarantine.entries()] == [(shown, True)] * 2
    assert [entry.id for entry in quarantine.entries(topic="*<13 characters>*")] == [1, 2]
    found = quarantine.show(1)
    assert found is not None
    assert (found[0].topic, found[1]) == (topic, b"a\0b")
    quarantine.ask_replay([1], "anna", b"mended")
    quarantine.ask_replay([2], "anna")
    assert [(entry.topic, payload) for entry, payload in quarantine.take_replays()] == [(topic, b"mended"), (topic, b"")]
    quarantine.close()
    assert not [path for path in tmp_path.iterdir() if b"8613977040826" in path.read_bytes()]


def test_entries_are_chosen_by_reason_topic_state_and_page(quarantine: Quarantine) -> None:
    quarantine.add([refusal(reason="a"), refusal(reason="b", topic=EVENTS), refusal(reason="a", topic="sink/influxdb")])
    assert [entry.id for entry in quarantine.entries(reason="a")] == [1, 3]
    assert [entry.id for entry in quarantine.entries(topic="footfall/1/s/*")] == [1, 2]
    assert [entry.id for entry in quarantine.entries(after_id=1, limit=1)] == [2]
    quarantine.ask_replay([2], "anna")
    assert [entry.id for entry in quarantine.entries(state="replay")] == [2]


def test_the_same_key_again_is_ignored(quarantine: Quarantine) -> None:
    assert quarantine.add([refusal(key="batch-1/0"), refusal(key="batch-1/1")]) == 2
    assert quarantine.add([refusal(key="batch-1/1"), refusal(key="batch-1/2"), refusal(), refusal()]) == 3
    assert quarantine.totals().kept_total == 5


def test_ten_thousand_bad_messages_take_less_than_two_seconds(quarantine: Quarantine) -> None:
    refusals = [refusal(os.urandom(200), received_ns=i) for i in range(10_000)]
    started_s = time.thread_time()
    assert quarantine.add(refusals) == 10_000
    assert time.thread_time() - started_s < 2, "of this thread's CPU"
    assert quarantine.totals().held == 10_000


def test_replay_then_taken_in_or_refused_again(quarantine: Quarantine) -> None:
    quarantine.add([refusal(b"one"), refusal(b"two"), refusal(b"three")])
    assert quarantine.take_replays() == []
    assert quarantine.ask_replay([1, 2, 77], "anna") == 2
    assert quarantine.ask_replay([3], "anna", b"mended") == 1
    assert [(entry.id, payload) for entry, payload in quarantine.take_replays(2)] == [(1, b"one"), (2, b"two")]
    quarantine.replayed([1], now_ns=9)
    quarantine.refused_again(2, "zone", "still no such zone")
    assert [(entry.id, payload) for entry, payload in quarantine.take_replays()] == [(3, b"mended")]
    entry = quarantine.entries()[0]
    assert (entry.id, entry.state, entry.reason, entry.message) == (2, "held", "zone", "still no such zone")
    assert quarantine.totals().replayed_total == 1
    assert [(action.actor, action.what, action.entries) for action in quarantine.actions()] == [("anna", "replayed", 1)]


def test_ids_are_never_used_twice(quarantine: Quarantine) -> None:
    quarantine.add([refusal(), refusal()])
    quarantine.drop([1, 2], "anna", 5)
    quarantine.add([refusal()])
    assert quarantine.entries()[0].id == 3


def test_dropping_is_counted_and_written_down(quarantine: Quarantine) -> None:
    quarantine.add([refusal(rows=5), refusal(reason="x"), refusal()])
    assert quarantine.drop([1, 2, 2, 99], "anna", 5) == 2
    assert quarantine.totals().dropped_total == {"quarantine_dropped": 6}
    assert {(action.at_ns, action.actor, action.what, action.reason) for action in quarantine.actions()} == {
        (5, "anna", "quarantine_dropped", "frame.crc"), (5, "anna", "quarantine_dropped", "x"),
    }  # fmt: skip


def test_only_what_may_hold_identifiers_expires(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine.db", keep_hours=72)
    quarantine.add([refusal(topic=EVENTS, received_ns=0), refusal(topic=FRAMES, received_ns=0), refusal(topic=EVENTS, received_ns=HOUR_NS)])
    assert quarantine.expire(72 * HOUR_NS) == 0
    assert quarantine.expire(72 * HOUR_NS + 1) == 1
    assert [entry.id for entry in quarantine.entries()] == [2, 3]
    assert quarantine.totals().dropped_total == {"quarantine_expired": 1}
    quarantine.close()


@pytest.mark.parametrize(
    ("origin", "topic", "payload", "private"),
    [
        ("accept", EVENTS, b"{}", True),
        ("accept", "strange/topic", b"x", True),
        ("accept", FRAMES, b"\x92...", False),
        ("accept", FRAMES, b'..\xa5event\xd9{"kind":"touch"', True),
        ("accept", FRAMES, b'{"identifiers":["member:1"]}', True),
        ("accept", "footfall/1/s/a/health", b"{}", False),
        ("sink", "sink/influxdb", b"visit,store=s subject=..", False),
    ],
)
def test_what_may_hold_raw_identifiers(origin: str, topic: str, payload: bytes, private: bool) -> None:
    assert may_hold_identifiers(origin, topic, payload) == private


def test_a_correction_waits_for_headquarters_without_end() -> None:
    void, amend = b'{"kind": "void", "id": "v", "of": "t"}', b'{"kind": "amend", "set": {"identifiers": ["member:1"]}}'
    assert not may_hold_identifiers("accept", EVENTS, void, "event.window")
    assert not may_hold_identifiers("accept", EVENTS, void, "event.authority")
    assert may_hold_identifiers("accept", EVENTS, void, "event.invalid"), "that was not read"
    assert may_hold_identifiers("accept", EVENTS, amend, "event.window")
    assert may_hold_identifiers("accept", EVENTS, b'[{"kind": "touch"}, {"kind": "void"}]', "event.window")


def test_bytes_are_sealed_at_rest_and_files_are_the_owners(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine.db")
    secret = b"member:8613800000000 " * 20
    quarantine.add([refusal(secret, topic=EVENTS), refusal(secret)])
    quarantine.ask_replay([2], "anna", secret + b"mended")
    quarantine.close()
    files = list(tmp_path.iterdir())
    assert {file.name for file in files} >= {"quarantine.db", "quarantine.key"}
    for file in files:
        assert b"member:86138" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0, file


def test_another_key_opens_nothing_and_is_refused(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine.db")
    quarantine.add([refusal()])
    quarantine.close()
    (tmp_path / "quarantine.key").write_bytes(os.urandom(32))
    quarantine = Quarantine(tmp_path / "quarantine.db")
    with pytest.raises(ConfigError, match="key"):
        quarantine.show(1)
    quarantine.close()
    (tmp_path / "quarantine.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="32 bytes"):
        Quarantine(tmp_path / "quarantine.db")


def test_it_is_bounded_and_what_gives_way_is_counted(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine.db", max_bytes=1 << 20)
    for start in range(0, 300, 50):
        quarantine.add([refusal(bytes(10_000), received_ns=start + i) for i in range(50)])
    totals = quarantine.totals()
    assert sum(entry.bytes for entry in quarantine.entries()) <= 1 << 20
    assert totals.held + totals.dropped_total["quarantine_full"] == totals.kept_total == 300
    assert quarantine.entries()[-1].received_ns == 299, "the newest stay"
    quarantine.add([refusal(bytes(2 << 20))])
    assert quarantine.totals().held == 0, "not even one that is larger than all of it"
    quarantine.close()
    assert (tmp_path / "quarantine.db").stat().st_size < 4 << 20


def test_two_processes_use_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.db"
    quarantine = Quarantine(path)
    code = (
        "import sys; from pathlib import Path; from gateway.state.quarantine.store import Quarantine, Refusal\n"
        "q = Quarantine(Path(sys.argv[1]))\n"
        "for i in range(100): q.add([Refusal('r', 'm', 't', i, b'p', 'accept')])"
    )
    others = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(2)]
    threads = [threading.Thread(target=lambda: [quarantine.add([refusal()]) for _ in range(100)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(60) for other in others] == [0, 0]
    assert quarantine.totals().kept_total == 400
    quarantine.close()


def test_texts_of_strangers_are_kept(quarantine: Quarantine) -> None:
    text = "nul \x00, half a pair \ud800, " + "long " * 1000
    quarantine.add([Refusal("r", text, text[:40], 1, b"p", "accept")])
    found = quarantine.show(1)
    assert found is not None
    assert found[1] == b"p"
    assert found[0].message.startswith("nul \x00, half a pair \\ud800, long")
    assert len(found[0].message) < 1100


def test_a_batch_that_fails_changes_nothing(quarantine: Quarantine) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        quarantine.add([refusal(), refusal(rows=None)])  # a column that must not be null
    assert quarantine.totals().kept_total == 0
    assert quarantine.add([refusal()]) == 1


def test_a_store_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    (tmp_path / "quarantine.db").write_bytes(b"this is no database, but long enough to look like one" * 10)
    with pytest.raises(ConfigError, match=r"quarantine\.db: cannot be used as a database"):
        Quarantine(tmp_path / "quarantine.db")
    with pytest.raises(ConfigError, match="No such file"):
        Quarantine(tmp_path / "no" / "quarantine.db")


class Books(RuleBasedStateMachine):
    """Whatever is done in whatever order, the books are right."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Quarantine(Path(self.folder.name) / "quarantine.db", max_bytes=1 << 20)

    @rule(
        rows=st.integers(1, 9),
        size=st.integers(0, 400_000),
        topic=st.sampled_from([FRAMES, EVENTS]),
        key=st.none() | st.sampled_from("abc"),
    )
    def add(self, rows: int, size: int, topic: str, key: str | None) -> None:
        self.store.add([refusal(bytes(size), topic=topic, rows=rows, key=key)])

    @rule(ids=st.lists(st.integers(1, 20), max_size=3), how=st.sampled_from(["drop", "ask", "mend", "replayed", "again", "expire"]))
    def change(self, ids: list[int], how: str) -> None:
        match how:
            case "drop":
                self.store.drop(ids, "anna", 1)
            case "ask":
                self.store.ask_replay(ids, "anna")
            case "mend":
                self.store.ask_replay(ids, "anna", b"mended")
            case "replayed":
                self.store.replayed([entry.id for entry, _ in self.store.take_replays()], 1)
            case "again":
                for entry, _ in self.store.take_replays(1):
                    self.store.refused_again(entry.id, "again", "no")
            case "expire":
                self.store.expire(100 * HOUR_NS)

    @invariant()
    def books(self) -> None:
        totals, entries = self.store.totals(), self.store.entries()
        assert totals.kept_total == totals.held + totals.replayed_total + sum(totals.dropped_total.values())
        assert totals.held == sum(entry.rows for entry in entries) == sum(self.store.counts().values())
        assert sum(entry.bytes for entry in entries) <= 1 << 20

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=15, stateful_step_count=20)
