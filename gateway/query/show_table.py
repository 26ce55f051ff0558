"""An answer as lines of a table: the main columns within a width, long quiet times as one line, bars beside the numbers.

Numbers are never cut short. What does not fit is left out from the right, bars first, and named below the table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal

from rich.cells import cell_len, set_cell_size

from gateway.query.answer import Answer
from gateway.query.figures import HISTOGRAM, figure
from gateway.query.show_text import cell, times

WIDTH: Final = 80
"""Characters that a line of a table has at most, unless it is asked for wide."""
_BETWEEN: Final = "  "
_KEYS: Final = frozenset({"name", "time"})
_COVERAGE: Final = frozenset({"open_minutes", "covered"})
_NEEDED_LEAST: Final = ("subject", "agent", "ref")
"""Long names that nobody compares by eye; CSV and --wide have them."""
_EVENT_TIMES: Final = frozenset({"started", "at"})
"""An answer with such a column is a list of events: its first two columns are its keys."""
_BAR_COLUMNS: Final = ("in", "entries", "count")
_BAR_CELLS: Final = 16
_RUN_ROWS: Final = 3
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_HEIGHTS: Final = " ▁▂▃▄▅▆▇█"

Style = Literal["heading", "row", "total", "note"]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; `style` is for terminals with colours."""

    text: str
    style: Style = "row"


@dataclass(frozen=True, slots=True)
class Column:
    """One column as it is written. `of`: the answer's column that it shows, or that its picture stands beside."""

    of: str
    heading: tuple[str, ...]
    cells: tuple[str, ...]
    is_left: bool = False
    is_picture: bool = False
    is_key: bool = False

    @property
    def width(self) -> int:
        return max(map(cell_len, (*self.heading, *self.cells)))


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that follow each other and are shown as one line; `what` names them where they are several."""

    rows: tuple[Row, ...]
    what: str = ""


def table(answer: Answer, wide: bool = False) -> list[Line]:
    """Return the lines, of at most 80 characters; with `wide` every column, in lines as long as they must be."""
    runs = list(_runs(answer))
    columns, left_out = fitted(_columns(answer, runs, wide), None if wide else WIDTH)
    height = max(len(column.heading) for column in columns)
    lines = [Line(_joined(columns, [_heading_line(column, i - height) for column in columns]), "heading") for i in range(height)]
    lines.append(Line("─" * _width(columns), "heading"))
    lines += [Line(_run_line(columns, run, i)) for i, run in enumerate(runs)]
    totals = range(len(runs), len(runs) + len(answer.totals))
    lines += [Line(_joined(columns, [column.cells[i] for column in columns]), "total") for i in totals]
    if answer.totals:
        lines.insert(len(lines) - len(answer.totals), Line(""))
    return lines + [Line(text, "note") for text in _left_out(left_out)]


def fitted(columns: Sequence[Column], width: int | None) -> tuple[list[Column], list[str]]:
    """Return the columns that fit, and the names of those that do not, in their order.

    Pictures go first, then what is needed least, then columns from the right. The keys of the rows always stay.
    """
    kept = list(columns)
    going = [column for column in kept if column.is_picture]
    going += [column for column in kept if column.of in _NEEDED_LEAST]
    going += [column for column in reversed(kept) if not column.is_key]
    for column in going:
        if width is None or _width(kept) <= width:
            break
        kept = [other for other in kept if other is not column]
    stay = {column.of for column in kept}
    return kept, [column.of for column in columns if column.of not in stay]


def _left_out(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return ["", *textwrap.wrap(f"No room for {', '.join(names)}: --wide shows every column, --measures those you name.", WIDTH)]


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + len(_BETWEEN) * (len(columns) - 1)


def _joined(columns: Sequence[Column], cells: Sequence[str]) -> str:
    return _BETWEEN.join(_aligned(column, text) for column, text in zip(columns, cells, strict=True)).rstrip()


def _aligned(column: Column, text: str) -> str:
    return set_cell_size(text, column.width) if column.is_left else " " * (column.width - cell_len(text)) + text


def _heading_line(column: Column, from_below: int) -> str:
    return column.heading[from_below] if -from_below <= len(column.heading) else ""


def _run_line(columns: Sequence[Column], run: Run, row: int) -> str:
    """A row; one that stands for several has its keys, and then what they are."""
    if not run.what:
        return _joined(columns, [column.cells[row] for column in columns])
    keys = [column for column in columns if column.is_key]
    return f"{_joined(keys, [column.cells[row] for column in keys])}{_BETWEEN}… {run.what}, {len(run.rows)} intervals"


def _runs(answer: Answer) -> Iterator[Run]:
    """The rows, those of three or more intervals in which nothing happened, or nothing was measured, as one run."""
    records = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    keys = [name for name in answer.columns if figure(name).unit == "name"]
    for (*_, what), group in groupby(records, lambda record: (*(record[key] for key in keys), _quiet(record))):
        rows = tuple(group)
        if what and len(rows) >= _RUN_ROWS:
            yield Run(rows, what)
        else:
            yield from (Run((row,)) for row in rows)


def _quiet(record: Row) -> str:
    """What to call an interval without any value, if it is one."""
    if "time" not in record or any(value for name, value in record.items() if not _is_key(name) and name not in _COVERAGE):
        return ""
    if record.get("open_minutes") == 0:
        return "closed"
    return "not measured" if record.get("covered") == 0 else "quiet"


def _is_key(name: str) -> bool:
    return figure(name).unit in _KEYS


def _columns(answer: Answer, runs: Sequence[Run], wide: bool) -> list[Column]:
    """Every column that the table shows where there is room; with `wide` those too that a narrow one never has."""
    names = [name for name in answer.columns if wide or not (figure(name).wide or name in HISTOGRAM)]
    if "store" in names and len({row[0] for row in (*answer.rows, *answer.totals)}) == 1 and len(names) > 1:
        names.remove("store")
    keys = 2 if _EVENT_TIMES & set(names) else next((i for i, name in enumerate(names) if not _is_key(name)), len(names))
    return [column for i, name in enumerate(names) for column in _shown(answer, runs, name, i < keys)]


def _shown(answer: Answer, runs: Sequence[Run], name: str, is_key: bool) -> Iterator[Column]:
    cells = (*_cells(runs, name), *_totals(answer, name))
    widest = max(map(cell_len, cells), default=1)
    yield Column(name, tuple(textwrap.wrap(_heading(name), max(widest, 1), break_long_words=False)), cells, _is_key(name), is_key=is_key)
    if pictures := _pictures(answer, runs, name):
        heading = ("" if name in _BAR_COLUMNS else "0 s … 1 h",)
        yield Column(name, heading, (*pictures, *[""] * len(answer.totals)), is_left=True, is_picture=True)


def _pictures(answer: Answer, runs: Sequence[Run], name: str) -> list[str]:
    first = [run.rows[0] for run in runs]
    if name in _BAR_COLUMNS:
        return _bars([row[name] or 0 for row in first])
    if name == "p90_s" and HISTOGRAM[0] in answer.columns:
        return [_spark([row[each] for each in HISTOGRAM]) for row in first]
    return []


def _heading(name: str) -> str:
    return _HEADINGS.get(name, name.removesuffix("_s").replace("_", " "))


_HEADINGS: Final = {"is_staff": "staff"}


def _cells(runs: Sequence[Run], name: str) -> list[str]:
    unit, first = figure(name).unit, [run.rows[0] for run in runs]
    if unit == "time":
        return times([(str(row.get("store", "")), row[name] or "") for row in first])
    return ["" if run.what and not _is_key(name) else cell(run.rows[0][name], unit, _heading(name)) for run in runs]


def _totals(answer: Answer, name: str) -> list[str]:
    """The totals' cells; the word stands under the first key that a total does not have."""
    at, unit = answer.columns.index(name), figure(name).unit
    word = ["total" if _is_key(name) and None not in row[:at] else "" for row in answer.totals]
    return [text if row[at] is None else cell(row[at], unit, _heading(name)) for text, row in zip(word, answer.totals, strict=True)]


def _bars(values: Sequence[float]) -> list[str]:
    most = max(values, default=0)
    eighths = [round(max(value, 0) / most * _BAR_CELLS * 8) if most > 0 else 0 for value in values]
    return [("█" * (n // 8) + _EIGHTHS[n % 8]).rstrip() for n in eighths]


def _spark(values: Sequence[int]) -> str:
    most = max(values)
    return "".join(_HEIGHTS[-(-value * 8 // most) if most else 0] for value in values)
