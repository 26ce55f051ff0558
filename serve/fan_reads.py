"""Reads of fans in a thread: those that wait are read one after the other, from the same checkpoint.

More threads would share one interpreter, and take it from each other at every statement. A thread that is woken for each read costs a fifth
of it: under load it is woken once for all that came meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from footfall.errors import Unreadable
from gateway.fans.reading import FanReader
from serve.ledgers import Ledgers

AT_ONCE: Final = 8
"""Reads of one checkpoint: the first of them is answered with the last."""
_Found = TypeVar("_Found")


@dataclass(slots=True, eq=False)
class _Asked:
    read: Callable[[FanReader], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    found: Any = None
    error: Exception | None = None
    is_read: bool = False


class FanReads:
    """Of the latest checkpoint at the time of asking, or a later one."""

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers: Final = ledgers
        self._thread: Final = ThreadPoolExecutor(1, "fans")
        self._lock: Final = threading.Lock()
        self._waiting: Final[list[_Asked]] = []
        """While it is not empty, the thread is to look at it."""

    async def read(self, read: Callable[[FanReader], _Found]) -> _Found:
        """Return what is read. Raise Unreadable, and as `read`."""
        loop = asyncio.get_running_loop()
        asked = _Asked(read, loop, loop.create_future())
        with self._lock:
            self._waiting.append(asked)
            is_first = len(self._waiting) == 1
        if is_first:
            loop.call_soon(self._thread.submit, self._read_some)  # after all whose requests came in the same turn of the loop
        found: _Found = await asked.answer
        return found

    def close(self) -> None:
        """Read nothing more."""
        self._thread.shutdown(cancel_futures=True)

    def _read_some(self) -> None:
        with self._lock:
            some = self._waiting[:AT_ONCE]
            del self._waiting[:AT_ONCE]
            are_more = bool(self._waiting)
        if are_more:
            self._thread.submit(self._read_some)
        try:
            with self._ledgers.reading() as fans:
                _answer(fans, some)
        except Exception as error:  # each request answers it as its own
            for each in some:
                each.error = each.error if each.is_read else error
        for loop in {each.loop for each in some}:
            with suppress(RuntimeError):  # it is closed: nobody waits
                loop.call_soon_threadsafe(_settle, [each for each in some if each.loop is loop])


def _answer(fans: FanReader, some: Sequence[_Asked]) -> None:
    """Read each. Raise DatabaseError, after the last, if there was one: the reader is to be opened anew."""
    broken: sqlite3.DatabaseError | None = None
    for each in some:
        each.is_read = True
        try:
            each.found = each.read(fans)
        except sqlite3.DatabaseError as error:
            broken, each.error = error, Unreadable(f"{fans.ledger.path}: {error}")
        except Exception as error:  # it is that of one request
            each.error = error
    if broken is not None:
        raise broken


def _settle(some: Sequence[_Asked]) -> None:
    for each in some:
        if each.answer.done():  # whoever asked has gone
            continue
        if each.error is not None:
            each.answer.set_exception(each.error)
        else:
            each.answer.set_result(each.found)
