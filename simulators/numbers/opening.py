"""Open minutes of stores, one by one, and who observed them. Minutes are numbers since 1970, UTC."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from simulators.chain.chain import DOOR_TASK, MS_PER_MINUTE, PRESENCE_TASK, Chain, ChainStore
from simulators.chain.truth import Truth
from simulators.numbers.clock import wall
from simulators.numbers.facts import Fact, added_up

TASKS: Final = (DOOR_TASK, PRESENCE_TASK)
OPEN: Final = "open"
SEEN: Final = {task: f"{task} at any time" for task in TASKS}
"""Names of minutes in which a task was done, whether the store was open or not."""
DAYS_BEFORE: Final = 45
"""So far back questions go."""
MOST_LOST: Final = 6
"""Of an hour in which people and sales belong together."""
QUARTER, HOUR = 15, 60
Minutes = Mapping[tuple[str, str], set[int]]
"""By store and task."""


def open_minutes(chain: Chain, truth: Truth) -> list[Fact]:
    """Return the minutes in which stores were open, counted as OPEN, and as each task that was done in all of them.

    A task of a store was done if all its boxes that have it did it.
    """
    missed = missed_minutes(chain, truth)
    return added_up(fact for store in chain.stores for fact in _open_minutes(chain, store, missed))


def minutes_of_doors(chain: Chain, truth: Truth) -> list[Fact]:
    """Return the same for each door, with the quarters in which its people were counted: by the one box that counts it."""
    found: list[Fact] = []
    for store in chain.stores:
        for box in store.boxes:
            own = Truth(unobserved=[each for each in truth.unobserved if each.agent == box.agent])
            missed = missed_minutes(chain, own)
            for door in box.doors:
                of_door = [*_open_minutes(chain, store, missed), *_quarters_seen(store, _lost_minutes(own))]
                found += added_up(replace(fact, groups={"door": door}) for fact in of_door)
    return found


def _open_minutes(chain: Chain, store: ChainStore, missed: Minutes) -> Iterator[Fact]:
    for minute in minutes_open(chain, store):
        time_ms = minute * MS_PER_MINUTE
        yield Fact(store.name, time_ms, wall(time_ms, store.zone), _counts(missed, store, minute), {}, [])


def minutes_open(chain: Chain, store: ChainStore) -> Iterator[int]:
    """Yield the numbers of the minutes in which a store is open by its hours, from some weeks before the chain is simulated."""
    for day in range(-DAYS_BEFORE, chain.days):
        if chain.keeps_hours(store, day):
            yield from range(*(time_ms // MS_PER_MINUTE for time_ms in store.hours_ms(day)))


def missed_minutes(chain: Chain, truth: Truth) -> Minutes:
    """Return by store and task the minutes that some box missed, wholly or in part: also all before the store's boxes were there."""
    found = defaultdict(set, _lost_minutes(truth))
    for store in chain.stores:
        for task in TASKS:
            found[store.name, task] |= {minute for minute in minutes_open(chain, store) if minute * MS_PER_MINUTE < store.from_ms}
    return found


def quarters_seen(chain: Chain, truth: Truth) -> list[Fact]:
    """Return the quarters of an hour in which a task was done, open or not, with how many minutes of each it was."""
    lost = _lost_minutes(truth)
    return [fact for store in chain.stores for fact in _quarters_seen(store, lost)]


def _quarters_seen(store: ChainStore, lost: Minutes) -> Iterator[Fact]:
    by_task = {task: dict(_done(store, lost.get((store.name, task), set()), QUARTER)) for task in TASKS}
    for quarter in sorted({quarter for done in by_task.values() for quarter in done}):
        time_ms = quarter * QUARTER * MS_PER_MINUTE
        counts = Counter({SEEN[task]: done[quarter] for task, done in by_task.items() if quarter in done})
        yield Fact(store.name, time_ms, wall(time_ms, store.zone), counts, {}, [])


def hours_seen(chain: Chain, truth: Truth, task: str) -> set[tuple[str, int]]:
    """Return the stores and hours, counted since 1970, in which a task was done but for a few minutes."""
    lost = _lost_minutes(truth)
    return {
        (store.name, hour)
        for store in chain.stores
        for hour, minutes in _done(store, lost.get((store.name, task), set()), HOUR)
        if minutes >= HOUR - MOST_LOST
    }


def _lost_minutes(truth: Truth) -> Minutes:
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for span in truth.unobserved:
        found[span.store, span.task].update(range(span.from_ms // MS_PER_MINUTE, -(-span.to_ms // MS_PER_MINUTE)))
    return found


def _done(store: ChainStore, lost: set[int], length: int) -> Iterator[tuple[int, int]]:
    """Yield the blocks of so many minutes, counted since 1970, in which a store's boxes did a task, and in how many minutes."""
    first, end = store.from_ms // MS_PER_MINUTE, store.to_ms // MS_PER_MINUTE
    for block in range(first // length, -(-end // length)):
        minutes = range(max(first, block * length), min(end, (block + 1) * length))
        if done := len(minutes) - len(lost.intersection(minutes)):
            yield block, done


def _counts(missed: Minutes, store: ChainStore, minute: int) -> Counter[str]:
    return Counter([OPEN, *(task for task in TASKS if minute not in missed.get((store.name, task), ()))])
