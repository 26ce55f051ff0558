"""Returns whose `ref` no sale has are stored and counted all the same, and are named until the sale comes."""

from __future__ import annotations

from typing import Any

from gateway.fold.unmet import MET_WITHIN_S
from tests.support.journal_stories import S, Story, new_fold, of, pairs, store

SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 30.0, "ref": "R1"}
BACK = {"kind": "touch", "what": "return", "id": "t2", "amount": 10.0, "ref": "R1"}
WHY = {"reason": "mistyped", "actor": "till"}


def told(*events: dict[str, Any]) -> tuple[list[str], int, float]:
    """Return who is named, how many came without a sale, and the revenue."""
    story = Story()
    for each in events:
        story.event(0, each).wait(1)
    fold = new_fold()
    rows = store(fold.apply(pairs(story.tick().wait(2).tick().records)), {})
    named = fold.state.returns_without_sale.recent(story.now_ns + MET_WITHIN_S * S)
    return named, fold.state.counts["returns_without_sale_total"], sum(row["revenue"] for row in of(rows, "traffic"))


def test_a_return_of_a_sale_is_named_by_nobody() -> None:
    assert told(SALE, BACK) == ([], 0, 20.0)


def test_a_return_without_a_sale_counts_and_is_named() -> None:
    assert told(BACK) == (["s1/x (1)"], 1, -10.0)
    assert told(SALE | {"ref": "R2"}, BACK) == (["s1/x (1)"], 1, 20.0)
    assert told(BACK | {"ref": None}) == ([], 0, -10.0), "one that names no sale lacks none"


def test_a_return_may_precede_its_sale() -> None:
    assert told(BACK, SALE) == ([], 1, 20.0)


def test_a_void_of_the_sale_leaves_its_return_without_one_and_a_void_of_the_return_names_nobody() -> None:
    assert told(SALE, BACK, WHY | {"kind": "void", "id": "v", "of": "t1"}) == (["s1/x (1)"], 0, -10.0)
    assert told(BACK, WHY | {"kind": "void", "id": "v", "of": "t2"}) == ([], 1, 0.0)


def test_an_amended_reference_is_looked_at_again() -> None:
    mended = WHY | {"kind": "amend", "id": "a", "of": "t2", "set": {"ref": "R1"}}
    assert told(SALE, BACK | {"ref": "R9"}, mended) == ([], 1, 20.0)
    assert told(SALE, BACK, mended | {"set": {"ref": "R9"}}) == (["s1/x (1)"], 0, 20.0)
