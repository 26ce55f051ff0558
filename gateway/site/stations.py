"""Where an agent that moves is listed: in one store at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.site.names import Span


class _Store(Protocol):
    name: str

    @property
    def zone(self) -> ZoneInfo: ...


class _Agent(Protocol):
    def span(self, zone: ZoneInfo) -> Span: ...

    def ends_ns(self, zone: ZoneInfo) -> int: ...


def check_one_at_a_time(name: str, places: Sequence[tuple[_Store, _Agent]]) -> None:
    """Raise ValueError for an agent that is in two stores at one time."""
    for (store, agent), (other_store, other) in combinations(places, 2):
        begins = agent.span(store.zone).begin_ns, other.span(other_store.zone).begin_ns
        if begins[0] < other.ends_ns(other_store.zone) and begins[1] < agent.ends_ns(store.zone):
            raise ValueError(
                f"agent {name!r} is in {store.name!r} and in {other_store.name!r} at one time: names are unique in the estate;"
                " one that moves has `to` in the one store and `from` in the other"
            )


def nearness(listed: tuple[_Store, _Agent], now_ns: int) -> tuple[bool, int]:
    """Return a key that sorts the place where an agent is now to the end."""
    store, agent = listed
    span = agent.span(store.zone)
    return span.meets(now_ns, now_ns), span.begin_ns
