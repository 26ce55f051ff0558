"""Cells put into groups by their keys, with the groups that have no cell but a row all the same. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.points import Coded
from gateway.query.asked import AskedStore
from gateway.query.cells import IndexColumn, MeasureCells
from gateway.query.groups import CLOCK, GroupKey
from gateway.query.keys import FIXED, KeyCodes
from gateway.query.reduce import Mask, Numbers
from gateway.query.wall import NsColumn
from gateway.sinks.cells import Groups


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """`codes`: of each key its number in each group; groups are in the order of their keys. `of_cell`: by table each cell's group."""

    keys: tuple[GroupKey, ...]
    codes: tuple[IndexColumn, ...]
    of_cell: Mapping[str, IndexColumn]
    several: Mapping[str, Mask]
    """By table: groups of several places, which a gauge has no value of."""

    def __len__(self) -> int:
        return len(self.codes[0])

    def column(self, group: str) -> IndexColumn | None:
        """Return the numbers of a key, if the groups have it."""
        names = [key.group for key in self.keys]
        return self.codes[names.index(group)] if group in names else None


def grouped(codes: KeyCodes, keys: Sequence[GroupKey], cells: Mapping[str, MeasureCells], extra: MeasureCells | None = None) -> Grouped:
    """Return the groups of the cells of all tables, and those of `extra`."""
    every = [*cells.values(), *([] if extra is None else [extra])]
    columns = [np.concatenate([codes.of(key, part) for part in every]) for key in keys]
    groups = Groups(columns)
    edges = np.cumsum([0, *(len(part) for part in every)]).tolist()
    of_cell = {name: groups.of_row[begin:end] for name, begin, end in zip(cells, edges, edges[1:], strict=False)}
    group_codes = tuple(column.astype(np.intp) for column in groups.columns)
    several = {}
    for name, part in cells.items():
        own = [part] if extra is None else [part, extra]
        of_row = of_cell[name] if extra is None else np.concatenate([of_cell[name], groups.of_row[edges[-2] :]])
        several[name] = _several(keys, group_codes, own, of_row, len(groups))
    return Grouped(tuple(keys), group_codes, of_cell, several)


def _several(
    keys: Sequence[GroupKey], codes: Sequence[IndexColumn], parts: Sequence[MeasureCells], of_row: IndexColumn, groups: int
) -> Mask:
    """Whether a group holds several stores or zones, at any time: the value of one of them must not stand for all."""
    places = [column for key, column in zip(keys, codes, strict=True) if key.group not in FIXED]
    place_of = Groups([*places, np.zeros(groups, np.intp)]).of_row
    stores = np.concatenate([part.store for part in parts])
    several = _parts_of([place_of[of_row], stores], place_of)
    if (zone := parts[0].texts.get("zone")) is not None:
        several |= _parts_of([place_of[of_row[: len(zone)]], parts[0].store, zone.codes], place_of)
    return several


def _parts_of(columns: Sequence[Numbers], place_of: IndexColumn) -> Mask:
    """Whether a group's place, the first column, has more than one value of the others."""
    pairs = Groups(columns)
    counts = np.bincount(pairs.columns[0], minlength=int(place_of.max(initial=-1)) + 1)
    several: Mask = counts[place_of] > 1
    return several


def every_group(codes: KeyCodes, keys: Sequence[GroupKey], stores: Mapping[int, AskedStore], bucket_ns: int) -> MeasureCells:
    """Return cells without values that have each store in each group of times: where nothing happened is a row, too.

    `stores` by their numbers. Stores of the same clock share the times of one of them.
    """
    shared: dict[object, NsColumn] = {}
    times = []
    for number, store in stores.items():
        clock = (id(store.cut), store.zone.key, store.facts.day_start, tuple(version.span for version in store.facts.versions))
        if clock not in shared:
            shared[clock] = _one_of_each(codes, keys, number, _times(store, keys, bucket_ns))
        times.append(shared[clock])
    store_numbers = np.repeat(np.array(list(stores), np.intp), [len(each) for each in times])
    return MeasureCells(store_numbers, np.concatenate([np.zeros(0, np.int64), *times]), {}, {})


def _times(store: AskedStore, keys: Sequence[GroupKey], bucket_ns: int) -> NsColumn:
    """Times that meet every interval and every version; with keys of the clock every bucket."""
    edges = store.cut.edges_ns
    if any(key.group in CLOCK for key in keys):
        return np.arange(int(edges[0]) // bucket_ns * bucket_ns, int(edges[-1]), bucket_ns, dtype=np.int64)
    begins = np.array([version.span.begin_ns for version in store.facts.versions[1:]], np.int64)
    within = begins[(begins > edges[0]) & (begins < edges[-1])]
    return np.union1d(edges[:-1], within) if len(within) else edges[:-1]


def _one_of_each(codes: KeyCodes, keys: Sequence[GroupKey], number: int, time_ns: NsColumn) -> NsColumn:
    cells = MeasureCells(np.full(len(time_ns), number, np.intp), time_ns, {}, {})
    _, first = np.unique(Groups([codes.of(key, cells) for key in keys]).of_row, return_index=True)
    return time_ns[first]


def text_of(cells: Mapping[str, MeasureCells], key: GroupKey) -> Coded | None:
    """Return the column of texts that a key reads, if it is none of stores or times."""
    return next((part.texts[key.column] for part in cells.values() if key.column in part.texts), None)
