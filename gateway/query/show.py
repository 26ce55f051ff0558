"""An answer as CSV and as JSON. Both carry every column and exact numbers, and rows only, so that columns can be summed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any, Final

from gateway.query.answer import Answer

_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full width: taken for the same
"""A spreadsheet takes a text that begins so for a formula."""
_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]')


def as_csv(answer: Answer) -> str:
    """Return RFC 4180 with a line of names; an empty cell where there is no value.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    columns = map(_csv_column, zip(*answer.rows, strict=True))
    rows = map(",".join, zip(*columns, strict=True))
    # A line of one cell without a value would be an empty line, which is none.
    lines = rows if len(answer.columns) > 1 else (row or '""' for row in rows)
    return "\n".join((",".join(map(_csv_cell, answer.columns)), *lines, ""))


def as_json(answer: Answer) -> str:
    """Return a list of records, `[{name: value}, …]`: `pandas.read_json` loads it without arguments."""
    records = (json.dumps(dict(zip(answer.columns, row, strict=True)), ensure_ascii=False) for row in answer.rows)
    return "[" + ",\n ".join(records) + "]"


def _csv_column(values: Sequence[Any]) -> Iterable[str]:
    """The cells of one column: each text or whole number that is there more than once is spelled once."""
    kinds = set(map(type, values)) - {NoneType}
    if kinds == {float}:
        # A list spells all its numbers at once, each as `str` does.
        return repr(list(values))[1:-1].replace("None", "").split(", ")
    if len(kinds) > 1:  # 1, 1.0 and True are one key of a dict
        return map(_csv_cell, values)
    return map({value: _csv_cell(value) for value in set(values)}.__getitem__, values)


def _csv_cell(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(f"'{value}" if value.startswith(_FORMULA_BEGINS) else value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace('"', '""')
    return f'"{escaped}"' if _NEEDS_QUOTES.search(text) else text
