"""The rows of a CSV recording, and which of them are copies of others. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from math import gcd
from typing import NamedTuple

from edge_agent.sources.source import Recorded


class Row(NamedTuple):
    """A line of a file, and what it states. `receiver`: which one heard, of long rows. `mark`: the line's hash, for its text is long."""

    t_ns: int
    number: int
    heard: list[Recorded]
    who: str = ""
    receiver: str = ""
    true_zone: str = ""
    mark: int = 0
    is_read: bool = True


def without_copies(rows: Sequence[Row]) -> Sequence[Row]:
    """Return rows, which are in the order of time, without copies. Lines that are alike may also be sightings of one instant.

    Of a file that was written several times over each line stands there so often: that is undone first. Where times are coarser than
    sightings, what a receiver hears of somebody in one instant differs more often than it is alike. Else lines that are alike are copies.
    """
    if len({row.mark for row in rows}) == len(rows):
        return rows
    times = 0
    for of in _instants(rows):
        times = gcd(times, *Counter(row.mark for row in of).values())
        if times == 1:
            break
    kept = _kept(rows, lambda count: count // times) if times > 1 else rows
    alike, different = _alike_and_different(kept)
    return kept if alike <= different else _kept(kept, lambda count: 1)


def _instants(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield rows of one time each, without those that cannot be read."""
    for _, of in groupby((row for row in rows if row.is_read), key=lambda row: row.t_ns):
        yield list(of)


def _kept(rows: Sequence[Row], how_many: Callable[[int], int]) -> list[Row]:
    """Return of lines that are alike so many as there are to be, given how many there are."""
    left = Counter(row.mark for row in rows)
    left.update({mark: how_many(count) - count for mark, count in left.items()})
    found = []
    for row in rows:
        left[row.mark] -= 1
        if not row.is_read or left[row.mark] >= 0:
            found.append(row)
    return found


def _alike_and_different(rows: Sequence[Row]) -> tuple[int, int]:
    """Return in how many instants a receiver has lines of somebody that are alike, and in how many it has ones that differ."""
    alike = different = 0
    for of in _instants(rows):
        if len(of) > 1:
            marks: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
            for row in of:
                marks[row.who, row.receiver][row.mark] += 1
            alike += sum(max(each.values()) > 1 for each in marks.values())
            different += sum(len(each) > 1 for each in marks.values())
    return alike, different
