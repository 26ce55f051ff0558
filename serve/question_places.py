"""Places for questions that may take long: a few at once, of which each token has one, so that no token keeps others from being answered.

found = await places.answer(request, lambda work: read(on_page=work.check))

A question ends, in its thread, too, when it takes longer than is allowed or when whoever asked has left.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from starlette.requests import Request

from footfall.errors import FootfallError
from serve.guard import caller_of

AT_ONCE: Final = 2
MOST_WAITING: Final = 8
"""Questions of one token that wait for its place; more are refused."""
LOOK_S: Final = 0.25
"""So often it is looked whether a question should end."""
_Found = TypeVar("_Found")


class QuestionEnded(FootfallError):
    """A question has no answer since it was ended, or not begun."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


_LEFT: Final = QuestionEnded(503, "left", "whoever asked has left")


class Work:
    """A question on its way, as its thread and the event loop see it."""

    def __init__(self) -> None:
        self._is_stopped = False
        self._interrupts: Final[list[Callable[[], None]]] = []

    def check(self, rows: int = 0) -> None:
        """Go on. Raise QuestionEnded if nobody wants the answer any more. Readers call it after each page, with the rows read so far."""
        if self._is_stopped:
            raise _LEFT

    @contextmanager
    def reading(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While inside, `stop` calls `interrupt`, from another thread."""
        self.check()
        self._interrupts.append(interrupt)
        try:
            yield
        finally:
            self._interrupts.remove(interrupt)

    def stop(self) -> None:
        """Make it end soon; called again and again until it has."""
        self._is_stopped = True
        for interrupt in list(self._interrupts):
            interrupt()


class QuestionPlaces:
    """Of one server; belongs to its event loop."""

    def __init__(self, answer_s: float, at_once: int = AT_ONCE) -> None:
        """`answer_s`: a question that takes longer is ended."""
        self._answer_s: Final = answer_s
        self._places: Final = asyncio.Semaphore(at_once)
        self._threads: Final = ThreadPoolExecutor(at_once, "questions")
        self._own: Final[dict[str, asyncio.Lock]] = {}
        self._asking: Final[Counter[str]] = Counter()
        """By token, how many have or await its place."""

    async def answer(self, request: Request, ask: Callable[[Work], _Found]) -> _Found:
        """Return what `ask` returns, from a thread. Raise QuestionEnded, and as `ask`."""
        caller = caller_of(request)
        whose = caller.token or caller.name
        if self._asking[whose] > MOST_WAITING:
            raise QuestionEnded(429, "busy", f"{MOST_WAITING} questions of this token wait already: one at a time is answered")
        self._asking[whose] += 1
        try:
            async with self._own.setdefault(whose, asyncio.Lock()), self._places:
                return await self._ended_in_time(request, ask)
        finally:
            self._asking[whose] -= 1
            if not self._asking[whose]:
                del self._asking[whose], self._own[whose]

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    async def _ended_in_time(self, request: Request, ask: Callable[[Work], _Found]) -> _Found:
        if await request.is_disconnected():  # while it waited
            raise _LEFT
        loop, work = asyncio.get_running_loop(), Work()
        answer, until_s = loop.run_in_executor(self._threads, ask, work), loop.time() + self._answer_s
        try:
            while not (await asyncio.wait({answer}, timeout=LOOK_S))[0]:
                if loop.time() > until_s:
                    raise QuestionEnded(503, "slow", f"no answer within {self._answer_s:g} s: ask for fewer stores or a shorter span")
                if await request.is_disconnected():
                    raise _LEFT
            return answer.result()
        finally:
            while not answer.done():  # its place is free when its thread is
                work.stop()
                await asyncio.wait({answer}, timeout=LOOK_S)
            answer.exception()
