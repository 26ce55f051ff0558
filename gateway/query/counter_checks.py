"""Whether the counters of doors count as they usually do: doors that counted nobody, and doors whose share of visits jumped. Pure.

A door is compared with the other doors of its store, or where it is the only one with the visits that began, which receivers observe. What
is usual is learned from the same hours and days: nothing is set by hand.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

LEAST_EXPECTED: Final = 20.0
"""A door that counted nobody is named where so many were expected: even if half of them went elsewhere for once, ten by chance do not."""
LEAST_COUNTED: Final = 30
"""A day with fewer people, or fewer visits, shows no ratio: by chance alone it would be a fifth off."""
LEAST_BEFORE: Final = 7
"""So many days show what is usual: each day of the week."""
LEAST_AFTER: Final = 2
"""One day may be a delivery, or an event."""
LEAST_JUMP: Final = np.log(1.25)
SPREADS: Final = 4.0
"""A jump is so many times what days differ by, each from their median."""
LEAST_SPREAD: Final = 0.05
"""Days never differ by less: counters are good to a few percent."""
_TO_SIGMA: Final = 1.4826

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Silence(NamedTuple):
    """A door counted nobody from one hour up to another, both as indices; meanwhile so many were seen elsewhere."""

    door: int
    first: int
    end: int
    elsewhere: int
    expected: float


class Jump(NamedTuple):
    """From a day on, as an index, a door counts so many times what it did before for each visit."""

    door: int
    day: int
    factor: float


def silences(counts: Counts, visits: Counts) -> list[Silence]:
    """Return when doors counted nobody though many were expected, by door and hour.

    `counts`: (doors, hours) people in and out. `visits`: by hour, those that began. What was before a door's first count is not known.
    """
    found = []
    for door, mine in enumerate(counts):
        elsewhere = counts.sum(axis=0) - mine
        if not elsewhere.any():
            elsewhere = visits
        found += _silences_of(door, mine, elsewhere)
    return found


def _silences_of(door: int, mine: Counts, elsewhere: Counts) -> list[Silence]:
    run = np.cumsum(mine > 0)
    quiet = (mine == 0) & (run > 0) & (elsewhere > 0)
    missed = np.bincount(run[quiet], elsewhere[quiet], minlength=int(run[-1]) + 1 if len(run) else 1)
    others = int(elsewhere[run > 0].sum()) - missed
    expected = mine.sum() * missed / np.maximum(others, 1)
    found = []
    for number in np.flatnonzero(expected >= LEAST_EXPECTED).tolist():
        hours = np.flatnonzero(quiet & (run == number))
        found.append(Silence(door, int(hours[0]), int(hours[-1]) + 1, int(missed[number]), float(expected[number])))
    return found


def jumps(counts: Counts, visits: Counts) -> list[Jump]:
    """Return the doors whose counts for each visit jumped; `counts`: (doors, days), `visits`: by day, those that began.

    Of each door the jump that explains most of how its days differ; one that lasts until the end.
    """
    found = (_jump_of(door, mine, visits) for door, mine in enumerate(counts))
    return [jump for jump in found if jump is not None]


def _jump_of(door: int, mine: Counts, visits: Counts) -> Jump | None:
    days = np.flatnonzero((mine >= LEAST_COUNTED) & (visits >= LEAST_COUNTED))
    ratio: Floats = np.log(mine[days] / visits[days])
    best, clearest = None, 0.0
    for at in range(LEAST_BEFORE, len(days) - LEAST_AFTER + 1):
        before, after = ratio[:at], ratio[at:] - np.median(ratio[:at])
        by = float(np.median(after))
        least = max(LEAST_JUMP, SPREADS * _apart(before))
        explained = at * len(after) * (float(ratio[at:].mean()) - float(before.mean())) ** 2
        if abs(by) >= least and (after * np.sign(by) >= least / 2).all() and explained > clearest:
            best, clearest = Jump(door, int(days[at]), float(np.exp(by))), explained
    return best


def _apart(ratio: Floats) -> float:
    """Return by how much days differ from their median, as a standard deviation that a few odd days leave alone."""
    return max(LEAST_SPREAD, _TO_SIGMA * float(np.median(np.abs(ratio - np.median(ratio)))))


def by_hour(hour: npt.NDArray[Any], which: npt.NDArray[Any], values: npt.NDArray[Any], shape: tuple[int, int]) -> Counts:
    """Return values added up by (which, hour)."""
    table = np.zeros(shape, np.int64)
    np.add.at(table, (which, hour), values)
    return table
