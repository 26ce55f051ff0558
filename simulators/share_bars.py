"""Bars of how much of long work is done; lines stand for them where no terminal shows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

OnShare = Callable[[str, float], None]
"""Called with what is being done, and the share of it that is done, from 0 to 1."""
LINE_EVERY_S: Final = 15.0


@contextmanager
def share_bars(console: Console) -> Iterator[OnShare]:
    """Yield what moves the bars, one for each name that it is called with."""
    columns = (TextColumn("{task.description:>10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}
        printed_s: dict[str, float] = {}

        def on_share(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what], printed_s[what] = progress.add_task(what, total=1.0), time.monotonic()
            progress.update(tasks[what], completed=share)
            if not console.is_terminal and time.monotonic() - printed_s[what] >= LINE_EVERY_S:
                printed_s[what] = time.monotonic()
                console.print(f"{what}: {share:.0%}")

        yield on_share
