"""The answer to a question with `compare`: both sides are answered by the same rules, and their rows stand beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from gateway.query.answer import Answer, Request
from gateway.query.asked import AskedStore, asked_stores
from gateway.query.compare_notes import notes_of, notes_of_side
from gateway.query.compare_rows import Beside
from gateway.query.compare_sides import sides
from gateway.query.comparison import Comparison, ComparisonKind, parsed
from gateway.query.coverage import TASKS
from gateway.query.day_pairs import ALIGNS, Align
from gateway.query.estate import QueryEstate
from gateway.query.moved_reader import MovedReader
from gateway.query.plan import CountingRule, Plan, planned
from gateway.query.reduce import base_of
from gateway.query.sides import SideQuestion
from gateway.query.spans import iso
from gateway.sinks.reader import OnPage, PointReader

_WITHOUT_ALIGN: Final[Mapping[ComparisonKind, str]] = {
    "usual": "usual days are the same weekdays before",
    "group": "stores are compared on the same days",
    "store": "stores are compared on the same days",
}
"""Comparisons of which nothing is aligned, and why."""

Ask = Callable[[PointReader, Request, QueryEstate], Answer]


@dataclass(frozen=True, slots=True)
class ComparisonPlan:
    """A request with `compare`, checked."""

    request: Request
    counted: CountingRule
    comparison: Comparison
    plan: Plan
    align: Align


def planned_comparison(request: Request, counted: CountingRule) -> ComparisonPlan:
    """Return the plan of a request with `compare`. Raise ConfigError for what means nothing, with what would work."""
    comparison = parsed(request.compare or "")
    align = next((each for each in ALIGNS if each == request.align), None)
    if align is None:
        raise ConfigError(unknown(f"align {request.align[:80]!r}", request.align, ALIGNS, f"one of {', '.join(ALIGNS)}", ": "))
    if align == "date" and comparison.kind in _WITHOUT_ALIGN:
        raise ConfigError(f"align date means nothing with compare {request.compare}: {_WITHOUT_ALIGN[comparison.kind]}")
    plan = planned(request, counted)
    if comparison.kind == "group" and counted.whole:
        raise ConfigError(f"compare group: {request.question} has no mean of several stores; compare store:NAME works")
    if comparison.kind == "group" and all(key.group != "store" for key in plan.keys):
        raise ConfigError("compare group: each store is compared with the others of its path, so ask for --by store")
    return ComparisonPlan(request, counted, comparison, plan, align)


def compared(planned: ComparisonPlan, reader: PointReader, estate: QueryEstate, now_ns: int, on_page: OnPage, ask: Ask) -> Answer:
    """Return both sides beside each other. `ask` answers a request without a comparison.

    Raise ConfigError where nothing is comparable, with the reasons and what would work.
    """
    plan, comparison = planned.plan, planned.comparison

    def find(names: tuple[str, ...], request: Request) -> tuple[AskedStore, ...]:
        return asked_stores(reader, replace(request, stores=names), planned.counted.measurement, plan.interval, estate, now_ns)

    stores = find(planned.request.stores, planned.request)
    request = _with_span(planned.request, stores[0])
    tasks = frozenset(task for task in TASKS if any(measure.covered_by == task for measure in base_of(plan.measures, plan.there)))
    asked = SideQuestion(reader, estate, stores, request.day, planned.align, tasks, now_ns, on_page, lambda names: find(names, request))
    both = sides(asked, comparison)
    side = replace(
        request, compare=None, align=ALIGNS[0], top=None, stores=tuple(both.comparable), by=request.by or planned.counted.by,
        interval=plan.interval,
    )  # fmt: skip
    # What is compared counts as observed, whatever agents there are.
    bare = QueryEstate({name: replace(estate.of(name), agents=()) for name in {*estate.stores, *both.comparable}}, estate.renamed)
    now = ask(MovedReader(reader, both.runs[0].here, both.grain_ns), replace(side, top=request.top), bare)
    before = [ask(MovedReader(reader, run.there, both.grain_ns), side, bare) for run in both.runs]
    beside = Beside(plan.there, comparison.kind == "usual", comparison.kind == "group", request.top is not None).answer(now, before)
    notes = (*notes_of(comparison, asked, both, beside), *notes_of_side(now))
    details = tuple(f"not comparable: {name}: {reason}" for name, reason in both.reasons.items())
    return replace(now, columns=beside.columns, rows=beside.rows, totals=beside.totals, notes=notes, details=details)


def _with_span(request: Request, store: AskedStore) -> Request:
    """The request with both ends, so that all that is asked of it is of one span."""
    ends = [iso(time_ns, store.zone)[:16] for time_ns in (store.from_ns, store.to_ns)]
    return replace(request, from_=request.from_ or ends[0], to=request.to or ends[1])
