"""How far a play has come."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from simulators.accuracy.progress import STEPS, counted, shown


def test_progress_is_reported_now_and_then_and_nothing_is_lost() -> None:
    done: list[float] = []
    total = 5 * STEPS
    assert list(counted(range(total), total, done.append)) == list(range(total))
    assert done == list(range(0, total, 5))


def test_a_bar_is_shown_at_a_terminal_alone() -> None:
    texts = []
    for is_terminal in (True, False):
        written = StringIO()
        with shown(100, Console(file=written, force_terminal=is_terminal)) as reached:
            reached(50)
        texts.append(written.getvalue())
    assert "50%" in texts[0]
    assert texts[1] == ""
