"""The live stream: one publisher, many readers, none of whom can hold it up."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

MAX_READERS: Final = 64
QUEUED: Final = 1000
END: Final = ""
"""The last thing that a reader gets: it was too slow, or the gateway stops."""


class Broadcast:
    """Live messages to everybody who listens now. A reader that lets `QUEUED` messages pile up is dropped and counted."""

    def __init__(self) -> None:
        self._readers: set[queue.SimpleQueue[str]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self.slow_readers_total = 0

    def publish(self, message: Mapping[str, Any]) -> None:
        """Never blocks. A message has `kind`: `counters` (store, time_ns, fields) or `arrival` (store, zone, time_ns, fan)."""
        if not self._readers:
            return
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        with self._lock:
            slow = [reader for reader in self._readers if reader.qsize() >= QUEUED]
            self._readers.difference_update(slow)
            self.slow_readers_total += len(slow)
            for reader in self._readers:
                reader.put(text)
        for reader in slow:
            reader.put(END)

    @property
    def readers(self) -> int:
        return len(self._readers)

    @contextmanager
    def listen(self) -> Iterator[queue.SimpleQueue[str] | None]:
        """A queue of JSON texts, `END` the last; None if there are already MAX_READERS or it is closed."""
        reader: queue.SimpleQueue[str] = queue.SimpleQueue()
        with self._lock:
            taken = not self._closed and len(self._readers) < MAX_READERS
            if taken:
                self._readers.add(reader)
        try:
            yield reader if taken else None
        finally:
            with self._lock:
                self._readers.discard(reader)

    def close(self) -> None:
        """Every reader gets END; nobody can listen any more."""
        with self._lock:
            self._closed = True
            for reader in self._readers:
                reader.put(END)
