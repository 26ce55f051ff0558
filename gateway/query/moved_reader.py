"""A reader of chosen buckets, each moved to another time or store: the other side of a comparison, as if it were here.

Questions are answered through it as ever, so that both sides of a comparison are the same numbers by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.points import Coded, Column
from gateway.query.coverage import TASKS, CoverageTask
from gateway.query.reader_above import ReaderAbove
from gateway.query.wall import NsColumn
from gateway.sinks.cells import Aggregate, CellTable
from gateway.sinks.reader import OnPage, PointReader, quiet, reads_of
from gateway.sinks.table import PointTable, joined

COMPARED: Final = "compared"
"""The agent of the rows of coverage: what is compared counts as observed, and nothing else."""


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """The buckets of one store that are read, in the order of `from_ns`, and where each goes: to `to_ns` of `store`.

    `tasks` are what agents of the store do at all. `weight`: what sums and counts of each bucket are multiplied by, for a mean of several
    stores; it means nothing for other numbers.
    """

    from_ns: NsColumn
    to_ns: NsColumn
    store: str
    tasks: frozenset[CoverageTask]
    weight: npt.NDArray[np.float64] | None = None

    def find(self, time_ns: NsColumn, grain_ns: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
        """Return which points are in the buckets, and the number of the bucket of each of these."""
        if not len(self.from_ns):
            return np.zeros(len(time_ns), np.bool_), np.zeros(0, np.intp)
        bucket = time_ns // grain_ns * grain_ns
        at = np.minimum(np.searchsorted(self.from_ns, bucket), len(self.from_ns) - 1)
        kept = self.from_ns[at] == bucket
        return kept, at[kept]

    def weights(self) -> npt.NDArray[np.float64]:
        """Return the weight of each bucket."""
        return np.ones(len(self.from_ns)) if self.weight is None else self.weight


class _Taken(NamedTuple):
    """The cells that move: their row in the table that was read, and time, store (a code of `stores`) and weight where they go."""

    row: npt.NDArray[np.intp]
    time_ns: NsColumn
    store: npt.NDArray[np.uint32]
    stores: tuple[str, ...]
    weight: npt.NDArray[np.float64]


class MovedReader(ReaderAbove):
    """A PointReader of the moved points. `moves` are by the names that stores have in the database; of other stores it has nothing.

    Several moves may go to one store: its cells are then those of several stores, at equal times.
    """

    def __init__(self, reader: PointReader, moves: Mapping[str, Sequence[Move]], grain_ns: int) -> None:
        super().__init__(reader)
        self._moves, self._grain_ns = moves, grain_ns

    def stores(self) -> list[str]:
        """Return the stores to which points go."""
        return sorted({move.store for moves in self._moves.values() for move in moves})

    def span(self, measurement: str, store: str | None = None) -> tuple[int, int] | None:
        """Return the span of the reader below; coverage is known of all time."""
        return (0, 0) if measurement == "coverage" else self._below.span(measurement, store)

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
        """Return the points that go to `store` within the span, as PointReader does, with their new times; of coverage what is compared."""
        if measurement == "coverage":
            return _between(self._compared(store), from_ns, to_ns)
        names = [name for name, moves in self._moves.items() if any(store in (None, move.store) for move in moves)]
        first, last = self._span_of(names)
        wanted = columns if columns is None or "store" in columns else (*columns, "store")
        read = partial(self._below.rows, measurement, from_ns=first, to_ns=last, columns=wanted, void=void, on_page=on_page, **tags)
        found = joined([read(store=name) for name in reads_of(names) or [None]])
        taken = self._taken(found.time_ns, found.coded("store"))
        moved = found.where(taken.row)
        values = {**moved.columns, "store": Coded(taken.store, taken.stores)}
        table = PointTable(measurement, taken.time_ns, values).where(np.argsort(taken.time_ns, kind="stable"))
        table = _between(table if store is None else table.where(table.equals("store", store)), from_ns, to_ns)
        return table if columns is None else PointTable(measurement, table.time_ns, {name: table.columns[name] for name in columns})

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
        """Return the cells that go into the span, in buckets that may be shorter than asked for."""
        wanted = None if stores is None else frozenset(stores)
        names = [name for name, moves in self._moves.items() if any(wanted is None or move.store in wanted for move in moves)]
        first, last = self._span_of(names)
        keys = by if "store" in by else ("store", *by)
        table = self._below.cells(
            measurement, aggregates, first, last, min(bucket_ns, self._grain_ns), keys, names, on_page, edges_ns=(), **tags
        )  # fmt: skip
        return self._moved_cells(table, aggregates, by, from_ns, to_ns, wanted)

    def _span_of(self, names: Sequence[str]) -> tuple[int, int]:
        moves = [move for name in names for move in self._moves[name] if len(move.from_ns)]
        if not moves:
            return 0, 0
        return min(int(move.from_ns[0]) for move in moves), max(int(move.from_ns[-1]) for move in moves) + self._grain_ns

    def _moved_cells(
        self,
        table: CellTable,
        aggregates: Sequence[Aggregate],
        by: Sequence[str],
        from_ns: int,
        to_ns: int,
        wanted: frozenset[str] | None,
    ) -> CellTable:
        taken = self._taken(table.time_ns, table.keys["store"], wanted)
        here = np.flatnonzero((taken.time_ns >= from_ns) & (taken.time_ns < to_ns))
        here = here[np.argsort(taken.time_ns[here], kind="stable")]
        row = taken.row[here]
        keys = {tag: Coded(table.keys[tag].codes[row], table.keys[tag].names) for tag in by}
        if "store" in by:
            keys["store"] = Coded(taken.store[here], taken.stores)
        values = {each.name: table.values[each.name][row] for each in aggregates}
        if any(move.weight is not None for moves in self._moves.values() for move in moves):
            weighted = [each.name for each in aggregates if each.function in ("sum", "count")]
            values |= {name: values[name] * taken.weight[here] for name in weighted}
        return CellTable(taken.time_ns[here], keys, values)

    def _taken(self, time_ns: NsColumn, column: Coded, wanted: frozenset[str] | None = None) -> _Taken:
        """The cells that go to the stores of `wanted`, or to all: a store that was read for one of them may go to others too."""
        rows, times, stores, weights = [np.zeros(0, np.intp)], [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)], [np.zeros(0)]
        codes: dict[str, int] = {}
        order = np.argsort(column.codes, kind="stable")
        ends = np.searchsorted(column.codes[order], np.arange(len(column.names) + 1))
        for name, begin, end in zip(column.names, ends[:-1], ends[1:], strict=True):
            for move in self._moves.get(name, ()):
                if wanted is not None and move.store not in wanted:
                    continue
                kept, bucket = move.find(time_ns[order[begin:end]], self._grain_ns)
                rows.append(order[begin:end][kept])
                times.append(time_ns[rows[-1]] + (move.to_ns - move.from_ns)[bucket])
                stores.append(np.full(len(bucket), codes.setdefault(move.store, len(codes)), np.uint32))
                weights.append(move.weights()[bucket])
        return _Taken(np.concatenate(rows), np.concatenate(times), np.concatenate(stores), tuple(codes), np.concatenate(weights))

    def _compared(self, store: str | None) -> PointTable:
        """A row for each store and hour: its masks have the minutes that are compared."""
        moves = [move for moves in self._moves.values() for move in moves if store in (None, move.store) and len(move.to_ns)]
        stores = Coded.of([move.store for move in moves])
        tasks = [frozenset[CoverageTask]().union(*(move.tasks for move in moves if move.store == name)) for name in stores.names]
        time_ns = np.concatenate([np.zeros(0, np.int64), *(move.to_ns for move in moves)])
        code = np.repeat(stores.codes, [len(move.to_ns) for move in moves]).astype(np.int64)
        hour, minute = time_ns // NS_PER_HOUR, time_ns % NS_PER_HOUR // NS_PER_MINUTE
        several = max(len(stores.names), 1)
        rows, row = np.unique(hour * several + code, return_inverse=True)
        masks = np.zeros(len(rows), np.int64)
        np.bitwise_or.at(masks, row, np.left_shift((1 << self._grain_ns // NS_PER_MINUTE) - 1, minute))
        hours, codes = np.divmod(rows, several)
        columns: dict[str, Column] = {"store": Coded(codes.astype(np.uint32), stores.names), "agent": Coded.constant(COMPARED, len(rows))}
        for task in TASKS:
            columns[task] = np.where(np.array([task in found for found in tasks], np.bool_)[codes], masks, -1)
        return PointTable("coverage", hours * NS_PER_HOUR, columns)


def _between(table: PointTable, from_ns: int | None, to_ns: int | None) -> PointTable:
    kept = np.ones(len(table), np.bool_)
    if from_ns is not None:
        kept &= table.time_ns >= from_ns
    if to_ns is not None:
        kept &= table.time_ns < to_ns
    return table.where(kept)
