"""The agent's durable memory: bodies of frames in SQLite until the gateway's receipt, and 72 h longer.

    Spool(path, epoch, boot, *, max_bytes=2 GB, keep_s=72 h, max_age_s=30 d, keep_free_bytes=None, lost=…)
        .append(bodies, readings={}) -> list[int]         # their seqs; durable on return, in one commit
        .hold(bodies) -> bool                             # the disk takes nothing: numbered and sent from memory
        .readings() -> dict[str, str]                     # what counters were last seen to show, by key
        .sending() -> Epoch                               # the oldest epoch that owes frames, else the current one
        .frames(epoch, from_seq, limit) -> list[Frame]
        .mark(epoch, upto, gateway_ns); .bind_journal(journal_id); .store_times(times); .date(epoch, dates); .bury(…)
        .watch(); .tidy(now_boot_ns, gateway_ns); .problems() -> dict[str, str]; .close()

A seq is given out once, in the transaction that stores its body, and each start of an agent is a new epoch: so a storage card that
lost rows can never make a number mean two bodies. A mark may be lost in a crash: then its frames are sent again, and the gateway
knows them. When full, what is receipted goes first, then the oldest; the last frame of an epoch stays, so that the gateway always
learns what was dropped. Any thread may call; one lock, short transactions.

Memory (`spool_memory.py`) holds all numbers and is right while it lasts; the file follows with the next commit that succeeds. So a disk
that takes nothing stops no sending. Every row in the file bears a check sum (`spool_rows.py`): what is broken is mended from its other
copy, else a gap under its number says which rows are lost; a file whose structure is broken is set aside, and what is whole taken out of
it (`spool_store.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

from edge_agent.core import lost_frame
from edge_agent.spool_epochs import Epoch, Fill, Frame, Ledger
from edge_agent.spool_file import SpoolUnavailable
from edge_agent.spool_room import LOG_BYTES, Freed, aged_upto, delete_upto, kept_free_bytes, listed_at, make_room, receipted_upto
from edge_agent.spool_rows import EPOCHS, FACTS, READINGS, TIMES, Listed, Stored, add_dead, number_of, put_frames
from edge_agent.spool_schema import TIMES_FACT
from edge_agent.spool_store import Lost, Store
from footfall.frames import Body, DecidedTime
from footfall.receipts import Times
from footfall.units import NS_PER_S

__all__ = ["HOUR_S", "Epoch", "Fill", "Frame", "Spool", "SpoolUnavailable"]

HOUR_S: Final = 3600.0
HELD_BYTES: Final = 8 << 20
"""So much waits in memory while the disk takes nothing."""
NO_READINGS: Final[Mapping[str, str]] = MappingProxyType({})


def _lost_frame(frame: Frame) -> Body:
    return lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, {}, {}, frame.store)


class Spool:
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
        lost: Callable[[Frame], Body] = _lost_frame,
        store: str = "",
    ) -> None:
        self._max_bytes: Final = max_bytes
        self._keep_ns: Final = round(keep_s * NS_PER_S)
        self._max_age_ns: Final = round(max_age_s * NS_PER_S)
        self._keep_free_bytes: Final = keep_free_bytes
        self._lost: Final = lost
        self._dropped_rows_total = 0
        self._full = ""
        self._lock: Final = threading.RLock()
        self._store: Final = Store(path, epoch, boot, self._substitute, store)
        self._store.open()

    @property
    def epoch(self) -> str:
        """The current one: what is appended goes under its name."""
        return self._store.memory.epoch

    @property
    def dropped_rows_total(self) -> int:
        """Rows that were given up unsent."""
        return self._dropped_rows_total + self._store.lost_rows_total

    @property
    def set_aside_total(self) -> int:
        """Broken files that were put aside, beside the path."""
        return self._store.set_aside_total

    def append(self, bodies: Sequence[Body], readings: Mapping[str, str] = NO_READINGS) -> list[int]:
        """Durable on return, with all that is held; or SpoolUnavailable, nothing is stored, and no number given out: send the same again.

        `readings` are what the counters showed whose people are in `bodies`: both are stored or neither, so that a total that is read
        again after any crash tells exactly those who are not in a frame yet.
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
                    READINGS.put(db, number_of(key), (key, value), change)
                added = sum(frame.listed.size_bytes for frame in written)
                in_quota, on_disk = self._max_bytes - store.size_bytes - added, self._room_on_disk() - added
                freed = make_room(db, memory.ledgers.values(), -min(in_quota, on_disk), memory.current, len(new))
            self._given_out(new)
            store.held.clear()
            store.size_bytes += added
            self._freed(freed)
            self._say_full(min(in_quota, on_disk), on_disk < 0, freed)
            return [frame.listed.seq for frame in new]

    def hold(self, bodies: Sequence[Body]) -> bool:
        """Number `bodies` and keep them in memory, to be sent from there and stored when the disk takes something again.

        Numbers may be given out before they are durable, since the next start is another epoch. If they are too many, those already
        receipted make room; else `bodies` are dropped and counted, and this is False.
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
        """Whether something waits in memory for the disk."""
        return bool(self._store.held)

    def numbered(self) -> tuple[str, int]:
        """The current epoch and its last seq."""
        with self._lock:
            return self.epoch, self._store.memory.current.last

    def is_safe(self, epoch: str, seq: int) -> bool:
        """Whether that frame, and so all before it, is on the disk or receipted."""
        with self._lock:
            ledger = self._store.memory.ledgers.get(epoch)
            return ledger is None or seq <= ledger.mark or ledger.base + seq not in self._store.held

    def take_lost(self) -> Lost | None:
        """What no frame and no gap of a frame tells of, once."""
        with self._lock:
            lost, self._store.lost = self._store.lost, None
            return lost

    def readings(self) -> dict[str, str]:
        """The last value of every key that `append` was given."""
        with self._lock, self._store.reading() as db:
            return dict(READINGS.load(db).rows.values())

    def sending(self) -> Epoch:
        """The oldest epoch that owes frames; the current one if none does."""
        with self._lock:
            memory = self._store.memory
            return memory.view(memory.owing or memory.current)

    def others(self, most: int) -> list[Epoch]:
        """Epochs beside the one that is sent, of which frames are still here: the newest `most`, oldest first."""
        with self._lock:
            memory = self._store.memory
            sending = memory.owing or memory.current
            found = [ledger for ledger in memory.ledgers.values() if ledger is not sending and ledger.has_frames and not ledger.owes]
            return [memory.view(ledger) for ledger in found[-most:]]

    def get(self, epoch: str) -> Epoch | None:
        """None for an epoch that was never here, or of which nothing is left."""
        with self._lock:
            ledger = self._store.memory.ledgers.get(epoch)
            return self._store.memory.view(ledger) if ledger else None

    def frames(self, epoch: str, from_seq: int, limit: int) -> list[Frame]:
        """The next `limit` frames from that seq on, of the disk and of memory."""
        with self._lock:
            memory = self._store.memory
            ledger = memory.ledgers[epoch]
            return [
                self._frame(ledger, of, body, memory.decided(epoch, of.seq)) for of, body in self._store.frames(ledger, from_seq, limit)
            ]

    def mark(self, epoch: str, upto: int, gateway_ns: int) -> None:
        """Every frame of `epoch` up to `upto` is durable at the gateway. Also downwards: a gateway that forgot gets them again.

        A mark above the last seq says that this file went back: all that is here is known. Its numbers were used up to there, so that the
        current epoch ends, and what comes goes under another. Written with the next commit.
        """
        with self._lock:
            if self._store.memory.mark(epoch, upto, gateway_ns):
                self._store.say_damage(f"the card went back: of epoch {epoch} a gateway has frames that are not here any more")

    def heard(self, gateway_ns: int) -> None:
        """A receipt was heard, of whatever journal."""
        with self._lock:
            self._store.memory.heard(gateway_ns)

    @property
    def receipted_ns(self) -> int:
        """The latest `gateway_ns` of any receipt ever heard."""
        return self._store.memory.receipted_ns

    @property
    def journal_id(self) -> str | None:
        """The gateway's journal whose receipts count."""
        with self._lock:
            return self._store.memory.journal_id

    @property
    def journals(self) -> list[str]:
        """All that were ever bound, the present one last."""
        with self._lock:
            return self._store.memory.journals

    def bind_journal(self, journal_id: str) -> None:
        """Count the receipts of this journal from now on. If there was another before, every frame still here is owed again, from the
        mark on which its receipts will name; and dates that it told are numbered anew."""
        with self._lock:
            if journal_id != self.journal_id:
                self._store.memory.bind_journal(journal_id)
                self._store.commit()

    @property
    def times_n(self) -> int:
        """The number of the last dates that were stored, of the present journal."""
        return self._store.memory.times_n

    def store_times(self, times: Times) -> None:
        """Durable on return, or SpoolUnavailable: then they are not to be confirmed."""
        with self._lock:
            with self._store.transaction() as db:
                rows, change = self._store.memory.new_times(times), self._store.change + 1
                for number, run in rows.items():
                    TIMES.put(db, number, (run.epoch, run.first_seq, run.last_seq, *run.decided), change)
                FACTS.put(db, number_of(TIMES_FACT), (TIMES_FACT, times.n), change)
            self._store.memory.add_times(rows, times.n)

    def date(self, epoch: str, dates: Iterable[tuple[int, DecidedTime]]) -> None:
        """The agent's own dates, by seq, of frames not sent before. Durable on return; while the disk takes nothing, memory has them."""
        with self._lock:
            self._store.memory.date(epoch, dates)
            self._store.commit()

    def bury(self, epoch: str, frame: Frame, substitute: Body, reason: str) -> None:
        """Put a body that the disk has spoiled among the dead letters, and `substitute` in its place."""
        with self._lock:
            store, ledger = self._store, self._store.memory.ledgers[epoch]
            stored = Stored.made(ledger.base, ledger.n, frame.seq, substitute)
            store.held[stored.listed.id] = stored
            store.say_damage(f"frame {frame.seq} of epoch {epoch}: {frame.rows} rows lost")
            with suppress(SpoolUnavailable):
                with store.transaction() as db:
                    add_dead(db, epoch, frame.seq, reason, frame.body)
                    put_frames(db, [stored])
                store.held.pop(stored.listed.id, None)

    def tidy(self, now_boot_ns: int, gateway_ns: int) -> None:
        """Delete what was receipted `keep_s` ago by the gateway's clock, what is too old, and epochs of which nothing is left.

        Age is counted on CLOCK_BOOTTIME, since the wall clock may be wrong; of an earlier boot it is the least that it can be.
        """
        with self._lock:
            freed = Freed()
            self._store.memory.owe_length()
            with self._store.transaction() as db:
                memory = self._store.memory
                for ledger in memory.ledgers.values():
                    before_ns = now_boot_ns + memory.boots.apart_ns(ledger.boot) - self._max_age_ns
                    upto = max(receipted_upto(ledger, gateway_ns - self._keep_ns), aged_upto(db, ledger, before_ns))
                    if upto >= ledger.oldest:
                        delete_upto(db, ledger, upto, freed)
            self._freed(freed)
            memory.forget()

    def watch(self) -> None:
        """If the path leads to another file by now, or to none: write what the open one holds to a new one."""
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
        """What is wrong: a code of `footfall status`, and what there is to say of it."""
        with self._lock:
            said = {"card_full": self._store.refused or self._full, "spool_damaged": self._store.damage}
            return {code: text[:300] for code, text in said.items() if text}

    def newest(self) -> tuple[str, int] | None:
        """Boot and `made_boot_ns` of the last frame of earlier epochs: since then nothing was observed."""
        return self._store.newest

    def close(self) -> None:
        with self._lock:
            with suppress(SpoolUnavailable):
                self.append([])
            self._store.close()

    def _numbered(self, bodies: Iterable[Body]) -> list[Stored]:
        ledger = self._store.memory.current
        return [Stored.made(ledger.base, ledger.n, seq, body) for seq, body in enumerate(bodies, ledger.last + 1)]

    def _given_out(self, new: Sequence[Stored]) -> None:
        memory = self._store.memory
        memory.current.last += len(new)
        for frame in new:
            memory.boots.lasted(memory.boot, frame.listed.made_boot_ns)

    @staticmethod
    def _frame(ledger: Ledger, of: Listed, body: bytes, decided: DecidedTime | None = None) -> Frame:
        return Frame(of.seq, ledger.boot, of.made_boot_ns, of.first_row, of.rows, of.crc32, body, decided, ledger.store)

    def _substitute(self, ledger: Ledger, of: Listed) -> Stored:
        body = self._lost(self._frame(ledger, of._replace(crc32=0), b""))
        return Stored.made(ledger.base, ledger.n, of.seq, body)

    def _room_on_disk(self) -> int:
        """What may still be written, in free pages of the file and on its disk."""
        inside, free, disk = self._store.file.free_bytes()
        return inside + max(0, free - kept_free_bytes(disk, self._keep_free_bytes)) - LOG_BYTES if disk else 1 << 60

    def _freed(self, freed: Freed) -> None:
        freed.apply(self._store.memory.ledgers)
        self._store.size_bytes -= freed.bytes
        self._dropped_rows_total += freed.dropped_rows

    def _say_full(self, room: int, is_disk_full: bool, freed: Freed) -> None:
        """Until an eighth of what is kept is free again. That receipted frames give way to the quota is as it should be."""
        if room > self._store.size_bytes // 8:
            self._full = ""
        if freed.dropped_rows:
            self._full = f"full: the oldest rows that nobody has receipted are dropped, {self.dropped_rows_total} so far"
        elif is_disk_full and not self._full:
            self._full = "the disk is nearly full: frames that were receipted are dropped early"

    def _made_boot_ns(self, ledger: Ledger) -> int:
        """When the first frame was made that is owed."""
        held = self._store.held.get(ledger.base + ledger.next_owed)
        if held is not None:
            return held.listed.made_boot_ns
        with self._store.reading() as db:
            listed = listed_at(db, ledger, ledger.next_owed)
        return listed.made_boot_ns if listed else 0
