"""Answers as cells, and where two of them differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

Key = tuple[tuple[str, str], ...]
"""(group, value) of each group, sorted by group, `time` among them."""
Values = Mapping[str, Any]
NEARLY: Final = 1e-9
"""Sums of floats depend on the order of adding, in their last digits."""
RANK: Final = "rank"
Cells = Mapping[Key, Values]


class Replied(NamedTuple):
    """`cells` by group and time; `totals` of the whole span, by store where stores are a group, and of all."""

    cells: Cells
    totals: Cells


class Difference(NamedTuple):
    """One value that is not what it should be; `part` is rows or totals."""

    part: str
    key: Key
    measure: str
    right: Any
    found: Any

    def __str__(self) -> str:
        where = ", ".join(f"{group} {value}" for group, value in self.key) or "all"
        return f"{self.part}: {where}: {self.measure} is {self.found!r}, the truth {self.right!r}"


def ranked(cells: Cells) -> Cells:
    """Return cells with their place in the order that they are in, as one more value."""
    return {key: {**values, RANK: number} for number, (key, values) in enumerate(cells.items(), 1)}


def differences(right: Replied, found: Replied) -> list[Difference]:
    """Return where `found` is not what is right. A row that is missing stands for a cell in which nothing was counted or measured."""
    return [*_of_cells("rows", right.cells, found.cells), *_of_cells("totals", right.totals, found.totals)]


def _of_cells(part: str, right: Cells, found: Cells) -> Iterator[Difference]:
    measures = {measure for values in (*right.values(), *found.values()) for measure in values}
    for key in sorted(right.keys() | found.keys()):
        here, there = right.get(key), found.get(key)
        for measure in sorted(measures):
            a, b = (None if values is None else values.get(measure) for values in (here, there))
            is_missing = (here is None or there is None) and not a and not b
            if not is_missing and not _is_equal(a, b):
                yield Difference(part, key, measure, a, b)


def _is_equal(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=NEARLY, abs_tol=NEARLY)
    return bool(a == b)
