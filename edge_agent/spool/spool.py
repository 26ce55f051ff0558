"""The agent's durable memory: bodies of frames in SQLite until the gateway's receipt, and 72 h longer.

    Spool(path, epoch, boot, *, max_bytes=2 GB, keep_s=72 h, max_age_s=30 d, keep_free_bytes=None, lost=…)
        .append(bodies, readings={}) -> list[int]         # their seqs; durable on return, in one commit
        .hold(bodies) -> bool                             # while the disk refuses writes: numbered and sent from memory
        .readings() -> dict[str, str]                     # the last readings of counters, by key
        .sending() -> Epoch                               # the oldest epoch that owes frames, else the current one
        .frames(epoch, from_seq, limit) -> list[Frame]
        .mark(epoch, upto, gateway_ns); .bind_journal(journal_id); .store_times(times); .date(epoch, dates); .bury(…)
        .watch(); .tidy(now_boot_ns, gateway_ns); .problems() -> dict[str, str]; .close()

A seq is assigned once, in the transaction that stores its body, and each start of an agent is a new epoch. So a storage card that lost
rows can never make a number mean two bodies. A mark may be lost in a crash: then its frames are resent, and the gateway drops them as
duplicates. When full, receipted frames are deleted first, then the oldest. The last frame of an epoch is kept, so that the gateway
always learns what was dropped. Any thread may call; one lock, short transactions.

Memory (`memory.py`) holds all numbers and is authoritative while it lasts; the file follows with the next commit that succeeds. So a
disk that refuses writes stops no sending. Every row in the file bears a checksum (`twins.py`, `rows.py`). A broken row is restored from
its other copy, else a gap under its number counts the rows that are lost. A file whose structure is broken is set aside, and what is
whole is salvaged (`store.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

from edge_agent.core import lost_frame
from edge_agent.epoch import Epoch
from edge_agent.spool.epochs import EpochState, Fill, SpooledFrame
from edge_agent.spool.file import SpoolUnavailable
from edge_agent.spool.hiding import hide_identifiers
from edge_agent.spool.quota import Quota
from edge_agent.spool.receipts import Receipts
from edge_agent.spool.room import listed_at
from edge_agent.spool.rows import Listed, StoredFrame, add_dead, put_frames
from edge_agent.spool.store import LostRows, Newest, SpoolStore
from edge_agent.spool.twins import EPOCHS, READINGS, ReadingRow, number_of
from footfall.frames import Body, DecidedTime
from footfall.units import NS_PER_S

HOUR_S: Final = 3600.0
HELD_BYTES: Final = 8 << 20
"""Bytes held in memory at most while the disk refuses writes."""
NO_READINGS: Final[Mapping[str, str]] = MappingProxyType({})


def _lost_frame(frame: SpooledFrame) -> Body:
    return lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, {}, {}, frame.store)


class Spool(Receipts):
    """`keep_free_bytes`: what the spool leaves free on its disk; None: 64 MiB, or a twentieth of the disk if that is less. `lost` makes
    what stands in the place of a frame that the disk has spoiled. `store`: where this run of the agent is. SpoolUnavailable if there is
    no file, and none can be made.
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
        lost: Callable[[SpooledFrame], Body] = _lost_frame,
        store: str = "",
    ) -> None:
        self._quota: Final = Quota(max_bytes, keep_s, max_age_s, keep_free_bytes)
        self._lost: Final = lost
        self._path: Final = path
        super().__init__(threading.RLock(), SpoolStore(path, epoch, boot, self._substitute, store))
        self._store.open()

    @property
    def epoch(self) -> str:
        """Return the current epoch, to which frames are appended."""
        return self._store.memory.epoch

    @property
    def dropped_rows_total(self) -> int:
        """Return how many rows were dropped unsent."""
        return self._quota.dropped_rows_total + self._store.lost_rows_total

    @property
    def set_aside_total(self) -> int:
        """Return how many broken files were set aside."""
        return self._store.set_aside_total

    def append(self, bodies: Sequence[Body], readings: Mapping[str, str] = NO_READINGS) -> list[int]:
        """Write bodies and all that is held, durable on return. Return their seqs.

        Raise SpoolUnavailable if nothing was stored and no seq assigned: append the same again. `readings` are those of counters whose
        people are in `bodies`. Both are stored or neither: after any crash a total yields exactly those who are not in a frame yet.
        """
        with self._lock:
            store = self._store
            if not bodies and not readings and not store.memory.owed and not store.held:
                return []
            with store.transaction() as db:
                memory, change = store.memory, store.change + 1
                new = self._numbered(bodies)
                written = [*store.held.values(), *new]
                put_frames(db, written)
                EPOCHS.put(db, memory.current.n, memory.current.row(len(new)), change)
                for key, value in readings.items():
                    READINGS.put(db, number_of(key), ReadingRow(key, value), change)
                added = sum(frame.listed.size_bytes for frame in written)
                freed = self._quota.make_room(db, store, added, len(new))
            self._given_out(new)
            store.held.clear()
            store.size_bytes += added
            self._quota.committed(store, freed)
            return [frame.listed.seq for frame in new]

    def hold(self, bodies: Sequence[Body]) -> bool:
        """Number `bodies` and hold them in memory, to be sent from there and stored once the disk accepts writes.

        Numbers may be assigned before they are durable, since the next start is another epoch. Beyond the limit, receipted ones make
        room. Return False if that is not enough: `bodies` are then dropped and counted.
        """
        with self._lock:
            store = self._store
            new = self._numbered(bodies)
            added = sum(frame.listed.size_bytes for frame in new)
            if store.held_bytes + added > HELD_BYTES:
                store.release_receipted()
            if store.held_bytes + added > HELD_BYTES:
                since_ns = min(frame.listed.made_boot_ns for frame in new)
                store.lose(sum(frame.listed.rows for frame in new), since_ns, "spool.full")
                return False
            self._given_out(new)
            store.held |= {frame.listed.id: frame for frame in new}
            return True

    @property
    def is_holding(self) -> bool:
        """Return whether frames in memory wait for the disk."""
        return bool(self._store.held)

    def numbered(self) -> tuple[str, int]:
        """Return the current epoch and its last seq."""
        with self._lock:
            return self.epoch, self._store.memory.current.last

    def is_safe(self, epoch: str, seq: int) -> bool:
        """Return whether that frame, and so all before it, is on the disk or receipted."""
        with self._lock:
            ledger = self._store.memory.ledgers.get(epoch)
            return ledger is None or seq <= ledger.mark or ledger.base + seq not in self._store.held

    def take_lost(self) -> LostRows | None:
        """Return, once, lost rows that no frame and no gap reports; None without any."""
        with self._lock:
            lost, self._store.lost = self._store.lost, None
            return lost

    def readings(self) -> dict[str, str]:
        """Return the last value of every key that `append` was given."""
        with self._lock, self._store.reading() as db:
            return {row.key: row.value for row in READINGS.load(db).rows.values()}

    def sending(self) -> Epoch:
        """Return the oldest epoch that owes frames; the current one if none does."""
        with self._lock:
            memory = self._store.memory
            return memory.view(memory.owing or memory.current)

    def others(self, most: int) -> list[Epoch]:
        """Return other epochs with frames than the one being sent: the newest `most`, oldest first."""
        with self._lock:
            memory = self._store.memory
            sending = memory.owing or memory.current
            found = [ledger for ledger in memory.ledgers.values() if ledger is not sending and ledger.has_frames and not ledger.owes]
            return [memory.view(ledger) for ledger in found[-most:]]

    def get(self, epoch: str) -> Epoch | None:
        """Return an epoch; None if it was never here, or nothing is left of it."""
        with self._lock:
            ledger = self._store.memory.ledgers.get(epoch)
            return self._store.memory.view(ledger) if ledger else None

    def frames(self, epoch: str, from_seq: int, limit: int) -> list[SpooledFrame]:
        """Return at most `limit` frames from `from_seq` on, from disk and memory."""
        with self._lock:
            memory = self._store.memory
            ledger = memory.ledgers[epoch]
            return [_frame(ledger, of, body, memory.decided(epoch, of.seq)) for of, body in self._store.frames(ledger, from_seq, limit)]

    def bury(self, epoch: str, frame: SpooledFrame, substitute: Body, reason: str) -> None:
        """Replace a corrupt body by `substitute`, and keep it as a dead letter."""
        with self._lock:
            store, ledger = self._store, self._store.memory.ledgers[epoch]
            stored = StoredFrame.made(ledger.base, ledger.n, frame.seq, substitute)
            store.held[stored.listed.id] = stored
            store.report_damage(f"frame {frame.seq} of epoch {epoch}: {frame.rows} rows lost")
            with suppress(SpoolUnavailable):
                with store.transaction() as db:
                    add_dead(db, epoch, frame.seq, reason, frame.body)
                    put_frames(db, [stored])
                store.held.pop(stored.listed.id, None)

    def tidy(self, now_boot_ns: int, gateway_ns: int) -> None:
        """Delete what was receipted `keep_s` ago by the gateway's clock, what is too old, and epochs without frames.

        Age is measured on CLOCK_BOOTTIME, since the wall clock may be wrong; for an earlier boot it is the least possible age.
        """
        with self._lock:
            self._store.memory.owe_length()
            with self._store.transaction() as db:
                freed = self._quota.expire(db, self._store.memory, now_boot_ns, gateway_ns)
            self._quota.committed(self._store, freed)
            self._store.memory.forget()

    def protect_events(self, change: Callable[[str], str]) -> int:
        """Replace the text of every plain event that an earlier release spooled by what `change` returns, once. Return how many frames."""
        with self._lock:
            return hide_identifiers(self._store, self._path, change)

    def watch(self) -> None:
        """Write the open file's contents to a new file if the path leads to another one by now, or to none."""
        with self._lock:
            self._store.watch()

    def fill(self, now_boot_ns: int) -> Fill:
        with self._lock:
            memory, size_bytes = self._store.memory, self._store.size_bytes + self._store.held_bytes
            first = memory.owing
            if first is None:
                return Fill(0, size_bytes, 0.0)
            unsent = sum(max(0, ledger.last - ledger.mark) for ledger in memory.ledgers.values())
            age_ns = now_boot_ns + memory.boots.apart_ns(first.boot) - self._made_boot_ns(first)
            return Fill(unsent, size_bytes, max(0, age_ns) / NS_PER_S)

    def problems(self) -> dict[str, str]:
        """Return the problems: codes of `footfall status`, each with a text of at most 300 characters."""
        with self._lock:
            problems = {"card_full": self._store.refused or self._quota.problem, "spool_damaged": self._store.damage}
            return {code: text[:300] for code, text in problems.items() if text}

    def newest(self) -> Newest | None:
        """Return the last frame of earlier epochs, since which nothing was observed; None if there is none."""
        return self._store.newest

    def close(self) -> None:
        with self._lock:
            with suppress(SpoolUnavailable):
                self.append([])
            self._store.close()

    def _numbered(self, bodies: Iterable[Body]) -> list[StoredFrame]:
        ledger = self._store.memory.current
        return [StoredFrame.made(ledger.base, ledger.n, seq, body) for seq, body in enumerate(bodies, ledger.last + 1)]

    def _given_out(self, new: Sequence[StoredFrame]) -> None:
        memory = self._store.memory
        memory.current.last += len(new)
        for frame in new:
            memory.boots.lasted(memory.boot, frame.listed.made_boot_ns)

    def _substitute(self, ledger: EpochState, of: Listed) -> StoredFrame:
        body = self._lost(_frame(ledger, of._replace(crc32=0), b""))
        return StoredFrame.made(ledger.base, ledger.n, of.seq, body)

    def _made_boot_ns(self, ledger: EpochState) -> int:
        """Return when the first owed frame was made."""
        held = self._store.held.get(ledger.base + ledger.next_owed)
        if held is not None:
            return held.listed.made_boot_ns
        with self._store.reading() as db:
            listed = listed_at(db, ledger, ledger.next_owed)
        return listed.made_boot_ns if listed else 0


def _frame(ledger: EpochState, of: Listed, body: bytes, decided: DecidedTime | None = None) -> SpooledFrame:
    return SpooledFrame(of.seq, ledger.boot, of.made_boot_ns, of.first_row, of.rows, of.crc32, body, decided, ledger.store)
