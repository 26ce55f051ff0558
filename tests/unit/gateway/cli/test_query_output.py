"""How wide the lines of an answer are: as people state, as the terminal is, or 80 characters for a pipe."""

from __future__ import annotations

import os
import sys

import pytest

from gateway.cli.query_output import line_width
from gateway.query.show_table import WIDTH


class Terminal:
    """Standard output that somebody looks at."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.mark.parametrize(("stated", "width"), [(None, WIDTH), ("120", 120), ("60", 60), ("5", WIDTH), ("wide", WIDTH), ("", WIDTH)])
def test_columns_states_the_width_of_a_pipe_too(monkeypatch: pytest.MonkeyPatch, stated: str | None, width: int) -> None:
    if stated is not None:
        monkeypatch.setenv("COLUMNS", stated)
    assert line_width() == width


@pytest.mark.parametrize(("columns", "width"), [(200, 200), (50, WIDTH), (0, WIDTH)])
def test_a_wider_terminal_has_wider_lines(monkeypatch: pytest.MonkeyPatch, columns: int, width: int) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(os, "get_terminal_size", lambda fd: os.terminal_size((columns, 24)))
    assert line_width() == width
