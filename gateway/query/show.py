"""An answer as CSV and as JSON. Both carry every column and exact numbers, and rows only, so that columns can be summed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any, Final

from gateway.query.answer import Answer

_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula."""


def as_csv(answer: Answer) -> str:
    """Return RFC 4180 with a line of names; an empty cell where there is no value.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    # A cell with a lone \r is quoted only where lines end in it; each line is one call of write.
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(answer.columns)
    writer.writerows(zip(*map(_csv_column, zip(*answer.rows, strict=True)), strict=True))
    return "".join(f"{line.removesuffix(writer.dialect.lineterminator)}\n" for line in lines)


class _Lines(list[str]):
    write = list[str].append


def as_json(answer: Answer) -> str:
    """Return a list of records, `[{name: value}, …]`: `pandas.read_json` loads it without arguments."""
    records = (json.dumps(dict(zip(answer.columns, row, strict=True)), ensure_ascii=False) for row in answer.rows)
    return "[" + ",\n ".join(records) + "]"


def _csv_column(values: Sequence[Any]) -> Iterable[Any]:
    """The cells of one column; numbers are spelled by the writer."""
    kinds = set(map(type, values))
    if kinds <= {str, NoneType}:
        cells = {value: _csv_cell(value) for value in dict.fromkeys(values)}
        return map(cells.__getitem__, values)
    return map(_csv_cell, values) if kinds & {str, bool} else values


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_BEGINS) else value
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value
