"""The agent's durable memory: bodies of frames in SQLite until the gateway's receipt, and 72 h longer.

    Spool(path, epoch, boot, *, max_bytes=2 GB, keep_s=72 h, max_age_s=30 d, keep_free_bytes=None, lost=…)
        .append(bodies, readings={}) -> list[int]         # their seqs; durable on return, in one commit
        .hold(bodies) -> bool                             # the disk takes nothing: numbered and sent from memory
        .readings() -> dict[str, str]                     # what counters were last seen to show, by key
        .sending() -> Epoch                               # the oldest epoch that owes frames, else the current one
        .frames(epoch, from_seq, limit) -> list[Frame]
        .mark(epoch, upto, gateway_ns); .bind_journal(journal_id); .store_times(times); .bury(…)
        .watch(); .tidy(now_boot_ns, gateway_ns); .problems() -> dict[str, str]; .close()

A seq is given out once, in the transaction that stores its body, and each start of an agent is a new epoch: so a storage card that
lost rows can never make a number mean two bodies. A mark may be lost in a crash: then its frames are sent again, and the gateway
knows them. When full, what is receipted goes first, then the oldest; the last frame of an epoch stays, so that the gateway always
learns what was dropped. Any thread may call; one lock, short transactions.

Memory holds all numbers and is right while it lasts; the file follows with the next commit that succeeds (`_owe`). So a disk that takes
nothing stops no sending. Every row in the file bears a check sum (`spool_rows.py`): what is broken is mended from its other copy, else
a gap under its number says which rows are lost; a file whose structure is broken is set aside, and what is whole taken out of it.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from edge_agent.boots import Boots
from edge_agent.core import lost_frame
from edge_agent.spool_epochs import Epoch, Ledger, Step
from edge_agent.spool_file import Damaged, SpoolFile, SpoolUnavailable
from edge_agent.spool_mending import Scan, mended, scan
from edge_agent.spool_rows import (
    BOOTS,
    EPOCHS,
    FACTS,
    FRAME_OVERHEAD_BYTES,
    JOURNALS,
    READINGS,
    RECEIPTED,
    TIMES,
    TWINS,
    Listed,
    Loaded,
    Stored,
    Twin,
    delete_frames,
    number_of,
    put_frames,
)  # fmt: skip
from edge_agent.spool_salvage import bodies as salvaged_bodies
from edge_agent.spool_salvage import salvage
from edge_agent.spool_schema import RECEIPTED_FACT, TIMES_FACT
from footfall.frames import Body, DecidedTime, encode_body
from footfall.receipts import TimeRun, Times

__all__ = ["HOUR_S", "Epoch", "Fill", "Frame", "S", "Spool", "SpoolUnavailable"]

HOUR_S: Final = 3600.0
S: Final = 1_000_000_000
KEPT_DEAD: Final = 100
KEPT_JOURNALS: Final = 64
HELD_BYTES: Final = 8 << 20
"""So much waits in memory while the disk takes nothing."""
FREE_BYTES: Final = 64 << 20
FREE_SHARE: Final = 0.05
NO_READINGS: Final[Mapping[str, str]] = MappingProxyType({})
_DROP_STEP: Final = 64
_LOG_BYTES: Final = 64 << 10
"""A commit needs some room beside the rows themselves."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A spooled body; `crc32` is of the bytes as they were when spooled, the other numbers what its body says.

    `decided`: how a gateway dated it, where that was told.
    """

    seq: int
    boot: str
    made_boot_ns: int
    first_row: int
    rows: int
    crc32: int
    body: bytes
    decided: DecidedTime | None = None

    def is_whole(self) -> bool:
        return zlib.crc32(self.body) == self.crc32


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the spool is: all bytes kept; frames not receipted, and the least age that the oldest of these can have."""

    unsent_frames: int
    bytes: int
    oldest_unsent_s: float


@dataclass(frozen=True, slots=True)
class Lost:
    """Rows that were given up before they had a number, or whose epoch nobody knows any more; the first of them was made then."""

    rows: int
    since_boot_ns: int
    reason: str


def _lost_frame(frame: Frame) -> Body:
    return lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, {}, {})


class Spool:
    """`dropped_rows_total` counts rows given up unsent; `set_aside_total` broken files that were put aside, beside `path`.

    `keep_free_bytes`: what the spool leaves free on its disk; None: 64 MiB, or a twentieth of the disk if that is less. `lost` makes
    what stands in the place of a frame that the disk has spoiled.
    """

    def __init__(
        self,
        path: Path,
        epoch: str,
        boot: str,
        *,
        max_bytes: int = 2_000_000_000,
        keep_s: float = 72 * HOUR_S,
        max_age_s: float = 720 * HOUR_S,
        keep_free_bytes: int | None = None,
        lost: Callable[[Frame], Body] = _lost_frame,
    ) -> None:
        self.dropped_rows_total = 0
        self.set_aside_total = 0
        self.epoch = epoch
        self._file: Final = SpoolFile(path)
        self._path: Final = path
        self._boot: Final = boot
        self._max_bytes: Final = max_bytes
        self._keep_ns: Final = round(keep_s * S)
        self._max_age_ns: Final = round(max_age_s * S)
        self._keep_free_bytes: Final = keep_free_bytes
        self._lost: Final = lost
        self._lock: Final = threading.RLock()
        self._bytes = 0
        self._change = 0
        self._ledgers: dict[str, Ledger] = {}
        self._journals: dict[int, str] = {}
        self._times: dict[int, TimeRun] = {}
        self._times_n = 0
        self._receipted_ns = 0
        self._boots = Boots()
        self._boot_numbers: dict[str, int] = {}
        self._newest: tuple[str, int] | None = None
        self._owed: dict[tuple[Twin, int], tuple[Any, ...] | None] = {}
        self._held: dict[int, Stored] = {}
        self._untold: Lost | None = None
        self._refused = ""
        self._full = ""
        self._damage = ""
        try:
            self._open()
        except Damaged as damaged:
            self._set_aside(damaged)

    def append(self, bodies: Sequence[Body], readings: Mapping[str, str] = NO_READINGS) -> list[int]:
        """Durable on return, with all that is held; or SpoolUnavailable, nothing is stored, and no number given out: send the same again.

        `readings` are what the counters showed whose people are in `bodies`: both are stored or neither, so that a total that is read
        again after any crash tells exactly those who are not in a frame yet.
        """
        with self._lock:
            if not bodies and not readings and not self._owed and not self._held:
                return []
            new = self._numbered(bodies)
            added = sum(frame.listed.size_bytes for frame in (*self._held.values(), *new))
            with self._transaction() as db:
                put_frames(db, (*self._held.values(), *new))
                ledger = self._current
                EPOCHS.put(db, ledger.n, ledger.row(len(new)), self._change + 1)
                for key, value in readings.items():
                    READINGS.put(db, number_of(key), (key, value), self._change + 1)
                oldest, freed, dropped_rows = self._make_room(db, added, len(new))
            self._given_out(new)
            self._held.clear()
            self._bytes += added - freed
            self.dropped_rows_total += dropped_rows
            for name, seq in oldest.items():
                self._ledgers[name].oldest = seq
            return [frame.listed.seq for frame in new]

    def hold(self, bodies: Sequence[Body]) -> bool:
        """Number `bodies` and keep them in memory, to be sent from there and stored when the disk takes something again.

        Numbers may be given out before they are durable, since the next start is another epoch. If they are too many, those already
        receipted make room; else `bodies` are dropped and counted, and this is False.
        """
        with self._lock:
            new = self._numbered(bodies)
            added = sum(frame.listed.size_bytes for frame in new)
            if self._held_bytes + added > HELD_BYTES:
                self._release_receipted()
            if self._held_bytes + added > HELD_BYTES:
                self._drop(sum(frame.listed.rows for frame in new), min(frame.listed.made_boot_ns for frame in new))
                return False
            self._given_out(new)
            self._held |= {frame.listed.id: frame for frame in new}
            return True

    @property
    def is_holding(self) -> bool:
        """Whether something waits in memory for the disk."""
        return bool(self._held)

    def numbered(self) -> tuple[str, int]:
        """The current epoch and its last seq."""
        with self._lock:
            return self.epoch, self._current.last

    def is_safe(self, epoch: str, seq: int) -> bool:
        """Whether that frame, and so all before it, is on the disk or receipted."""
        with self._lock:
            ledger = self._ledgers.get(epoch)
            return ledger is None or seq <= ledger.mark or ledger.base + seq not in self._held

    def take_lost(self) -> Lost | None:
        """What no frame and no gap of a frame tells of, once."""
        with self._lock:
            lost, self._untold = self._untold, None
            return lost

    def readings(self) -> dict[str, str]:
        """The last value of every key that `append` was given."""
        with self._reading() as db:
            return dict(READINGS.load(db).rows.values())

    def sending(self) -> Epoch:
        """The oldest epoch that owes frames; the current one if none does."""
        with self._lock:
            return self._epoch(next((ledger for ledger in self._ledgers.values() if ledger.owes), self._current))

    def get(self, epoch: str) -> Epoch | None:
        """None for an epoch that was never here, or of which nothing is left."""
        with self._lock:
            return self._epoch(self._ledgers[epoch]) if epoch in self._ledgers else None

    def frames(self, epoch: str, from_seq: int, limit: int) -> list[Frame]:
        """The next `limit` frames from that seq on, of the disk and of memory."""
        with self._lock:
            ledger = self._ledgers[epoch]
            return [
                Frame(of.seq, ledger.boot, of.made_boot_ns, of.first_row, of.rows, of.crc32, body, self._decided(epoch, of.seq))
                for of, body in self._found(ledger, from_seq, limit)
            ]

    def mark(self, epoch: str, upto: int, gateway_ns: int) -> None:
        """Every frame of `epoch` up to `upto` is durable at the gateway. Also downwards: a gateway that forgot gets them again.

        A mark above the last seq says that this file went back: all that is here is known. Its numbers were used up to there, so that the
        current epoch ends, and what comes goes under another. Written with the next commit.
        """
        with self._lock:
            ledger = self._ledgers.get(epoch)
            if ledger is None:
                return
            ledger.receipted = max(ledger.receipted, upto)
            self.heard(gateway_ns)
            free = 1 + max((number for each in self._ledgers.values() for number in each.steps), default=0)
            for number in ledger.marked(min(upto, ledger.last), gateway_ns, free):
                step = ledger.steps.get(number)
                self._owe(RECEIPTED, number, (ledger.n, step.upto, step.gateway_ns) if step else None)
            self._owe(EPOCHS, ledger.n, ledger.row())
            if upto > ledger.last and epoch == self.epoch:
                self._begin_epoch(anew=True)

    def heard(self, gateway_ns: int) -> None:
        """A receipt was heard, of whatever journal."""
        with self._lock:
            if gateway_ns > self._receipted_ns:
                self._receipted_ns = gateway_ns
                self._current.receipted_ns = gateway_ns
                self._owe(EPOCHS, self._current.n, self._current.row())

    @property
    def receipted_ns(self) -> int:
        """The latest `gateway_ns` of any receipt ever heard."""
        return self._receipted_ns

    @property
    def journal_id(self) -> str | None:
        """The gateway's journal whose receipts count."""
        with self._lock:
            return self._journals[max(self._journals)] if self._journals else None

    @property
    def journals(self) -> list[str]:
        """All that were ever bound, the present one last."""
        with self._lock:
            return [self._journals[n] for n in sorted(self._journals)]

    def is_old_journal(self, journal_id: str) -> bool:
        """Whether another has replaced it."""
        return journal_id in self.journals[:-1]

    def bind_journal(self, journal_id: str) -> None:
        """Count the receipts of this journal from now on. If there was another before, every frame still here is owed again, from the
        mark on which its receipts will name; and dates that it told are numbered anew."""
        with self._lock:
            if journal_id == self.journal_id:
                return
            if self._journals:
                self._unmark()
                self._set_times_n(0)
            self._add_journal(journal_id)
            self._commit_owed()

    @property
    def times_n(self) -> int:
        """The number of the last dates that were stored, of the present journal."""
        return self._times_n

    def store_times(self, times: Times) -> None:
        """Durable on return, or SpoolUnavailable: then they are not to be confirmed."""
        with self._lock:
            news = [run for run in times.runs if run.epoch in self._ledgers and run not in self._times.values()]
            first = 1 + max(self._times, default=0)
            rows = dict(enumerate(news, first))
            with self._transaction() as db:
                for number, run in rows.items():
                    TIMES.put(db, number, _time_row(run), self._change + 1)
                FACTS.put(db, number_of(TIMES_FACT), (TIMES_FACT, times.n), self._change + 1)
            self._times |= rows
            self._times_n = times.n

    def bury(self, epoch: str, frame: Frame, substitute: Body, reason: str) -> None:
        """Put a body that the disk has spoiled among the dead letters, and `substitute` in its place."""
        with self._lock:
            ledger = self._ledgers[epoch]
            stored = _stored(ledger, frame.seq, substitute)
            self._held[stored.listed.id] = stored
            self._say_damage(f"frame {frame.seq} of epoch {epoch}: {frame.rows} rows lost")
            with suppress(SpoolUnavailable), self._transaction() as db:
                _add_dead(db, [(epoch, frame.seq, reason, frame.body)])
                put_frames(db, [stored])
                self._held.pop(stored.listed.id)

    def tidy(self, now_boot_ns: int, gateway_ns: int) -> None:
        """Delete what was receipted `keep_s` ago by the gateway's clock, what is too old, and epochs of which nothing is left.

        Age is counted on CLOCK_BOOTTIME, since the wall clock may be wrong; of an earlier boot it is the least that it can be.
        """
        with self._lock:
            self._lasted(self._boot, self._boots.length_ns(self._boot))
            oldest: dict[str, int] = {}
            freed = dropped_rows = 0
            with self._transaction() as db:
                for ledger in self._ledgers.values():
                    upto = max(self._receipted_upto(ledger, gateway_ns), self._aged_upto(db, ledger, now_boot_ns))
                    if upto >= ledger.oldest:
                        size, rows = _sizes(db, ledger, upto)
                        freed, dropped_rows = freed + size, dropped_rows + rows
                        delete_frames(db, ledger.base + ledger.oldest, ledger.base + upto)
                        oldest[ledger.name] = upto + 1
            self._bytes -= freed
            self.dropped_rows_total += dropped_rows
            for name, seq in oldest.items():
                self._ledgers[name].oldest = seq
            self._forget()

    def watch(self) -> None:
        """If the path leads to another file by now, or to none: write what the open one holds to a new one."""
        with self._lock:
            if self._file.is_in_place():
                return
            with self._unbroken():
                self._file.carry()
            self._say_damage("the file was deleted or replaced under the running agent; what it held was written to a new one")

    def fill(self, now_boot_ns: int) -> Fill:
        with self._lock:
            first = next((ledger for ledger in self._ledgers.values() if ledger.owes), None)
            unsent = sum(max(0, ledger.last - ledger.mark) for ledger in self._ledgers.values())
            if first is None:
                return Fill(unsent, self._bytes, 0.0)
            age_ns = now_boot_ns + self._boots.apart_ns(first.boot) - self._made_boot_ns(first)
            return Fill(unsent, self._bytes + self._held_bytes, max(0, age_ns) / S)

    def problems(self) -> dict[str, str]:
        """What is wrong: a code of `footfall status`, and what there is to say of it."""
        with self._lock:
            found = {}
            if self._refused or self._full:
                found["card_full"] = (self._refused or self._full)[:300]
            if self._damage:
                found["spool_damaged"] = self._damage[:300]
            return found

    def newest(self) -> tuple[str, int] | None:
        """Boot and `made_boot_ns` of the last frame of earlier epochs: since then nothing was observed."""
        return self._newest

    def close(self) -> None:
        with self._lock:
            with suppress(SpoolUnavailable):
                self.append([])
            self._file.close()

    @property
    def _current(self) -> Ledger:
        return self._ledgers[self.epoch]

    @property
    def _held_bytes(self) -> int:
        return sum(frame.listed.size_bytes for frame in self._held.values())

    def _open(self) -> None:
        self._file.open()
        with self._file.guarded() as db:
            self._load({twin.name: twin.load(db) for twin in TWINS})
            self._mend()
            db.execute("PRAGMA shrink_memory")  # the whole list was read, which nobody needs again
        self._begin_epoch()
        self._commit_owed()

    def _load(self, tables: Mapping[str, Loaded]) -> None:
        self._change = max((loaded.change for loaded in tables.values()), default=0)
        self._load_epochs(tables)
        self._journals = {n: row[0] for n, row in tables[JOURNALS.name].rows.items()}
        self._times = {n: TimeRun(row[0], row[1], row[2], DecidedTime(*row[3:])) for n, row in tables[TIMES.name].rows.items()}
        facts = dict(tables[FACTS.name].rows.values())
        self._times_n = facts.get(TIMES_FACT, 0)
        latest_ns = (ledger.receipted_ns for ledger in self._ledgers.values())
        self._receipted_ns = max(self._receipted_ns, facts.get(RECEIPTED_FACT, 0), *latest_ns, 0)
        broken = {twin: tables[twin.name] for twin in TWINS if tables[twin.name].damaged}
        for loaded in broken.values():
            self._say_damage(f"{loaded.damaged} rows of its tables were broken, {loaded.lost} of them in both copies")
        with suppress(SpoolUnavailable):
            if broken:
                with self._file.transaction() as db:
                    for twin, loaded in broken.items():
                        twin.rewrite(db, loaded.rows, self._change + 1)

    def _load_epochs(self, tables: Mapping[str, Loaded]) -> None:
        self._ledgers = {row[0]: Ledger.of(n, row) for n, row in tables[EPOCHS.name].rows.items()}
        by_n = {ledger.n: ledger for ledger in self._ledgers.values()}
        for number, (n, upto, gateway_ns) in tables[RECEIPTED.name].rows.items():
            if n in by_n:
                by_n[n].steps[number] = Step(upto, gateway_ns)
        rows = tables[BOOTS.name].rows
        self._boots = Boots(rows.values())
        self._boot_numbers = {row[0]: n for n, row in rows.items()}

    def _begin_epoch(self, anew: bool = False) -> None:
        """One for what comes: in memory, and with the next commit in the file. `anew`: numbers under its name may be used already."""
        if anew or self.epoch in self._ledgers:
            self.epoch = f"{self.epoch[:52]}.{secrets.token_hex(4)}"
        n = 1 + max((ledger.n for ledger in self._ledgers.values()), default=0)
        base = max((ledger.base + ledger.last for ledger in self._ledgers.values()), default=0)
        self._ledgers[self.epoch] = Ledger(n, self.epoch, self._boot, base=max(base, self._base), receipted_ns=self._receipted_ns)
        self._owe(EPOCHS, n, self._current.row())
        self._lasted(self._boot, 0)

    _base = 0
    """Above every id that the file has, also of rows that belong to nothing."""

    def _mend(self) -> None:
        """Look through the list of frames; put what is missing in its place, in memory first."""
        with self._file.guarded() as db:
            found = scan(db, self._ledgers.values())
            self._base = max(self._base, db.execute("SELECT max(coalesce((SELECT max(id) FROM frames), 0), 0)").fetchone()[0])
            self._bytes = found.size_bytes
            self._take_scan(found)
            gaps = self._fill_holes(db, found)
        placed = set(self._held)
        with suppress(SpoolUnavailable):
            if placed or found.strangers:
                with self._file.transaction() as db:
                    self._bury_strangers(db, [number for number in found.strangers if number not in placed])
                    put_frames(db, self._held.values())
                self._bytes += self._held_bytes
                self._held.clear()
        if placed or found.strangers:
            self._say_damage(f"{max(len(placed), len(found.strangers))} frames were broken in its list, {gaps} of them for good")

    def _take_scan(self, found: Scan) -> None:
        for ledger in self._ledgers.values():
            ledger.oldest = found.oldest.get(ledger.n, ledger.last + 1)
            ledger.holes.clear()
            self._lasted(ledger.boot, found.made_ns.get(ledger.n, 0))
        latest = max((n for n in found.made_ns if n != getattr(self._ledgers.get(self.epoch), "n", 0)), default=None)
        if self._newest is None and latest is not None:
            boot = next(ledger.boot for ledger in self._ledgers.values() if ledger.n == latest)
            self._newest = (boot, found.made_ns[latest])

    def _fill_holes(self, db: sqlite3.Connection, found: Scan) -> int:
        """Frames for all that is missing into memory; how many of them are gaps."""
        gaps = 0
        for ledger, first, last in found.missing:
            frames, some = mended(db, ledger, first, last, self._substitute)
            gaps += some
            self._held |= {frame.listed.id: frame for frame in frames if frame.listed.id not in self._held}
            here = {frame.listed.seq for frame in frames}
            ledger.holes += [(seq, seq) for seq in range(first, last + 1) if seq not in here and ledger.base + seq not in self._held]
        return gaps

    def _substitute(self, ledger: Ledger, of: Listed) -> Stored:
        body = self._lost(Frame(of.seq, ledger.boot, of.made_boot_ns, of.first_row, of.rows, 0, b""))
        return _stored(ledger, of.seq, body)

    def _bury_strangers(self, db: sqlite3.Connection, numbers: Iterable[int]) -> None:
        """Rows whose epoch nobody knows any more: dead letters, and a gap of their number."""
        for number in numbers:
            row = db.execute("SELECT rows, made_boot_ns, seq, body FROM frames WHERE id = ?", (number,)).fetchone()
            if row is not None and isinstance(row[0], int) and isinstance(row[3], bytes):
                _add_dead(db, [("unknown", row[2] if isinstance(row[2], int) else 0, "epoch", row[3])])
                self._drop(max(0, row[0]), 0, "spool.damaged")
            delete_frames(db, number, number)

    def _open_again(self) -> None:
        """A disk that took nothing takes something now. The file may know of more epochs than could be read; ours comes behind them."""
        before, current, held, journal_id = self._ledgers, self._current, self._held, self.journal_id
        self._held, self._owed = {}, {}
        self._file.close()
        self._file.open()
        with self._file.guarded() as db:
            self._load({twin.name: twin.load(db) for twin in TWINS})
            self._mend()
        for name in before.keys() & self._ledgers.keys():
            ledger = self._ledgers[name]
            ledger.mark, ledger.receipted = before[name].mark, max(ledger.receipted, before[name].receipted)
            self._owe(EPOCHS, ledger.n, ledger.row())
        if journal_id is not None:
            self._add_journal(journal_id)
        if self.epoch not in self._ledgers:
            self._begin_epoch()
        self._current.take_over(current)
        self._owe(EPOCHS, self._current.n, self._current.row())
        for number, frame in held.items():
            if number > current.base:
                listed = frame.listed._replace(id=self._current.base + frame.listed.seq, epoch_n=self._current.n)
                self._held[listed.id] = frame._replace(listed=listed)

    def _set_aside(self, damaged: Damaged) -> None:
        """Put the broken file beside, take what is whole out of it into a new one, and go on in a new epoch.

        If there is no room for that now, the broken file goes back to its place.
        """
        known = {ledger.n: ledger.row() for ledger in self._ledgers.values()}
        aside = self._file.set_aside()
        try:
            self._file.open()
            self._take_out(aside, known)
        except SpoolUnavailable:
            self._file.put_back(aside)
            raise
        self.set_aside_total += 1
        self._say_damage(f"{damaged}; the file was set aside as {aside.name}")
        self._mend()
        self._begin_epoch(anew=True)
        self._commit_owed()

    def _take_out(self, aside: Path, known: Mapping[int, tuple[Any, ...]]) -> None:
        """The small tables, the frames that are owed, and gaps for those of them of which only the list knows."""
        found = salvage(aside, known)
        with self._file.transaction() as db:
            for twin in TWINS:
                for number, values in found.tables[twin.name].items():
                    twin.put(db, number, values, self._change + 1)
        written = set()
        with self._file.transaction() as db:
            for frame in salvaged_bodies(aside, found):
                put_frames(db, [frame])
                written.add(frame.listed.id)
            self._load({twin.name: twin.load(db) for twin in TWINS})
            by_n = {ledger.n: ledger for ledger in self._ledgers.values()}
            put_frames(db, (self._substitute(by_n[of.epoch_n], of) for number, of in found.listed.items() if number not in written))

    @contextmanager
    def _unbroken(self) -> Iterator[None]:
        """The one place that says what a broken file means: it is set aside, and the next try finds a new one."""
        try:
            yield
        except Damaged as damaged:
            self._set_aside(damaged)
            raise SpoolUnavailable(f"{damaged}; it was set aside, and what is whole taken out of it") from None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._unbroken(), self._file.guarded() as db:
            yield db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, durable after it, with all that is owed to the file."""
        with self._lock, self._unbroken():
            self.watch()
            if self._file.is_makeshift and self._file.takes_writes():
                self._open_again()
            owed = dict(self._owed)
            try:
                with self._file.transaction() as db:
                    for (twin, number), values in owed.items():
                        twin.put(db, number, values, self._change + 1)
                    yield db
            except SpoolUnavailable as error:
                self._refused = str(error)
                self._file.shrink_log()
                raise
            self._change += 1
            self._refused = ""
            self._owed = {key: values for key, values in self._owed.items() if key not in owed or values != owed[key]}

    def _owe(self, twin: Twin, number: int, values: tuple[Any, ...] | None) -> None:
        """Memory has this row now; the file gets it with the next commit."""
        self._owed[twin, number] = values

    def _commit_owed(self) -> None:
        """Now, if the disk takes it."""
        with suppress(SpoolUnavailable), self._transaction():
            pass

    def _numbered(self, bodies: Iterable[Body]) -> list[Stored]:
        ledger = self._current
        return [_stored(ledger, seq, body) for seq, body in enumerate(bodies, ledger.last + 1)]

    def _given_out(self, new: Sequence[Stored]) -> None:
        self._current.last += len(new)
        for frame in new:
            self._boots.lasted(self._boot, frame.listed.made_boot_ns)

    def _release_receipted(self) -> None:
        """Forget held frames that are receipted: they will never be on the disk."""
        ledger = self._current
        gone = [number for number in self._held if ledger.base < number <= ledger.base + ledger.mark]
        for number in gone:
            del self._held[number]
        if gone:
            ledger.holes.append((min(gone) - ledger.base, max(gone) - ledger.base))

    def _drop(self, rows: int, since_boot_ns: int, reason: str = "spool.full") -> None:
        self.dropped_rows_total += rows
        before = self._untold
        self._untold = Lost(before.rows + rows, before.since_boot_ns, before.reason) if before else Lost(rows, since_boot_ns, reason)

    def _found(self, ledger: Ledger, from_seq: int, limit: int) -> list[Stored]:
        """The frames. If the list has not all of them it is mended; if that does not help, the file is broken in its structure."""
        found = self._stored(ledger, from_seq, limit)
        if found is None:
            with self._unbroken():
                self._mend()
            found = self._stored(ledger, from_seq, limit)
        if found is None:
            with self._unbroken():
                raise Damaged(f"{self._path}: frames of its list cannot be found")
        return found or []

    def _stored(self, ledger: Ledger, from_seq: int, limit: int) -> list[Stored] | None:
        """Frames from that seq on; None if the list is not as it was written."""
        span = (ledger.base + max(from_seq, ledger.oldest), ledger.base + ledger.last)
        with self._reading() as db:
            rows = db.execute(
                "SELECT listed.*, body FROM listed LEFT JOIN frames USING (id) WHERE listed.id BETWEEN ? AND ? ORDER BY listed.id LIMIT ?",
                (*span, limit),
            ).fetchall()
        found = {number: frame for number, frame in self._held.items() if span[0] <= number <= span[1]}
        for row in rows:
            listed = Listed.whole(row[:-1])
            if listed is not None and listed.epoch_n == ledger.n:
                found.setdefault(listed.id, Stored(listed, row[-1] if isinstance(row[-1], bytes) else b""))
        wanted = self._wanted(ledger, span[0] - ledger.base, limit)
        if any(ledger.base + seq not in found for seq in wanted):
            return None
        return [found[ledger.base + seq] for seq in wanted]

    @staticmethod
    def _wanted(ledger: Ledger, from_seq: int, limit: int) -> list[int]:
        seqs = range(from_seq, min(ledger.last, from_seq - 1 + limit) + 1)
        return [seq for seq in seqs if not any(first <= seq <= last for first, last in ledger.holes)]

    def _make_room(self, db: sqlite3.Connection, added: int, new: int) -> tuple[dict[str, int], int, int]:
        """Delete frames if there are too many, receipted ones first, then the oldest.

        By epoch the lowest seq that is left; the bytes that were freed; and the rows that no receipt covers.
        """
        by_disk = added + _LOG_BYTES - self._room_on_disk()
        excess = max(self._bytes + added - self._max_bytes, by_disk)
        oldest: dict[str, int] = {}
        freed = dropped_rows = 0
        for receipted in (True, False):
            for ledger in self._ledgers.values():
                end = ledger.mark if receipted else ledger.last - 1 + (new if ledger is self._current else 0)
                while freed < excess and (seqs := self._oldest_seqs(ledger, oldest, end)):
                    size, rows = _sizes(db, ledger, seqs[-1], seqs[0])
                    delete_frames(db, ledger.base + seqs[0], ledger.base + seqs[-1])
                    oldest[ledger.name] = seqs[-1] + 1
                    freed, dropped_rows = freed + size, dropped_rows + rows
        if excess < -self._bytes // 8:
            self._full = ""
        if dropped_rows:
            why = "the disk is nearly full" if by_disk > 0 else "the spool has max_bytes"
            self._full = f"{why}: the oldest rows that nobody has receipted are dropped, {self.dropped_rows_total + dropped_rows} so far"
        elif by_disk > 0:
            self._full = "the disk is nearly full: frames that were receipted are dropped early"
        return oldest, freed, dropped_rows

    @staticmethod
    def _oldest_seqs(ledger: Ledger, oldest: Mapping[str, int], end: int) -> range:
        first = oldest.get(ledger.name, ledger.oldest)
        return range(first, min(end, first + _DROP_STEP - 1) + 1)

    def _room_on_disk(self) -> int:
        """How much may still be written, in free pages of the file and on its disk."""
        inside, free, total = self._file.free_bytes()
        if not total:
            return 1 << 60
        keep = min(FREE_BYTES, round(total * FREE_SHARE)) if self._keep_free_bytes is None else self._keep_free_bytes
        return inside + max(0, free - keep)

    def _add_journal(self, journal_id: str) -> None:
        """Make it the present one."""
        if journal_id == self.journal_id:
            return
        for n in [n for n, known in self._journals.items() if known == journal_id] + sorted(self._journals)[:-KEPT_JOURNALS]:
            self._journals.pop(n, None)
            self._owe(JOURNALS, n, None)
        n = 1 + max(self._journals, default=0)
        self._journals[n] = journal_id
        self._owe(JOURNALS, n, (journal_id,))

    def _unmark(self) -> None:
        for ledger in self._ledgers.values():
            for number in ledger.steps:
                self._owe(RECEIPTED, number, None)
            ledger.steps.clear()
            if ledger.has_frames:
                ledger.mark = 0
                self._owe(EPOCHS, ledger.n, ledger.row())

    def _receipted_upto(self, ledger: Ledger, gateway_ns: int) -> int:
        return max((step.upto for step in ledger.steps.values() if step.gateway_ns < gateway_ns - self._keep_ns), default=0)

    def _aged_upto(self, db: sqlite3.Connection, ledger: Ledger, now_boot_ns: int) -> int:
        """The last seq, but for the epoch's very last, that is older than `max_age_s`."""
        limit_ns = now_boot_ns + self._boots.apart_ns(ledger.boot) - self._max_age_ns
        if not ledger.has_frames or self._made_boot_ns(ledger, ledger.oldest) >= limit_ns:
            return 0
        span = (ledger.base + ledger.oldest, ledger.base + ledger.last - 1, limit_ns)
        found = db.execute("SELECT max(id) FROM listed WHERE id BETWEEN ? AND ? AND made_boot_ns < ?", span).fetchone()[0]
        return 0 if found is None else int(found) - ledger.base

    def _made_boot_ns(self, ledger: Ledger, from_seq: int = 0) -> int:
        """When the first frame from that seq on was made, or the first that is owed."""
        seq = from_seq or ledger.next_owed
        held = self._held.get(ledger.base + seq)
        if held is not None:
            return held.listed.made_boot_ns
        with self._reading() as db:
            row = db.execute("SELECT * FROM listed WHERE id = ?", (ledger.base + seq,)).fetchone()
        listed = row and Listed.whole(row)
        return listed.made_boot_ns if listed else 0

    def _forget(self) -> None:
        """Epochs of which nothing is left, their dates, and boots from before all epochs."""
        for ledger in [each for each in self._ledgers.values() if not each.has_frames and not each.owes and each is not self._current]:
            del self._ledgers[ledger.name]
            self._owe(EPOCHS, ledger.n, None)
            for number in ledger.steps:
                self._owe(RECEIPTED, number, None)
        for number, run in list(self._times.items()):
            if run.epoch not in self._ledgers or run.last_seq < self._ledgers[run.epoch].oldest:
                del self._times[number]
                self._owe(TIMES, number, None)
        for ledger in self._ledgers.values():
            gone = [number for number, step in ledger.steps.items() if step.upto < ledger.oldest]
            for number in gone[:-1]:
                del ledger.steps[number]
                self._owe(RECEIPTED, number, None)
        self._base = max(self._base, self._current.base)

    def _lasted(self, boot: str, until_ns: int) -> None:
        if self._boots.lasted(boot, until_ns):
            n = self._boot_numbers.setdefault(boot, 1 + max(self._boot_numbers.values(), default=0))
            self._owe(BOOTS, n, (boot, self._boots.length_ns(boot)))

    def _set_times_n(self, n: int) -> None:
        self._times_n = n
        self._owe(FACTS, number_of(TIMES_FACT), (TIMES_FACT, n))

    def _decided(self, epoch: str, seq: int) -> DecidedTime | None:
        runs = (run for run in reversed(self._times.values()) if run.epoch == epoch and run.first_seq <= seq <= run.last_seq)
        return next((run.decided for run in runs), None)

    def _epoch(self, ledger: Ledger) -> Epoch:
        return ledger.epoch(self._boots.apart_ns(ledger.boot))

    def _say_damage(self, what: str) -> None:
        self._damage = what if not self._damage or what in self._damage else f"{what}; before: {self._damage}"


def _stored(ledger: Ledger, seq: int, body: Body) -> Stored:
    data = encode_body(body)
    size_bytes = len(data) + FRAME_OVERHEAD_BYTES
    return Stored(
        Listed(ledger.base + seq, ledger.n, seq, body.first_row, len(body), body.made_boot_ns, zlib.crc32(data), size_bytes), data
    )


def _sizes(db: sqlite3.Connection, ledger: Ledger, upto: int, from_seq: int = 0) -> tuple[int, int]:
    """Of the frames up to that seq: their bytes, and the rows that no receipt covers."""
    found = db.execute(
        "SELECT coalesce(sum(bytes), 0), coalesce(sum(CASE WHEN id > ? THEN rows ELSE 0 END), 0) FROM listed WHERE id BETWEEN ? AND ?",
        (ledger.base + ledger.mark, ledger.base + (from_seq or ledger.oldest), ledger.base + upto),
    ).fetchone()
    return int(found[0]), int(found[1])


def _add_dead(db: sqlite3.Connection, letters: Iterable[tuple[str, int, str, bytes]]) -> None:
    db.executemany("INSERT INTO dead (epoch, seq, reason, body) VALUES (?, ?, ?, ?)", letters)
    db.execute("DELETE FROM dead WHERE id <= (SELECT max(id) FROM dead) - ?", (KEPT_DEAD,))


def _time_row(run: TimeRun) -> tuple[Any, ...]:
    return (run.epoch, run.first_seq, run.last_seq, *run.decided)
