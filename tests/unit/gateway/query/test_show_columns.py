"""Columns as they are written: aligned by what a terminal shows, and measured once."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gateway.query import show_columns
from gateway.query.show_columns import Column, row_line

TEXTS = ("a", "中文", "", "abc")


@pytest.mark.parametrize("is_left", [True, False])
def test_every_line_of_a_column_is_as_wide_on_a_terminal(is_left: bool) -> None:
    columns = [Column("name", ("",), TEXTS, is_left), Column("n", ("n",), ("1",) * len(TEXTS))]
    lines = [row_line(columns, i) for i in range(len(TEXTS))]
    assert [cell_len(line) for line in lines] == [4 + 2 + 1] * len(TEXTS)
    assert lines[1] == "中文  1"
    assert lines[0] == ("a     1" if is_left else "   a  1")


def test_a_line_costs_as_much_in_a_long_table_as_in_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []
    monkeypatch.setattr(show_columns, "cell_len", lambda text: measured.append(text) or cell_len(text))
    column = Column("name", ("",), ("中",) * 1000)
    for i in range(1000):
        row_line([column], i)
    assert len(measured) <= 2 * 1000
