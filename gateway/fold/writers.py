"""Two ways of writing what a rule makes of tracks: for one track, as numbers and texts, or for many, as columns.

A rule is written once, against `Writer`: it reads columns at `slot`, and what it reads is a number or a column. The writer spells codes
as texts, adds to the counts of minutes, and emits points. Below `zone_rules.FEW` rows numbers are faster, above it columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

import numpy as np

from footfall.pseudonyms import to_hex
from gateway.fold.minute_counts import Cells
from gateway.fold.state import State
from gateway.fold.store import ROWS_AT_ONCE, DwellRow, VisitRow
from gateway.points import Coded, from_columns
from gateway.points.rows import MEASUREMENT, PointRow
from gateway.site.staff import NOBODY

Values = dict[str, Any]
"""The fields of a row or of a point, by name: numbers and texts, or columns of one length. One value may stand for a whole column."""
NO_MEMBER: Final[Values] = {"staff_id": "", "department": ""}
_Row = TypeVar("_Row", VisitRow, DwellRow)


class Writer(Protocol):
    """What a rule needs of either way."""

    def number(self, value: Any) -> Any:
        """Return a value of a column as Python's own number, or the column."""

    def flag(self, value: Any) -> Any:
        """Return a truth value as 0 or 1, as the store has it."""

    def signed(self, value: Any) -> Any:
        """Return 64 unsigned bits as a signed integer, as the store has them."""

    def subject(self, value: Any) -> Any:
        """Return subjects as a row or column of points has them."""

    def text(self, code: Any, names: Sequence[str]) -> Any:
        """Return what codes stand for; -1 is not allowed."""

    def fan(self, code: Any) -> Any:
        """Return the fans of codes, "" for -1."""

    def member(self, row: Values) -> Values:
        """Return who of the staff the visit or dwell of a row is, as `staff_id` and `department`, "" for nobody."""

    def count(self, cells: Cells, owner: Any, minute: Any, amounts: Mapping[int, Any], counts: Any) -> None:
        """Add amounts, by index, to the cells of rows for which `counts` is true."""

    def emit(self, kind: type[PointRow], values: Values) -> None:
        """Emit a point, or columns of points."""


class RowWriter:
    """For one track: `slot` is a number."""

    def __init__(self, state: State) -> None:
        self._state: Final = state

    def number(self, value: Any) -> Any:
        return value.item()

    def flag(self, value: Any) -> Any:
        return int(value)

    def signed(self, value: Any) -> Any:
        return value - (1 << 64) if value >> 63 else value

    def subject(self, value: Any) -> Any:
        return to_hex(value.item())

    def text(self, code: Any, names: Sequence[str]) -> Any:
        return names[code]

    def fan(self, code: Any) -> Any:
        return self._state.fan_name(code)

    def member(self, row: Values) -> Values:
        if not row["staff"]:
            return NO_MEMBER
        member = self._state.badges.of(int(row["subject"], 16), row["start_ns"])
        return {"staff_id": member.staff_id, "department": member.department}

    def count(self, cells: Cells, owner: Any, minute: Any, amounts: Mapping[int, Any], counts: Any) -> None:
        if counts:
            for index, amount in amounts.items():
                cells.add(owner, minute, index, amount)

    def emit(self, kind: type[PointRow], values: Values) -> None:
        self._state.points.emit(kind(**values))


class ColumnWriter:
    """For many tracks: `slot` is an array with one element a track, none of them twice."""

    def __init__(self, state: State) -> None:
        self._state: Final = state

    def number(self, value: Any) -> Any:
        return value

    def flag(self, value: Any) -> Any:
        return value.astype(np.int64)

    def signed(self, value: Any) -> Any:
        return value.view(np.int64)

    def subject(self, value: Any) -> Any:
        return value

    def text(self, code: Any, names: Sequence[str]) -> Any:
        return Coded.take(code, names)

    def fan(self, code: Any) -> Any:
        codes, rows = np.unique(code, return_inverse=True)
        return Coded(rows.astype(np.uint32), tuple(map(self._state.fan_name, codes.tolist())))

    def member(self, row: Values) -> Values:
        which = np.flatnonzero(row["staff"])
        if not len(which):
            return NO_MEMBER
        found = [NOBODY] * len(row["staff"])
        for place, subject, start_ns in zip(which.tolist(), row["subject"][which].tolist(), row["start_ns"][which].tolist(), strict=True):
            found[place] = self._state.badges.of(subject, start_ns)
        return {"staff_id": Coded.of([each.staff_id for each in found]), "department": Coded.of([each.department for each in found])}

    def count(self, cells: Cells, owner: Any, minute: Any, amounts: Mapping[int, Any], counts: Any) -> None:
        of_counted = {index: amount[counts] if isinstance(amount, np.ndarray) else amount for index, amount in amounts.items()}
        cells.add_each(owner[counts], minute[counts], of_counted)

    def emit(self, kind: type[PointRow], values: Values) -> None:
        self._state.points.emit_columns(from_columns(MEASUREMENT[kind], values))


def rows_of(kind: type[_Row], columns: Values, n: int) -> Iterator[_Row]:
    """Yield the rows that columns of length `n` have, spelled out for the store; a few thousand at a time are in memory.

    A column may be a function that returns the values of a part.
    """
    for start in range(0, n, ROWS_AT_ONCE):
        part = slice(start, min(start + ROWS_AT_ONCE, n))
        yield from map(kind, *[_spelled(name, columns[name], part) for name in kind._fields])


def _spelled(name: str, column: Any, part: slice) -> list[Any]:
    if callable(column):
        values: list[Any] = column(part)
    elif isinstance(column, Coded):
        values = column.slice(part.start, part.stop).texts()
    elif not isinstance(column, np.ndarray):
        values = [column] * (part.stop - part.start)
    elif name == "subject":
        values = [to_hex(subject) for subject in column[part].tolist()]
    else:
        values = column[part].tolist()
    return values
