"""What counts as wrong: a value, a refusal that should be an answer, an answer that should be a refusal, and databases that differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from footfall.errors import ConfigError
from gateway.query.answer import Answer
from simulators.chain.chain import Chain
from simulators.chain.run import Simulated
from simulators.chain.truth import ItemEvent, Truth
from simulators.numbers import judge
from simulators.numbers.judge import Verdict, judged
from simulators.numbers.reckon import Reckoning
from simulators.numbers.rights import reckoned_beside
from simulators.numbers.table import Asked

ARRIVED_MS = round(datetime.fromisoformat("2026-10-20T11:00:00+02:00").timestamp() * 1000)
TRUTH = Truth(items=[ItemEvent("berlin-mitte", ARRIVED_MS, "arrived", "shoes", "", "epc", "sku", 0.0)])
COLUMNS = ("sku", "arrived")


def verdict(monkeypatch: pytest.MonkeyPatch, error: str = "", **answers: Callable[[], Answer]) -> Verdict:
    asked = Asked(
        id="q", question="items", measures=("arrived",), by=("sku",), first=date(2026, 10, 19), last=date(2026, 10, 25), error=error
    )
    monkeypatch.setattr(judge, "answered", lambda reader, *_: answers[reader]())
    readers: dict[str, Any] = {name: name for name in answers}
    reckoning = Reckoning(Simulated(Chain(1, 1), TRUTH, 0, 0, 0))
    with reckoned_beside(reckoning, [asked]) as right_of:
        return judged(reckoning, [asked], readers, right_of)


def having(arrived: int) -> Callable[[], Answer]:
    return lambda: Answer(COLUMNS, [("sku", arrived)], [(None, arrived)])


def refusing(text: str) -> Callable[[], Answer]:
    def refuse() -> Answer:
        raise ConfigError(text)

    return refuse


def test_a_right_answer_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(monkeypatch, one=having(1), other=having(1))
    assert found.is_right
    assert found.summary() == "questions=1 wrong=0 databases_differ=0"


def test_a_wrong_answer_of_one_database_is_wrong_and_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(monkeypatch, one=having(1), other=having(2))
    assert not found.is_right
    assert found.summary() == "questions=1 wrong=1 databases_differ=1"
    lines = list(found.lines(5))
    assert lines[0].startswith("✘ q, other: Request(question='items'")
    assert lines[1].strip() == "rows: sku sku: arrived is 2, the truth 1"
    assert lines[-1] == "✘ q: one and other answer differently"


def test_a_refusal_is_wrong_unless_it_is_what_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(monkeypatch, one=refusing("no such thing")).wrong == 1
    assert verdict(monkeypatch, error="no such", one=refusing("there is no such thing")).is_right
    assert verdict(monkeypatch, error="no such", one=refusing("anything else")).wrong == 1
    assert verdict(monkeypatch, error="no such", one=having(1)).wrong == 1


def test_boards_are_in_the_summary_only_if_they_were_measured() -> None:
    assert Verdict(70, boards_differ=2).summary() == "questions=70 wrong=0 databases_differ=0 boards_differ=2"
    assert not Verdict(70, boards_differ=2).is_right
