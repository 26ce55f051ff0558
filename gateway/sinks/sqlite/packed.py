"""Rows of whole numbers and names, as one text for each column and store: a quarter of what a Python object for each value costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.points import SCHEMA, Coded, Column
from gateway.sinks.table import PointTable

PACKED: Final = frozenset({"coverage"})
"""Measurements that are read so: a row an hour, so that a store's text stays short, and no field of theirs is a fraction or a text."""
SEPARATOR: Final = "\x1f"
"""In no text: control characters are stored as their pictures."""


def selected(names: Sequence[str]) -> str:
    """Return what is to be selected from the rows `p` of the store `s`, grouped by the store."""
    columns = ["p.time_ns", *(f'p."{name}"' for name in names if name != "store")]
    return ", ".join(["s.store", "count(*)", *(f"group_concat({column}, char({ord(SEPARATOR)}))" for column in columns)])


def unpacked(measurement: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> PointTable:
    """Return the table of rows as `selected` gives them."""
    counts = np.array([row[1] for row in rows], np.intp)
    places = {name: i for i, name in enumerate((name for name in names if name != "store"), 3)}
    columns: dict[str, Column] = {name: _read(measurement, name, [row[i] for row in rows], counts) for name, i in places.items()}
    columns["store"] = Coded(np.repeat(np.arange(len(rows), dtype=np.uint32), counts), tuple(row[0] for row in rows))
    times = _Repeated.of([row[2] for row in rows], counts)
    time_ns = _numbers(times.text)[times.rows]
    return PointTable(measurement, time_ns, {name: columns[name] for name in names}).where(np.argsort(time_ns, kind="stable"))


class _Repeated(NamedTuple):
    """Texts of stores, each once in `text`, and where the value of each row is in it: many stores have equal hours and names of agents."""

    text: str
    rows: npt.NDArray[np.intp]

    @classmethod
    def of(cls, texts: Sequence[str], counts: npt.NDArray[np.intp]) -> _Repeated:
        """`counts`: how many values each text has."""
        number = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        of_store = np.array([number[text] for text in texts], np.intp)
        there = counts[np.unique(of_store, return_index=True)[1]]
        begins = (np.cumsum(there) - there)[of_store]
        return cls(SEPARATOR.join(number), np.arange(counts.sum()) + np.repeat(begins - (np.cumsum(counts) - counts), counts))


def _read(measurement: str, name: str, texts: Sequence[str], counts: npt.NDArray[np.intp]) -> Column:
    found = _Repeated.of(texts, counts)
    if name in SCHEMA[measurement].fields:
        return _numbers(found.text)[found.rows]
    column = Coded.of(found.text.split(SEPARATOR) if texts else [])
    return Coded(column.codes[found.rows], column.names)


def _numbers(text: str) -> npt.NDArray[np.int64]:
    return np.fromstring(text, np.int64, sep=SEPARATOR) if text else np.zeros(0, np.int64)
