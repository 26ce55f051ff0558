"""A reader of what the database had at an earlier time: what became known later is taken back.

Late knowledge leaves revisions (`gateway.fold.revisions`): each point has the fields of its first revision after that time. Points of
after that time are not there. What changed within an hour of its own time has no revision, and is as it was then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.errors import ConfigError
from gateway.points import SCHEMA
from gateway.points.revision import NOT_THERE, series_of, tags_of
from gateway.query.reader_above import ReaderAbove
from gateway.sinks.cells import Aggregate, CellTable, cells_of, merged
from gateway.sinks.reader import OnPage, PointReader, quiet
from gateway.sinks.table import Builder, PointTable, joined

REVISED: Final = ("traffic", "zone_traffic", "door", "touch", "item", "coverage")
"""Measurements whose points leave revisions."""
_AS_THEY_ARE: Final = frozenset({"store"})
"""Measurements that state what holds from when on, whenever it became known."""


class _PointKey(NamedTuple):
    """A point of a measurement."""

    store: str
    series: str
    time_ns: int


class AsOfReader(ReaderAbove):
    """A PointReader of the same database as of `as_of_ns`."""

    def __init__(self, reader: PointReader, as_of_ns: int) -> None:
        super().__init__(reader)
        self._as_of_ns: Final = as_of_ns
        self._found: dict[str, dict[_PointKey, str]] = {}
        self.unread: list[int] = []
        """The times of the points, ns, whose revisions mean nothing, since others wrote them; they are as they are now."""

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        """Return the span of the points that the database has now, up to the time."""
        span = self._below.span(measurement, store)
        return None if span is None or span[0] >= self._as_of_ns else (span[0], min(span[1], self._as_of_ns - 1))

    def rows(
        self,
        measurement: str,
        store: str | None = None,
        from_ns: int | None = None,
        to_ns: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        void: bool = False,
        on_page: OnPage = quiet,
        **tags: str,
    ) -> PointTable:
        """Return the points as PointReader does, as they were then. ConfigError for a measurement without revisions."""
        if measurement in _AS_THEY_ARE:
            return self._below.rows(measurement, store, from_ns, to_ns, columns, void=void, on_page=on_page, **tags)
        schema, to_ns = SCHEMA[measurement], self._until(to_ns)
        names = (*schema.tags, *schema.fields) if columns is None else tuple(columns)
        read = tuple(dict.fromkeys((*names, *schema.tags)))
        table = self._below.rows(measurement, store, from_ns, to_ns, read, void=void, on_page=on_page, **tags)
        revised = {
            point: was
            for point, was in self._revisions(measurement).items()
            if (store in (None, point.store)) and (from_ns is None or from_ns <= point.time_ns) and point.time_ns < to_ns
        }
        if revised:
            before = Builder(measurement, read)
            before.add(list(_rows(measurement, revised, read, void, tags)))
            table = joined([table.where(~_are_in(table, revised)), before.table()])
        return PointTable(measurement, table.time_ns, {name: table.columns[name] for name in names})

    def cells(
        self,
        measurement: str,
        aggregates: Sequence[Aggregate],
        from_ns: int,
        to_ns: int,
        bucket_ns: int,
        by: Sequence[str] = ("store",),
        /,
        stores: Sequence[str] | None = None,
        on_page: OnPage = quiet,
        *,
        edges_ns: Sequence[int] = (),
        **tags: str,
    ) -> CellTable:
        """Return the cells as PointReader does, as they were then. Rows are read of the stores alone that late knowledge changed."""
        to_ns = self._until(to_ns)
        changed = {p.store for p in self._revisions(measurement) if from_ns <= p.time_ns < to_ns and (stores is None or p.store in stores)}
        if not changed:
            return self._below.cells(measurement, aggregates, from_ns, to_ns, bucket_ns, by, stores, on_page, edges_ns=edges_ns, **tags)
        is_apart = stores is not None and "store" in by
        read: Sequence[str | None] = sorted(changed) if is_apart else [None] if stores is None else stores
        table = joined([self.rows(measurement, name, from_ns, to_ns, void=False, on_page=on_page, **tags) for name in read])
        found = cells_of(table, aggregates, from_ns, to_ns, bucket_ns, by)
        rest = [name for name in stores or () if name not in changed]
        if not (is_apart and rest):
            return found
        others = self._below.cells(measurement, aggregates, from_ns, to_ns, bucket_ns, by, rest, on_page, edges_ns=edges_ns, **tags)
        return merged([found, others])

    def _until(self, to_ns: int | None) -> int:
        return self._as_of_ns if to_ns is None else min(to_ns, self._as_of_ns)

    def _revisions(self, measurement: str) -> Mapping[_PointKey, str]:
        """What each point was, by its first revision after the time."""
        if measurement not in REVISED:
            raise ConfigError(f"as_of: the database keeps no earlier versions of {measurement}; it has those of {', '.join(REVISED)}")
        if measurement not in self._found:
            table = self._below.rows("revision", from_ns=self._as_of_ns, of=measurement)
            points = map(_PointKey, table.values("store"), table.values("series"), table.values("point_ns"))
            found: dict[_PointKey, str] = {}
            for point, was in zip(points, table.values("was"), strict=True):
                if _is_revision(measurement, point, was):
                    found.setdefault(point, was)
                else:
                    self.unread.append(point.time_ns)
            self._found[measurement] = found
        return self._found[measurement]


def _is_revision(measurement: str, point: _PointKey, was: str) -> bool:
    """Return whether a text has the fields of a point, as far as the point's release had them, and its series the tags."""
    schema = SCHEMA[measurement]
    if len(tags_of(point.series)) != len(schema.tags) - 1:
        return False
    try:
        fields = [] if was == NOT_THERE else json.loads(was)
    except ValueError:
        return False
    kinds = [_KINDS[kind] for kind in schema.fields.values()]
    return isinstance(fields, list) and len(fields) <= len(kinds) and all(map(isinstance, fields, kinds))


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool, int),
    "text": (str,),
    "subject": (str,),
}


def _are_in(table: PointTable, revised: Mapping[_PointKey, str]) -> npt.NDArray[np.bool_]:
    found = np.isin(table.time_ns, [point.time_ns for point in revised])
    others = [table.coded(tag) for tag in SCHEMA[table.measurement].tags if tag != "store"]
    stores = table.coded("store")
    for row in np.flatnonzero(found).tolist():
        series = series_of(tag.names[tag.codes[row]] for tag in others)
        found[row] = _PointKey(stores.names[stores.codes[row]], series, int(table.time_ns[row])) in revised
    return found


def _rows(
    measurement: str, revised: Mapping[_PointKey, str], columns: Sequence[str], void: bool, tags: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    """The rows of the points that existed, in the order of `columns`."""
    schema = SCHEMA[measurement]
    others = [tag for tag in schema.tags if tag != "store"]
    for point, was in revised.items():
        if was == NOT_THERE:
            continue
        values = dict(zip(others, tags_of(point.series), strict=True)) | {"store": point.store}
        values |= dict(zip(schema.fields, json.loads(was), strict=False))
        if all(values[tag] == value for tag, value in tags.items()) and (void or not values.get("void")):
            yield (point.time_ns, *(values.get(name) for name in columns))
