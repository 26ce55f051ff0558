"""The truth as facts that are added up: what each counts, when, and under which groups. Whole numbers only: ms and hundredths.

Whatever is asked, its intervals begin at full quarters of an hour: facts of one quarter and the same groups are added up beforehand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from simulators.chain.chain import MS_PER_MINUTE, ChainStore
from simulators.chain.run import Simulated
from simulators.chain.truth import Truth
from simulators.numbers import fans, outcome, referral
from simulators.numbers.campaigns import campaigns_of
from simulators.numbers.clock import wall

HUNDREDTHS: Final = 100
WHOLE_STORE: Final = "*"
"""The zone of a visit as a whole, beside its dwells in zones."""
QUARTER_MS: Final = 15 * MS_PER_MINUTE
Groups = Mapping[str, str]
_NONE: Final[Groups] = {}


@dataclass(slots=True)
class Fact:
    """`counts` adds up; money in hundredths, lengths in ms. `moment` is the store's wall time, in whole minutes."""

    store: str
    time_ms: int
    moment: datetime
    counts: Counter[str]
    groups: Groups
    lengths_ms: list[int]


def facts_of(simulated: Simulated, starts: Iterable[date]) -> Mapping[str, list[Fact]]:
    """Return by question all that it counts, by quarters of an hour. On each of `starts` a gateway of its own began."""
    found = {question: added_up(one_by_one(simulated, question)) for question in _OF}
    stores = {store.name: store for store in simulated.chain.stores}
    for kind, counted in outcome.counted(stores, simulated.truth, starts).items():
        facts = (_Maker(stores).fact(each.store, each.day_ms, each.counts, {kind: each.value} if kind else _NONE) for each in counted)
        found[f"outcome {kind}".strip()] = added_up(facts)
    return found


def one_by_one(simulated: Simulated, question: str) -> Iterator[Fact]:
    """Yield all that a question counts, each by itself."""
    yield from _OF[question](_Maker({store.name: store for store in simulated.chain.stores}), simulated.truth)


def added_up(facts: Iterable[Fact], every_ms: int = QUARTER_MS) -> list[Fact]:
    """Return facts with those of the same quarter and groups added up, in the order of time."""
    found: dict[object, Fact] = {}
    for fact in facts:
        key = fact.time_ms // every_ms, fact.store, *fact.groups.values()
        if (other := found.get(key)) is None:
            found[key] = fact
        else:
            other.counts.update(fact.counts)
            other.lengths_ms += fact.lengths_ms
    return sorted(found.values(), key=lambda fact: fact.time_ms)


class _Maker:
    def __init__(self, stores: Mapping[str, ChainStore]) -> None:
        self._stores: Final = stores

    def fact(self, store: str, time_ms: int, counts: Mapping[str, int], groups: Groups = _NONE, length_ms: int | None = None) -> Fact:
        moment = wall(time_ms, self._stores[store].zone)
        return Fact(
            store, time_ms, moment, Counter({name: int(n) for name, n in counts.items()}), groups, [] if length_ms is None else [length_ms]
        )


def _traffic(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for passing in truth.passings:
        if passing.counted:
            yield made.fact(passing.store, passing.time_ms, {"in": passing.entered, "out": passing.left})
    for visit in truth.visits:
        if not visit.is_staff:
            yield made.fact(visit.store, visit.from_ms, {"visits_started": 1, "visits": 1, "visits_known": bool(visit.fan)})
            yield made.fact(visit.store, visit.to_ms, {"visits_closed": 1, "dwell_sum_s": visit.to_ms - visit.from_ms})
    yield from _sales(made, truth)


def _sales(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for touch in truth.touches:
        if touch.is_void:
            continue
        amount, is_sale = round(touch.amount * HUNDREDTHS), touch.what == "transaction"
        returned = amount if touch.what == "return" else 0
        counts = {
            "touches": 1, "transactions": is_sale, "transactions_known": is_sale and bool(touch.fan), "returns": touch.what == "return",
            "sold": amount * is_sale, "given_back": returned, "revenue": amount * is_sale - returned,
            "items_sold": sum(n for _, n in touch.items) * is_sale,
        }  # fmt: skip
        groups = {"zone": touch.zone, "staff": touch.staff_id, "department": touch.department, "channel": touch.channel,
                  "squad": touch.squad, "campaign": campaigns_of(touch), "what": touch.what}  # fmt: skip
        yield made.fact(touch.store, touch.time_ms, counts, groups)


def _zones(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for dwell in truth.dwells:
        if not dwell.is_staff:
            zone = {"zone": dwell.zone}
            yield made.fact(dwell.store, dwell.from_ms, {"entries": 1}, zone)
            yield made.fact(dwell.store, dwell.to_ms, {"exits": 1, "dwells": 1, "dwell_sum_s": dwell.to_ms - dwell.from_ms}, zone)


def _doors(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for passing in truth.passings:
        if passing.counted:
            counts = {"in": passing.entered, "out": passing.left}
            yield made.fact(passing.store, passing.time_ms, counts, {"door": passing.door})


def _items(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for item in truth.items:
        length_ms = round(item.seconds * 1000)
        counts = {item.kind: 1, **({_LENGTH_OF[item.kind]: length_ms} if item.kind in _LENGTH_OF else {})}
        yield made.fact(item.store, item.time_ms, counts, {"zone": item.zone, "sku": item.sku})


LEAST_STAY_MS: Final = 10_000
"""Who is in a zone for less walks through it, and does not stay there."""
_LENGTH_OF: Final = {"tried": "tried_sum_s", "left": "stay_sum_s"}


def _dwell(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for dwell in truth.dwells:
        length_ms = dwell.to_ms - dwell.from_ms
        if not dwell.is_staff and length_ms >= LEAST_STAY_MS:
            yield made.fact(dwell.store, dwell.from_ms, {"count": 1, "sum_s": length_ms}, {"zone": dwell.zone}, length_ms)
    for visit in truth.visits:
        if not visit.is_staff:
            length_ms = visit.to_ms - visit.from_ms
            yield made.fact(visit.store, visit.from_ms, {"count": 1, "sum_s": length_ms}, {"zone": WHOLE_STORE}, length_ms)


def _repurchase(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for told in fans.repurchase(truth):
        yield made.fact(told.touch.store, told.touch.time_ms, told.counts, told.groups, told.length_ms)


def _referral(made: _Maker, truth: Truth) -> Iterator[Fact]:
    for told in referral.told(truth):
        yield made.fact(told.touch.store, told.touch.time_ms, told.counts, told.groups)


_OF: Final = {"traffic": _traffic, "zones": _zones, "doors": _doors, "sales": _sales, "items": _items, "dwell": _dwell,
              "repurchase": _repurchase, "referral": _referral}  # fmt: skip
