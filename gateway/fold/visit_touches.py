"""What a visit has of its fan's touches: those from its begin until the store's idle timeout after its last evidence."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from gateway.fold.state import State


class VisitTouches(NamedTuple):
    """Counted, and the money of the sales among them."""

    touches: int
    transactions: int
    amount: float


NO_TOUCHES: Final = VisitTouches(0, 0, 0.0)
VOUCHES: Final = frozenset({"try_on", "scan", "transaction", "payment", "pickup", "return", "service", "consultation"})
"""Touches that only somebody in the store makes; a promotion, a voucher, a redemption or a registration may come from anywhere."""


def touches_of_visit(state: State, fan: str, store: int, start_ns: int, last_ns: int) -> VisitTouches:
    """Return the touches of a visit with this span; none where nobody knows whose it is."""
    if not fan:
        return NO_TOUCHES
    timeout = int(state.estate.timeout_ns[store])
    rows = state.ledger.touches_of_fan(fan, state.estate.stores.names[store], start_ns, last_ns + timeout)
    bodies = [json.loads(row.body) for row in rows]
    sales = [body["amount"] for body in bodies if body["what"] == "transaction"]
    return VisitTouches(len(bodies), len(sales), round(sum(sales), 6))


def vouching_ns(state: State, fan: str, store: int, from_ns: int, to_ns: int) -> list[int]:
    """Return when the fan made touches in the store that show it there, both ends included, ns; none of nobody known."""
    if not fan:
        return []
    rows = state.ledger.touches_of_fan(fan, state.estate.stores.names[store], from_ns, to_ns)
    return [row.time_ns for row in rows if json.loads(row.body)["what"] in VOUCHES]
