"""How much the spool may hold, what is deleted first beyond that, and how long frames are kept.

quota = Quota(max_bytes, keep_s, max_age_s, keep_free_bytes)
freed = quota.make_room(db, store, added_bytes, new)      # inside the transaction that adds `new` frames
freed = quota.expire(db, memory, now_boot_ns, gateway_ns)
quota.committed(store, freed)                             # once it is durable
"""

from __future__ import annotations

import sqlite3
from typing import Final

from edge_agent.spool.memory import SpoolMemory
from edge_agent.spool.room import LOG_BYTES, Freed, aged_upto, delete_upto, kept_free_bytes, make_room, receipted_upto
from edge_agent.spool.store import SpoolStore
from footfall.units import NS_PER_S


class Quota:
    """`keep_free_bytes`: bytes left free on the disk; None: 64 MiB, or a twentieth of the disk if that is less."""

    def __init__(self, max_bytes: int, keep_s: float, max_age_s: float, keep_free_bytes: int | None) -> None:
        self._max_bytes: Final = max_bytes
        self._keep_ns: Final = round(keep_s * NS_PER_S)
        self._max_age_ns: Final = round(max_age_s * NS_PER_S)
        self._keep_free_bytes: Final = keep_free_bytes
        self.dropped_rows_total = 0
        """Rows that were deleted unsent."""
        self.problem = ""
        """Why rows are dropped; "" while there is room."""

    def make_room(self, db: sqlite3.Connection, store: SpoolStore, added_bytes: int, new: int) -> Freed:
        """Delete what exceeds the quota or the disk once `added_bytes` are added. `new`: frames added to the current epoch."""
        memory = store.memory
        in_quota, on_disk = self._max_bytes - store.size_bytes - added_bytes, self._room_on_disk(store) - added_bytes
        freed = make_room(db, memory.ledgers.values(), -min(in_quota, on_disk), memory.current, new)
        freed.room_bytes, freed.is_disk_full = min(in_quota, on_disk), on_disk < 0
        return freed

    def expire(self, db: sqlite3.Connection, memory: SpoolMemory, now_boot_ns: int, gateway_ns: int) -> Freed:
        """Delete what was receipted `keep_s` ago by the gateway's clock, and what is older than `max_age_s` by CLOCK_BOOTTIME."""
        freed = Freed()
        for ledger in memory.ledgers.values():
            before_ns = now_boot_ns + memory.boots.apart_ns(ledger.boot) - self._max_age_ns
            upto = max(receipted_upto(ledger, gateway_ns - self._keep_ns), aged_upto(db, ledger, before_ns))
            if upto >= ledger.oldest:
                delete_upto(db, ledger, upto, freed)
        return freed

    def committed(self, store: SpoolStore, freed: Freed) -> None:
        """Count what was deleted, and set or clear the problem.

        A full spool stays a problem until an eighth of its bytes is free again. Receipted frames deleted for the quota are no problem.
        """
        freed.apply(store.memory.ledgers)
        store.size_bytes -= freed.bytes
        self.dropped_rows_total += freed.dropped_rows
        if freed.room_bytes is None:
            return
        if freed.room_bytes > store.size_bytes // 8:
            self.problem = ""
        if freed.dropped_rows:
            total = self.dropped_rows_total + store.lost_rows_total
            self.problem = f"full: the oldest rows that nobody has receipted are dropped, {total} so far"
        elif freed.is_disk_full and not self.problem:
            self.problem = "the disk is nearly full: frames that were receipted are dropped early"

    def _room_on_disk(self, store: SpoolStore) -> int:
        """Return how many bytes can still be written, in free pages of the file and on its disk."""
        inside, free, disk = store.file.free_bytes()
        return inside + max(0, free - kept_free_bytes(disk, self._keep_free_bytes)) - LOG_BYTES if disk else 1 << 60
