"""The gateway's ledger as requests read it: readers that stay open, each used by one request at a time.

with ledgers.reading() as fans:       # in a thread
    fans.rows("f-1042")

Each reading is of the latest checkpoint. What all fans share is read once for each reader and checkpoint, not for each request.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from footfall.errors import Unreadable
from gateway.fans.reading import FanReader
from gateway.state.ledger_reader import LedgerReader

KEPT: Final = 4
"""Readers that stay open: as many requests are read at once, or fewer."""


class _Open(NamedTuple):
    fans: FanReader
    file: tuple[int, int]
    """Which file it is: a restored one has the same name."""


class Ledgers:
    """Any thread may use it."""

    def __init__(self, path: Callable[[], Path]) -> None:
        """`path` returns where the ledger is; it may raise ConfigError."""
        self._path: Final = path
        self._idle: Final[list[_Open]] = []

    @contextmanager
    def reading(self) -> Iterator[FanReader]:
        """Read the latest checkpoint. Raise Unreadable (ConfigError): there is no ledger, or it cannot be read."""
        path = self._path()
        try:
            opened = self._take(path)
            try:
                yield opened.fans
            except BaseException:
                opened.fans.ledger.close()
                raise
            self._put(opened)
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{path}: {error}") from None

    def close(self) -> None:
        """Close all readers that are not in use."""
        while self._idle:
            self._idle.pop().fans.ledger.close()

    def _take(self, path: Path) -> _Open:
        file = _file(path)
        try:
            opened = self._idle.pop()
        except IndexError:
            return _Open(FanReader(LedgerReader(path)), file)
        ledger = opened.fans.ledger
        if opened.file != file:
            ledger.close()
            return _Open(FanReader(LedgerReader(path)), file)
        return _Open(FanReader(ledger), file) if ledger.renew() else opened

    def _put(self, opened: _Open) -> None:
        if len(self._idle) < KEPT:
            opened.fans.ledger.rest()
            self._idle.append(opened)
        else:
            opened.fans.ledger.close()


def _file(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        raise Unreadable(f"{path}: there is no ledger yet: has the gateway run here?") from None
    return found.st_dev, found.st_ino
