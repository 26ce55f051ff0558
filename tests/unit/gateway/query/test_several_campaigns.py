"""A touch of several campaigns counts for each of them, and once in totals."""

from __future__ import annotations

from typing import Any

from gateway.query.answer import Answer
from tests.unit.gateway.query.test_counting import answered, counts, minute, totals
from tests.unit.gateway.query.test_counting import touch as plain_touch


def touch(at: int, amount: float, campaign: str, campaigns: str = "", squad: str = "") -> tuple[Any, ...]:
    """A sale as it is stored."""
    row = list(plain_touch(at, "transaction", amount))
    row[11], row[16], row[17] = campaign, squad, campaigns
    return tuple(row)


SALES = [
    touch(1, 10.0, "autumn", '["autumn", "friends"]', "north"), touch(2, 5.0, "friends", "", "south"), touch(3, 2.0, ""),
    touch(4, 1.0, "autumn", '["autumn", "winter", "friends"]', "north"),
]  # fmt: skip


def ask(*by: str, **more: Any) -> Answer:
    return answered({"touch": SALES, "traffic": [minute(0)]}, question="sales", by=by, **more)


def test_each_campaign_has_what_is_of_it_and_the_total_has_everything_once() -> None:
    answer = ask("campaign")
    assert counts(answer, "campaign", "transactions", "revenue") == [
        ("", 1, 2.0),
        ("autumn", 2, 11.0),
        ("friends", 3, 16.0),
        ("winter", 1, 1.0),
    ]
    assert (totals(answer)["transactions"], totals(answer)["revenue"]) == (4, 18.0)
    assert any("counts for each of them" in note for note in answer.notes)


def test_a_campaign_may_stand_beside_other_groups() -> None:
    assert counts(ask("squad", "campaign"), "squad", "campaign", "revenue") == [
        ("", "", 2.0), ("north", "autumn", 11.0), ("north", "friends", 11.0), ("north", "winter", 1.0), ("south", "friends", 5.0),
    ]  # fmt: skip


def test_without_the_group_nothing_is_counted_twice() -> None:
    answer = ask("squad")
    assert counts(answer, "squad", "revenue") == [("", 2.0), ("north", 11.0), ("south", 5.0)]
    assert not any("campaign" in note for note in answer.notes)


def test_the_first_campaigns_are_those_with_the_most() -> None:
    assert counts(ask("campaign", top=1, measures=("revenue",)), "campaign", "revenue") == [("friends", 16.0)]
