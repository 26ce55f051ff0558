"""An answer as lines of a table: the main columns within a width, long quiet times as one line, bars beside the numbers.

Numbers are never cut short. What does not fit is left out from the right, bars first, and named below the table.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Final, Literal

from rich.cells import cell_len

from gateway.query.answer import Answer, Request
from gateway.query.comparison import CHANGE, RATIO, suffixed
from gateway.query.figures import HISTOGRAM, Figure, figure
from gateway.query.measures import measures_of
from gateway.query.show_columns import ShownColumn, fitted, headings, room_beside, row_line, width_of
from gateway.query.show_text import cell, difference, times

WIDTH: Final = 80
"""Characters that a line has at most, where nobody knows how many there is room for."""
_TEXTS: Final = frozenset({"name", "time"})
_COVERAGE: Final = frozenset({"open_minutes", "covered", "compared"})
_EVENT_TIMES: Final = frozenset({"started", "at"})
"""An answer with such a column is a list of events: its first two columns are its keys."""
_BAR_COLUMNS: Final = ("in", "entries", "count")
_BAR_CELLS: Final = 16
_SHORTEST_BAR: Final = 6
_WALL: Final = len("2026-10-24T10:00")
_RUN_ROWS: Final = 3
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_HEIGHTS: Final = " ▁▂▃▄▅▆▇█"

_NAMED: Final = re.compile(r"`(\w+)`")

Style = Literal["heading", "row", "total", "note"]
AnswerRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; `style` is for terminals with colours."""

    text: str
    style: Style = "row"


@dataclass(frozen=True, slots=True)
class RowRun:
    """Rows that follow each other and are shown as one line; `what` names them where they are several."""

    rows: tuple[AnswerRow, ...]
    what: str = ""

    @property
    def first(self) -> AnswerRow:
        return self.rows[0]


def table(answer: Answer, request: Request, wide: bool = False, width: int = WIDTH) -> list[Line]:
    """Return the lines, of at most `width` characters; with `wide` every column, in lines as long as they must be.

    Columns are the main ones, and what the request names. The answer's notes stand below, with what is left out; with `wide` its
    details, too.
    """
    sheet = _Sheet(_without_twin(answer), request)
    answer = sheet.answer
    columns, left_out = fitted(sheet.columns(wide), None if wide else width)
    columns = sheet.with_pictures(columns, None if wide else width)
    lines = [Line(text, "heading") for text in (*headings(columns), "─" * width_of(columns))]
    lines += [Line(_run_line(columns, run, i)) for i, run in enumerate(sheet.runs)]
    if answer.totals:
        lines.append(Line(""))
    lines += [Line(row_line(columns, i), "total") for i in range(len(sheet.runs), len(sheet.runs) + len(answer.totals))]
    notes = [*map(sheet.with_headings, (*answer.notes, *(answer.details if wide else ()))), *_left_out(map(sheet.name_of, left_out))]
    return lines + [line for i, note in enumerate(notes) for line in ([Line("")] if i == 0 else []) + wrapped(note, width=width)]


def _without_twin(answer: Answer) -> Answer:
    """The answer without the total of a single row, which has the same numbers."""
    if len(answer.rows) == len(answer.totals) == 1:
        pairs = zip(answer.rows[0], answer.totals[0], strict=True)
        return replace(answer, totals=[]) if all(total in (None, value) for value, total in pairs) else answer
    return answer


def wrapped(text: str, style: Style = "note", width: int = WIDTH) -> list[Line]:
    """Return the lines of a text, each of at most `width` columns; a Chinese character takes two."""
    lines: list[str] = []
    for whole in text.splitlines():
        lines.append("")
        for word in whole.split():
            longer = f"{lines[-1]} {word}" if lines[-1] else word
            if cell_len(longer) <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(word)
    return [Line(line, style) for line in lines]


def _left_out(names: Iterable[str]) -> list[str]:
    listed = ", ".join(names)
    return [f"No room for {listed}: --wide shows every column, --measures those you name."] if listed else []


def _run_line(columns: Sequence[ShownColumn], run: RowRun, row: int) -> str:
    """A row; one that stands for several has its keys, and then what they are."""
    if not run.what:
        return row_line(columns, row)
    return row_line([column for column in columns if column.is_key], row, f"… {run.what}, {len(run.rows)} intervals")


@dataclass(frozen=True)
class _Sheet:
    """An answer with the units of its columns, and its rows as they are shown."""

    answer: Answer
    request: Request

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        return {name: figure(name, self.answer.question) for name in self.answer.columns}

    def with_headings(self, note: str) -> str:
        """Return a note with the headings of the measures that it names."""
        there = measures_of(self.answer.question)
        return _NAMED.sub(lambda match: there[match[1]].title if match[1] in there else match[0], note)

    def name_of(self, column: str) -> str:
        """Return a column's heading, with the name by which it can be asked for where that is another."""
        title = self.figures[column].title
        return column if title == column.replace("_", " ") else f"{title} ({column})"

    @cached_property
    def runs(self) -> list[RowRun]:
        return list(self._runs())

    @cached_property
    def is_comparison(self) -> bool:
        return any(suffixed(name) for name in self.answer.columns)

    def is_text(self, name: str) -> bool:
        return self.figures[name].unit in _TEXTS

    def columns(self, wide: bool) -> list[ShownColumn]:
        """Return every column that the table shows where there is room; with `wide` those too that a narrow one never has."""
        names = [name for name in self.answer.columns if wide or self._is_main(name)]
        if names[0] == "store" and self._has_one_store and len(names) > 1:
            names.remove("store")
        if self.request.interval is None and self._has_one_time:
            names = [name for name in names if name != "time"]
        return [self._column(name, names[:i]) for i, name in enumerate(names)]

    @cached_property
    def _has_one_store(self) -> bool:
        """Whether all rows are of one store: of events, that no other was asked for, since a screen may end before the next one's."""
        is_one = len({row[0] for row in (*self.answer.rows, *self.answer.totals)}) == 1
        return is_one and not (self._is_of_events and len(self.answer.asked) > 1)

    @cached_property
    def _has_one_time(self) -> bool:
        """Whether all of several rows are of one time: the heading has it."""
        return len(self.answer.rows) > 1 and len({str(run.first.get("time"))[:_WALL] for run in self.runs}) == 1

    @cached_property
    def keys(self) -> Sequence[str]:
        """What the rows are of: of events when and where, else the texts and times before the first number."""
        names = self.answer.columns
        first = next((i for i, name in enumerate(names) if not self.is_text(name)), len(names))
        return names[: 2 if self._is_of_events else first]

    @property
    def _is_of_events(self) -> bool:
        return bool(_EVENT_TIMES & set(self.answer.columns))

    def _is_main(self, name: str) -> bool:
        if name in self.keys or self._measure(name) in self.request.measures:
            return True
        if self.is_comparison and self._compared and self._measure(name) in measures_of(self.answer.question):
            return self._measure(name) in self._compared
        return not (self.figures[name].wide or name in HISTOGRAM)

    @cached_property
    def _compared(self) -> list[str]:
        """What people compare first: three columns of each measure leave room for few."""
        return [name for name, measure in measures_of(self.answer.question).items() if measure.compared]

    def _measure(self, name: str) -> str:
        of = suffixed(name)
        return name if of is None else of[0]

    def with_pictures(self, columns: Sequence[ShownColumn], width: int | None) -> list[ShownColumn]:
        """Return the columns with a picture beside those that have one, where the width leaves room for it."""
        shown = list(columns)
        for column in columns:
            room = _BAR_CELLS if width is None else min(room_beside(shown, width), _BAR_CELLS)
            pictures = self._pictures(column.of, room)
            if pictures and room >= (_SHORTEST_BAR if column.of in _BAR_COLUMNS else max(map(len, pictures))):
                heading = ("" if column.of in _BAR_COLUMNS else "0 s … 1 h"[:room],)
                blank = [""] * len(self.answer.totals)
                shown.insert(shown.index(column) + 1, ShownColumn(column.of, heading, (*pictures, *blank), is_left=True))
        return shown

    def _runs(self) -> Iterator[RowRun]:
        """The rows, those of three or more intervals in which nothing happened, or nothing was measured, as one run."""
        records = [dict(zip(self.answer.columns, row, strict=True)) for row in self.answer.rows]
        keys = [name for name in self.answer.columns if self.figures[name].unit == "name"]
        for (*_, what), group in groupby(records, lambda record: (*(record[key] for key in keys), self._quiet(record))):
            rows = tuple(group)
            if what and len(rows) >= _RUN_ROWS:
                yield RowRun(rows, what)
            else:
                yield from (RowRun((row,)) for row in rows)

    def _quiet(self, record: AnswerRow) -> str:
        """What to call an interval without any value, if it is one."""
        if "time" not in record or any(value for name, value in record.items() if not self.is_text(name) and name not in _COVERAGE):
            return ""
        if record.get("open_minutes") == 0:
            return "closed"
        return "not measured" if record.get("covered", record.get("compared")) == 0 else "quiet"

    def _column(self, name: str, before: Sequence[str]) -> ShownColumn:
        cells = (*self._cells(name), *self._totals(name, before))
        widest = max(map(cell_len, cells), default=1)
        heading = textwrap.wrap(self.figures[name].title, max(widest, 1), break_long_words=False)
        return ShownColumn(name, tuple(heading), cells, self.is_text(name), name in self.keys)

    def _cells(self, name: str) -> list[str]:
        if self.figures[name].unit == "time":
            return times([(str(run.first.get("store", "")), run.first[name] or "") for run in self.runs], self.answer.interval)
        empty = "" if name not in self.keys or self._is_of_events else self.figures[name].empty
        return ["" if run.what and not self.is_text(name) else self._text(name, run.first[name]) or empty for run in self.runs]

    def _totals(self, name: str, before: Sequence[str]) -> list[str]:
        """The totals' cells; the word stands under the first key that a total does not have, of those that are shown."""
        totals = [dict(zip(self.answer.columns, row, strict=True)) for row in self.answer.totals]
        word = ["total" if self.is_text(name) and all(row[other] is not None for other in before) else "" for row in totals]
        return [text if row[name] is None else self._text(name, row[name]) for text, row in zip(word, totals, strict=True)]

    def _text(self, name: str, value: Any) -> str:
        of = suffixed(name)
        if of is not None and value is not None and of[1] in (CHANGE, RATIO):
            return difference(value, self.figures[name].unit, of[1] is CHANGE)
        return cell(value, self.figures[name].unit, self.figures[name].title)

    def _pictures(self, name: str, cells: int) -> list[str]:
        if name in _BAR_COLUMNS and not self.is_comparison:
            return _bars([run.first[name] or 0 for run in self.runs], cells)
        if name == "p90_s" and HISTOGRAM[0] in self.answer.columns:
            return [_spark([run.first[each] or 0 for each in HISTOGRAM]) for run in self.runs]
        return []


def _bars(values: Sequence[float], cells: int) -> list[str]:
    most = max(values, default=0)
    eighths = [round(max(value, 0) / most * cells * 8) if most > 0 else 0 for value in values]
    return [("█" * (n // 8) + _EIGHTHS[n % 8]).rstrip() for n in eighths]


def _spark(values: Sequence[int]) -> str:
    most = max(values)
    return "".join(_HEIGHTS[-(-value * 8 // most) if most else 0] for value in values)
