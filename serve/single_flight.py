"""What several ask for at once is worked out once.

flight = SingleFlight()
await flight.do(key, make)       # the answer of `make`, or of the one that runs for this key
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final, Generic, TypeVar

Answer = TypeVar("Answer")


class SingleFlight(Generic[Answer]):
    """Belongs to an event loop. Nothing is kept: who asks after an answer was given gets a new one."""

    def __init__(self) -> None:
        self._running: Final[dict[Hashable, asyncio.Task[Answer]]] = {}

    async def do(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """Return what `make` returns, or raise what it raises. It runs to its end, also if who asked first leaves."""
        if (task := self._running.get(key)) is None:
            task = self._running[key] = asyncio.create_task(make())
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)
