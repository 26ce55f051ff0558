"""The figures of a store with walls, with and without the ways between its zones."""

from __future__ import annotations

from benchmarks.accuracy.rooms import OneSite, Rooms, rooms
from simulators.accuracy.course import Course, DecidedDwell, course_of_rows

S = 10**9


def course(changed_s: int) -> Course:
    """Twenty seconds in each room; the stored change comes so late."""
    rows = [(n * S, "room-a" if n < 20 else "room-b") for n in range(40)]
    dwells = [DecidedDwell("room-a", 0, changed_s * S, 0), DecidedDwell("room-b", changed_s * S, 40 * S, changed_s * S)]
    return course_of_rows("walk", rows, dwells, (), frozenset(), 1)


def test_each_figure_stands_beside_the_one_without_ways() -> None:
    found = rooms([Rooms(OneSite([course(20)], {"room-a": 1, "room-b": 1}, 10.0), OneSite([course(30)], {"room-a": 2, "room-b": 1}, 10.0))])
    rows = {row.name: (row.value, row.baseline["without next_to"]) for row in found.rows}
    assert rows["rooms-zones-right"] == (1.0, 0.75)
    assert rows["rooms-stays-off"] == (0.0, 0.5)
    assert rows["rooms-entries-f1-5s"][0] > rows["rooms-entries-f1-5s"][1]
