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


def open_minutes(chain: Chain, truth: Truth) -> list[Fact]:
    """Return the minutes in which stores were open, counted as OPEN, and as each task that was done in all of them.

    A task of a store was done if all its boxes that have it did it.
    """
    missed = missed_minutes(truth)
    return added_up(
        Fact(store.name, minute * MS_PER_MINUTE, wall(minute * MS_PER_MINUTE, store.zone), _counts(missed, store, minute), {}, [])
        for store in chain.stores
        for minute in minutes_open(chain, store)
    )


def minutes_open(chain: Chain, store: ChainStore) -> Iterator[int]:
    """Yield the numbers of the minutes in which a store is open."""
    for day in range(chain.days):
        if chain.is_open(store, day):
            yield from range(*(time_ms // MS_PER_MINUTE for time_ms in store.hours_ms(day)))


def missed_minutes(truth: Truth) -> Mapping[tuple[str, str], set[int]]:
    """Return by store and task the minutes that some box missed, wholly or in part."""
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for span in truth.unobserved:
        found[span.store, span.task].update(range(span.from_ms // MS_PER_MINUTE, -(-span.to_ms // MS_PER_MINUTE)))
    return found


def _counts(missed: Mapping[tuple[str, str], set[int]], store: ChainStore, minute: int) -> Counter[str]:
    return Counter([OPEN, *(task for task in TASKS if minute not in missed.get((store.name, task), ()))])
