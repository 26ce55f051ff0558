"""Rows of both sides of a comparison beside each other: `x`, `x_before`, `x_change`, `x_ratio` for each measure. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.query.answer import Answer
from gateway.query.comparison import (
    SPLIT,
    SUFFIXES,
    USUAL_SUFFIXES,
    ComparedNumber,
    SalesSide,
    change,
    change_ratio,
    quartiles,
    split,
)
from gateway.query.keys import ALL_STORES
from gateway.query.measures import Measure

_ADDED: Final = ("sum", "count", "between")
"""Kinds of measures that are 0 where a side has no row."""
_OF_A_MEAN: Final = ("sum", "count", "ratio", "rest", "difference")
"""Kinds that the mean of several stores has."""
COMPARED: Final = "compared"
"""The column of a comparison that has the share of the open minutes which both sides have."""
_SALES: Final = ("in", "transactions", "revenue")
_OF_DIFFERENCES: Final = 6
"""Decimal places of a difference of what is in hundredths: a quartile of several days is between them."""

Row = tuple[Any, ...]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """`measures` of the rows, by id. `usual`: the other side is several days; `mean`: it is the mean of several stores."""

    measures: Mapping[str, Measure]
    usual: bool = False
    mean: bool = False
    only_here: bool = False
    """Rows that only the other side has are left out: this side is a ranking."""

    def answer(self, now: Answer, before: Sequence[Answer]) -> Answer:
        """Return the answer with the rows and totals of both sides. Both have the same columns."""
        keys = [self._key_name(name) for name in now.columns if name not in self.measures]
        columns = (*keys, *(f"{name}{end}" for name in self._shown(now) for end in ("", *self._ends())), *self._split_columns(now))
        rows = list(self._rows(now, now.rows, [each.rows for each in before]))
        return Answer(columns, rows, list(self._rows(now, now.totals, [each.totals for each in before])))

    def _key_name(self, name: str) -> str:
        """Usual days are not compared minute by minute: this side is all that was observed."""
        return COMPARED if name == "covered" and not self.usual else name

    def _shown(self, answer: Answer) -> list[str]:
        return [name for name in answer.columns if name in self.measures]

    def _ends(self) -> list[str]:
        return [suffix.text for suffix in (USUAL_SUFFIXES if self.usual else SUFFIXES)]

    def _split_columns(self, answer: Answer) -> tuple[str, ...]:
        """A median of sales is not the product of medians: usual days are not taken apart."""
        return SPLIT if set(_SALES) <= set(answer.columns) and not self.usual else ()

    def _rows(self, answer: Answer, now: Sequence[Row], before: Sequence[Sequence[Row]]) -> Iterator[Row]:
        at = [i for i, name in enumerate(answer.columns) if name not in self.measures and name not in _OF_THIS_SIDE]
        here, there = _by_key(now, at), [_by_key(rows, at) for rows in before]
        more = [] if self.only_here else [key for rows in there for key in rows if key not in here]
        for key in dict.fromkeys([*here, *more]):
            sides = [rows.get(key) for rows in there]
            yield self._row(answer, here.get(key), sides, next(row for row in (here.get(key), *sides) if row is not None))

    def _row(self, answer: Answer, now: Row | None, before: Sequence[Row | None], any_row: Row) -> Row:
        keys = [value for name, value in zip(answer.columns, any_row, strict=True) if name not in self.measures]
        is_mean_of_means = self.mean and ALL_STORES in keys
        values: list[Any] = []
        sales: dict[str, tuple[ComparedNumber, ComparedNumber]] = {}
        for i, name in enumerate(answer.columns):
            if name in self.measures:
                measure = self.measures[name]
                mine, others = _value(measure, now, i), [_value(measure, row, i) for row in before]
                middle = quartiles(others)
                other = middle.median if self.usual else others[0]
                if is_mean_of_means or (self.mean and measure.kind not in _OF_A_MEAN):
                    other = None
                differs = change(mine, other, None if measure.decimals is None else _OF_DIFFERENCES)
                values += [mine, other, *((middle.low, middle.high) if self.usual else ()), differs, change_ratio(mine, other)]
                sales[name] = mine, other
        return (*keys, *values, *(_split(sales) if self._split_columns(answer) else ()))


_OF_THIS_SIDE: Final = ("open_minutes", "covered")
"""Columns that are no keys: both sides have the same minutes."""


def _by_key(rows: Iterable[Row], at: Sequence[int]) -> dict[Key, Row]:
    return {tuple(row[i] for i in at): row for row in rows}


def _value(measure: Measure, row: Row | None, column: int) -> ComparedNumber:
    if row is None:
        return 0 if measure.kind in _ADDED else None
    found: ComparedNumber = row[column]
    return found


def _split(sales: Mapping[str, tuple[ComparedNumber, ComparedNumber]]) -> tuple[ComparedNumber, ...]:
    now, before = (SalesSide(*(sales[name][side] for name in _SALES)) for side in (0, 1))
    return split(now, before)
