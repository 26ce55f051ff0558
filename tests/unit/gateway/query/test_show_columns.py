"""Which columns fit, and how their lines are aligned."""

from __future__ import annotations

import pytest

from gateway.query.show_columns import ShownColumn, fitted, headings, room_beside, row_line, width_of


def column(name: str, width: int = 8, **more: bool) -> ShownColumn:
    return ShownColumn(name, (name[:width],), ("x" * width,), **more)


KEY = column("store", is_left=True, is_key=True)


def test_the_width_is_that_of_the_lines() -> None:
    columns = [KEY, column("in"), column("南京", 4)]
    assert width_of(columns) == len(row_line(columns, 0)) == 8 + 2 + 8 + 2 + 4
    assert room_beside(columns, 80) == 80 - 24 - 2
    assert width_of([ShownColumn("title", ("a",), ("南京",))]) == 4, "a Chinese character takes two"


def test_numbers_stand_right_and_texts_left_below_headings_of_several_lines() -> None:
    columns = [ShownColumn("store", ("store",), ("s",), is_left=True), ShownColumn("a", ("mean", "dwell"), ("7",))]
    assert headings(columns) == ["        mean", "store  dwell"]
    assert row_line(columns, 0) == "s          7"
    assert row_line(columns[:1], 0, "… quiet") == "s      … quiet"


@pytest.mark.parametrize(
    ("width", "kept", "left_out"),
    [
        (None, ["store", "subject", "in", "out"], []),
        (38, ["store", "subject", "in", "out"], []),
        (37, ["store", "in", "out"], ["subject"]),
        (27, ["store", "in"], ["subject", "out"]),
        (5, ["store"], ["subject", "in", "out"]),
    ],
)
def test_what_is_needed_least_goes_first_then_columns_from_the_right_and_keys_stay(
    width: int | None, kept: list[str], left_out: list[str]
) -> None:
    found, names = fitted([KEY, column("subject"), column("in"), column("out")], width)
    assert ([each.of for each in found], names) == (kept, left_out)


def test_a_measure_leaves_with_all_columns_of_its_comparison() -> None:
    columns = [KEY, *(column(f"{name}{end}") for name in ("in", "out") for end in ("", "_before", "_change", "_ratio"))]
    found, names = fitted(columns, 68)
    assert ([each.of for each in found], names) == (
        ["store", "in", "in_before", "in_ratio", "out", "out_before", "out_ratio"],
        ["in_change", "out_change"],
    )
    found, names = fitted(columns, 67)
    assert ([each.of for each in found], names) == (["store", "in", "in_before", "in_ratio"], ["in_change", "out"])
