"""Open minutes of stores, one by one, and who observed them. Minutes are numbers since 1970, UTC."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from simulators.chain.chain import DOOR_TASK, MS_PER_MINUTE, PRESENCE_TASK, Chain, ChainStore
from simulators.chain.truth import Truth
from simulators.numbers.clock import wall
from simulators.numbers.facts import Fact, added_up

TASKS: Final = (DOOR_TASK, PRESENCE_TASK)
OPEN: Final = "open"
DAYS_BEFORE: Final = 45
"""So far back questions go."""


def open_minutes(chain: Chain, truth: Truth) -> list[Fact]:
    """Return the minutes in which stores were open, counted as OPEN, and as each task that was done in all of them.

    A task of a store was done if all its boxes that have it did it.
    """
    missed = missed_minutes(chain, truth)
    return added_up(
        Fact(store.name, minute * MS_PER_MINUTE, wall(minute * MS_PER_MINUTE, store.zone), _counts(missed, store, minute), {}, [])
        for store in chain.stores
        for minute in minutes_open(chain, store)
    )


def minutes_open(chain: Chain, store: ChainStore) -> Iterator[int]:
    """Yield the numbers of the minutes in which a store is open by its hours, from some weeks before the chain is simulated."""
    for day in range(-DAYS_BEFORE, chain.days):
        if chain.keeps_hours(store, day):
            yield from range(*(time_ms // MS_PER_MINUTE for time_ms in store.hours_ms(day)))


def missed_minutes(chain: Chain, truth: Truth) -> Mapping[tuple[str, str], set[int]]:
    """Return by store and task the minutes that some box missed, wholly or in part: also all before the store's boxes were there."""
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for store in chain.stores:
        for task in TASKS:
            found[store.name, task].update(minute for minute in minutes_open(chain, store) if minute * MS_PER_MINUTE < store.from_ms)
    for span in truth.unobserved:
        found[span.store, span.task].update(range(span.from_ms // MS_PER_MINUTE, -(-span.to_ms // MS_PER_MINUTE)))
    return found


def _counts(missed: Mapping[tuple[str, str], set[int]], store: ChainStore, minute: int) -> Counter[str]:
    return Counter([OPEN, *(task for task in TASKS if minute not in missed.get((store.name, task), ()))])
