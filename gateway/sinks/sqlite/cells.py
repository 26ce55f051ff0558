"""Cells by SQL: the statements, and the order in which they meet the rows. Pure text.

Rows lie by store and time. A join of the stores asked with the buckets asked meets them in that order, so that SQLite need not sort:
that takes half the time of GROUP BY of a quotient. It costs a seek for each store and bucket. Where these are many more than rows, or
where another tag groups as well, SQLite sorts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from footfall.units import NS_PER_HOUR
from gateway.points import ABSENT, SCHEMA
from gateway.sinks.cells import Aggregate
from gateway.sinks.sqlite import hours

MOST_SEEKS: Final = 4_000_000
"""Of stores times buckets; where there are more, SQLite sorts."""

ASKED: Final = (
    "CREATE TEMP TABLE asked_store (store TEXT PRIMARY KEY, kept_ns INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE TEMP TABLE asked_bucket (time_ns INTEGER PRIMARY KEY, begin_ns INTEGER, end_ns INTEGER)",
)
"""What was asked, as tables whose order SQLite knows; they go with the transaction. Hours before `kept_ns` are read added up."""
ASKED_SPAN: Final = """
SELECT count(*), min(first_ns), max(last_ns) FROM (
    SELECT (SELECT min(time_ns) FROM {name} WHERE store = s.store AND time_ns >= :from_ns AND time_ns < :to_ns) AS first_ns,
           (SELECT max(time_ns) FROM {name} WHERE store = s.store AND time_ns >= :from_ns AND time_ns < :to_ns) AS last_ns
    FROM asked_store AS s
)
"""
"""How many stores, and their first and last point in a span."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Its rows are `(time_ns, *keys, *values of the aggregates)`."""

    aggregates: Sequence[Aggregate]
    sql: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Spans of `bucket_ns` since 1970, or from each edge to the next where that makes fewer, cut where what was asked begins and ends."""

    from_ns: int
    to_ns: int
    bucket_ns: int
    edges_ns: Sequence[int] = ()

    @property
    def base_ns(self) -> int:
        """Return where the first of those of `bucket_ns` begins."""
        return self.from_ns // self.bucket_ns * self.bucket_ns

    def within(self, from_ns: int, to_ns: int) -> Buckets:
        """Return those that a shorter span meets."""
        begin, end = bisect_right(self.edges_ns, from_ns) - 1, bisect_left(self.edges_ns, to_ns)
        return Buckets(from_ns, to_ns, self.bucket_ns, self.edges_ns[max(begin, 0) : end])

    def __len__(self) -> int:
        return len(self.edges_ns) if self._have_edges else self._regular

    @property
    def are_whole_hours(self) -> bool:
        """Return whether each begins with an hour; the last may end within one."""
        return self.from_ns >= 0 and not self.from_ns % NS_PER_HOUR and not self.bucket_ns % NS_PER_HOUR

    @property
    def are_single_hours(self) -> bool:
        """Return whether each is one hour."""
        return self.are_whole_hours and self.bucket_ns == NS_PER_HOUR and not self._have_edges

    @property
    def _regular(self) -> int:
        return max(0, -((self.base_ns - self.to_ns) // self.bucket_ns))

    @property
    def _have_edges(self) -> bool:
        return 0 < len(self.edges_ns) < self._regular

    def rows(self) -> list[tuple[int, int, int]]:
        """Return the rows of asked_bucket."""
        begins = list(self.edges_ns) if self._have_edges else list(range(self.base_ns, self.to_ns, self.bucket_ns))
        ends = [*begins[1:], self.to_ns]
        return list(zip(begins, [max(begins[0], self.from_ns), *begins[1:]], ends, strict=True))


@dataclass(frozen=True, slots=True)
class Part:
    """What is read of each bucket: `begin` and `end` as SQL, of those of the bucket; of its hours, added up, or of its points.

    `meets`: which buckets have any of it; others are not looked at, row by row.
    """

    begin: str = "{begin}"
    end: str = "{end}"
    of_hours: bool = False
    meets: str = ""


WHOLE: Final = Part()
IN_PARTS: Final = (
    Part(end="min({end}, s.kept_ns)", of_hours=True),
    Part(begin="max({begin}, s.kept_ns)", meets="b.end_ns > s.kept_ns"),
)
"""What is kept by the hour, and the points after that."""


@dataclass(frozen=True, slots=True)
class CellQuery:
    """`columns`: those that the file has. `tags` must be equal. `stores`: how many are asked."""

    measurement: str
    columns: frozenset[str]
    by: Sequence[str]
    tags: Mapping[str, str]
    buckets: Buckets
    stores: int
    part: Part = WHOLE

    @property
    def _table(self) -> str:
        return hours.TABLE if self.part.of_hours else self.measurement

    @property
    def has_one_a_time(self) -> bool:
        """Return whether a cell has no two points of the same time."""
        return set(SCHEMA[self.measurement].tags) <= {*self.by, *self.tags}

    @property
    def is_joined(self) -> bool:
        """Return whether asked_bucket is joined, so that nothing is sorted."""
        return set(self.by) <= {"store"} and self.stores * len(self.buckets) <= MOST_SEEKS

    def statements(self, aggregates: Sequence[Aggregate]) -> list[Statement]:
        """Return one statement for all sums, counts and maxima, which has every cell, and one for the last values of each condition.

        Where cells are hours that are kept, one has all.
        """
        if self.part.of_hours and self.buckets.are_single_hours and tuple(self.by) == ("store",):
            return [self._as_kept(aggregates)]
        last = sorted((each for each in aggregates if each.function == "last"), key=lambda each: repr(each.where))
        return [
            self._together([each for each in aggregates if each.function != "last"]),
            *(self._last(list(alike)) for _, alike in groupby(last, lambda each: each.where)),
        ]

    def _as_kept(self, aggregates: Sequence[Aggregate]) -> Statement:
        end = self.part.end.format(end=":to_ns")
        where = f"p.store = s.store AND p.time_ns >= :from_ns AND p.time_ns < {end}"
        selected = ", ".join(["p.time_ns", "s.store", *map(self._value, aggregates)])
        return Statement(aggregates, f"SELECT {selected} FROM asked_store AS s CROSS JOIN {self._table} AS p WHERE {where}", self._values())

    def _together(self, aggregates: Sequence[Aggregate]) -> Statement:
        values = self._values()
        selected = [self._aggregate(each, values) for each in aggregates]
        return Statement(aggregates, f"{self._select(*self._keys, *selected)} GROUP BY {self._order}", values)

    def _aggregate(self, each: Aggregate, values: dict[str, Any]) -> str:
        if self.part.of_hours:
            return f"{'sum' if each.function == 'count' else each.function}({self._value(each)})"
        column = "*" if each.function == "count" else self._value(each)
        return f"{each.function}({column})" + (f" FILTER (WHERE {self._matching(each, values)})" if each.where else "")

    def _last(self, aggregates: Sequence[Aggregate]) -> Statement:
        values = self._values()
        where = f" AND {self._matching(aggregates[0], values)}" if aggregates[0].where else ""
        columns = [self._value(each) for each in aggregates]
        if self.is_joined and self.has_one_a_time:
            latest = f"SELECT max(p.time_ns) FROM {self._table} AS p WHERE {self._conditions}{where}"
            return Statement(aggregates, f"{self._select(*self._keys, *columns)}{where} AND p.time_ns = ({latest})", values)
        # Beside one max(), SQLite takes other columns from the row that has it.
        greatest = [f"max({column}) AS value_{i}" for i, column in enumerate(columns)]
        names = [f"key_{i}" for i in range(len(self._keys))]
        keys = [f"{key} AS {name}" for key, name in zip(self._keys, names, strict=True)]
        each_time = f"{self._select(*keys, *greatest, 'p.time_ns AS time_ns')}{where} GROUP BY {self._order}, p.time_ns"
        selected = ", ".join([*names, *(f"value_{i}" for i in range(len(columns))), "max(time_ns)"])
        return Statement(aggregates, f"SELECT {selected} FROM ({each_time}) GROUP BY {', '.join(names)}", values)

    def _select(self, *selected: str) -> str:
        tables = ["asked_store AS s", "asked_bucket AS b"] if self.is_joined else ["asked_store AS s"]
        if not self.by:
            tables.reverse()
        return f"SELECT {', '.join(selected)} FROM {' CROSS JOIN '.join([*tables, f'{self._table} AS p'])} WHERE {self._conditions}"

    @property
    def _keys(self) -> list[str]:
        bucket = "b.time_ns" if self.is_joined else "(p.time_ns - :base_ns) / :bucket_ns * :bucket_ns + :base_ns"
        return [bucket, *("s.store" if tag == "store" else f'p."{tag}"' for tag in self.by)]

    @property
    def _order(self) -> str:
        """The keys, the store before the bucket, as rows lie; to compare the only bucket with itself would cost 3 %."""
        bucket, *tags = self._keys
        return ", ".join(tags if tags and self.is_joined and len(self.buckets) == 1 else [*tags, bucket])

    @property
    def _conditions(self) -> str:
        begin, end = ("b.begin_ns", "b.end_ns") if self.is_joined else (":from_ns", ":to_ns")
        terms = ["p.store = s.store"]
        terms += [f"p.time_ns >= {self.part.begin.format(begin=begin)}", f"p.time_ns < {self.part.end.format(end=end)}"]
        terms += [self.part.meets] if self.part.meets and self.is_joined else []
        terms += [f'p."{tag}" = :{tag}' for tag in self.tags]
        if "void" in SCHEMA[self.measurement].fields:
            terms.append(f"NOT {self._column('void')}")
        return " AND ".join(terms)

    def _values(self) -> dict[str, Any]:
        at = self.buckets
        return dict(self.tags) | {"from_ns": at.from_ns, "to_ns": at.to_ns, "bucket_ns": at.bucket_ns, "base_ns": at.base_ns}

    def _matching(self, each: Aggregate, values: dict[str, Any]) -> str:
        terms = []
        for name, value in each.where:
            terms.append(f"{self._column(name)} = :where_{len(values)}")
            values[f"where_{len(values)}"] = value
        return " AND ".join(terms)

    def _value(self, each: Aggregate) -> str:
        return f'p."{hours.column_of(each)}"' if self.part.of_hours else self._column(each.column)

    def _column(self, name: str) -> str:
        """A file of an earlier release may not have it yet; SQLite would take its name for a text."""
        if name in self.columns:
            return f'p."{name}"'
        text = SCHEMA[self.measurement].fields.get(name) in ("text", "subject")
        return "''" if text else str(ABSENT.get((self.measurement, name), 0))
