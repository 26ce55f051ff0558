"""Answers that count: cells in, rows, totals and notes out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from gateway.query.answer import Answer
from gateway.query.asked import AskedStore
from gateway.query.cells import IndexColumn, MeasureCells
from gateway.query.covered import Covered, coverage_notes
from gateway.query.grouping import Grouped, every_group, grouped, text_of
from gateway.query.groups import CLOCK, PLACES, GroupKey
from gateway.query.keys import TIME, KeyCodes, times_of
from gateway.query.measures import SMALL_BASE, Measure, named
from gateway.query.open_minutes import hours_of, open_masks
from gateway.query.partly_read import baskets_partly_read
from gateway.query.plan import Plan
from gateway.query.reduce import GroupValues, Mask, added, base_of, derived, small_base
from gateway.query.several_campaigns import KEY as CAMPAIGN
from gateway.query.several_campaigns import are_several, for_each_campaign
from gateway.query.together import within, within_notes

_CHAIN: Final = GroupKey("chain")
_STORE: Final = GroupKey("store")
_MOST_NAMED: Final = 5
"""Stores named in a note."""
_ALL_DOORS: Final = "covered of a door is of the agents that count there: one that is dead while its agent goes on with others is no gap"
_EACH_CAMPAIGN: Final = "what is of several campaigns counts for each of them, and once in totals"


@dataclass(frozen=True)
class Counting:
    """What was read for a plan: the cells of each table, and those of hours that were observed, by the name of `together.within`.

    `covered`: how much of it was observed, None for questions of what needs no observing.
    """

    plan: Plan
    stores: Sequence[AskedStore]
    cells: Mapping[str, MeasureCells]
    bucket_ns: int
    covered: Covered | None = None

    def answer(self) -> Answer:
        """Return the answer, without its title."""
        table = self.table(self.plan.keys, self.plan.counted.every)
        rows, notes = table.rows(), []
        if self.plan.request.top is not None:
            rows, note = self._ranked(table, rows, self.plan.request.top)
            notes.append(note)
        if self.covered is not None:
            notes += [*self._of_stores.observed_notes(), *_of_all_doors(table.columns, rows)]
        notes += [*baskets_partly_read(self.cells, self.stores), *self._without_path()]
        notes += [_EACH_CAMPAIGN] if are_several(self.cells) else []
        totals = self._totals(rows)
        notes += self._without_total(table.columns, totals)
        return Answer(table.columns, rows, totals, (*notes, *table.notes()), question=self.plan.request.question,
                      is_empty=self._is_empty)  # fmt: skip

    def table(self, keys: Sequence[GroupKey], every: bool) -> Table:
        """Return the measures of the cells, grouped by these keys. `every`: where nothing happened is a group, too."""
        source = self._of_each_campaign if any(key.group == CAMPAIGN for key in keys) else self
        codes = KeyCodes(self.stores, self.plan.day)
        has_texts = any(key.group not in (*PLACES, *CLOCK, TIME.group) for key in keys)
        extra = None if has_texts or not every else every_group(codes, keys, self._standing, self.bucket_ns)
        return Table(source, codes, grouped(codes, keys, source.cells, extra))

    @cached_property
    def _of_each_campaign(self) -> Counting:
        """The same, with what is of several campaigns once for each."""
        return replace(self, cells=for_each_campaign(self.cells))

    @cached_property
    def _of_stores(self) -> Table:
        return self.table((_STORE,), every=True)

    @cached_property
    def _standing(self) -> dict[int, AskedStore]:
        """The stores that have a row, even if nothing happened: those asked for by name, and those that there were in the span."""
        named = bool(self.plan.request.stores)
        return {i: store for i, store in enumerate(self.stores) if named or _is_there(store)}

    def _without_path(self) -> list[str]:
        nowhere = sum(not store.facts.at(store.to_ns - 1).path for store in self.stores)
        by_path = any(key.group == "path" for key in self.plan.keys)
        return (
            [f"{nowhere:,} of {len(self.stores):,} stores state no path: write `path` for them in site.toml"] if by_path and nowhere else []
        )

    def _without_total(self, columns: Sequence[str], totals: Sequence[tuple[Any, ...]]) -> list[str]:
        """Which measures that were named have no total."""
        names = [
            measure.id
            for measure in (self.plan.measures if self.plan.request.measures else ())
            if measure.places == "never" and any(row[columns.index(measure.id)] is None for row in totals)
        ]
        return [f"no total of several stores, for they are not added up: {named(names)}"] if names else []

    def _totals(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """A row for each store that has several, and one for all where they are several."""
        if self.plan.counted.whole:
            return []
        groups = [key.group for key in self.plan.keys]
        found: list[tuple[Any, ...]] = []
        if "store" in groups and not self._is_empty:
            place = groups.index("store")
            shown = Counter(row[place] for row in rows)
            found += [row for row in self._of_stores.total_rows() if shown[row[place]] > 1]
        if ("store" not in groups or len(self.stores) > 1) and (len(rows) != 1 or self.plan.request.top is not None):
            found += self.table((_CHAIN,), every=True).total_rows()
        return found

    def having(self, name: str, needs: str) -> Mask:
        """Return which stores have any of a sum in the cells of this name."""
        cells = self.cells[name]
        found: Mask = np.bincount(cells.store, cells.values[needs], len(self.stores)) > 0
        return found

    @property
    def _is_empty(self) -> bool:
        return not any(map(len, self.cells.values()))

    def _ranked(self, table: Table, rows: list[tuple[Any, ...]], top: int) -> tuple[list[tuple[Any, ...]], str]:
        """The rows of the groups with the most of the first measure, and what was left out."""
        keys = [key for key in self.plan.keys if key != TIME]
        whole = self.table(keys, self.plan.counted.every) if keys else table
        measure = self.plan.measures[0]
        values = whole.values[measure.id]
        order = np.lexsort((np.arange(len(values.numbers)), -np.where(values.there, values.numbers, -np.inf).astype(np.float64)))
        rank = {whole.key_of(i): place for place, i in enumerate(order.tolist()[:top])}
        places = [rank.get(table.key_of(i)) for i in range(len(rows))]
        kept = sorted((place, i) for i, place in enumerate(places) if place is not None)
        return [rows[i] for _, i in kept], f"the first {len(rank):,} of {len(order):,} by {named([measure.id])}; totals are of all"


def _of_all_doors(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """What `covered` does not show where rows are of several doors: agents report minutes, and not which door."""
    at = columns.index("door") if "door" in columns else None
    several = at is not None and len({row[at] for row in rows}) > 1
    return [_ALL_DOORS] if several else []


def _is_there(store: AskedStore) -> bool:
    """Return whether a store is valid at some time of its span, or open in the night after its last day."""
    is_valid = store.facts.valid.meets(store.from_ns, store.to_ns - 1)
    return is_valid or bool(open_masks(store.facts, hours_of(store.from_ns, store.to_ns)).any())


class Table:
    """Groups with the value of each measure."""

    def __init__(self, counting: Counting, codes: KeyCodes, groups: Grouped) -> None:
        self._counting: Final = counting
        self._plan: Final = counting.plan
        self.codes: Final = codes
        self.groups: Final = groups
        self._known: Final[dict[tuple[str, str, str], GroupValues]] = {}
        self._shares: Final = None if counting.covered is None else counting.covered.shares(codes, groups)
        self._base: Final = {measure.id: self._base_of(measure) for measure in self._plan.measures}
        self.values: Final = {measure.id: self._value(measure, self._base[measure.id]) for measure in self._plan.measures}

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns of `rows`."""
        coverage = () if self._shares is None else ("open_minutes", "covered")
        return (*(key.column for key in self._plan.keys), *coverage, *(measure.id for measure in self._plan.measures))

    def _base_of(self, measure: Measure) -> dict[str, GroupValues]:
        """What a measure is made of; where its parts belong together only in some hours, of these."""
        own = within(measure.table, measure.within)
        return {part.id: self._added(part, own, measure.needs) for part in base_of((measure,), self._plan.there)}

    def _value(self, measure: Measure, base: Mapping[str, GroupValues]) -> GroupValues:
        return derived((measure,), self._plan.there, base)[measure.id]

    def _added(self, measure: Measure, own: str, needs: str = "") -> GroupValues:
        name = own if own in self._counting.cells else measure.table
        if (measure.id, name, needs) not in self._known:
            self._known[measure.id, name, needs] = self._counted(measure, name, needs)
        return self._known[measure.id, name, needs]

    def _counted(self, measure: Measure, name: str, needs: str) -> GroupValues:
        cells, group = self._counting.cells[name], self.groups.of_cell[name]
        numbers = cells.values[measure.id]
        if needs:
            kept = self._counting.having(name, needs)[cells.store]
            numbers, group = numbers[kept], group[kept]
        found = added(measure, numbers, group, len(self.groups))
        if measure.values == "never" and self._plan.valued is not None and self._plan.valued not in self.groups.keys:
            # What counts under each value that it met is counted several times in their sum.
            return found.where(np.zeros(len(self.groups), np.bool_))
        if measure.kind in ("last", "max"):
            return found.where(~self.groups.several[measure.table])
        if self._shares is not None and measure.covered_by:
            # What nobody could see is not zero.
            return found.where(~(self._shares.unobserved[measure.covered_by] & (found.numbers == 0)))
        return found

    def rows(self) -> list[tuple[Any, ...]]:
        """Return a row for each group."""
        keys = [self._key_values(key, codes) for key, codes in zip(self.groups.keys, self.groups.codes, strict=True)]
        return list(zip(*keys, *self._numbers(), strict=True))

    def total_rows(self) -> list[tuple[Any, ...]]:
        """Return a row for each group in the columns of the plan's keys; the groups have one key, of stores."""
        ((key, codes),) = zip(self.groups.keys, self.groups.codes, strict=True)
        values = self.codes.values(key)
        names = [values[code] for code in codes.tolist()]
        at = self._total_place()
        keys = [[name if i == at else None for name in names] for i in range(len(self._plan.keys))]
        return list(zip(*keys, *self._numbers(), strict=True))

    def _total_place(self) -> int | None:
        """In which column a total's name stands: of a store that of stores, of all that of any places."""
        groups = [key.group for key in self._plan.keys]
        if "store" in groups:
            return groups.index("store")
        return next((i for i, group in enumerate(groups) if group in PLACES), None)

    def _numbers(self) -> list[list[Any]]:
        coverage = [] if self._shares is None else [self._shares.open_minutes.listed(), self._shares.covered.listed()]
        return [*coverage, *(self.values[measure.id].listed() for measure in self._plan.measures)]

    def _key_values(self, key: GroupKey, codes: IndexColumn) -> list[Any]:
        stores = self.groups.column("store")
        if key == TIME and stores is not None:
            texts = {number: times_of(store) for number, store in {id(store.cut): store for store in self._counting.stores}.items()}
            by_store = [texts[id(store.cut)] for store in self._counting.stores]
            labels = self.codes.labels
            return [by_store[store][labels[code]] for store, code in zip(stores.tolist(), codes.tolist(), strict=True)]
        values = self.codes.values(key, text_of(self._counting.cells, key))
        return [values[code] for code in codes.tolist()]

    def key_of(self, group: int) -> tuple[int, ...]:
        """Return the numbers of a group's keys, but for the time."""
        return tuple(int(codes[group]) for key, codes in zip(self.groups.keys, self.groups.codes, strict=True) if key != TIME)

    def observed_notes(self) -> list[str]:
        """Return how much was observed, and what ratios leave out for that; the groups are stores."""
        covered = self._counting.covered
        if covered is None or self._shares is None:
            return []
        ratios = [measure for measure in self._seen() if within(measure.table, measure.within) in self._counting.cells]
        every = {measure.id: {part.id: self._added(part, "") for part in base_of((measure,), self._plan.there)} for measure in ratios}
        kept = {measure.id: self._base[measure.id] for measure in ratios}
        return [*coverage_notes(self._shares, self._counting.stores, covered), *within_notes(ratios, every, kept), *self._lacking()]

    def _lacking(self) -> Iterator[str]:
        """Which ratios leave out stores that have none of what they need."""
        for measure in self._seen():
            lacking = np.flatnonzero(~self._counting.having(measure.table, measure.needs)).tolist() if measure.needs else []
            if lacking:
                names = [self._counting.stores[i].facts.name for i in lacking]
                more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
                yield (
                    f"{named([measure.id])} is not measured where {named([measure.needs])} are 0 in the whole span, as without an entrance"
                    f" level: {', '.join(names[:_MOST_NAMED])}{more}"
                )

    def _seen(self) -> list[Measure]:
        """Those that few people look at only where they are named."""
        return [measure for measure in self._plan.measures if measure.shown or self._plan.request.measures]

    def notes(self) -> list[str]:
        """Return what a reader of the numbers must know."""
        counts = {measure.id: small_base(measure, self._plan.there, self._base[measure.id]) for measure in self._seen()}
        small = [f"{named([name])} in {n:,} of {len(self.groups):,} rows" for name, n in counts.items() if n]
        return [f"small base, below {SMALL_BASE}: {', '.join(small)}"] if small else []
