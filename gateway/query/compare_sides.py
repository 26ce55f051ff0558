"""Which stores are comparable, and with what: like for like.

A store must have been open, and observed in nine of ten of its open minutes, on both sides. Of such stores the same minutes are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from footfall.errors import ConfigError
from gateway.query.asked import AskedStore
from gateway.query.comparison import Comparison
from gateway.query.coverage import CoverageMasks
from gateway.query.day_pairs import (
    LEAST_USUAL_DAYS,
    USUAL_DAYS,
    USUAL_WEEKS,
    DayPairs,
    days_before,
    given_days,
    same_days,
    uneven_holidays,
    weeks_before,
    year_before,
)
from gateway.query.holidays import marked_day
from gateway.query.minute_pairs import BucketPairs, Matched, StoreClock, local_days, match, observed
from gateway.query.peers import by_paths, paths_of
from gateway.query.sides import PairingPlan, Run, SideQuestion, Sides, spans_there
from gateway.query.spans import day_begin_ns, end, start

MOST_PAIRS: Final = 20_000
"""Of stores with stores of their group."""
MOST_NAMED: Final = 10
"""Stores or days named in one message."""


def sides(asked: SideQuestion, comparison: Comparison) -> Sides:
    """Return both sides. Raise ConfigError where nothing is comparable, with the reasons and what would work."""
    if not any(asked.until_ns(store) > store.from_ns for store in asked.stores):
        raise ConfigError("there is nothing to compare yet: the span that is asked for has not begun")
    found = _SIDES[comparison.kind](asked, comparison)
    if not found.comparable:
        raise ConfigError(_nothing(found))
    return found


def _nothing(found: Sides) -> str:
    reasons = dict.fromkeys(f"{name}: {reason}" for name, reason in list(found.reasons.items())[:MOST_NAMED])
    days = dict.fromkeys(f"{day}: {reason}" for day, reason in list(found.left_out.items())[:MOST_NAMED])
    advice = (
        "Ask for a span in which the stores were open and observed on both sides, or compare FROM..TO; --align date pairs dates instead"
        " of weekdays. A store without opening hours counts as open all day: site.toml states them"
    )
    return "\n".join(["no store is comparable:", *(f"  {line}" for line in (*reasons, *days)), advice])


def _in_time(asked: SideQuestion, comparison: Comparison) -> Sides:
    """Each store with itself, on other days."""
    of_clock = {_calendar(asked, store): store for store in asked.stores}
    pairs = {calendar: _days(asked, comparison, store) for calendar, store in of_clock.items()}
    by_name = {store.facts.name: pairs[_calendar(asked, store)] for store in asked.stores}
    found = _one_run(asked, asked.stores, by_name, {store.facts.name: store for store in asked.stores})
    for calendar, days in pairs.items():
        found.uneven |= uneven_holidays(days.pairs, calendar.holidays)
    return found


class _Calendar(NamedTuple):
    """What the paired days depend on: equal for many stores of a chain. `holidays`: the time zone whose holidays the stores keep."""

    clock: StoreClock
    holidays: ZoneInfo
    from_ns: int
    to_ns: int


def _calendar(asked: SideQuestion, store: AskedStore) -> _Calendar:
    return _Calendar(asked.clock(store), store.facts.timezone, store.from_ns, store.to_ns)


def _days(asked: SideQuestion, comparison: Comparison, store: AskedStore) -> DayPairs:
    days = asked.days(store)
    if comparison.kind == "previous":
        return days_before(days, asked.align, store.facts.timezone)
    if comparison.kind == "year":
        return year_before(days, asked.align, store.facts.timezone)
    clock = asked.clock(store)
    edges = [read(text, store.zone, asked.now_ns, clock.day_start) for read, text in ((start, comparison.from_), (end, comparison.to))]
    if edges[1] <= edges[0]:
        raise ConfigError(f"compare {comparison.from_}..{comparison.to}: the span is empty or ends before it begins")
    others = local_days(clock, edges[0], edges[1])
    whole = [day_begin_ns(day, clock.zone, clock.day_start) for day in (others[0], others[-1] + timedelta(days=1))]
    if edges != whole:
        raise ConfigError(
            f"compare {comparison.from_}..{comparison.to}: days are compared with days, in the hours that --from and --to ask for:"
            f" write {others[0]}..{others[-1]}"
        )
    return given_days(days, others, asked.align)


def _with_store(asked: SideQuestion, comparison: Comparison) -> Sides:
    """Each store with another one, at the same wall time."""
    (other,) = asked.find((comparison.store,))
    stores = [store for store in asked.stores if store.facts.name != other.facts.name]
    if not stores:
        raise ConfigError(f"compare store:{other.facts.name}: no other store is asked for; name some with --store, or leave it out")
    pairs = {store.facts.name: same_days(asked.days(store)) for store in stores}
    found = _one_run(asked, stores, pairs, {store.facts.name: other for store in stores})
    if len(stores) < len(asked.stores):
        found.reasons[other.facts.name] = "the others are compared with it"
    return found


def _one_run(asked: SideQuestion, stores: Sequence[AskedStore], pairs: Mapping[str, DayPairs], others: Mapping[str, AskedStore]) -> Sides:
    """Stores with their others on the paired days; without the buckets that were lost on either side."""
    spans = spans_there(asked, pairs, others)
    plan = PairingPlan.of(asked, stores, list(others.values()), list(spans.values()))
    found = Sides([Run({}, {})], [], plan.grain_ns)
    there = plan.there({others[name].facts.name for name in spans}, list(spans.values()))
    found.is_covered = plan.here.is_known_of_all and there.is_known_of_all
    for store in stores:
        name, other = store.facts.name, others[store.facts.name]
        found.days |= pairs[name].pairs
        found.left_out |= pairs[name].left_out
        if name not in spans:
            found.reasons[name] = "no day of the span has a counterpart"
            continue
        matched = match(plan.buckets(store, other, pairs[name]), (plan.here, name), (there, other.facts.name), asked.tasks, plan.grain_ns)
        found.take(store, other, matched)
    return found


def _usual(asked: SideQuestion, comparison: Comparison) -> Sides:
    """Each store with itself on the last usual days; this side as it is. A day that was not observed enough is not usual."""
    weeks = [_whole_weeks(asked, week) for week in range(1, USUAL_WEEKS + 1)]
    own = {store.facts.name: store for store in asked.stores}
    spans = [spans_there(asked, pairs, own) for pairs in weeks]
    plan = PairingPlan.of(asked, asked.stores, asked.stores, [each for found in spans for each in found.values()])
    usable: dict[str, list[Matched]] = {name: [] for name in own}
    why: dict[str, str] = {}
    is_covered = plan.here.is_known_of_all
    for week, span in zip(weeks, spans, strict=True):
        wanted = [name for name in week if len(usable[name]) < USUAL_DAYS]
        there = plan.there(wanted, [span[name] for name in wanted])
        is_covered &= there.is_known_of_all
        for name in wanted:
            buckets = plan.buckets(own[name], own[name], week[name])
            matched = match(buckets, (plan.here, name), (there, name), asked.tasks, plan.grain_ns)
            if matched.reason:
                why[name] = matched.reason
            else:
                usable[name].append(_usual_day(matched, buckets, (plan.here, there), name, plan.grain_ns))
    return replace(_usual_runs(asked, usable, why, plan.grain_ns), is_covered=is_covered, uneven=_holidays_here(asked))


def _usual_day(matched: Matched, buckets: BucketPairs, sides: tuple[CoverageMasks, CoverageMasks], store: str, grain_ns: int) -> Matched:
    """This side as it was observed beside a usual day; minutes that the usual day lost are missing in it, with what tills sold in them."""
    here, there = (observed(time_ns, side, store, matched.tasks, grain_ns) for time_ns, side in zip(buckets, sides, strict=True))
    every_here_ns = buckets.where(here).here_ns
    return replace(matched, pairs=buckets.where(here & there), compared_minutes=matched.open_minutes, every_here_ns=every_here_ns)


def _holidays_here(asked: SideQuestion) -> dict[date, str]:
    """The days of this side that are holidays: usual days are none."""
    of_calendar = {_calendar(asked, store): asked.days(store) for store in asked.stores}
    marks = {day: marked_day(day, calendar.holidays) for calendar, days in of_calendar.items() for day in days}
    return {day: f"it is {mark.holiday.name}, usual days are ordinary ones" for day, mark in marks.items() if mark}


def _whole_weeks(asked: SideQuestion, week: int) -> dict[str, DayPairs]:
    """The spans of stores so many weeks before; none for a store that kept a holiday in it."""
    pairs = {store.facts.name: weeks_before(asked.days(store), week, store.facts.timezone) for store in asked.stores}
    return {name: each for name, each in pairs.items() if not each.left_out}


def _usual_runs(asked: SideQuestion, usable: Mapping[str, Sequence[Matched]], why: Mapping[str, str], grain_ns: int) -> Sides:
    """As many runs as every store has usual days of those that have enough, so that stores can be added up."""
    known = [store for store in asked.stores if len(usable[store.facts.name]) >= LEAST_USUAL_DAYS]
    runs = min((len(usable[store.facts.name]) for store in known), default=1)
    found = Sides([Run({}, {}) for _ in range(runs)], [], grain_ns)
    for store in asked.stores:
        name = store.facts.name
        if store in known:
            found.take(store, store, *usable[name][:runs])
        else:
            count = f"not known yet: {len(usable[name])} of at least {LEAST_USUAL_DAYS} usual days"
            found.reasons[name] = f"{count} ({why[name]})" if name in why else count
    return found


def _with_group(asked: SideQuestion, comparison: Comparison) -> Sides:
    """Each store with the mean of the other stores of its path that are comparable with it, in each bucket."""
    every = {store.facts.name: store for store in asked.find(())}
    by_path = by_paths(every.values())
    groups = {store.facts.name: _peers(store, by_path) for store in asked.stores}
    peers = {name: found.stores for name, found in groups.items()}
    if sum(map(len, peers.values())) > MOST_PAIRS:
        raise ConfigError(f"more than {MOST_PAIRS:,} pairs of a store and another of its path: choose fewer stores with --store")
    plan = PairingPlan.of(asked, list(every.values()), list(every.values()), [])
    wider = {name: found.wider for name, found in groups.items() if found.wider}
    found = Sides([Run({}, {})], [], plan.grain_ns, is_covered=plan.here.is_known_of_all, wider=wider)
    for store in asked.stores:
        name, same = store.facts.name, same_days(asked.days(store))
        matches = {}
        for other in peers[name]:
            both = (plan.here, name), (plan.here, other.facts.name)
            matches[other.facts.name] = match(plan.buckets(store, other, same), *both, asked.tasks, plan.grain_ns)
        good = {other: matched for other, matched in matches.items() if not matched.reason}
        if good:
            found.take_mean(store, [(every[other], matched) for other, matched in good.items()])
        else:
            found.reasons[name] = next((matched.reason for matched in matches.values()), "there is no other store")
    return found


class _Peers(NamedTuple):
    """The stores that a store is compared with; `wider`: which they are, if its own path has no other."""

    stores: list[AskedStore]
    wider: str = ""


def _peers(store: AskedStore, by_path: Mapping[str, Sequence[AskedStore]]) -> _Peers:
    """The other stores of the longest part of the path that has any."""
    for level, path in enumerate(paths_of(store)):
        if found := [other for other in by_path.get(path, ()) if other.facts.name != store.facts.name]:
            where = f"the others of {path}" if path else "all others"
            return _Peers(found, f"compared with {where}" if level else "")
    return _Peers([])


_SIDES: Final[Mapping[str, Callable[[SideQuestion, Comparison], Sides]]] = {
    "previous": _in_time, "year": _in_time, "span": _in_time, "store": _with_store, "usual": _usual, "group": _with_group,
}  # fmt: skip
