"""An answer as a table on the terminal, as CSV, as JSON. CSV and JSON carry every column and exact numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from gateway.query.figures import FIGURES, HISTOGRAM, Figure
from gateway.query.measures import Answer

_BAR_COLUMNS: Final = ("in", "entries", "count")
_BAR_CELLS: Final = 16
_QUIET: Final = " quiet "
_QUIET_ROWS: Final = 3
_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d(?=$| )")
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_HEIGHTS: Final = " ▁▂▃▄▅▆▇█"


def as_csv(answer: Answer) -> str:
    """Return RFC 4180 with a line of names; an empty cell where there is no value. Totals are left out, so that columns can be summed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_csv_cell(value) for value in row] for row in answer.rows)
    return out.getvalue()


def as_json(answer: Answer) -> str:
    """Return `{"columns": {name: meaning}, "rows": [{name: value}], "totals": [{name: value}]}`."""
    meanings = {name: figure(name).meaning for name in answer.columns}
    records = [[dict(zip(answer.columns, row, strict=True)) for row in rows] for rows in (answer.rows, answer.totals)]
    return json.dumps({"columns": meanings, "rows": records[0], "totals": records[1]}, ensure_ascii=False, indent=1)


def as_table(answer: Answer, with_pictures: bool = True) -> RichTable:
    """Return the main columns for people, with a bar; a histogram as one small picture; long quiet times as one line."""
    rows = _without_quiet(answer)
    shown = [name for name in answer.columns if not figure(name).wide and name not in HISTOGRAM]
    if len({row[0] for row in rows}) == 1:
        shown.remove("store")
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    pictures = _pictures(answer, rows, shown) if with_pictures else {}
    for name in shown:
        left = figure(name).unit in ("name", "time")
        table.add_column(_heading(name), justify="left" if left else "right", no_wrap=True)
        if name in pictures:
            table.add_column("" if name in _BAR_COLUMNS else "0 s … 1 h", no_wrap=True, style="cyan")
    cells = [_column(answer, rows, name) for name in shown]
    for i, line in enumerate(zip(*cells, strict=True)):
        found = [cell for name, text in zip(shown, line, strict=True) for cell in _with_picture(text, pictures.get(name), i)]
        is_last = i == len(rows) - 1
        table.add_row(*map(Text, found), end_section=is_last and bool(answer.totals), style="bold" if i >= len(rows) else None)
    return table


def print_table(console: Console, answer: Answer) -> None:
    """Print it without its pictures where they do not fit, in lines longer than the terminal's rather than with numbers cut short."""
    table = as_table(answer)
    if _width(table) > console.width:
        table = as_table(answer, with_pictures=False)
    console.width = max(console.width, _width(table))
    console.print(table)


def _width(table: RichTable) -> int:
    unbounded = Console(width=10_000)
    return Measurement.get(unbounded, unbounded.options, table).maximum


def figure(name: str) -> Figure:
    """Return the meaning of a column; the names of the histogram's classes hold their bounds."""
    if name in FIGURES:
        return FIGURES[name]
    low, _, high = name.removeprefix("n_").removesuffix("s").partition("_")
    return Figure("", f"stays of {low.removesuffix('s')} s and more" + ("" if high == "up" else f", below {high} s"), wide=True)


def duration(seconds: float) -> str:
    """Return `42 s`, `4:05` or `1:02:03`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _heading(name: str) -> str:
    """Long ones in two lines, so that more columns fit."""
    return name.removesuffix("_s").replace("_", "\n", 1)


def _without_quiet(answer: Answer) -> list[tuple[Any, ...]]:
    """The rows, each run of three or more intervals in which nothing was stored as one row."""
    if "occupancy_last" not in answer.columns:
        return answer.rows
    gauge = answer.columns.index("occupancy_last")
    kept: list[tuple[Any, ...]] = []
    for quiet, run in groupby(answer.rows, lambda row: (row[0], row[gauge] is None)):
        rows = list(run)
        if quiet[1] and len(rows) >= _QUIET_ROWS:
            rows = [(rows[0][0], f"{rows[0][1]}{_QUIET}{len(rows)}", *[None] * (len(answer.columns) - 2))]
        kept += rows
    return kept


def _pictures(answer: Answer, rows: Sequence[tuple[Any, ...]], shown: Sequence[str]) -> dict[str, list[str]]:
    """Beside which column stands a picture, and its text in each row."""
    pictures = {name: _bars([row[answer.columns.index(name)] or 0 for row in rows]) for name in _BAR_COLUMNS if name in shown}
    if HISTOGRAM[0] in answer.columns:
        at = answer.columns.index(HISTOGRAM[0])
        pictures["p90_s"] = [_spark(row[at : at + len(HISTOGRAM)]) for row in rows]
    return pictures


def _column(answer: Answer, rows: Sequence[tuple[Any, ...]], name: str) -> list[str]:
    at, unit = answer.columns.index(name), figure(name).unit
    every = (*rows, *answer.totals)
    if unit == "time":
        return _times([(row[0], row[at]) for row in every])
    return ["" if row[at] is None else _SHOWN.get(unit, _plain)(row[at]) for row in every]


def _times(moments: Sequence[tuple[str, str | None]]) -> list[str]:
    """Local times of `(store, ISO)`: dates, if all are midnights; with their offset only where it changes in a store, as when clocks do."""
    offsets: dict[str, set[str]] = {}
    for store, text in moments:
        offsets.setdefault(store, set()).add(_OFFSET.findall(text)[0] if text else "")
    texts = [text for _, text in moments if text is not None]
    if all(text[10:16] == "T00:00" for text in texts):
        return ["total" if text is None else text[:10] for _, text in moments]
    changing = any(len(found - {""}) > 1 for found in offsets.values())
    return ["total" if text is None else _readable(text if changing else _OFFSET.sub("", text)) for _, text in moments]


def _readable(text: str) -> str:
    moment, quiet, rows = text.partition(_QUIET)
    return moment.replace("T", " ") + (f" … quiet, {rows} intervals" if quiet else "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else str(value)


_SHOWN: Final[dict[str, Callable[[Any], str]]] = {
    "s": duration,
    "share": lambda value: f"{100 * value:.1f} %",
    "money": lambda value: f"{value:,.2f}",
    "name": str,
}


def _csv_cell(value: Any) -> Any:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def _with_picture(text: str, pictures: Sequence[str] | None, row: int) -> list[str]:
    return [text] if pictures is None else [text, pictures[row] if row < len(pictures) else ""]


def _bars(values: Sequence[float]) -> list[str]:
    most = max(values, default=0)
    eighths = [round(max(value, 0) / most * _BAR_CELLS * 8) if most > 0 else 0 for value in values]
    return [("█" * (n // 8) + _EIGHTHS[n % 8]).rstrip() for n in eighths]


def _spark(values: Sequence[int]) -> str:
    most = max(values)
    return "".join(_HEIGHTS[-(-value * 8 // most) if most else 0] for value in values)
