"""Points on their way from the fold to the database: bounded, in order, each batch until the database has it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.points import Coded, Points

MAX_ROWS_AT_ONCE: Final = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class PointBatch:
    """`rows` of the journal are in these points, or in what they were derived from; but `refused_rows`, which are in quarantine."""

    id: int
    rows: int
    points: Sequence[Points]
    size_bytes: int
    refused_rows: int = 0


@dataclass(frozen=True, slots=True)
class SentCounts:
    """What the database has: batches up to an id, and how many of their rows it took and refused."""

    up_to: int = 0
    written_rows: int = 0
    refused_rows: int = 0


class Outbox:
    """The fold's thread puts, the sink's thread takes. What waits longer than a checkpoint is also in the ledger."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes: Final = max_bytes
        self._batches: deque[PointBatch] = deque()
        self._changed: Final = threading.Condition()
        self._bytes = 0
        self._last_id = 0
        self._starts = self._peeked_at_start = 0
        """Which `start_from` the batches are of, and those that were looked at last."""
        self._stored_up_to = 0
        self.sent = SentCounts()

    def put(self, points: Sequence[Points], rows: int, refused_rows: int = 0) -> None:
        with self._changed:
            self._last_id += 1
            self._append(PointBatch(self._last_id, rows, points, _size_bytes(points), refused_rows))

    def restore(self, batch_id: int, rows: int, points: Sequence[Points], refused_rows: int = 0) -> None:
        """Append a batch that the ledger kept."""
        with self._changed:
            self._last_id = self._stored_up_to = batch_id
            self._append(PointBatch(batch_id, rows, points, _size_bytes(points), refused_rows))

    def start_from(self, sent: SentCounts) -> None:
        """Go back to where the last checkpoint stood. What came since then is forgotten: it will be made, and sent, again."""
        with self._changed:
            self._batches.clear()
            self._bytes = 0
            self._starts += 1
            self.sent = sent
            self._last_id = self._stored_up_to = sent.up_to

    def _append(self, batch: PointBatch) -> None:
        self._batches.append(batch)
        self._bytes += batch.size_bytes
        self._changed.notify_all()

    def peek(self, timeout_s: float) -> list[PointBatch]:
        """Return the oldest batches, which stay until `done`; empty if none came within the time."""
        with self._changed:
            if not self._batches:
                self._changed.wait(timeout_s)
            self._peeked_at_start = self._starts
            taken: list[PointBatch] = []
            rows = 0
            for batch in self._batches:
                if taken and rows + sum(map(len, batch.points)) > MAX_ROWS_AT_ONCE:
                    break
                taken.append(batch)
                rows += sum(map(len, batch.points))
            return taken

    def done(self, count: int, refused_rows: int) -> None:
        """Remove the oldest `count` batches: the database has them, but for rows that it refused and quarantine keeps."""
        with self._changed:
            if self._peeked_at_start != self._starts:
                return  # they come again, under other numbers
            rows, up_to = 0, self.sent.up_to
            for _ in range(count):
                batch = self._batches.popleft()
                self._bytes -= batch.size_bytes
                rows, up_to, refused_rows = rows + batch.rows, batch.id, refused_rows + batch.refused_rows
            self.sent = SentCounts(up_to, self.sent.written_rows + rows - refused_rows, self.sent.refused_rows + refused_rows)
            self._changed.notify_all()

    def wait_for_room(self, timeout_s: float) -> bool:
        with self._changed:
            if self._bytes >= self.max_bytes:
                self._changed.wait(timeout_s)
            return self._bytes < self.max_bytes

    def wait_empty(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._batches, timeout_s)

    def to_store(self) -> tuple[SentCounts, list[PointBatch]]:
        """Return for a checkpoint what is sent, and the batches that are neither sent nor stored yet."""
        with self._changed:
            new = [batch for batch in self._batches if batch.id > self._stored_up_to]
            self._stored_up_to = self._last_id
            return self.sent, new

    def load(self) -> tuple[int, int]:
        """Return the numbers of batches and of bytes that wait."""
        with self._changed:
            return len(self._batches), self._bytes


def _size_bytes(points: Sequence[Points]) -> int:
    """About what they take in memory."""
    total = 256
    for each in points:
        for column in (each.time_ns, *each.tags.values(), *each.fields.values()):
            total += column.codes.nbytes + 64 * len(column.names) if isinstance(column, Coded) else column.nbytes
    return total
