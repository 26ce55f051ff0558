"""What of an answer a chart shows: records, the series that its keys make, and the measures, by the panels of their units. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.query.answer import Answer
from gateway.query.comparison import BEFORE
from gateway.query.figures import Figure, figure
from gateway.query.measures import measures_of

DRAWN: Final[Mapping[str, tuple[str, ...]]] = {
    "traffic": ("in", "out", "occupancy_max", "conversion", "anonymous_visits"),
    "zones": ("entries", "mean_stay_s"),
    "doors": ("in", "out"),
    "items": ("arrived", "moved", "tried", "left"),
    "sales": ("revenue", "transactions", "basket"),
    "dwell": ("median_s", "p90_s"),
}
"""The measures that a chart of a question shows, unless others are asked for."""
MOST_MEASURES: Final = 6
_NO_MEASURE: Final = frozenset({"time", "open_minutes", "covered", "compared"})
_ADDED: Final = frozenset({"sum", "count"})

ChartRecord = Mapping[str, Any]


@dataclass(frozen=True)
class Chart:
    """`records` are the rows of the answer; `measures` the columns to draw, each of which every record has."""

    question: str
    title: str
    records: tuple[ChartRecord, ...]
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    totals: tuple[ChartRecord, ...] = ()
    wanted: tuple[str, ...] = ()
    """The measures that were asked for, or that a chart of the question shows; some may have no value."""
    zone: ZoneInfo | None = None
    """The clock of all stores, where they have the same."""

    @cached_property
    def has_time(self) -> bool:
        """Return whether there are several intervals."""
        return len({record["time"] for record in self.records if "time" in record}) > 1

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Return the measures that have a value of the span before."""
        return tuple(name for name in self.measures if self.records and f"{name}{BEFORE.text}" in self.records[0])

    @property
    def has_values(self) -> bool:
        """Return whether there is anything to draw: an event, or a value of a measure."""
        is_of_events = not measures_of(self.question)
        return bool(self.records) and (is_of_events or any(record[name] is not None for record in self.records for name in self.measures))

    @cached_property
    def series(self) -> dict[str, list[ChartRecord]]:
        """Return the records of each combination of keys, by its name, in the order of the answer."""
        found: dict[str, list[ChartRecord]] = {}
        for record in self.records:
            found.setdefault(self.name_of(record), []).append(record)
        return found

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """Return the keys that have more than one value."""
        return tuple(key for key in self.keys if len({record[key] for record in self.records}) > 1)

    def name_of(self, record: ChartRecord) -> str:
        """Return what a record is of, by the keys that differ."""
        return " · ".join(str(record[key]) or figure(key).empty for key in self.telling)

    def figure(self, name: str) -> Figure:
        """Return unit, heading and meaning of a column."""
        return figure(name, self.question)

    def is_added(self, name: str) -> bool:
        """Return whether values of a measure may be added over time and places."""
        return measures_of(self.question)[name].kind in _ADDED

    def panels(self) -> list[tuple[str, list[str]]]:
        """Return the measures by unit, `(unit, names)`: those of a unit share a panel."""
        units = {name: self.figure(name).unit for name in self.measures}
        order = list(dict.fromkeys(units.values()))
        return [(unit, list(names)) for unit, names in groupby(sorted(units, key=lambda name: order.index(units[name])), units.__getitem__)]

    def whole(self) -> Chart:
        """Return the chart of the whole span: the totals of the series, or of each the sums of what may be added over time."""
        if not self.has_time:
            return self
        totals = tuple(record for record in self.totals if self.name_of(record) in self.series)
        if len(totals) == len(self.series):
            return replace(self, records=totals)
        added = tuple(name for name in self.measures if self.is_added(name)) or self.measures
        return replace(self, records=tuple(_summed(records, added) for records in self.series.values()), measures=added)

    def of(self, key: str) -> Iterator[tuple[str, Chart]]:
        """Yield a chart of each value of a key."""
        for value in dict.fromkeys(record[key] for record in self.records):
            yield value, replace(self, records=tuple(record for record in self.records if record[key] == value))


def chart_of(answer: Answer, asked: Sequence[str] = ()) -> Chart:
    """Return what to draw of an answer; `asked` has the measures that were named in the request."""
    records = _records(answer, answer.rows)
    there = {name for name in answer.columns if any(record[name] is not None for record in records)}
    wanted = [name for name in (asked or DRAWN.get(answer.question, ())) if name in answer.columns]
    names = [name for name in wanted if name in there]
    measured = [name for name in answer.columns if name in measures_of(answer.question)]
    keys = [name for name in _before_measures(answer, measured) if name not in _NO_MEASURE]
    clocks = {span.zone.key: span.zone for span in answer.asked}
    return Chart(
        answer.question, answer.title, records, tuple(keys), tuple((names or measured)[:MOST_MEASURES]),
        _records(answer, answer.totals), tuple(wanted), next(iter(clocks.values())) if len(clocks) == 1 else None,
    )  # fmt: skip


def _summed(records: Sequence[ChartRecord], names: Sequence[str]) -> ChartRecord:
    """One record of a series: its keys, and the sums of these columns over its intervals."""
    sums = {name: sum(record[name] or 0 for record in records) for name in names}
    before = {
        f"{name}{BEFORE.text}": sum(record[f"{name}{BEFORE.text}"] or 0 for record in records)
        for name in names
        if f"{name}{BEFORE.text}" in records[0]
    }
    return {**records[0], **sums, **before}


def _before_measures(answer: Answer, measured: Sequence[str]) -> Sequence[str]:
    first = answer.columns.index(measured[0]) if measured else 1
    return answer.columns[:first]


def _records(answer: Answer, rows: Sequence[tuple[Any, ...]]) -> tuple[ChartRecord, ...]:
    return tuple(dict(zip(answer.columns, row, strict=True)) for row in rows)
