"""What the quarantine's file holds, and how one of an earlier release becomes one of this."""

from __future__ import annotations

import sqlite3
from typing import Final

from footfall.sqlite import Schema, run_script

HOPELESS: Final = ("frame.", "header.", "body.", "health.", "topic", "name", "size", "retained", "source.unread")
"""Reasons, or how they begin, of what no list, key or correction makes right: bytes without meaning, which their sender will not send
better. Anything else somebody can mend: a store that is missing in site.toml, a till's event, what a database refused."""

_SCRIPT: Final = """
CREATE TABLE entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT UNIQUE,
  received_ns INTEGER NOT NULL,
  origin TEXT NOT NULL,
  topic TEXT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  rows INTEGER NOT NULL,
  private INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'held',
  actor TEXT NOT NULL DEFAULT '',
  bytes INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX entry_reason ON entry (reason, rows);
CREATE INDEX entry_replay ON entry (id) WHERE state = 'replay';
CREATE INDEX entry_private ON entry (received_ns) WHERE private;
CREATE TABLE total (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO total VALUES ('bytes', 0), ('held', 0), ('kept', 0), ('replayed', 0);
CREATE TRIGGER entry_in AFTER INSERT ON entry BEGIN
  UPDATE total SET n = n + new.bytes WHERE name = 'bytes';
  UPDATE total SET n = n + new.rows WHERE name IN ('held', 'kept');
END;
CREATE TRIGGER entry_mended AFTER UPDATE OF bytes ON entry BEGIN
  UPDATE total SET n = n + new.bytes - old.bytes WHERE name = 'bytes';
END;
CREATE TRIGGER entry_out AFTER DELETE ON entry BEGIN
  UPDATE total SET n = n - old.bytes WHERE name = 'bytes';
  UPDATE total SET n = n - old.rows WHERE name = 'held';
END;
CREATE TABLE action (
  at_ns INTEGER NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, entries INTEGER NOT NULL
) STRICT;
"""
_SHARES: Final = """
CREATE TABLE share (hopeless INTEGER NOT NULL, publisher TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (hopeless, publisher)) STRICT, WITHOUT ROWID;
INSERT INTO share SELECT hopeless, publisher, sum(bytes) FROM entry GROUP BY 1, 2;
CREATE INDEX entry_share ON entry (hopeless, publisher, id);
CREATE TRIGGER share_in AFTER INSERT ON entry BEGIN
  INSERT INTO share VALUES (new.hopeless, new.publisher, new.bytes)
    ON CONFLICT (hopeless, publisher) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER share_changed AFTER UPDATE OF bytes, hopeless ON entry BEGIN
  UPDATE share SET bytes = bytes - old.bytes WHERE hopeless = old.hopeless AND publisher = old.publisher;
  INSERT INTO share VALUES (new.hopeless, new.publisher, new.bytes)
    ON CONFLICT (hopeless, publisher) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER share_out AFTER DELETE ON entry BEGIN
  UPDATE share SET bytes = bytes - old.bytes WHERE hopeless = old.hopeless AND publisher = old.publisher;
  DELETE FROM share WHERE hopeless = old.hopeless AND publisher = old.publisher AND bytes <= 0;
END;
"""


def is_hopeless(reason: str) -> bool:
    return reason.startswith(HOPELESS)


def publisher_of(topic: str) -> str:
    """Return whose entry it is: the agent of a topic of ours; else what the topic begins with, so that strangers share one share."""
    parts = topic.split("/")
    return parts[3] if len(parts) == 5 and parts[0] == "footfall" else f"/{parts[0][:64]}"


def _add_shares(db: sqlite3.Connection) -> None:
    """Who holds how much of the room, of what can be mended and of what cannot."""
    db.execute("ALTER TABLE entry ADD COLUMN publisher TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE entry ADD COLUMN hopeless INTEGER NOT NULL DEFAULT 0")
    found = db.execute("SELECT id, topic, reason FROM entry").fetchall()
    db.executemany(
        "UPDATE entry SET publisher = ?, hopeless = ? WHERE id = ?",
        [(publisher_of(topic), is_hopeless(reason), entry_id) for entry_id, topic, reason in found],
    )
    run_script(db, _SHARES)


QUARANTINE: Final = Schema(
    "a quarantine", "entry", _SCRIPT, (_add_shares, "ALTER TABLE entry ADD COLUMN crc INTEGER"), was_unversioned=True
)
