"""How far a play has come: a bar on a terminal, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Reached = Callable[[float], None]
"""Called with how much is done, of a total."""
STEPS: Final = 1000
"""A bar is drawn anew so often, at most."""
_Each = TypeVar("_Each")


@contextmanager
def shown(total: float, console: Console | None = None) -> Iterator[Reached]:
    """Show on stderr how much of a total is done; nothing where that is no terminal, and nothing of it stays."""
    console = console or Console(stderr=True)
    columns = (TextColumn("played"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("played", total=total)
        yield lambda done: bars.update(task, completed=done)


def ignore(done: float) -> None:
    """Show nothing."""


def counted(each: Iterable[_Each], total: int, reached: Reached) -> Iterator[_Each]:
    """Yield each of so many, and report now and then how many there were."""
    every = max(total // STEPS, 1)
    for number, one in enumerate(each):
        if number % every == 0:
            reached(number)
        yield one
