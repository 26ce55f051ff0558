"""Lines that are alike are one row, unless the file's times are coarser than its sightings; a file written twice is one file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.csv_rows import Row, without_copies
from edge_agent.sources.run_notes import notes_of_runs
from tests.support.csv_recordings import LONG, TIMES, levels, recorded

ROOMS = LONG + '[receivers]\n"g*" = "a"\n[truth]\ncolumn = "room"\n'


def sightings(*rows: tuple[int, int]) -> list[Row]:
    """Return rows of (time, level) by one receiver, in the order of time."""
    return [Row(t_s, number, [], "x", "g", "", t_s * 1000 - level) for number, (t_s, level) in enumerate(sorted(rows))]


def kept(*rows: tuple[int, int]) -> int:
    return len(without_copies(sightings(*rows)))


@pytest.mark.parametrize(
    "rows", [[(1, -50), (1, -50), (2, -51), (3, -50)], [(1, -50), (1, -50), (1, -50), (2, -50), (2, -51), (3, -5), (3, -5)]]
)
def test_of_a_receiver_that_hears_somebody_once_an_instant_rows_that_are_alike_are_copies(rows: list[tuple[int, int]]) -> None:
    assert kept(*rows) == len(set(rows))


def test_where_several_sightings_an_instant_differ_those_that_are_alike_are_sightings_too() -> None:
    rows = [(1, -50), (1, -50), (1, -52), (2, -49), (2, -51), (3, -50), (3, -50), (4, -48), (4, -50), (5, -50)]
    assert kept(*rows) == len(rows)
    assert kept(*rows, *rows) == len(rows), "the whole file twice"
    assert kept(*rows, *rows, *rows) == len(rows)


def test_rows_of_other_receivers_at_one_time_show_nothing() -> None:
    rows = [Row(1, n, [], "x", f"g{n}", "", n) for n in range(5)]
    assert len(without_copies([*rows, rows[0]._replace(number=9)])) == 5


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-52, -50)), min_size=1))
def test_a_file_written_twice_gives_what_it_gives_once(rows: list[tuple[int, int]]) -> None:
    once, twice = (without_copies(sightings(*rows * times)) for times in (1, 2))
    assert [row.mark for row in once] == [row.mark for row in twice]


def test_a_copy_is_neither_evidence_nor_truth_nor_a_jump_and_is_stated(tmp_path: Path) -> None:
    rows = "".join(f"{t},x,g{g},-{50 + t},a\n" for t in range(1, 9) for g in (1, 2))
    once, twice = (recorded(tmp_path, ROOMS, "t,tag,gw,rssi,room\n" + text) for text in (rows, rows + rows))
    assert (twice.heard, twice.truth, twice.jumps, twice.parts) == (once.heard, once.truth, [], once.parts)
    assert [note.text for note in notes_of_runs([once, twice])] == ["16 rows stand in the file again, and count once."]


def test_rows_with_a_column_that_differs_are_no_copies(tmp_path: Path) -> None:
    run = recorded(tmp_path, ROOMS, "t,tag,gw,rssi,room,seq\n1,x,g1,-50,a,7\n1,x,g1,-50,a,8\n2,x,g1,-50,a,9\n")
    assert (len(levels(run)), run.copies) == (3, 0)


def test_a_count_that_is_there_again_is_stated_too(tmp_path: Path) -> None:
    mapping = TIMES.replace('[identifier]\ncolumn = "tag"\n', "") + '[counts]\nin = "in"\n'
    assert recorded(tmp_path, mapping, "t,in\n60,3\n120,1\n60,3\n").copies == 1
