"""All points of a database, or of a fold, as plain values to be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from footfall.pseudonyms import to_hex
from gateway.points import SCHEMA, Coded, Column, Points
from gateway.sinks.reader import PointReader

Key = tuple[Any, ...]
"""(measurement, time, *tags)"""
Dump = Mapping[Key, tuple[Any, ...]]
"""Every point's fields, in the schema's order."""
OF_ARRIVAL: Final = ("agent", "revision")
"""Measurements whose points have when something came: two runs that store the same differ in them."""


def dump(reader: PointReader, without: Collection[str] = ()) -> Dump:
    """All that a database holds, void points too, but for some measurements."""
    found: dict[Key, tuple[Any, ...]] = {}
    for name, schema in SCHEMA.items():
        if name not in without:
            table = reader.rows(name, void=True)
            times = table.time_ns.tolist()
            found.update(_points(name, times, [table.values(tag) for tag in schema.tags], [table.values(f) for f in schema.fields]))
    return found


def add_points(found: dict[Key, tuple[Any, ...]], points: Points) -> None:
    """A later version of a point takes the place of the one before, as in a database."""
    schema = SCHEMA[points.measurement]
    tags = [points.tags[tag].texts() for tag in schema.tags]
    fields = [_values(points.fields[name], kind) for name, kind in schema.fields.items()]
    found.update(_points(points.measurement, points.time_ns.tolist(), tags, fields))


def differences(before: Dump, after: Dump) -> list[Key]:
    """The keys of points that are not in both, or are not the same in both."""
    return [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]


def _points(name: str, times: list[int], tags: list[list[Any]], fields: list[list[Any]]) -> Iterator[tuple[Key, tuple[Any, ...]]]:
    for time_ns, key, values in zip(times, zip(*tags, strict=True), zip(*fields, strict=True), strict=True):
        yield (name, time_ns, *key), values


def _values(column: Column, kind: str) -> list[Any]:
    if isinstance(column, Coded):
        return column.texts()
    return [to_hex(value) for value in column.tolist()] if kind == "subject" else column.tolist()
