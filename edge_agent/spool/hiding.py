"""Plain events that an earlier release spooled in clear become such as this one spools, and nothing of them stays in the file.

A body is changed here, and only here: its number, its rows and their order stay, so whichever of both a gateway takes, it makes the same
of them. The file is then written anew, since SQLite leaves in free pages what was there; files that were set aside are deleted.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge_agent.spool.rows import StoredFrame, put_frames
from edge_agent.spool.store import SpoolStore
from edge_agent.spool.twins import FACTS, FactRow, number_of
from footfall.errors import ContractError
from footfall.frames import Kind, decode_body

log = logging.getLogger("footfall.agent.spool")

HIDDEN_FACT: Final = "hidden"
_SIGN: Final = b"identifiers"
_ASIDE: Final = ("corrupt", "other")


def hide_identifiers(store: SpoolStore, path: Path, change: Callable[[str], str]) -> int:
    """Give every event in the file to `change`, once in a file's life; return how many frames had some. Raise SpoolUnavailable."""
    with store.reading() as db:
        if any(fact.name == HIDDEN_FACT for fact in FACTS.load(db).rows.values()):
            return 0
        has_frames = db.execute("SELECT 1 FROM frames LIMIT 1").fetchone() is not None
    hidden = 0
    if has_frames:
        log.info("%s: identifiers in events of an earlier release are sealed, once; it may take a minute for each 100 MB", path)
        hidden = _rewrite(store, change)
        _write_anew(store)
    for aside in _set_aside(path):
        log.warning("%s: was set aside before, and is deleted, since it may hold identifiers in clear", aside)
        with suppress(OSError):
            aside.unlink()
    with store.transaction() as db:
        FACTS.put(db, number_of(HIDDEN_FACT), FactRow(HIDDEN_FACT, 1), store.change + 1)
    return hidden


def _rewrite(store: SpoolStore, change: Callable[[str], str]) -> int:
    hidden = 0
    with store.transaction() as db:
        for number, epoch_n, seq, body in list(_with_identifiers(db)):
            frame = _protected(number, epoch_n, seq, body, change)
            if frame is not None:
                hidden += 1
                store.size_bytes += len(frame.body) - len(body)
                put_frames(db, [frame])
        db.execute("DELETE FROM dead")
    return hidden


def _with_identifiers(db: sqlite3.Connection) -> Iterator[tuple[int, int, int, bytes]]:
    yield from db.execute("SELECT id, epoch_n, seq, body FROM frames WHERE typeof(body) = 'blob' AND instr(body, ?) > 0", (_SIGN,))


def _protected(number: int, epoch_n: int, seq: int, data: bytes, change: Callable[[str], str]) -> StoredFrame | None:
    """Return the frame as it may stay; None for one without such an event, or bytes that are no body."""
    try:
        body = decode_body(data)
    except ContractError:
        return None
    events = {row: more["event"] for row, more in body.extra.items() if body.kind[row] == Kind.EVENT and "event" in more}
    changed = {row: {**body.extra[row], "event": change(text)} for row, text in events.items()}
    return StoredFrame.made(number - seq, epoch_n, seq, replace(body, extra={**body.extra, **changed})) if changed else None


def _write_anew(store: SpoolStore) -> None:
    with store.reading() as db:
        db.execute("VACUUM")
    store.file.shrink_log()


def _set_aside(path: Path) -> list[Path]:
    return [aside for why in _ASIDE for aside in sorted(path.parent.glob(f"{path.name}.{why}-*"))]
