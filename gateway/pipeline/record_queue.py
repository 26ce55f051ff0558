"""Records on their way from the ingest stage's thread to the fold's, decoded already: bounded, and the journal has what does not fit.

`rows_of` and `aside_rows` count what they stand for in the balance.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final

from footfall.frames import Body
from gateway.accept.accept import count_rows
from gateway.points.line_reader import count_raw
from gateway.records import Record, RecordKind

TAKE_AT_ONCE: Final = 2000
TAKE_BYTES: Final = 4 << 20
HANDED_OVER_BYTES: Final = 16 << 20
"""Of bodies; decoded they take twice as much again."""

Pair = tuple[Record, Body | None]
"""A record, and the decoded body of a frame."""


class RecordQueue:
    """Records on their way from ingest to fold, decoded already. What does not fit is read from the journal later."""

    def __init__(self) -> None:
        self._pairs: deque[Pair] = deque()
        self._bytes = 0
        self._changed: Final = threading.Condition()
        self.head = 0
        """The journal's last position."""

    def put(self, pairs: Sequence[Pair]) -> None:
        with self._changed:
            self.head = pairs[-1][0].pos
            if self._bytes < HANDED_OVER_BYTES:
                self._pairs.extend(pairs)
                self._bytes += sum(len(record.body) for record, _ in pairs)
            self._changed.notify_all()

    def take(self, after_pos: int, timeout_s: float) -> tuple[list[Pair], bool]:
        """Return records from `after_pos` + 1 on without a hole, and whether there are more, which only the journal has."""
        with self._changed:
            while self._pairs and self._pairs[0][0].pos <= after_pos:
                self._pop()
            if not self._pairs and self.head <= after_pos:
                self._changed.wait(timeout_s)
            taken: list[Pair] = []
            size = 0
            while self._pairs and self._pairs[0][0].pos == after_pos + 1 and len(taken) < TAKE_AT_ONCE and size < TAKE_BYTES:
                taken.append(self._pop())
                size += len(taken[-1][0].body)
                after_pos += 1
            return taken, not taken and self.head > after_pos

    def _pop(self) -> Pair:
        pair = self._pairs.popleft()
        self._bytes -= len(pair[0].body)
        return pair


def aside_rows(pair: Pair) -> int:
    """Return how many rows of the balance were set aside in the place of this record."""
    record, _ = pair
    return int(json.loads(record.body)["rows"]) if record.kind == RecordKind.ASIDE else 0


def rows_of(pair: Pair) -> int:
    """Return how many rows of the balance a record stands for."""
    record, body = pair
    if body is not None:
        return count_rows(body)
    if record.kind == RecordKind.ASIDE:
        return aside_rows(pair)
    return count_raw(record.body) if record.kind == RecordKind.POINTS else int(record.kind == RecordKind.EVENT)
