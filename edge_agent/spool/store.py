"""The spool's memory and its file together: opened, mended, written, set aside; and frames that only memory has.

    store = Store(path, epoch, boot, substitute)
    store.open()
    with store.transaction() as db: …          # all or nothing, durable afterwards, with all rows that memory owes
    with store.reading() as db: …
    store.frames(ledger, from_seq, limit)      # of the file and of memory
    store.watch()                              # the path may lead to another file by now, or to none

Any of them may raise SpoolUnavailable: the disk refuses writes now, or a broken file was set aside and the next try finds a new one. The
caller holds the spool's lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from edge_agent.spool.epochs import EpochState
from edge_agent.spool.file import SpoolDamaged, SpoolFile, SpoolUnavailable
from edge_agent.spool.memory import SpoolMemory
from edge_agent.spool.mending import Scan, mended, scan
from edge_agent.spool.rows import Listed, StoredFrame, add_dead, delete_frames, put_frames
from edge_agent.spool.salvage import bodies, salvage
from edge_agent.spool.twins import TWINS, LoadedTables


@dataclass(frozen=True, slots=True)
class LostRows:
    """Rows dropped before they had a number, or whose epoch is unknown; the first of them was made at `since_boot_ns`."""

    rows: int
    since_boot_ns: int
    reason: str


class Newest(NamedTuple):
    """The last frame of the runs before: its boot, and when it was made on that boot's clock."""

    boot: str
    made_boot_ns: int


class SpoolStore:
    """`held`: frames by id that the file does not have yet. `size_bytes`: of those that it has."""

    def __init__(self, path: Path, epoch: str, boot: str, substitute: Callable[[EpochState, Listed], StoredFrame], store: str = "") -> None:
        self.memory = SpoolMemory(epoch, boot, store)
        self.file: Final = SpoolFile(path)
        self.held: dict[int, StoredFrame] = {}
        self.size_bytes = 0
        self.newest: Newest | None = None
        self.set_aside_total = 0
        self.lost: LostRows | None = None
        self.lost_rows_total = 0
        self.refused = ""
        self.damage = ""
        self.change = 0
        self._path: Final = path
        self._substitute: Final = substitute

    @property
    def held_bytes(self) -> int:
        return sum(frame.listed.size_bytes for frame in self.held.values())

    def open(self) -> None:
        try:
            self.file.open()
            self._load()
            self.memory.begin_epoch()
            self.commit()
        except SpoolDamaged as damaged:
            self._set_aside(damaged)

    def close(self) -> None:
        self.file.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._unbroken(), self.file.guarded() as db:
            yield db

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._unbroken():
            self._carry_if_gone()
            if self.file.is_makeshift and self.file.takes_writes():
                self._open_again()
            owed = dict(self.memory.owed)
            try:
                with self.file.transaction() as db:
                    for (twin, number), values in owed.items():
                        twin.put(db, number, values, self.change + 1)
                    yield db
            except SpoolUnavailable as error:
                self.refused = str(error)
                self.file.shrink_log()
                raise
            self.change += 1
            self.refused = ""
            self.memory.paid(owed)

    def commit(self) -> None:
        """Write the rows owed, if the disk accepts writes."""
        with suppress(SpoolUnavailable), self.transaction():
            pass

    def watch(self) -> None:
        with self._unbroken():
            self._carry_if_gone()

    def frames(self, ledger: EpochState, from_seq: int, limit: int) -> list[StoredFrame]:
        """Return at most `limit` frames from `from_seq` on.

        If the list lacks some it is mended; if that does not help, the file is broken.
        """
        found = self._stored(ledger, from_seq, limit)
        if found is None:
            with self._unbroken():
                self._mend()
            found = self._stored(ledger, from_seq, limit)
        if found is None:
            with self._unbroken():
                raise SpoolDamaged(f"{self._path}: frames of its list cannot be found")
        return found or []

    def release_receipted(self) -> None:
        """Drop held frames that are receipted: they are never written to the file."""
        ledger = self.memory.current
        gone = [number for number in self.held if ledger.base < number <= ledger.base + ledger.mark]
        for number in gone:
            del self.held[number]
        if gone:
            ledger.holes.append((min(gone) - ledger.base, max(gone) - ledger.base))

    def lose(self, rows: int, since_boot_ns: int, reason: str) -> None:
        self.lost_rows_total += rows
        before = self.lost
        self.lost = LostRows(before.rows + rows, before.since_boot_ns, before.reason) if before else LostRows(rows, since_boot_ns, reason)

    def report_damage(self, what: str) -> None:
        self.damage = what if not self.damage or what in self.damage else f"{what}; before: {self.damage}"

    def _load(self) -> None:
        with self.file.guarded() as db:
            self._load_tables(db)
            self._mend()
            db.execute("PRAGMA shrink_memory")  # the whole list was read, which nobody needs again

    def _load_tables(self, db: sqlite3.Connection) -> None:
        tables = LoadedTables(db)
        self.change = max(self.change, *(tables.of(twin).change for twin in TWINS))
        self.memory.load(tables)
        broken = {twin: tables.of(twin) for twin in TWINS if tables.of(twin).damaged}
        for loaded in broken.values():
            self.report_damage(f"{loaded.damaged} rows of its tables were broken, {loaded.lost} of them in both copies")
        with suppress(SpoolUnavailable):
            if broken:
                with self.file.transaction() as writing:
                    for twin, loaded in broken.items():
                        twin.rewrite(writing, loaded.rows, self.change + 1)

    def _mend(self) -> None:
        """Check the list of frames, and replace what is missing, in memory first."""
        with self.file.guarded() as db:
            found = scan(db, self.memory.ledgers.values())
            highest = db.execute("SELECT coalesce(max(id), 0) FROM frames").fetchone()[0]
            self.memory.base = max(self.memory.base, highest)
            self.size_bytes = found.size_bytes
            self._take_scan(found)
            gaps = self._fill_holes(db, found)
        if not self.held and not found.strangers:
            return
        self.report_damage(f"{max(len(self.held), len(found.strangers))} frames were broken in its list, {gaps} of them for good")
        with suppress(SpoolUnavailable):
            with self.file.transaction() as writing:
                self._bury_strangers(writing, [number for number in found.strangers if number not in self.held])
                put_frames(writing, self.held.values())
            self.size_bytes += self.held_bytes
            self.held.clear()

    def _take_scan(self, found: Scan) -> None:
        ledgers = self.memory.ledgers.values()
        for ledger in ledgers:
            ledger.oldest = found.oldest.get(ledger.n, ledger.last + 1)
            ledger.holes.clear()
            self.memory.lasted(ledger.boot, found.made_ns.get(ledger.n, 0))
        before = [ledger for ledger in ledgers if ledger.n in found.made_ns and ledger.name != self.memory.epoch]
        if self.newest is None and before:
            last = max(before, key=lambda ledger: ledger.n)
            self.newest = Newest(last.boot, found.made_ns[last.n])

    def _fill_holes(self, db: sqlite3.Connection, found: Scan) -> int:
        """Hold replacements of all missing frames in memory. Return how many of them are gaps."""
        gaps = 0
        for ledger, first, last in found.missing:
            frames, some = mended(db, ledger, first, last, self._substitute)
            gaps += some
            self.held |= {frame.listed.id: frame for frame in frames if frame.listed.id not in self.held}
            ledger.holes += [(seq, seq) for seq in range(first, last + 1) if ledger.base + seq not in self.held]
        return gaps

    def _bury_strangers(self, db: sqlite3.Connection, numbers: Iterable[int]) -> None:
        """Make dead letters of rows with an unknown epoch, and record their number as lost."""
        for number in numbers:
            for rows, seq, body in db.execute("SELECT rows, seq, body FROM frames WHERE id = ?", (number,)).fetchall():
                if isinstance(rows, int) and isinstance(body, bytes):
                    add_dead(db, "unknown", seq if isinstance(seq, int) else 0, "epoch", body)
                    self.lose(max(0, rows), 0, "spool.damaged")
            delete_frames(db, number, number)

    @contextmanager
    def _unbroken(self) -> Iterator[None]:
        """Set a broken file aside, and raise SpoolUnavailable: the next try finds a new one. Only here is this decided."""
        try:
            yield
        except SpoolDamaged as damaged:
            self._set_aside(damaged)
            raise SpoolUnavailable(f"{damaged}; it was set aside, and what is whole taken out of it") from None

    def _set_aside(self, damaged: SpoolDamaged) -> None:
        """Set the broken file aside, salvage what is whole into a new one, and begin a new epoch.

        If there is no room for that now, move the broken file back to its place.
        """
        aside = self.file.set_aside()
        try:
            self.file.open()
            self._take_out(aside)
        except SpoolUnavailable:
            self.file.put_back(aside)
            raise
        self.set_aside_total += 1
        self.report_damage(f"{damaged}; the file was set aside as {aside.name}")
        self._mend()
        self.memory.begin_epoch(anew=True)
        self.commit()

    def _take_out(self, aside: Path) -> None:
        """Write the small tables, the owed frames, and gaps for those of which only the list entry is whole."""
        found = salvage(aside, {ledger.n: ledger.row() for ledger in self.memory.ledgers.values()})
        written = set()
        with self.file.transaction() as db:
            for twin in TWINS:
                for number, values in found.tables[twin.name].items():
                    twin.put(db, number, values, self.change + 1)
            for frame in bodies(aside, found):
                put_frames(db, [frame])
                written.add(frame.listed.id)
            self._load_tables(db)
            by_n = {ledger.n: ledger for ledger in self.memory.ledgers.values()}
            put_frames(db, (self._substitute(by_n[of.epoch_n], of) for number, of in found.listed.items() if number not in written))

    def _open_again(self) -> None:
        """Reopen the file once the disk accepts writes. It may hold more epochs than could be read; the current one comes after them."""
        before, held = self.memory, self.held
        self.memory, self.held = SpoolMemory(before.epoch, before.boot, before.store), {}
        self.file.close()
        self.file.open()
        self._load()
        self.memory.begin_again(before)
        for number, frame in held.items():
            if number > before.current.base:
                moved = frame.moved(self.memory.current.base, self.memory.current.n)
                self.held[moved.listed.id] = moved

    def _carry_if_gone(self) -> None:
        if self.file.is_open and not self.file.is_in_place():
            self.file.carry()
            self.report_damage("the file was deleted or replaced under the running agent; what it held was written to a new one")

    def _stored(self, ledger: EpochState, from_seq: int, limit: int) -> list[StoredFrame] | None:
        """Return at most `limit` frames from `from_seq` on; None if the list is not as it was written."""
        first = max(from_seq, ledger.oldest)
        first_id, last_id = ledger.base + first, ledger.base + ledger.last
        with self.reading() as db:
            rows = db.execute(
                "SELECT listed.*, body FROM listed LEFT JOIN frames USING (id) WHERE listed.id BETWEEN ? AND ? ORDER BY listed.id LIMIT ?",
                (first_id, last_id, limit),
            ).fetchall()
        wanted = [ledger.base + seq for seq in range(first, min(ledger.last, first - 1 + limit) + 1) if not ledger.is_hole(seq)]
        found = {number: self.held[number] for number in wanted if number in self.held}
        for *stored, body in rows:
            listed = Listed.whole(tuple(stored))
            if listed is not None and listed.epoch_n == ledger.n:
                found.setdefault(listed.id, StoredFrame(listed, body if isinstance(body, bytes) else b""))
        return [found[number] for number in wanted] if all(number in found for number in wanted) else None
