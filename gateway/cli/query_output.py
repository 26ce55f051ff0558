"""How the command line shows an answer: printed in the format asked for, drawn, and a bar while a long read goes on.

What makes tables and writes in colour is imported where somebody sees it: a program that reads the answer starts in less time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.query.answer import Answer, Request
from gateway.query.fitting import SCREEN_ROWS
from gateway.query.questions import LISTS
from gateway.query.show import as_csv, as_json
from gateway.sinks.reader import OnPage

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from gateway.query.show_table import Line, Style

_LONG_READ_S: Final = 0.5
_LEAST_WIDTH: Final = 40
"""A narrower terminal has no room for a table."""


class OutputFormat(StrEnum):
    """How the answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def print_answer(answer: Answer, format_: OutputFormat, request: Request, wide: bool) -> None:
    """Print the answer to a request; CSV and JSON to standard output alone, their notes to standard error.

    With `wide` the details follow the notes.
    """
    if format_ is OutputFormat.TABLE:
        from gateway.query.show_table import Line, table

        width, shown = line_width(), on_a_screen(answer)
        _print_lines((*_heading(shown, width), Line(""), *table(shown, request, wide, width)))
    else:
        _print_data(answer, format_, answer.details if wide else ())


def on_a_screen(answer: Answer) -> Answer:
    """Return a list with no more rows than a screen has room for, and a note of the others; what counts has chosen its rows itself."""
    if answer.question not in LISTS or len(answer.rows) <= SCREEN_ROWS:
        return answer
    note = f"… and {len(answer.rows) - SCREEN_ROWS:,} more: --format csv and json have all, --store, --from and --to choose"
    return replace(answer, rows=answer.rows[:SCREEN_ROWS], notes=(note, *answer.notes))


def print_explanation(explanation: Answer, format_: OutputFormat) -> None:
    """Print what columns or measures mean."""
    if format_ is OutputFormat.TABLE:
        from gateway.query.explain import text
        from gateway.query.show_table import Line

        width = line_width()
        _print_lines((*_heading(explanation, width), Line(""), *text(explanation, width)))
    else:
        _print_data(explanation, format_, ())


def _heading(answer: Answer, width: int) -> list[Line]:
    from gateway.query.show_table import wrapped

    return wrapped(f"{answer.title}\n{answer.by_default}", "total", width)


def line_width() -> int:
    """Return how many characters a line may have: as many as COLUMNS states, else as the terminal has; 80 at least where that is unset."""
    from gateway.query.show_table import WIDTH

    if (stated := os.environ.get("COLUMNS", "")).isdecimal() and int(stated) >= _LEAST_WIDTH:
        return int(stated)
    return max(os.get_terminal_size(sys.stdout.fileno()).columns, WIDTH) if sys.stdout.isatty() else WIDTH


def _print_lines(lines: Iterable[Line]) -> None:
    if not sys.stdout.isatty() and "FORCE_COLOR" not in os.environ:
        sys.stdout.writelines(f"{line.text}\n" for line in lines)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text(line.text, _STYLES.get(line.style, "")))


def _print_data(answer: Answer, format_: OutputFormat, details: Sequence[str]) -> None:
    sys.stdout.write(_WRITTEN[format_](answer))
    for note in (*answer.notes, *details):
        sys.stderr.write(f"note: {note}\n")


_STYLES: Final[Mapping[Style, str]] = {"heading": "bold", "total": "bold", "note": "dim"}
_WRITTEN: Final[Mapping[OutputFormat, Callable[[Answer], str]]] = {
    OutputFormat.CSV: as_csv,
    OutputFormat.JSON: lambda answer: as_json(answer) + "\n",
}


def draw_answer(answer: Answer, path: Path, measures: Sequence[str]) -> None:
    """Draw an answer into a file, and print to standard error where it lies."""
    # matplotlib takes a second to import, which a table need not wait for.
    from gateway.query.chart import draw

    for note in draw(answer, path, measures):
        _stderr().print(f"note: {note}", markup=False)
    _stderr().print(f"chart: {path}")


@contextmanager
def progress() -> Iterator[OnPage]:
    """A bar on the terminal, once a read takes long; nothing where nobody looks."""
    bar: Progress | None = None
    began_s, total, last = time.monotonic(), 0, 0

    def on_page(rows: int) -> None:
        nonlocal bar, total, last
        total += rows - last if rows > last else rows
        last = rows
        if time.monotonic() - began_s > _LONG_READ_S and sys.stderr.isatty():
            bar = bar or _started_bar()
            bar.update(bar.task_ids[0], completed=total)

    try:
        yield on_page
    finally:
        if bar is not None:
            bar.stop()


def _started_bar() -> Progress:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = SpinnerColumn(), TextColumn("reading"), BarColumn(), TextColumn("{task.completed:,} rows")
    bar = Progress(*columns, console=_stderr(), transient=True)
    bar.add_task("reading", total=None)
    bar.start()
    return bar


def _stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)
