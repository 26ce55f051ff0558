"""What a visit has of its fan's touches: those from its begin until the store's idle timeout after its last evidence."""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.fold.state import State


class VisitTouches(NamedTuple):
    """Counted, and the money of the sales among them."""

    touches: int
    transactions: int
    amount: float


NO_TOUCHES: Final = VisitTouches(0, 0, 0.0)


def touches_of_visit(state: State, fan: str, store: int, start_ns: int, last_ns: int) -> VisitTouches:
    """Return the touches of a visit with this span; none where nobody knows whose it is."""
    if not fan:
        return NO_TOUCHES
    timeout = int(state.estate.timeout_ns[store])
    found = state.fan_touches.of(fan, state.estate.stores.names[store], start_ns)
    there = found.within(start_ns, last_ns + timeout)
    return VisitTouches(there.stop - there.start, sum(found.sales[there]), round(sum(found.amounts[there]), 6))


def vouching_ns(state: State, fan: str, store: int, from_ns: int, to_ns: int) -> list[int]:
    """Return when the fan made touches in the store that show it there, both ends included, ns; none of nobody known."""
    if not fan:
        return []
    found = state.fan_touches.of(fan, state.estate.stores.names[store], from_ns)
    there = found.within(from_ns, to_ns)
    return [time_ns for (time_ns, _, _), vouches in zip(found.keys[there], found.vouches[there], strict=True) if vouches]
