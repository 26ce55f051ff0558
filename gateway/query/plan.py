"""What to read for a request, and how to group it: measures, keys, buckets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from gateway.outcome.rules import DEFAULT_RULE, check_rule
from gateway.points import SCHEMA
from gateway.query.answer import Request
from gateway.query.asked import AskedStore
from gateway.query.brand_rows import BrandRule
from gateway.query.cells import DERIVED_COLUMNS
from gateway.query.groups import CLOCK, PLACES, VALUED, GroupKey, allowed, group_keys
from gateway.query.intervals import DAYS, INTERVALS, Day, bucket_ns, cut
from gateway.query.keys import TIME
from gateway.query.measures import OF_ROWS, CoveredBy, Measure, chosen, measures_of
from gateway.query.reduce import base_of
from gateway.query.wall import NsColumn
from gateway.site.names import FIRST_NS

_GAUGES: Final = ("last", "max")
MOST_VALUES: Final = 20_000_000
"""Of one measure, in one answer."""
_STEADY: Final = {"hour": "1h", "weekday": "1d"}
"""In which intervals a key of the clock keeps its value."""


@dataclass(frozen=True, slots=True)
class CountingRule:
    """How a question counts. `by`, `interval`: where none are asked for. `every`: a group without rows has a row of zeros.

    `whole`: the measurement of which the whole store's row `*` is made, beside those of its zones.
    """

    measurement: str
    by: tuple[str, ...] = ("store",)
    interval: str | None = None
    every: bool = False
    whole: str = ""
    daily: bool = False
    """Whether a row is a store's day of one kind of value: then nothing is shorter than a day, and goes by two kinds at once."""
    of_brand: BrandRule | None = None
    """What its rows are among all of the brand."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A request for measures, checked. `there`: all measures of the question. `keys`: the columns before the measures."""

    request: Request
    counted: CountingRule
    measures: tuple[Measure, ...]
    there: Mapping[str, Measure]
    keys: tuple[GroupKey, ...]
    interval: str | None
    day: Day

    @property
    def covered_by(self) -> CoveredBy:
        """Return the class of what must be observed for the answer; "" if nothing need be."""
        return next((measure.covered_by for measure in self.measures if measure.covered_by), "")

    def base(self, table: str) -> list[Measure]:
        """Return the measures that the cells of a table must hold."""
        return [measure for measure in base_of(self.measures, self.there) if measure.table == table]

    @property
    def tables(self) -> list[str]:
        """Return the measurements to read; that of the question first."""
        return list(dict.fromkeys(measure.table for measure in base_of(self.measures, self.there)))

    @property
    def within(self) -> dict[tuple[str, CoveredBy], list[Measure]]:
        """Return by table and class what cells must hold of hours in which the class was observed."""
        found: dict[tuple[str, CoveredBy], list[Measure]] = {}
        for measure in self.measures:
            if measure.within:
                found.setdefault((measure.table, measure.within), []).extend(base_of((measure,), self.there))
        return {key: list({part.id: part for part in parts}.values()) for key, parts in found.items()}

    @property
    def valued(self) -> GroupKey | None:
        """Return the key that reads the values of a table whose rows are of one kind of value each."""
        return next((key for key in self.keys if self.counted.daily and key.group in VALUED), None)

    def tags(self, table: str) -> dict[str, str]:
        """Return what the tags of the rows that are read must be."""
        zone = {"zone": self.request.zone} if self.request.zone and "zone" in SCHEMA[table].tags else {}
        return zone | ({"by": VALUED[self.valued.group] if self.valued else "store"} if "by" in SCHEMA[table].tags else {})

    def texts(self, table: str) -> tuple[str, ...]:
        """Return the tags and fields by which the cells of a table are told apart, besides the store."""
        there = {*SCHEMA[table].tags, *SCHEMA[table].fields, *DERIVED_COLUMNS.get(table, ())}
        keys = [key.column for key in self.keys if key.column in there and key.group not in (*PLACES, *CLOCK)]
        keys += ["value"] if self.valued else []
        # A gauge of several zones has no value: so zones must be known to be several.
        zone = ["zone"] if "zone" in SCHEMA[table].tags and any(measure.kind in _GAUGES for measure in self.base(table)) else []
        return tuple(dict.fromkeys([*keys, *zone]))

    def needs_rows(self, table: str) -> bool:
        """Return whether the rows themselves are needed, which a database cannot add up."""
        derived = set(DERIVED_COLUMNS.get(table, ()))
        read = [{measure.column, *dict(measure.where)} for measure in self.base(table)]
        return (
            self.counted.of_brand is not None
            or not set(self.texts(table)) <= set(SCHEMA[table].tags)
            or any(columns & derived for columns in read)
            or any(measure.kind in OF_ROWS for measure in self.base(table))
        )

    def bucket_ns(self, stores: Sequence[AskedStore]) -> int:
        """Return the longest bucket that lies within one interval, one version of a store and one value of each key."""
        return bucket_ns(self.edges_ns(stores))

    def edges_ns(self, stores: Sequence[AskedStore]) -> NsColumn:
        """Return where intervals, versions of a store or values of a key begin or end within the spans of the stores, rising."""
        steady = {_STEADY[key.group] for key in self.keys if key.group in _STEADY}
        edges = [store.cut.edges_ns[1:-1] for store in {id(store.cut): store for store in stores}.values()]
        clocks = {(store.zone, store.facts.day_start, store.from_ns, store.to_ns): store for store in stores}
        # Where a day begins within an hour, an hour alone has two weekdays.
        edges += [cut(s.facts, s.from_ns, s.to_ns, each, self.day, s.zone).edges_ns[1:-1] for s in clocks.values() for each in steady]
        begins = [_begins(store) for store in stores if len(store.facts.versions) > 1]
        every = np.sort(np.concatenate([*edges, np.array(list(chain(*begins)), np.int64)]))
        # As np.unique does, which loads numpy.ma: a hundredth of the CPU of a question.
        found: NsColumn = every[np.diff(every, prepend=FIRST_NS) != 0]
        return found


def _begins(store: AskedStore) -> list[int]:
    return [version.span.begin_ns for version in store.facts.versions if store.from_ns < version.span.begin_ns < store.to_ns]


def planned(request: Request, counted: CountingRule) -> Plan:
    """Return the plan of a request. Raise ConfigError for measures, groups or intervals that mean nothing, with what would work."""
    by = group_keys(request.question, request.by or counted.by)
    interval = interval_of(request, counted)
    if request.day not in DAYS:
        raise ConfigError(f"day {request.day[:80]!r}: one of {', '.join(DAYS)}")
    if request.top is not None and request.top < 1:
        raise ConfigError(f"top {request.top}: a number of groups, 1 or more")
    measures = allowed(_of_rule(chosen(request.question, request.measures), request, by), by, bool(request.measures))
    if counted.daily:
        _check_daily(request, by)
    time = [TIME] if interval or not (request.by or counted.whole) else []
    keys = (*(key for key in by if key.group in PLACES), *time, *(key for key in by if key.group not in PLACES))
    return Plan(request, counted, measures, measures_of(request.question), keys, interval, request.day)


def _of_rule(measures: tuple[Measure, ...], request: Request, by: Sequence[GroupKey]) -> tuple[Measure, ...]:
    """Return those of the rule that is asked for; a store has all that was made in it, whatever the rule. What is named stays."""
    rule = check_rule(request.rule or DEFAULT_RULE)
    is_shared = any(key.group in VALUED for key in by)
    return tuple(each for each in measures if request.measures or not each.rule or (each.rule == rule and is_shared))


def _check_daily(request: Request, by: Sequence[GroupKey]) -> None:
    """Raise ConfigError where a table of whole days, of one kind of value each, has no answer."""
    kinds = [key.group for key in by if key.group in VALUED]
    if len(kinds) > 1:
        raise ConfigError(f"{request.question} by {','.join(kinds)}: a row is of one of these; ask for one after the other")
    if request.interval and INTERVALS[request.interval].step_ns:
        raise ConfigError(f"{request.question} by {request.interval}: a row is a store's whole day; ask for 1d or longer")


def check_size(stores: Sequence[AskedStore]) -> None:
    """Raise ConfigError for more stores and intervals together than fit into memory."""
    count = sum(len(store.cut.labels) for store in stores)
    if count > MOST_VALUES:
        raise ConfigError(
            f"{len(stores):,} stores and their intervals are {count:,} values of each measure, more than {MOST_VALUES:,}:"
            " ask for a longer interval, a shorter span or fewer stores"
        )


def interval_of(request: Request, counted: CountingRule) -> str | None:
    """Return the interval asked for, or the question's own where nothing is asked for. Raise ConfigError for an unknown one."""
    if request.interval is None:
        return None if request.by or request.top else counted.interval
    if request.interval not in INTERVALS:
        name = request.interval
        raise ConfigError(unknown(f"interval {name[:80]!r}", name, INTERVALS, f"one of {', '.join(INTERVALS)}", ": "))
    return request.interval
