"""A token has one question answered at a time; one that takes too long, or that nobody waits for any more, is ended in its thread, too."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request

from serve import question_places
from serve.question_places import MOST_WAITING, QuestionEnded, QuestionPlaces, Work
from serve.roles import Caller, Role

PATIENCE_S = 60.0


class Asking:
    """Somebody with a token, who may leave."""

    def __init__(self, token: str) -> None:
        self.left = asyncio.Event()
        state = {"caller": Caller(token, Role.STORE, token=token)}
        self.request = Request({"type": "http", "method": "GET", "headers": [], "state": state}, self._receive)

    async def _receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}


class Slow:
    """A question that takes until it is let go, or ended."""

    def __init__(self) -> None:
        self.begun, self.let_go, self.ended = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, work: Work) -> str:
        self.begun.set()
        try:
            with work.reading(self.let_go.set):  # as a statement that is interrupted
                assert self.let_go.wait(PATIENCE_S)
            work.check()
        finally:
            self.ended.set()
        return "found"


def told(story: Callable[[QuestionPlaces], Awaitable[Any]], answer_s: float = PATIENCE_S) -> Any:
    """What a story comes to, with places for two."""

    async def run() -> Any:
        places = QuestionPlaces(answer_s, 2)
        try:
            return await story(places)
        finally:
            places.close()

    return asyncio.run(run())


async def begun(question: Slow) -> None:
    while not question.begun.is_set():
        await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_places, "LOOK_S", 0.005)


def test_a_token_has_one_place_and_others_go_on_beside_it() -> None:
    async def story(places: QuestionPlaces) -> None:
        ann, ben = Asking("ann"), Asking("ben")
        first, second = Slow(), Slow()
        both = [asyncio.create_task(places.answer(ann.request, each)) for each in (first, second)]
        await begun(first)
        assert await places.answer(ben.request, lambda work: "at once") == "at once"
        assert not second.begun.is_set()
        first.let_go.set()
        await begun(second)
        second.let_go.set()
        assert await asyncio.gather(*both) == ["found", "found"]

    told(story)


def test_more_than_some_of_one_token_do_not_wait() -> None:
    async def story(places: QuestionPlaces) -> None:
        ann, first = Asking("ann"), Slow()
        waiting = [asyncio.create_task(places.answer(ann.request, first)) for _ in range(MOST_WAITING + 1)]
        await begun(first)
        with pytest.raises(QuestionEnded) as refused:
            await places.answer(ann.request, first)
        assert (refused.value.status, refused.value.reason) == (429, "busy")
        first.let_go.set()
        assert set(await asyncio.gather(*waiting)) == {"found"}

    told(story)


def test_who_leaves_gives_up_the_place() -> None:
    async def story(places: QuestionPlaces) -> None:
        ann, question = Asking("ann"), Slow()
        asked = asyncio.create_task(places.answer(ann.request, question))
        await begun(question)
        ann.left.set()
        with pytest.raises(QuestionEnded, match="left"):
            await asked
        assert question.ended.is_set()
        again = Slow()
        with pytest.raises(QuestionEnded, match="left"):
            await places.answer(ann.request, again)
        assert not again.begun.is_set(), "nobody waits for it"

    told(story)


def test_what_takes_too_long_is_ended_with_what_to_do() -> None:
    async def story(places: QuestionPlaces) -> None:
        question = Slow()
        with pytest.raises(QuestionEnded, match="ask for fewer stores or a shorter span") as ended:
            await places.answer(Asking("ann").request, question)
        assert (ended.value.status, ended.value.reason, question.ended.is_set()) == (503, "slow", True)

    told(story, answer_s=0.01)


def test_what_a_question_raises_is_raised_and_its_place_is_free() -> None:
    def wrong(work: Work) -> str:
        raise ValueError("no such measure")

    async def story(places: QuestionPlaces) -> None:
        ann = Asking("ann")
        for _ in range(3):
            with pytest.raises(ValueError, match="no such measure"):
                await places.answer(ann.request, wrong)
        assert await places.answer(ann.request, lambda work: "found") == "found"

    told(story)


def test_a_stopped_question_ends_at_its_next_page() -> None:
    work = Work()
    work.check(10_000)
    work.stop()
    with pytest.raises(QuestionEnded):
        work.check(20_000)
    with pytest.raises(QuestionEnded), work.reading(time.time):
        pytest.fail("it begins nothing more")
