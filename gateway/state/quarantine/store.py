"""Quarantine: whatever was refused, anywhere, with the reason. Listed, shown, mended, replayed or dropped; never lost silently.

One SQLite file that the gateway and the `footfall quarantine` command use at the same time. Payloads are sealed at rest. Those
that may hold raw identifiers live for `keep_hours`, the others until `max_bytes` is full; both ways of leaving are counted.
When it is full, what nobody can mend gives way to what somebody can, and of either those give way whose publisher holds most:

    rows ever kept = rows held + replayed_total + sum of dropped_total
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from footfall.checksums import checksum
from footfall.errors import ConfigError
from footfall.shown_topics import HIDDEN
from footfall.sqlite import connect, migrate, naming
from gateway.accept.corrections import WAITING
from gateway.state.quarantine.entries import EntryState, QuarantineEntry, Refusal, ReplayOrDrop, Totals
from gateway.state.quarantine.schema import QUARANTINE, is_hopeless, publisher_of
from gateway.state.quarantine.sealing import Seal, close_entry, key_at, open_entry

DROPPED: Final = "dropped."
"""How totals of what was dropped begin."""
DAMAGED: Final = f"{DROPPED}quarantine_damaged"
"""What could not be read any more."""
BUSY_S: Final = 10.0
ROOM_STEP: Final = 64
"""So many of one publisher give way before it is looked again who holds most."""
REPLAYED_AT_ONCE: Final = 5000
REPLAYED_BYTES: Final = 8 << 20
"""So much is taken in again at a time; the rest a second later."""
SEALED: Final = "quarantine.sealed"
"""Its bytes cannot be opened any more."""
_OF_PEOPLE: Final = (b"identifier", b"touch", b"fact", b"of_link")
"""Words of events that may name people."""
_OVERHEAD_BYTES: Final = 256
"""What an entry takes beside its payload, about."""
_COLUMNS: Final = "id, received_ns, origin, topic, reason, message, rows, private, state, actor, bytes"


class Quarantine:
    """The store at `path`; its key lies beside it. Threads may share one. ConfigError if it cannot be opened.

    sqlite3.OperationalError comes through (disk full, locked for 10 s): nothing was changed then, and whoever wanted to add must
    not acknowledge.
    """

    def __init__(self, path: Path, *, keep_hours: float = 72.0, max_bytes: int = 256 << 20) -> None:
        self._keep_ns = int(keep_hours * 3_600_000_000_000)
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._seal = Seal(key_at(path.with_suffix(".key")))
        try:
            path.touch(mode=0o600)  # before SQLite makes it: its log files take over the mode
        except OSError as error:
            raise ConfigError(f"{path}: the quarantine cannot be opened: {error}") from None
        self._db = connect(path, BUSY_S)
        migrate(self._db, path, QUARANTINE)
        self._db.execute("PRAGMA secure_delete=ON")
        with naming(path, "a quarantine that cannot be read", ". Put back a backup (footfall restore), or move it away"):
            self._count_again()
        self.crowded_out: Counter[str] = Counter()
        """Rows that had to give way since this was opened, by publisher."""

    def _count_again(self) -> None:
        """What triggers count is what is there: by a damaged sum of bytes everything would have to give way."""
        with self._transaction() as db:
            size, held = db.execute("SELECT coalesce(sum(bytes), 0), coalesce(sum(rows), 0) FROM entry").fetchone()
            db.executemany("UPDATE total SET n = ? WHERE name = ? AND n != ?", [(size, "bytes", size), (held, "held", held)])
            shares = "SELECT hopeless, publisher, sum(bytes) FROM entry GROUP BY 1, 2"
            if db.execute(f"SELECT count(*) FROM (SELECT * FROM share EXCEPT {shares})").fetchone()[0]:
                db.execute("DELETE FROM share")
                db.execute(f"INSERT INTO share {shares}")

    def add(self, refusals: Sequence[Refusal]) -> int:
        """Keep all of them, durable on return; the number that was new (by key). When it is full, some give way."""
        rows = [self._row(refusal) for refusal in refusals]
        with self._transaction() as db:
            before = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'entry'").fetchone()
            db.executemany(
                "INSERT INTO entry (key, received_ns, origin, topic, reason, message, rows, private, bytes, payload, publisher, hopeless,"
                " crc) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO NOTHING", rows,
            )  # fmt: skip
            new = int(db.execute("SELECT count(*) FROM entry WHERE id > ?", before).fetchone()[0])
            gone = self._make_room(db, max((refusal.received_ns for refusal in refusals), default=0))
        self.crowded_out.update(gone)
        return new

    def entries(
        self, reason: str | None = None, topic: str | None = None, state: EntryState | None = None, after_id: int = 0, limit: int = 1000
    ) -> list[QuarantineEntry]:
        """Return entries, oldest first, under topics as they are shown. `topic` matches these as a GLOB, such as `footfall/1/store-3/*`."""
        with self._lock:
            found = self._db.execute(
                f"SELECT {_COLUMNS} FROM entry WHERE id > :after AND (:reason IS NULL OR reason = :reason)"
                " AND (:topic IS NULL OR topic GLOB :topic) AND (:state IS NULL OR state = :state) ORDER BY id LIMIT :limit",
                {"after": after_id, "reason": reason, "topic": topic, "state": state, "limit": limit},
            )
            return [_entry(row) for row in found]

    def show(self, entry_id: int) -> tuple[QuarantineEntry, bytes] | None:
        """Return an entry with its payload, under its own topic."""
        with self._lock:
            row = self._db.execute(f"SELECT {_COLUMNS}, payload FROM entry WHERE id = ?", (entry_id,)).fetchone()
        return None if row is None else self._open(_entry(row[:-1]), row[-1])

    def counts(self) -> dict[str, int]:
        """Return the rows held, by reason."""
        with self._lock:
            return dict(self._db.execute("SELECT reason, sum(rows) FROM entry GROUP BY reason ORDER BY 2 DESC").fetchall())

    def totals(self) -> Totals:
        with self._lock:
            totals = dict(self._db.execute("SELECT name, n FROM total").fetchall())
        dropped = {name.removeprefix(DROPPED): n for name, n in totals.items() if name.startswith(DROPPED)}
        return Totals(totals["kept"], totals["held"], totals["replayed"], dropped)

    def drop(self, ids: Sequence[int], actor: str, now_ns: int) -> int:
        """Forget entries for good; how many there were. Counted, and written down with `actor`."""
        with self._transaction() as db:
            return _remove(db, ids, DROPPED + "quarantine_dropped", now_ns, actor)

    def ask_replay(self, ids: Sequence[int], actor: str, payload: bytes | None = None) -> int:
        """Mark entries to be taken in again, with `payload` in place of theirs if it is given; how many there were."""
        with self._transaction() as db:
            if payload is not None:
                self._mend(db, ids, payload)
            return sum(
                db.execute("UPDATE entry SET state = 'replay', actor = ? WHERE id = ?", (actor, entry_id)).rowcount for entry_id in ids
            )

    def take_replays(self, limit: int = REPLAYED_AT_ONCE, most_bytes: int = REPLAYED_BYTES) -> list[tuple[QuarantineEntry, bytes]]:
        """Return what is to be taken in again, oldest first. It stays here until `replayed` or `refused_again`; no id is used twice.

        What cannot be opened, since the key is another or the file was damaged, is held again for that reason.
        """
        with self._lock:
            found = self._db.execute(f"SELECT {_COLUMNS}, crc, payload FROM entry WHERE state = 'replay' ORDER BY id LIMIT ?", (limit,))
            rows, size = [], 0
            for row in found:
                rows.append(row)
                size += len(row[-1])
                if size >= most_bytes:
                    break
            found.close()
        opened = []
        for row in rows:
            try:
                _check(_entry(row[:-2]), row[-2])
                opened.append(self._open(_entry(row[:-2]), row[-1]))
            except ConfigError as error:
                self.refused_again(row[0], SEALED, str(error))
        return opened

    def replayed(self, ids: Sequence[int], now_ns: int) -> None:
        """Remove entries that were taken in, and count them. Ids that are not here are ignored."""
        with self._transaction() as db:
            _remove(db, ids, "replayed", now_ns)

    def refused_again(self, entry_id: int, reason: str, message: str) -> None:
        """Hold an entry again, with the reason of its new refusal."""
        with self._transaction() as db:
            db.execute(
                "UPDATE entry SET state = 'held', reason = ?, message = ?, hopeless = ? WHERE id = ?",
                (reason, _storable(message[:1000]), is_hopeless(reason), entry_id),
            )

    def expire(self, now_ns: int) -> int:
        """Drop what may hold raw identifiers and is older than `keep_hours`; to be called about once a minute."""
        with self._transaction() as db:
            old = db.execute("SELECT id FROM entry WHERE private AND received_ns < ?", (now_ns - self._keep_ns,)).fetchall()
            return _remove(db, [entry_id for (entry_id,) in old], DROPPED + "quarantine_expired", now_ns)

    def actions(self, limit: int = 1000) -> list[ReplayOrDrop]:
        """Return who did what, newest first."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM action ORDER BY rowid DESC LIMIT ?", (limit,)).fetchall()
        return [ReplayOrDrop(at_ns, who, what.removeprefix(DROPPED), reason, n) for at_ns, who, what, reason, n in rows]

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _row(self, refusal: Refusal) -> tuple[Any, ...]:
        topic, shown = _storable(refusal.topic), _storable(refusal.shown or refusal.topic)
        sealed = close_entry(self._seal, topic, shown, refusal.payload)
        private = topic != shown or may_hold_identifiers(refusal.origin, topic, refusal.payload, refusal.reason)
        return (
            refusal.key, refusal.received_ns, refusal.origin, shown, refusal.reason, _storable(refusal.message[:1000]), refusal.rows,
            private, len(sealed) + _OVERHEAD_BYTES, sealed, publisher_of(shown), is_hopeless(refusal.reason),
            checksum(refusal.received_ns, refusal.origin, shown, refusal.rows),
        )  # fmt: skip

    def _open(self, entry: QuarantineEntry, sealed: bytes) -> tuple[QuarantineEntry, bytes]:
        """Return an entry under its own topic, and its payload."""
        topic, payload = open_entry(self._seal, entry.topic, sealed)
        return replace(entry, topic=topic), payload

    def _mend(self, db: sqlite3.Connection, ids: Sequence[int], payload: bytes) -> None:
        for entry_id in ids:
            for origin, shown, before in db.execute("SELECT origin, topic, payload FROM entry WHERE id = ?", (entry_id,)).fetchall():
                topic, _ = open_entry(self._seal, shown, before) if HIDDEN.search(shown) else (shown, b"")
                sealed, private = close_entry(self._seal, topic, shown, payload), may_hold_identifiers(origin, topic, payload)
                db.execute(
                    "UPDATE entry SET payload = ?, bytes = ?, private = private OR ? WHERE id = ?",
                    (sealed, len(sealed) + _OVERHEAD_BYTES, private, entry_id),
                )

    def _make_room(self, db: sqlite3.Connection, now_ns: int) -> Counter[str]:
        """Rows that gave way, by publisher."""
        gone: Counter[str] = Counter()
        while (excess := db.execute("SELECT n FROM total WHERE name = 'bytes'").fetchone()[0] - self._max_bytes) > 0:
            share = db.execute("SELECT hopeless, publisher FROM share ORDER BY hopeless DESC, bytes DESC LIMIT 1").fetchone()
            victims = []
            for entry_id, size, rows in db.execute(
                "SELECT id, bytes, rows FROM entry WHERE hopeless = ? AND publisher = ? ORDER BY id LIMIT ?", (*share, ROOM_STEP)
            ):
                victims.append(entry_id)
                gone[share[1]] += rows
                excess -= size
                if excess <= 0:
                    break
            _remove(db, victims, DROPPED + "quarantine_full", now_ns)
        return gone


def may_hold_identifiers(origin: str, topic: str, payload: bytes, reason: str = "") -> bool:
    """Whether the bytes may hold raw identifiers. What the sink refused holds pseudonyms only, and so do an agent's frames and
    health, unless a plain event is among them; anything else may hold whatever a stranger sent.

    Corrections that wait for headquarters name events, and nobody: they were read, and wait without end."""
    if origin == "sink" or (reason in WAITING and not any(word in payload for word in _OF_PEOPLE)):
        return False
    return topic.rpartition("/")[2] not in ("frames", "health") or b"event" in payload or b"identifiers" in payload


def _storable(text: str) -> str:
    """Text that SQLite takes: strangers send lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


def _remove(db: sqlite3.Connection, ids: Sequence[int], total: str, now_ns: int, actor: str = "") -> int:
    """Delete entries, count their rows under `total`, write down who wanted it; how many entries there were."""
    if not ids:
        return 0
    gone = [row for i in ids for row in db.execute("DELETE FROM entry WHERE id = ? RETURNING rows, reason, actor", (i,))]
    db.execute(
        "INSERT INTO total VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n", (total, sum(rows for rows, _, _ in gone))
    )
    by_whom = Counter((actor or asked_by, reason) for _, reason, asked_by in gone if actor or asked_by)
    db.executemany("INSERT INTO action VALUES (?,?,?,?,?)", [(now_ns, who, total, reason, n) for (who, reason), n in by_whom.items()])
    return len(gone)


def _check(entry: QuarantineEntry, crc: int | None) -> None:
    """ConfigError if it is not what was kept: its time dates what has none itself. None: it was kept by an earlier release."""
    if crc is not None and crc != checksum(entry.received_ns, entry.origin, entry.topic, entry.rows):
        raise ConfigError("this entry is not what was kept: was the file damaged?")


def _entry(row: Sequence[Any]) -> QuarantineEntry:
    entry_id, received_ns, origin, topic, reason, message, rows, private, state, actor, size = row
    return QuarantineEntry(entry_id, received_ns, origin, topic, reason, message, rows, bool(private), state, actor, size)
