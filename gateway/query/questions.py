"""The questions that `footfall query` answers: which rows each reads, and how it counts or lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from gateway.query import companions, counter_notes, door_coverage, listed, occupied, stock, zone_notes
from gateway.query.answer import Answer, Request, StoreSpan
from gateway.query.as_of_answer import as_of, check_as_of
from gateway.query.as_of_reader import REVISED
from gateway.query.asked import AskedStore, asked_stores
from gateway.query.brand_rows import BrandReader, BrandRule
from gateway.query.counting import Counting
from gateway.query.coverage_reading import read_coverage
from gateway.query.covered import Covered, covered_cells
from gateway.query.cut_notes import cut_notes
from gateway.query.day_pairs import ALIGNS
from gateway.query.estate import QueryEstate
from gateway.query.fitting import Fitted, fitted
from gateway.query.listing import List, check_listed, listing
from gateway.query.partly_read import stores_partly_read
from gateway.query.plan import CountingRule, Plan, check_size, planned
from gateway.query.reading import read_cells
from gateway.query.referral import REFERRAL
from gateway.query.repurchase import REPURCHASE
from gateway.query.spans import iso
from gateway.query.titles import by_default, title_of
from gateway.query.together import observed_hours
from gateway.query.zone_names import check_zone, has_zone
from gateway.sinks.reader import OnPage, PointReader, quiet

_NAMED_STORES: Final = 3
"""Stores named in a note."""


@dataclass(frozen=True, slots=True)
class EstimateRule:
    """A question that counts nothing: it estimates, for each store and `interval`."""

    interval: str = "1d"


@dataclass(frozen=True, slots=True)
class InferenceRule:
    """A question that counts nothing: it infers, from rows of several measurements. `of`: what these are, in words."""

    of: str


@dataclass(frozen=True, slots=True)
class Question:
    """`answer`: how it counts, that it estimates, or what lists its rows. `takes`: the options of Request that mean something here."""

    measurement: str
    meaning: str
    answer: CountingRule | EstimateRule | InferenceRule | List
    takes: frozenset[str] = frozenset()
    refuses: Mapping[str, str] = field(default_factory=dict)
    """Why it does not take an option that one would expect, and what to ask instead."""


_NARROWING: Final = ("measures", "by", "interval", "zone", "fan", "top", "rule")
"""Options that would be passed over in silence where a question does not take them."""
_COUNTS: Final = frozenset({"measures", "by", "interval", "day", "top", "compare", "align"})
_OF_BRAND: Final = frozenset({"measures", "by", "interval", "day", "top", "as-of"})


def _counts(meaning: str, counted: CountingRule, *takes: str) -> Question:
    as_of = {"as-of"} if counted.measurement in REVISED else set()
    return Question(counted.measurement, meaning, counted, _COUNTS | set(takes) | as_of)


NOT_OF_ESTIMATES: Final[Mapping[str, str]] = {
    "by": "an estimate is of a store's day, and its interval is no sum of others': the answer has a total for each store and for all;"
          " traffic with --by groups what the doors counted",
    "interval": "the factor is learned from whole days, so it holds for none that is shorter, and totals stand below: --from and --to"
                " choose the days",
    "measures": "people means nothing without its interval and its factor: all columns belong together",
    "top": "estimates whose intervals overlap have no order: --store names the stores",
    "zone": "phones are counted as they arrive in the store: zones with --zone counts stays in a zone",
    "fan": "it estimates people whom nobody knows: visits with --fan lists those of a fan",
    "compare": "the difference of two estimates has an interval of its own, and more of a factor's error in both than in either: ask for"
               " both spans, and take only intervals that do not overlap for a difference; traffic with --compare pairs what the doors"
               " counted",
    "as-of": "a factor is learned from up to 28 earlier days as they are stored now, and what they were is not kept as a whole:"
             " traffic with --as-of has the counts as they were",
}  # fmt: skip
NOT_OF_DAYS: Final[Mapping[str, str]] = {
    "compare": "sides are made alike minute by minute, and its rows are whole days: ask for both spans",
    "as-of": "a day is written over whenever more of it is known, and what it was is not kept",
    "zone": "--by zone has a row for each",
}
NOT_OF_BRAND: Final[Mapping[str, str]] = {
    "compare": "what a touch is depends on all that was before it, which sides that are made alike do not have: ask for both spans",
    "fan": "touches with --fan lists those of a fan",
}
QUESTIONS: Final[Mapping[str, Question]] = {
    "traffic": _counts("who came in and out, conversion, mean dwell, anonymity, per interval",
                       CountingRule("traffic", ("store",), "1h", every=True)),
    "zones": _counts("entries, most present and mean dwell of each zone", CountingRule("zone_traffic", ("store", "zone")), "zone"),
    "doors": _counts("in and out of each door, per interval", CountingRule("door", ("store", "door"), "1h")),
    "sales": _counts("sales, revenue, basket, pieces, returns, by who served, department, squad, channel, campaign",
                     CountingRule("touch"), "zone"),
    "outcome": Question("outcome", "what came of a store's days: who came, was known and touched, who bought, and who contributed to it",
                        CountingRule("outcome", daily=True), frozenset({"measures", "by", "interval", "day", "top", "rule"}), NOT_OF_DAYS),
    "dwell": _counts("how long people stay: mean, median, 90 %, histogram, of each zone and the store",
                     CountingRule("dwell", ("store", "zone"), whole="visit"), "zone"),
    "items": _counts("what goods arrived, moved, were tried and left, of each article or zone",
                     CountingRule("item", ("store", "sku")), "zone"),
    "repurchase": Question("touch", "orders of fans who bought before, in any store: how many of all, and after how many days",
                           CountingRule("touch", of_brand=REPURCHASE), _OF_BRAND, NOT_OF_BRAND),
    "referral": Question("touch", "who shared, whom that brought, by how many steps, and what they bought",
                         CountingRule("touch", ("store", "sharer"), of_brand=REFERRAL), _OF_BRAND, NOT_OF_BRAND),
    "visitors": Question("traffic", "how many people came, by the phones of those who gave no key: an estimate with its interval",
                         EstimateRule(), frozenset({"day"}), NOT_OF_ESTIMATES),
    "visits": Question("visit", "the visits one by one", listed.visits, frozenset({"fan"})),
    "touches": Question("touch", "sales, scans and other interactions one by one", listed.touches, frozenset({"zone", "fan"})),
    "occupancy": Question("occupancy", "how long and by how many each zone was occupied, by sensors that see people without a name",
                          occupied.occupancy, frozenset({"zone"})),
    "stock": Question("item", "how many items of each article are in a store, and in which zone, at the end of the span", stock.stock),
    "inferred": Question("touch", "who probably bought without being named, and who tried goods on: inferences, each with its confidence",
                         InferenceRule("sale, and no goods that were tried on,"), frozenset({"zone", "fan"})),
    "together": Question("dwell", "devices that always move together: pairs that are proposed as one person's", companions.together),
    "gaps": Question("gap", "when events of an agent are missing, and how many", listed.gaps),
}  # fmt: skip
LISTS: Final = frozenset(name for name, question in QUESTIONS.items() if not isinstance(question.answer, CountingRule))
"""Questions whose rows stand one by one."""


def question_of(name: str) -> Question:
    """Return the question of this name. Raise ConfigError, with the list, if there is none."""
    if name not in QUESTIONS:
        raise ConfigError(unknown(f"there is no question {name[:80]!r}", name, QUESTIONS, f"there is {', '.join(QUESTIONS)}"))
    return QUESTIONS[name]


def _counted(name: str) -> CountingRule:
    how = question_of(name).answer
    if isinstance(how, CountingRule):
        return how
    able = ", ".join(other for other, question in QUESTIONS.items() if isinstance(question.answer, CountingRule))
    raise ConfigError(f"compare: {name} are listed one by one, and nothing is counted; it is for {able}")


def check(request: Request) -> None:
    """Raise ConfigError where a request means nothing, whatever the database holds."""
    question = question_of(request.question)
    for option in _NARROWING:
        if getattr(request, option) and option not in question.takes:
            _refuse(request.question, option)
            able = ", ".join(name for name, other in QUESTIONS.items() if option in other.takes)
            raise ConfigError(f"{option} means nothing for {request.question}; it is for {able}")
    if request.compare is not None:
        _refuse(request.question, "compare")
    if request.as_of is not None:
        _refuse(request.question, "as-of")
    plan = planned(request, question.answer) if isinstance(question.answer, CountingRule) else None
    if request.compare is not None:
        # What compares is loaded where something is compared.
        from gateway.query.compare_answer import planned_comparison

        planned_comparison(request, _counted(request.question))
    elif request.align != ALIGNS[0]:
        raise ConfigError(f"align {request.align[:80]} means nothing without compare: it pairs the days of both sides")
    if request.as_of is not None:
        if plan is None or "as-of" not in question.takes:
            able = ", ".join(name for name, other in QUESTIONS.items() if "as-of" in other.takes)
            raise ConfigError(f"as_of: the database keeps no earlier versions of {question.measurement}; it is for {able}")
        check_as_of(plan)


def _refuse(name: str, option: str) -> None:
    """Raise ConfigError, with the reason and what to ask instead, if the question has one for not taking the option."""
    if reason := question_of(name).refuses.get(option):
        raise ConfigError(f"{name} takes no --{option}: {reason}")


def ask(
    reader: PointReader, request: Request, estate: QueryEstate, now_ns: int, on_page: OnPage = quiet, most_rows: int | None = None,
    most_listed: int | None = None,
) -> Answer:  # fmt: skip
    """Return the answer to a request from one database; by groups and an interval of no more than `most_rows`, where it asks for none.

    Where rows are listed, or looked at one by one, `most_listed` may be read; more are refused. Rows of what is counted have no bound.
    Raise ConfigError for what means nothing, with what would work; where nothing is stored, the notes of the answer state what is.
    """
    check(request)
    how = question_of(request.question).answer
    fit = Fitted(request)
    if isinstance(how, CountingRule) and most_rows is not None:
        fit = fitted(reader, request, how, estate, now_ns, most_rows)
    answer = _answered(reader, fit.request, estate, now_ns, on_page, most_listed=most_listed)
    if request.zone and (answer.is_empty or not has_zone(answer, request.zone)):
        check_zone(reader, request, question_of(request.question).measurement, estate)
    return replace(answer, by_default=by_default(request, answer.interval, fit.note))


def _answered(
    reader: PointReader, request: Request, estate: QueryEstate, now_ns: int, on_page: OnPage, matched: bool = False,
    most_listed: int | None = None,
) -> Answer:  # fmt: skip
    """Return the answer to a checked request. `matched`: the reader has one side of a comparison, whose minutes belong together."""
    question = question_of(request.question)
    how = question.answer
    if request.as_of is not None:
        asking = partial(_answered, estate=estate, on_page=on_page)
        return as_of(reader, planned(request, _counted(request.question)), estate, now_ns, asking)
    if request.compare is not None:
        from gateway.query.compare_answer import compared, planned_comparison

        asking = partial(_answered, now_ns=now_ns, on_page=on_page, matched=True)
        return compared(planned_comparison(request, _counted(request.question)), reader, estate, now_ns, on_page, asking)
    if isinstance(how, CountingRule):
        plan = planned(request, how)
        stores = asked_stores(reader, request, question.measurement, plan.interval, estate, now_ns)
        check_size(stores)
        answer = _counted_by(reader, estate, plan, stores, now_ns, on_page, matched).answer()
        answer = replace(answer, interval=plan.interval, notes=(*answer.notes, *cut_notes(stores, plan.interval, now_ns)))
    elif isinstance(how, EstimateRule):
        # What estimates is loaded where something is estimated.
        from gateway.query.visitors import visitors

        stores = asked_stores(reader, request, question.measurement, how.interval, estate, now_ns)
        answer = visitors(reader, request, estate, stores, now_ns, on_page)
        answer = replace(answer, interval=how.interval, notes=(*answer.notes, *cut_notes(stores, how.interval, now_ns)))
    else:
        stores = asked_stores(reader, request, question.measurement, None, estate, now_ns, is_list=True)
        if most_listed is not None:
            check_listed(reader, request, question.measurement, stores, most_listed)
        if isinstance(how, InferenceRule):
            # What infers is loaded where something is inferred.
            from gateway.query.inferences import inferred

            answer = inferred(reader, request, stores, on_page)
        else:
            answer = listing(reader, request, question.measurement, how, stores, on_page)
    asked = tuple(StoreSpan(store.facts.name, store.zone, store.from_ns, store.to_ns) for store in stores)
    silent = () if matched else _silence_notes(reader, request, stores, estate, on_page)
    titles = {store.facts.name: store.facts.at(store.to_ns - 1).title for store in stores}
    notes = (
        *_nothing(reader, request, question.measurement, stores, answer),
        *answer.notes,
        *silent,
        *_overlapping(stores),
        *stores_partly_read(stores),
    )
    return replace(answer, notes=notes, title=title_of(request, asked, titles), asked=asked)


def _silence_notes(reader: PointReader, request: Request, stores: Sequence[AskedStore], estate: QueryEstate, on_page: OnPage) -> list[str]:
    """Doors and zones that do not count as usual."""
    doors = counter_notes.counter_notes(reader, stores, estate, on_page) if request.question in counter_notes.ASKED_BY else []
    zones = zone_notes.zone_notes(reader, stores, request.zone, on_page) if request.question in zone_notes.ASKED_BY else []
    return [*doors, *zones]


def _counted_by(
    reader: PointReader, estate: QueryEstate, plan: Plan, stores: Sequence[AskedStore], now_ns: int, on_page: OnPage, matched: bool
) -> Counting:
    bucket_ns = plan.bucket_ns(stores)
    if plan.counted.of_brand is not None:
        reader = BrandReader(reader, plan.counted.of_brand, plan.request.is_shown)
    if not plan.covered_by:
        return Counting(plan, stores, read_cells(reader, plan, stores, on_page), bucket_ns)
    from_ns, to_ns = min(store.from_ns for store in stores), max(store.to_ns for store in stores)
    found = read_coverage(reader, estate, [store.facts.name for store in stores], from_ns, to_ns, now_ns, on_page)
    hours = None if matched else observed_hours(found, stores, now_ns)
    cells = read_cells(reader, plan, stores, on_page, hours)
    covered = Covered(covered_cells(found, stores, bucket_ns, plan.covered_by), plan.covered_by, found.never_heard)
    if door_coverage.DOOR in cells[plan.tables[0]].texts:
        counters = door_coverage.counters_of(reader, estate, stores, from_ns, to_ns, on_page)
        by_door = door_coverage.door_cells(found, stores, cells[plan.tables[0]], counters, bucket_ns, plan.covered_by)
        covered = replace(covered, by_door=by_door)
    return Counting(plan, stores, cells, bucket_ns, covered)


def _overlapping(stores: Sequence[AskedStore]) -> list[str]:
    """Stores of which a database has versions that contradict each other: more than one estate is written into it."""
    names = [store.facts.name for store in stores if store.facts.overlaps]
    more = f" and {len(names) - _NAMED_STORES:,} more" if len(names) > _NAMED_STORES else ""
    named = ", ".join(names[:_NAMED_STORES])
    return [f"versions of {named}{more} overlap in the table of stores, and the later one counts: --site names what holds"] if names else []


def _wall(time_ns: int, store: AskedStore) -> str:
    return iso(time_ns, store.zone)[:16].replace("T", " ")


def _nothing(reader: PointReader, request: Request, measurement: str, stores: Sequence[AskedStore], answer: Answer) -> list[str]:
    """What there is, where nothing is stored of what was asked for."""
    if not answer.is_empty:
        return []
    which = "".join(f" of {word} {value}" for word, value in (("zone", request.zone), ("fan", request.fan)) if value)
    rule = how.of_brand if isinstance(how := question_of(request.question).answer, CountingRule) else how
    what = rule.of if isinstance(rule, BrandRule | InferenceRule) else f"{measurement}{which}"
    notes = [f"{reader.where} has no {what} in this span"]
    for store in stores[:_NAMED_STORES]:
        spans = [span for name in store.names if (span := reader.span(measurement, name))]
        there = f"{_wall(min(spans)[0], store)} to {_wall(max(span[1] for span in spans), store)}" if spans else ""
        notes.append(f"store {store.facts.name} has {f'{measurement} from {there}' if there else f'no {measurement} at all'}")
    if len(stores) > _NAMED_STORES:
        notes.append(f"{len(stores) - _NAMED_STORES:,} more stores were asked for: --store looks at one of them")
    return notes
