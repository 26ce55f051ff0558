"""An answer as a table on the terminal, as CSV, as JSON. CSV and JSON carry every column and exact numbers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

from gateway.query.measures import FIGURES, HISTOGRAM, Answer, Figure, Unit

_BAR_COLUMNS: Final = ("in", "entries", "count")
_BAR_CELLS: Final = 16
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_HEIGHTS: Final = " ▁▂▃▄▅▆▇█"


def as_csv(answer: Answer) -> str:
    """RFC 4180 with a line of names; an empty cell where there is nothing to tell. Totals are left out, so that columns can be summed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_csv_cell(value) for value in row] for row in answer.rows)
    return out.getvalue()


def as_json(answer: Answer) -> str:
    """`{"columns": {name: meaning}, "rows": [{name: value}], "totals": [{name: value}]}`."""
    meanings = {name: figure(name).meaning for name in answer.columns}
    records = [[dict(zip(answer.columns, row, strict=True)) for row in rows] for rows in (answer.rows, answer.totals)]
    return json.dumps({"columns": meanings, "rows": records[0], "totals": records[1]}, ensure_ascii=False, indent=1)


def as_table(answer: Answer, title: str) -> RichTable:
    """The main columns for people, with a bar; a histogram as one small picture."""
    shown = [name for name in answer.columns if not figure(name).wide and name not in HISTOGRAM]
    table = RichTable(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", show_footer=False, pad_edge=False)
    bar = next((name for name in _BAR_COLUMNS if name in shown), None)
    pictures: dict[str, list[str]] = {}
    if bar is not None:
        pictures[bar] = _bars([row[answer.columns.index(bar)] or 0 for row in answer.rows])
    if HISTOGRAM[0] in answer.columns:
        at = answer.columns.index(HISTOGRAM[0])
        pictures["p90_s"] = [_spark(row[at : at + len(HISTOGRAM)]) for row in answer.rows]
    for name in shown:
        left = figure(name).unit in ("name", "time")
        table.add_column(_heading(name), justify="left" if left else "right", no_wrap=True)
        if name in pictures:
            table.add_column("" if name == bar else "0 s … 1 h", no_wrap=True, style="cyan")
    cells = [_column(answer, name, figure(name).unit) for name in shown]
    for i, row in enumerate(zip(*cells, strict=True)):
        last = i == len(answer.rows) - 1
        total = i >= len(answer.rows)
        line = [cell for name, text in zip(shown, row, strict=True) for cell in _with_picture(text, pictures.get(name), i)]
        table.add_row(*(Text(cell) for cell in line), end_section=last and bool(answer.totals), style="bold" if total else None)
    return table


def figure(name: str) -> Figure:
    """What a column says; the histogram's classes are told by their names."""
    if name in FIGURES:
        return FIGURES[name]
    low, _, high = name.removeprefix("n_").removesuffix("s").partition("_")
    return Figure("", f"stays of {low.removesuffix('s')} s and more" + ("" if high == "up" else f", below {high} s"), wide=True)


def duration(seconds: float) -> str:
    """`42 s`, `4:05`, `1:02:03`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _heading(name: str) -> str:
    return name.removesuffix("_s").replace("_", " ")


def _column(answer: Answer, name: str, unit: Unit) -> list[str]:
    at = answer.columns.index(name)
    values = [row[at] for row in (*answer.rows, *answer.totals)]
    if unit == "time":
        return _times(values)
    return ["" if value is None else _SHOWN.get(unit, _plain)(value) for value in values]


def _times(values: Sequence[str | None]) -> list[str]:
    """Local times; with their offset only where it changes, as when clocks do."""
    offsets = {value[-6:] for value in values if value}
    keep = len(offsets) > 1
    return ["total" if value is None else value.replace("T", " ") if keep else value[:-6].replace("T", " ") for value in values]


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
