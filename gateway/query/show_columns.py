"""Columns of a table as they are written: how wide they are, which of them fit, and their lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rich.cells import cell_len, set_cell_size

from gateway.query.comparison import BEFORE, RATIO, suffixed

_BETWEEN: Final = "  "
_NEEDED_LEAST: Final = ("subject", "agent", "ref")
"""Long names that nobody compares by eye; CSV and --wide have them."""
_NEEDED: Final = (BEFORE, RATIO)
"""Of a comparison, beside the measure itself."""


@dataclass(frozen=True)
class ShownColumn:
    """One column as it is written. `of`: the answer's column that it shows, or that its picture stands beside."""

    of: str
    heading: tuple[str, ...]
    cells: tuple[str, ...]
    is_left: bool = False
    is_key: bool = False

    @property
    def measure(self) -> str:
        """Return the measure that the column is of: of `in_before` it is `in`."""
        of = suffixed(self.of)
        return self.of if of is None else of[0]

    @cached_property
    def width(self) -> int:
        """Return how long its longest cell is; each line of the table asks for it."""
        return max(map(_length, (*self.heading, *self.cells)))


def fitted(columns: Sequence[ShownColumn], width: int | None) -> tuple[list[ShownColumn], list[str]]:
    """Return the columns that fit, and the names of those that do not, in their order.

    What is needed least goes first, then measures from the right, each with all its columns. The keys of the rows always stay.
    """
    kept = list(columns)
    for going in _going(columns):
        if width is None or width_of(kept) <= width:
            break
        kept = [column for column in kept if column not in going]
    stay = {column.measure for column in kept}
    gone = [column.of if column.measure in stay else column.measure for column in columns if column not in kept]
    return kept, list(dict.fromkeys(gone))


def _going(columns: Sequence[ShownColumn]) -> list[list[ShownColumn]]:
    """What leaves the table together, one after the other, until the rest fits."""
    least = [[column] for column in columns if column.of in _NEEDED_LEAST]
    of = [(column, suffixed(column.of)) for column in reversed(columns)]
    least += [[column] for column, suffix in of if suffix is not None and suffix[1] not in _NEEDED]
    measures = dict.fromkeys(column.measure for column in reversed(columns) if not column.is_key)
    return least + [[column for column in columns if column.measure == name and not column.is_key] for name in measures]


def width_of(columns: Sequence[ShownColumn]) -> int:
    """Return how long the lines of these columns are, in characters of the terminal."""
    return sum(column.width for column in columns) + len(_BETWEEN) * (len(columns) - 1)


def headings(columns: Sequence[ShownColumn]) -> list[str]:
    """Return the lines of the heading, aligned below."""
    height = max(len(column.heading) for column in columns)
    padded = [("",) * (height - len(column.heading)) + column.heading for column in columns]
    return [_line(columns, cells).rstrip() for cells in zip(*padded, strict=True)]


def row_line(columns: Sequence[ShownColumn], row: int, rest: str = "") -> str:
    """Return the line of a row; `rest` stands behind the columns."""
    line = _line(columns, [column.cells[row] for column in columns])
    return f"{line}{_BETWEEN}{rest}" if rest else line.rstrip()


def room_beside(columns: Sequence[ShownColumn], width: int) -> int:
    """Return how wide one more column may be."""
    return width - width_of(columns) - len(_BETWEEN)


def _line(columns: Sequence[ShownColumn], cells: Sequence[str]) -> str:
    return _BETWEEN.join(_aligned(column, text) for column, text in zip(columns, cells, strict=True))


def _aligned(column: ShownColumn, text: str) -> str:
    if not column.is_left:
        return " " * (column.width - _length(text)) + text
    return text.ljust(column.width) if text.isascii() else set_cell_size(text, column.width)


def _length(text: str) -> int:
    """In characters of the terminal, of which a Chinese one takes two; few texts need the table of these."""
    return len(text) if text.isascii() else cell_len(text)
