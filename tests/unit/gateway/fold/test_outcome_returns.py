"""What a return takes back from whom: from those who contributed to the sale that has its reference now."""

from __future__ import annotations

from typing import Any

from tests.support.journal_stories import Story, new_fold, of, pairs, store

HOUR_S = 3600.0
AMENDED = {"kind": "amend", "id": "c1", "of": "b", "set": {"ref": "r2"}, "reason": "mistyped", "actor": "till"}


def sale(event_id: str, amount: float, staff_id: str, ref: str = "r1", what: str = "transaction") -> dict[str, Any]:
    return {"kind": "touch", "what": what, "id": event_id, "amount": amount, "staff_id": staff_id, "ref": ref}


BACK = sale("c", 30.0, "cleo", what="return")


def revenue(*events: dict[str, Any]) -> dict[str, float]:
    """Return the revenue by staff, of a day with these events: it is written once the hour is over."""
    told = Story()
    for event in events:
        told.event(0, event).wait(10)
    for _ in range(3):
        told.wait(HOUR_S).tick()
    rows = store(new_fold().apply(pairs(told.tick().records)), {})
    return {row["value"]: row["revenue_last"] for row in of(rows, "outcome") if row["by"] == "staff" and row["revenue_last"]}


def test_a_return_takes_back_from_the_last_sale_of_its_reference() -> None:
    assert revenue(sale("a", 100.0, "anna"), sale("b", 50.0, "ben"), BACK) == {"anna": 100.0, "ben": 20.0}


def test_a_sale_that_has_another_reference_since_it_was_amended_is_not_what_comes_back() -> None:
    right = {"anna": 70.0, "ben": 50.0}
    assert revenue(sale("a", 100.0, "anna"), sale("b", 50.0, "ben"), AMENDED, BACK) == right
    assert revenue(sale("a", 100.0, "anna"), sale("b", 50.0, "ben"), BACK, AMENDED) == right
