"""Who gives way when the quarantine is full: never what can be mended for what cannot, never one publisher for another's flood."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from footfall.errors import ConfigError
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.schema import QUARANTINE, is_hopeless, publisher_of
from gateway.state.quarantine.store import SEALED, Quarantine

ROOM = 100_000


def refused(agent: str, reason: str, size: int = 1000, rows: int = 1) -> Refusal:
    return Refusal(reason, "what is wrong", f"footfall/1/s/{agent}/frames", 1, bytes(size), "accept", rows)


def held(store: Quarantine) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for entry in store.entries(limit=10_000):
        key = (publisher_of(entry.topic), entry.reason)
        found[key] = found.get(key, 0) + 1
    return found


@pytest.fixture
def store(tmp_path: Path) -> Quarantine:
    return Quarantine(tmp_path / "quarantine.db", max_bytes=ROOM)


def test_rubbish_of_one_agent_pushes_nobody_else_out(store: Quarantine) -> None:
    store.add([refused("b", "frame.crc")] * 5 + [refused("c", "site.zone")] * 5)
    for _ in range(40):
        store.add([refused("a", "frame.msgpack", 2000)] * 10)
    assert held(store)["b", "frame.crc"] == 5
    assert held(store)["c", "site.zone"] == 5
    assert set(store.crowded_out) == {"a"}


def test_what_can_be_mended_stays_before_what_cannot(store: Quarantine) -> None:
    store.add([refused("a", "site.zone", 1000)] * 60)
    store.add([refused("b", "frame.crc", 1000)] * 60)
    assert held(store)["a", "site.zone"] == 60
    assert held(store)["b", "frame.crc"] < 60


def test_of_what_can_be_mended_the_flood_gives_way(store: Quarantine) -> None:
    store.add([refused("b", "event.invalid")] * 5)
    store.add([refused("a", "event.invalid")] * 500)
    assert held(store)["b", "event.invalid"] == 5
    assert 0 < held(store)["a", "event.invalid"] < 100


def test_what_gave_way_is_counted_in_rows(store: Quarantine) -> None:
    store.add([refused("a", "event.invalid", 1000, rows=7)] * 200)
    totals = store.totals()
    assert totals.kept_total == 1400 == totals.held + totals.dropped_total["quarantine_full"]
    assert store.crowded_out == {"a": totals.dropped_total["quarantine_full"]}


def test_strangers_share_one_share() -> None:
    assert publisher_of("footfall/1/s/agent-7/frames") == "agent-7"
    assert publisher_of("sink/influxdb") == publisher_of("sink/sqlite") == "/sink"
    assert publisher_of("somewhere/else") == "/somewhere"


def test_which_reasons_nobody_can_mend() -> None:
    assert all(map(is_hopeless, ("frame.crc", "body.zone", "header.type", "topic", "retained", "source.unread")))
    assert not any(map(is_hopeless, ("site.zone", "site.agent", "event.invalid", "sink.refused", SEALED)))


def test_what_cannot_be_opened_is_held_again_and_the_others_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.db"
    before = Quarantine(path)
    before.add([refused("a", "site.zone")])
    before.close()
    path.with_suffix(".key").unlink()
    store = Quarantine(path)
    store.add([refused("b", "site.zone")])
    store.ask_replay([1, 2], "anna")
    assert [entry.id for entry, _ in store.take_replays()] == [2]
    assert [(entry.id, entry.reason, entry.state) for entry in store.entries(reason=SEALED)] == [(1, SEALED, "held")]


OLD = """
CREATE TABLE entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, received_ns INTEGER NOT NULL, origin TEXT NOT NULL, topic TEXT NOT NULL,
  reason TEXT NOT NULL, message TEXT NOT NULL, rows INTEGER NOT NULL, private INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'held',
  actor TEXT NOT NULL DEFAULT '', bytes INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
CREATE TABLE total (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO total VALUES ('bytes', 1256), ('held', 1), ('kept', 1), ('replayed', 0);
INSERT INTO entry VALUES (1, NULL, 5, 'accept', 'footfall/1/s/a/frames', 'frame.crc', 'm', 1, 0, 'held', '', 1256, x'00');
CREATE TABLE action (at_ns INTEGER NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, entries INTEGER NOT NULL)
  STRICT;
CREATE TRIGGER entry_in AFTER INSERT ON entry BEGIN
  UPDATE total SET n = n + new.bytes WHERE name = 'bytes';
  UPDATE total SET n = n + new.rows WHERE name IN ('held', 'kept');
END;
CREATE TRIGGER entry_out AFTER DELETE ON entry BEGIN
  UPDATE total SET n = n - old.bytes WHERE name = 'bytes';
  UPDATE total SET n = n - old.rows WHERE name = 'held';
END;
"""


def test_a_file_of_the_release_before_is_taken_over_and_a_newer_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.db"
    db = sqlite3.connect(path)
    db.executescript(OLD)
    db.close()
    store = Quarantine(path, max_bytes=2000)
    assert held(store) == {("a", "frame.crc"): 1}
    store.add([refused("b", "site.zone")])
    assert held(store) == {("b", "site.zone"): 1}
    store.close()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (QUARANTINE.version,)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(ConfigError, match=r"quarantine\.db: a quarantine of another release.*99"):
        Quarantine(path)
