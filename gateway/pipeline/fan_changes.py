"""The change feed of fans: a line of JSON in a file, and an MQTT message, for each fan id that means somebody else now.

A line is durable before the ledger's checkpoint that holds its cause: what a crash makes anew has the same id, and is not written twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from footfall.private_files import create_private
from footfall.topics import FANS
from gateway.fans.changes import FanChange, ObservedStore
from gateway.pipeline.live_feed import LiveMessage

MAX_BYTES: Final = 64 << 20
"""At this size the file is renamed, with `.1` behind its name, in the place of the one before."""
KNOWN: Final = 100_000
"""Ids that are remembered; a crash makes fewer anew."""
_ID_BYTES: Final = 12


class FanChanges:
    """For the fold's thread: `flush` after each turn of the fold, before any checkpoint. `publish` takes a message for MQTT."""

    def __init__(self, file: Path, store: ObservedStore, publish: Callable[[LiveMessage], None], max_bytes: int = MAX_BYTES) -> None:
        self._file: Final = file
        self._store: Final = store
        self._publish: Final = publish
        self._max_bytes: Final = max_bytes
        self._known: dict[str, None] | None = None

    def flush(self, now_ns: Callable[[], int] = time.time_ns) -> list[FanChange]:
        """Return what became of fans since the last call, after what of it is new was written and published.

        Raise sqlite3.OperationalError if the file cannot be written, as a full disk makes a ledger do: the fold goes back, and makes
        it anew.
        """
        if not (noted := self._store.take_changes()):
            return []
        try:
            known = self._ids()
            fresh = {change_id: change for change in noted if (change_id := id_of(change)) not in known}
            at = datetime.fromtimestamp(now_ns() / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            lines = [_line(change_id, change, at) for change_id, change in fresh.items()]
            if lines:
                self._append(lines)
        except OSError as error:
            raise sqlite3.OperationalError(f"{self._file}: {error.strerror or error}") from error
        known.update(dict.fromkeys(fresh))
        while len(known) > KNOWN:
            del known[next(iter(known))]
        for line in lines:
            self._publish(LiveMessage(FANS, line, retain=False))
        return noted

    def _append(self, lines: Iterable[bytes]) -> None:
        create_private(self._file)
        if self._file.stat().st_size >= self._max_bytes:
            self._file.replace(self._file.with_name(f"{self._file.name}.1"))
            create_private(self._file)
        with self._file.open("ab") as file:
            if file.tell() and not _ends_a_line(self._file):
                file.write(b"\n")  # a crash cut the last line off: it is written again
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())

    def _ids(self) -> dict[str, None]:
        """Return the ids of the last lines, the oldest first."""
        if self._known is None:
            self._known = {}
            if self._file.exists():
                with self._file.open("rb") as file:
                    self._known = dict.fromkeys(filter(None, map(_id_in, deque(file, maxlen=KNOWN))))
        return self._known


def id_of(change: FanChange) -> str:
    """Return what distinguishes a change from all others, however often it is worked out."""
    return hashlib.blake2b(json.dumps(change).encode(), digest_size=_ID_BYTES).hexdigest()


def _line(change_id: str, change: FanChange, at: str) -> bytes:
    values: dict[str, Any] = {"kind": "fan", "id": change_id, "time": at, **change._asdict()}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _id_in(line: bytes) -> str:
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return ""


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
