"""Seconds by the quality of their dwell: which are counted, and whether their share rises."""

from __future__ import annotations

from benchmarks.accuracy.quality import BANDS, Seconds, by_band, quality
from simulators.accuracy.course import Course, DecidedDwell, course_of_rows

S = 10**9


def course(*dwells: tuple[str, int, int, float]) -> Course:
    """In a for 10 s, then between zones for 5 s, then in b for 10 s."""
    rows = [(n * S, "a" if n < 10 else "b" if n >= 15 else "") for n in range(25)]
    found = [DecidedDwell(zone, since_s * S, until_s * S, since_s * S, good) for zone, since_s, until_s, good in dwells]
    return course_of_rows("walk", rows, found, (), frozenset(), 1)


def test_each_dwells_seconds_count_in_its_band_without_those_between_zones() -> None:
    found = by_band([course(("a", 0, 12, 0.9), ("a", 12, 20, 0.3), ("b", 20, 25, 1.0))])
    assert len(found) == len(BANDS) - 1
    assert (found[0], found[-1]) == (Seconds(0, 5), Seconds(15, 15))


def test_the_last_row_shows_whether_better_evidence_is_right_more_often() -> None:
    rising = [Seconds(5, 10), Seconds(6, 10), Seconds(8, 10), Seconds(10, 10)]
    assert [row.value for row in quality([rising, rising]).rows] == [0.5, 0.6, 0.8, 1.0, 1.0]
    assert quality([rising[::-1]]).rows[-1].value == 0.0
