"""Rows of whole numbers and names, as one text for each column and store: a quarter of what a Python object for each value costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

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
    stores = [row[0] for row in rows]
    counts = np.array([row[1] for row in rows], np.intp)
    texts = {name: SEPARATOR.join(row[i] for row in rows) for i, name in enumerate(("", *(n for n in names if n != "store")), 2)}
    columns: dict[str, Column] = {}
    for name in names:
        if name == "store":
            columns[name] = Coded(np.repeat(np.arange(len(rows), dtype=np.uint32), counts), tuple(stores))
        elif name in SCHEMA[measurement].fields:
            columns[name] = _numbers(texts[name])
        else:
            columns[name] = Coded.of(texts[name].split(SEPARATOR) if rows else [])
    time_ns = _numbers(texts[""])
    return PointTable(measurement, time_ns, columns).where(np.argsort(time_ns, kind="stable"))


def _numbers(text: str) -> npt.NDArray[np.int64]:
    return np.fromstring(text, np.int64, sep=SEPARATOR) if text else np.zeros(0, np.int64)
