"""The agent's durable memory: bodies of frames in SQLite until the gateway's receipt, and 72 h longer.

    Spool(path, epoch, boot, *, max_bytes=2 GB, keep_s=72 h, max_age_s=30 d)
        .append(bodies, readings={}) -> list[int]         # their seqs; durable on return, in one commit
        .readings() -> dict[str, str]                     # what counters were last seen to show, by key
        .sending() -> Epoch                               # the oldest epoch that owes frames, else the current one
        .frames(epoch, from_seq, limit) -> list[Frame]
        .mark(epoch, upto, gateway_ns); .take_journal(journal_id); .bury(…); .tidy(now_boot_ns, gateway_ns); .close()

A seq is given out once, in the transaction that stores its body, and each start of an agent is a new epoch: so a storage card that
lost rows can never make a number mean two bodies. A mark may be lost in a crash: then its frames are sent again, and the gateway
knows them. When full, what is receipted goes first, then the oldest; the last frame of an epoch stays, so that the gateway always
learns what was dropped. Any thread may call; one lock, short transactions.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from footfall.errors import FootfallError
from footfall.frames import Body, encode_body

HOUR_S: Final = 3600.0
S: Final = 1_000_000_000
FRAME_OVERHEAD_BYTES: Final = 100
MARK_STEP_NS: Final = 60 * S
KEPT_DEAD: Final = 100
NO_READINGS: Final[Mapping[str, str]] = MappingProxyType({})
_DROP_STEP: Final = 64

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS epochs (
    n INTEGER PRIMARY KEY AUTOINCREMENT, epoch TEXT NOT NULL UNIQUE, boot TEXT NOT NULL,
    last INTEGER NOT NULL DEFAULT 0, mark INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS frames (
    id INTEGER PRIMARY KEY, epoch_n INTEGER NOT NULL, seq INTEGER NOT NULL, first_row INTEGER NOT NULL, rows INTEGER NOT NULL,
    made_boot_ns INTEGER NOT NULL, crc32 INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS frames_by_seq ON frames (epoch_n, seq, bytes, rows, made_boot_ns);
CREATE TABLE IF NOT EXISTS receipted (epoch_n INTEGER NOT NULL, upto INTEGER NOT NULL, gateway_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS journals (n INTEGER PRIMARY KEY AUTOINCREMENT, journal_id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS readings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL);
"""


class SpoolUnavailable(FootfallError):
    """The disk takes nothing now (full, locked, read-only): keep the bodies, try again."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """`last`: highest seq given out; `mark`: highest receipted; `oldest`: lowest still spooled (`last + 1` if none is)."""

    name: str
    last: int
    mark: int
    oldest: int


@dataclass(slots=True)
class _Ledger:
    """An epoch's numbers in memory; `mark` may be ahead of the file, where a crash only makes it send again."""

    n: int
    last: int
    mark: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A spooled body; `crc32` is of the bytes as they were when spooled, the other numbers what its body says."""

    seq: int
    boot: str
    made_boot_ns: int
    first_row: int
    rows: int
    crc32: int
    body: bytes

    def is_whole(self) -> bool:
        return zlib.crc32(self.body) == self.crc32


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the spool is: all bytes kept; frames not receipted, and the least age that the oldest of these can have."""

    unsent_frames: int
    bytes: int
    oldest_unsent_s: float


class Spool:
    """`dropped_rows_total` counts rows given up unsent; `set_aside_total` corrupt files that were put aside, beside `path`."""

    def __init__(
        self,
        path: Path,
        epoch: str,
        boot: str,
        *,
        max_bytes: int = 2_000_000_000,
        keep_s: float = 72 * HOUR_S,
        max_age_s: float = 720 * HOUR_S,
    ) -> None:
        self.dropped_rows_total = 0
        self.set_aside_total = 0
        self.epoch = epoch
        self._bytes = 0
        self._ledgers: dict[str, _Ledger] = {}
        self._marked: dict[str, int] = {}
        self._journals: list[str] = []
        self._path: Final = path
        self._boot: Final = boot
        self._max_bytes: Final = max_bytes
        self._keep_ns: Final = round(keep_s * S)
        self._max_age_ns: Final = round(max_age_s * S)
        self._lock: Final = threading.RLock()
        try:
            self._open()
        except sqlite3.OperationalError as error:
            raise SpoolUnavailable(f"{path}: the spool cannot be opened: {error}") from None
        except sqlite3.DatabaseError:
            self._set_aside()

    def append(self, bodies: Sequence[Body], readings: Mapping[str, str] = NO_READINGS) -> list[int]:
        """Durable on return, or SpoolUnavailable and nothing is stored: send the same again.

        `readings` are what the counters showed whose people are in `bodies`: both are stored or neither, so that a total that is read
        again after any crash tells exactly those who are not in a frame yet.
        """
        if not bodies and not self._marked and not readings:
            return []
        encoded = [(body, encode_body(body)) for body in bodies]
        with self._transaction() as db:
            self._write_marks(db)
            db.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?)", list(readings.items()))
            ledger = self._ledgers[self.epoch]
            rows: list[tuple[Any, ...]] = [
                (ledger.n, seq, body.first_row, len(body), body.made_boot_ns, zlib.crc32(data), len(data) + FRAME_OVERHEAD_BYTES, data)
                for seq, (body, data) in enumerate(encoded, ledger.last + 1)
            ]
            db.executemany(
                "INSERT INTO frames (epoch_n, seq, first_row, rows, made_boot_ns, crc32, bytes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
            db.execute("UPDATE epochs SET last = last + ? WHERE n = ?", (len(rows), ledger.n))
            added = sum(row[6] for row in rows)
            freed, dropped_rows = self._make_room(db, self._bytes + added - self._max_bytes)
        ledger.last += len(rows)
        self._bytes += added - freed
        self.dropped_rows_total += dropped_rows
        return [row[1] for row in rows]

    def readings(self) -> dict[str, str]:
        """The last value of every key that `append` was given."""
        with self._guarded() as db:
            return dict(db.execute("SELECT key, value FROM readings"))

    def sending(self) -> Epoch:
        """The oldest epoch that owes frames; the current one if none does."""
        with self._guarded():
            owing = (name for name, ledger in self._ledgers.items() if ledger.last > ledger.mark)
            return self._epoch(next(owing, self.epoch))

    def get(self, epoch: str) -> Epoch | None:
        """None for an epoch that was never here, or of which nothing is left."""
        with self._guarded():
            return self._epoch(epoch) if epoch in self._ledgers else None

    def frames(self, epoch: str, from_seq: int, limit: int) -> list[Frame]:
        with self._guarded() as db:
            rows = db.execute(
                "SELECT seq, boot, made_boot_ns, first_row, rows, crc32, body FROM frames JOIN epochs ON n = epoch_n"
                " WHERE epoch_n = ? AND seq >= ? ORDER BY seq LIMIT ?",
                (self._ledgers[epoch].n, from_seq, limit),
            )
            return [Frame(*row) for row in rows]

    def mark(self, epoch: str, upto: int, gateway_ns: int) -> None:
        """Every frame of `epoch` up to `upto` is durable at the gateway. Also downwards: a gateway that forgot gets them again.

        Written with the next commit.
        """
        with self._lock:
            if ledger := self._ledgers.get(epoch):
                ledger.mark = min(upto, ledger.last)
                self._marked[epoch] = gateway_ns

    @property
    def journal_id(self) -> str | None:
        """The gateway's journal whose receipts count."""
        return self._journals[-1] if self._journals else None

    def is_old_journal(self, journal_id: str) -> bool:
        """Whether another has replaced it: a late receipt of it means nothing."""
        return journal_id in self._journals[:-1]

    def take_journal(self, journal_id: str) -> None:
        """Count the receipts of this journal from now on; if there was another before, every frame still here is owed again."""
        with self._transaction(reload=True) as db:
            if self._journals:
                db.execute("DELETE FROM receipted")
                db.execute("UPDATE epochs SET mark = 0 WHERE EXISTS (SELECT 1 FROM frames WHERE epoch_n = n)")
            db.execute("INSERT INTO journals (journal_id) VALUES (?)", (journal_id,))

    def bury(self, epoch: str, frame: Frame, substitute: Body, reason: str) -> None:
        """Put a body that the disk has spoiled among the dead letters, and `substitute` in its place."""
        with self._transaction(reload=True) as db:
            self._write_marks(db)
            db.execute("INSERT INTO dead (epoch, seq, reason, body) VALUES (?, ?, ?, ?)", (epoch, frame.seq, reason, frame.body))
            db.execute("DELETE FROM dead WHERE id <= (SELECT max(id) FROM dead) - ?", (KEPT_DEAD,))
            body = encode_body(substitute)
            db.execute(
                "UPDATE frames SET rows = ?, crc32 = ?, bytes = ?, body = ? WHERE epoch_n = ? AND seq = ?",
                (len(substitute), zlib.crc32(body), len(body) + FRAME_OVERHEAD_BYTES, body, self._ledgers[epoch].n, frame.seq),
            )

    def tidy(self, now_boot_ns: int, gateway_ns: int) -> None:
        """Delete what was receipted `keep_s` ago by the gateway's clock, what is too old, and epochs of which nothing is left.

        Age is counted on CLOCK_BOOTTIME, since the wall clock may be wrong; a frame of an earlier boot is at least as old as this one.
        """
        with self._transaction(reload=True) as db:
            self._write_marks(db)
            db.execute(
                "DELETE FROM frames WHERE seq <= (SELECT max(upto) FROM receipted r WHERE r.epoch_n = frames.epoch_n AND r.gateway_ns < ?)",
                (gateway_ns - self._keep_ns,),
            )
            old = (
                "FROM frames WHERE seq < (SELECT last FROM epochs WHERE n = epoch_n) AND CASE (SELECT boot FROM epochs WHERE n = epoch_n)"
                " WHEN ? THEN made_boot_ns ELSE 0 END < ?"
            )
            limits = (self._boot, now_boot_ns - self._max_age_ns)
            unsent = "AND seq > (SELECT mark FROM epochs WHERE n = epoch_n)"
            self.dropped_rows_total += db.execute(f"SELECT coalesce(sum(rows), 0) {old} {unsent}", limits).fetchone()[0]
            db.execute(f"DELETE {old}", limits)
            db.execute(
                "DELETE FROM epochs WHERE epoch != ? AND mark >= last AND NOT EXISTS (SELECT 1 FROM frames WHERE epoch_n = n)",
                (self.epoch,),
            )
            db.execute("DELETE FROM receipted WHERE epoch_n NOT IN (SELECT n FROM epochs)")

    def fill(self, now_boot_ns: int) -> Fill:
        with self._guarded():
            first = self.sending()
            unsent = sum(max(0, ledger.last - ledger.mark) for ledger in self._ledgers.values())
            return Fill(unsent, self._bytes, max(0, now_boot_ns - self._made_boot_ns(first)) / S if unsent else 0.0)

    def newest(self) -> tuple[str, int] | None:
        """Boot and `made_boot_ns` of the last frame of earlier epochs: since then nothing was observed."""
        with self._guarded() as db:
            row: tuple[str, int] | None = db.execute(
                "SELECT boot, made_boot_ns FROM frames JOIN epochs ON n = epoch_n WHERE epoch != ? ORDER BY id DESC LIMIT 1", (self.epoch,)
            ).fetchone()
            return row

    def close(self) -> None:
        with self._lock:
            self.append([])
            self._db.close()

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA journal_size_limit = 16777216")
        self._db.execute("PRAGMA cache_size = -256")
        self._db.executescript(_SCHEMA)
        self._db.execute("INSERT OR IGNORE INTO epochs (epoch, boot) VALUES (?, ?)", (self.epoch, self._boot))
        self._load()

    def _set_aside(self) -> None:
        """Put the corrupt file and its companions beside, and begin a new epoch in a new file."""
        with self._lock:
            if hasattr(self, "_db"):
                self._db.close()
            number = 1 + sum(1 for _ in self._path.parent.glob(f"{self._path.name}.corrupt-*"))
            for suffix in ("", "-wal", "-shm"):
                part = self._path.with_name(self._path.name + suffix)
                if part.exists():
                    part.rename(self._path.with_name(f"{self._path.name}.corrupt-{number}{suffix}"))
            self.set_aside_total += 1
            self.epoch = f"{self.epoch[:56]}.{number}"
            self._open()

    @contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection]:
        """The one place that says what an error of the database means. A corrupt file is set aside; the next try finds a new one."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.OperationalError as error:
                raise SpoolUnavailable(f"{self._path}: {error}") from None
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError:
                    raise
                self._set_aside()
                raise SpoolUnavailable(f"{self._path}: corrupt ({error}), was set aside") from None

    @contextmanager
    def _transaction(self, reload: bool = False) -> Iterator[sqlite3.Connection]:
        """All or nothing, durable after it. `reload`: what memory holds of the file is read anew."""
        with self._guarded() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
                if reload:
                    self._load()
            except BaseException:
                with suppress(sqlite3.DatabaseError):
                    db.execute("ROLLBACK")
                raise

    def _make_room(self, db: sqlite3.Connection, excess: int) -> tuple[int, int]:
        """Delete frames of `excess` bytes or a little more, if there are; the bytes freed, and the rows that no receipt covers."""
        freed = dropped_rows = 0
        while freed < excess:
            victims = self._victims(db, "seq <= mark") or self._victims(db, "seq < last")
            if not victims:
                break
            db.executemany("DELETE FROM frames WHERE id = ?", [(victim[0],) for victim in victims])
            freed += sum(victim[1] for victim in victims)
            dropped_rows += sum(victim[2] for victim in victims if not victim[3])
        return freed, dropped_rows

    @staticmethod
    def _victims(db: sqlite3.Connection, which: str) -> list[tuple[int, int, int, int]]:
        """Some of the oldest frames: id, bytes, rows, whether receipted."""
        return db.execute(
            f"SELECT id, bytes, rows, seq <= mark FROM frames JOIN epochs ON n = epoch_n WHERE {which} ORDER BY id LIMIT {_DROP_STEP}"
        ).fetchall()

    def _write_marks(self, db: sqlite3.Connection) -> None:
        """Marks, and when they were set: at most one such row a minute, whose time is its first mark's."""
        for epoch, gateway_ns in self._marked.items():
            ledger = self._ledgers[epoch]
            db.execute("UPDATE epochs SET mark = ? WHERE n = ?", (ledger.mark, ledger.n))
            db.execute("DELETE FROM receipted WHERE epoch_n = ? AND upto > ?", (ledger.n, ledger.mark))
            recent = (ledger.mark, ledger.n, gateway_ns - MARK_STEP_NS)
            if not db.execute("UPDATE receipted SET upto = ? WHERE epoch_n = ? AND gateway_ns > ?", recent).rowcount:
                db.execute("INSERT INTO receipted VALUES (?, ?, ?)", (ledger.n, ledger.mark, gateway_ns))
        self._marked.clear()

    def _epoch(self, name: str) -> Epoch:
        ledger = self._ledgers[name]
        oldest = self._db.execute("SELECT min(seq) FROM frames WHERE epoch_n = ?", (ledger.n,)).fetchone()[0]
        return Epoch(name, ledger.last, ledger.mark, ledger.last + 1 if oldest is None else oldest)

    def _made_boot_ns(self, epoch: Epoch) -> int:
        """When the first unsent frame was made; 0 if in another boot of the machine."""
        row = self._db.execute(
            "SELECT CASE boot WHEN ? THEN made_boot_ns ELSE 0 END FROM frames JOIN epochs ON n = epoch_n WHERE epoch = ? AND seq > ?"
            " ORDER BY seq LIMIT 1",
            (self._boot, epoch.name, epoch.mark),
        ).fetchone()
        return row[0] if row else 0

    def _load(self) -> None:
        """What is asked for at every sending is kept in memory: an epoch's numbers, the journals, the bytes."""
        self._marked = {}
        rows = self._db.execute("SELECT epoch, n, last, mark FROM epochs ORDER BY n")
        self._ledgers = {epoch: _Ledger(n, last, mark) for epoch, n, last, mark in rows}
        self._journals = [row[0] for row in self._db.execute("SELECT journal_id FROM journals ORDER BY n")]
        self._bytes = self._db.execute("SELECT coalesce(sum(bytes), 0) FROM frames").fetchone()[0]
