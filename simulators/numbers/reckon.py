"""The right answer to a question, event by event: every fact is put into the cells of its groups, and cells are added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from simulators.chain.chain import DAY_START, DOOR_TASK, MS_PER_HOUR, Chain, ChainStore
from simulators.chain.run import Simulated
from simulators.numbers import gauges
from simulators.numbers.answers import Cells, Key, Replied, Values, ranked
from simulators.numbers.campaigns import CAMPAIGN, each_campaign
from simulators.numbers.clock import LABELS, MIDNIGHT, begin_ms, day_of
from simulators.numbers.facts import HUNDREDTHS, WHOLE_STORE, Fact, facts_of
from simulators.numbers.fans import DIFFERENT
from simulators.numbers.gauges import Reading
from simulators.numbers.made_of import (
    MEASURES,
    MONEY,
    OBSERVED_BY,
    OF_HOURS_SEEN,
    OF_QUESTION,
    QUANTILES,
    QUANTILES_OF_DAYS,
    RATIOS,
    RESTS,
    S_PER_DAY,
    SECONDS,
)
from simulators.numbers.opening import OPEN, SEEN, hours_seen, minutes_of_doors, open_minutes, quarters_seen
from simulators.numbers.outcome import of_many_values
from simulators.numbers.table import OWN_GROUPS, Asked

NEVER_MS: Final = 1 << 62
NET: Final = "net"
DOOR: Final = "door"
ALL: Final = "all stores"
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Event = Fact | Reading


@dataclass(slots=True)
class Cell:
    """What was counted, lengths of what lasted, the last and highest readings of gauges, and open minutes with those observed.

    `together` is what was counted in hours in which people were.
    """

    counts: Counter[str] = field(default_factory=Counter)
    together: Counter[str] = field(default_factory=Counter)
    lengths_ms: list[int] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    most: Counter[str] = field(default_factory=Counter)
    minutes: Counter[str] = field(default_factory=Counter)


class Reckoning:
    """The truth of one chain, ready to be asked."""

    def __init__(self, simulated: Simulated, past: Sequence[Chain] = (), until_ms: int = NEVER_MS) -> None:
        """`past`: chains of earlier weeks, of which the truth has what happened. From `until_ms` on nothing is known."""
        self.past: Final = past
        self._until_ms: Final = until_ms
        self.chain: Final = simulated.chain
        self.stores: Final = {store.name: store for store in simulated.chain.stores}
        self.simulated: Final = simulated
        self._minutes: Final[dict[tuple[Any, ...], dict[Key, Counter[str]]]] = {}
        """By what of a question decides about open minutes."""
        self._facts: Final = facts_of(simulated, [each.first_day for each in (simulated.chain, *past)])

    @cached_property
    def open(self) -> list[Fact]:
        return [*open_minutes(self.chain, self.simulated.truth), *quarters_seen(self.chain, self.simulated.truth)]

    @cached_property
    def open_of_doors(self) -> list[Fact]:
        return minutes_of_doors(self.chain, self.simulated.truth)

    @cached_property
    def hours_seen(self) -> set[tuple[str, int]]:
        return hours_seen(self.chain, self.simulated.truth, DOOR_TASK)

    @cached_property
    def readings(self) -> Mapping[str, list[Reading]]:
        return gauges.readings_of(self.simulated)

    def replied(self, asked: Asked) -> Replied:
        """Return the right answer. A gauge of several stores or zones together has none: their minutes are different ones."""
        measures = asked.measures or MEASURES[asked.question]
        cells = {key: self.values(asked, cell, measures) for key, cell in self.cells(asked).items()}
        sums = [each for each in measures if each not in gauges.MEASURES and not (asked.kind and of_many_values(each))]
        of_each = sums if asked.kind or (asked.question == "zones" and not asked.zone) else measures
        of_all = of_each if len(asked.stores) == 1 else sums
        totals = {key: self.values(asked, cell, of_each if key else of_all) for key, cell in self.totals(asked).items()}
        return Replied(_top(cells, asked) if asked.top else cells, totals)

    def totals(self, asked: Asked) -> Mapping[Key, Cell]:
        """Return the cells of the whole span: of each store where stores are a group, and of all together. Distributions have none."""
        if asked.question == "dwell":
            return {}
        whole = asked.model_copy(update={"interval": None, "by": ()})
        found = dict(self.cells(whole))
        if asked.has_totals_of_stores:
            found |= self.cells(whole.model_copy(update={"by": ("store",)}))
        return found

    def cells(self, asked: Asked) -> Mapping[Key, Cell]:
        """Return the cells of a question; those in which nothing was counted and no store was open are not there."""
        found: dict[Key, Cell] = {}
        spans = {name: span_ms(asked, store) for name, store in self.stores.items() if not asked.stores or name in asked.stores}
        divides = bool(set(OF_HOURS_SEEN) & set(asked.measures or MEASURES[asked.question]))
        for fact in self._within(self._facts[asked.question if not asked.kind else f"{asked.question} {asked.kind}"], spans):
            if not _is_meant(asked, fact):
                continue
            for each in apart(asked, fact):
                cell = _cell(found, self.key(asked, each))
                cell.counts.update(fact.counts)
                if divides and (fact.store, fact.time_ms // MS_PER_HOUR) in self.hours_seen:
                    cell.together.update(fact.counts)
                cell.lengths_ms += fact.lengths_ms
        if any(measure in gauges.MEASURES for measure in asked.measures):
            for reading in self._within(self.readings[asked.question], spans):
                cell = _cell(found, self.key(asked, reading))
                cell.last |= reading.values
                cell.most |= Counter(reading.values)
        if task_of(asked):
            self._add_minutes(asked, found, spans)
        return found

    def _add_minutes(self, asked: Asked, found: dict[Key, Cell], spans: Mapping[str, tuple[int, int]]) -> None:
        """Give each cell the open minutes of its stores: a zone has those of its store, a door those of the box that counts it."""
        minutes: dict[Key, Counter[str]] = {}
        if DOOR in asked.by:
            for minute in self._within(self.open_of_doors, spans):
                minutes.setdefault(self.key(asked, minute), Counter()).update(minute.counts)
            for key, cell in found.items():
                cell.minutes = minutes.get(key, Counter())
            return
        give_minutes(asked, found, self._minutes_of_stores(asked.of_stores, spans))

    def _minutes_of_stores(self, asked: Asked, spans: Mapping[str, tuple[int, int]]) -> Mapping[Key, Counter[str]]:
        """Return the open minutes of the cells of stores; many questions have the same."""
        same = asked.by, asked.interval, asked.day, asked.first, asked.last, asked.stores
        if same not in self._minutes:
            minutes = self._minutes[same] = {}
            for minute in self._within(self.open, spans):
                minutes.setdefault(self.key(asked, minute), Counter()).update(minute.counts)
        return self._minutes[same]

    def key(self, asked: Asked, event: Event) -> Key:
        """Return the groups of an event."""
        store, own = self.stores[event.store], event.groups
        found = {group: GROUPS[group](store, event) if group in GROUPS else own[group] for group in asked.plain_groups}
        if asked.path_level is not None:
            found["path"] = _path(store, event, asked.path_level)
        starts = DAY_START if asked.day == "store" else MIDNIGHT
        if "weekday" in asked.by:
            found["weekday"] = WEEKDAYS[day_of(event.moment, starts).weekday()]
        if asked.interval:
            found["time"] = LABELS[asked.interval](event.moment, starts)
        return tuple(sorted(found.items()))

    def values(self, asked: Asked, cell: Cell, measures: Sequence[str]) -> Values:
        """Return the measures of a cell; None for what was not measured, or has nothing to divide by."""
        found = {measure: _value(asked.question, measure, cell) for measure in measures}
        if task := task_of(asked):
            opened = cell.minutes[OPEN]
            found |= {"open_minutes": opened, "covered": cell.minutes[task] / opened if opened else None}
        return found

    def _within(self, events: Iterable[Any], spans: Mapping[str, tuple[int, int]]) -> Iterator[Any]:
        for event in events:
            span = spans.get(event.store)
            if span is not None and span[0] <= event.time_ms < min(span[1], self._until_ms):
                yield event


def apart(asked: Asked, fact: Fact) -> Iterator[Fact]:
    """Yield a fact once for each of its campaigns, if campaigns are asked for."""
    if CAMPAIGN not in asked.by or CAMPAIGN not in fact.groups:
        yield fact
        return
    for each in each_campaign(fact.groups[CAMPAIGN]):
        yield replace(fact, groups={**fact.groups, CAMPAIGN: each})


def give_minutes(asked: Asked, cells: dict[Key, Cell], minutes: Mapping[Key, Counter[str]]) -> None:
    """Give cells the open minutes of their stores, and make those in which a store was open and nothing happened."""
    for key in () if asked.own_groups else minutes:
        _cell(cells, key)
    for key, cell in cells.items():
        cell.minutes = minutes.get(tuple((group, value) for group, value in key if group not in OWN_GROUPS), Counter())


def span_ms(asked: Asked, store: ChainStore) -> tuple[int, int]:
    """Return a store's part of the span: its own local days, both ends included."""
    starts = DAY_START if asked.day == "store" else MIDNIGHT
    return begin_ms(asked.first, starts, store.zone), begin_ms(asked.last + timedelta(days=1), starts, store.zone)


def task_of(asked: Asked) -> str:
    """Return the task whose share an answer has: that of its first measure that needs one; "" if none does."""
    if asked.question == "outcome":
        return ""
    return next((OBSERVED_BY[each] for each in asked.measures or MEASURES[asked.question] if each in OBSERVED_BY), "")


def columns_of(asked: Asked) -> list[str]:
    """Return the values that an answer has besides its groups."""
    return [*(asked.measures or MEASURES[asked.question]), *(("open_minutes", "covered") if task_of(asked) else ())]


def _is_meant(asked: Asked, fact: Fact) -> bool:
    """Return whether a fact is of the zone asked for; how long people stay is that of whole visits where no zones are asked for."""
    zone = fact.groups.get("zone")
    return zone == asked.zone if asked.zone else asked.question != "dwell" or "zone" in asked.by or zone == WHOLE_STORE


def _top(cells: Cells, asked: Asked) -> Cells:
    """Return the cells with the highest values of the first measure, the highest first."""
    order = sorted(cells, key=lambda key: (-(cells[key][asked.measures[0]] or 0), key))
    return ranked({key: cells[key] for key in order[: asked.top]})


def _cell(found: dict[Key, Cell], key: Key) -> Cell:
    if key not in found:
        found[key] = Cell()
    return found[key]


def _path(store: ChainStore, event: Event, level: int) -> str:
    """Return where a store hung in the chain on the day of an event; `level` 0 is the whole path."""
    moves, path = store.life.moves_day, store.plan.path
    if moves is not None and event.moment.date() < store.date_of(moves):
        path = store.life.path_before
    return "/".join(path.split("/")[: level or None])


def _ownership(store: ChainStore, event: Event) -> str:
    moves = store.life.moves_day
    if moves is not None and store.life.ownership_before and event.moment.date() < store.date_of(moves):
        return store.life.ownership_before
    return store.plan.ownership


GROUPS: Final[Mapping[str, Callable[[ChainStore, Event], str]]] = {
    "chain": lambda store, event: ALL,
    "store": lambda store, event: store.name,
    "ownership": _ownership,
    "hour": lambda store, event: str(event.moment.hour),
}


def _value(question: str, measure: str, cell: Cell) -> Any:
    if measure in gauges.MEASURES:
        gauge, which = gauges.MEASURES[measure]
        return cell.last.get(gauge) if which == "last" else cell.most[gauge] if gauge in cell.last else None
    if measure in QUANTILES:
        return _quantile(sorted(cell.lengths_ms), QUANTILES[measure])
    if measure in QUANTILES_OF_DAYS:
        seconds = _quantile(sorted(cell.lengths_ms), QUANTILES_OF_DAYS[measure])
        return None if seconds is None else seconds / S_PER_DAY
    own = OF_QUESTION.get(question, {}).get(measure)
    if parts := own or RATIOS.get(measure):
        of = replace(cell, counts=cell.together) if measure in OF_HOURS_SEEN and not own else cell
        above, below = (_number(question, part, of) for part in parts)
        return above / below if below else None
    if measure == NET:
        entered, left = (_number(question, part, cell) for part in ("in", "out"))
        return None if entered is None or left is None else entered - left
    if parts := RESTS.get(measure):
        known, every = (_number(question, part, cell) for part in parts)
        return (every - known) / every if every else None
    return _number(question, measure, cell)


def _number(question: str, measure: str, cell: Cell) -> Any:
    """Return what adds up; None if nothing was counted, and nobody could have seen anything in any minute."""
    number, task = cell.counts[measure], OBSERVED_BY.get(measure)
    if not number and task and not cell.minutes[SEEN[task]]:
        return None
    if measure in DIFFERENT:
        return sum(1 for name, n in cell.counts.items() if n and name.startswith(f"{measure}="))
    if measure == "days_sum":
        return number / 1000 / S_PER_DAY
    if measure in MONEY:
        return number / HUNDREDTHS
    return number / 1000 if measure in SECONDS else number


def _quantile(lengths_ms: list[int], share: float) -> float | None:
    """Return the length below which a share of them lies, between two of them where it falls there."""
    if not lengths_ms:
        return None
    at = share * (len(lengths_ms) - 1)
    low = int(at)
    high = min(low + 1, len(lengths_ms) - 1)
    return (lengths_ms[low] + (lengths_ms[high] - lengths_ms[low]) * (at - low)) / 1000
