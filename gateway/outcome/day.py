"""The outcome of a store's day: who came, who was known and touched, who bought, and who contributed to it. Pure.

    rows_of(day, settings) -> {DayKey("staff", "anna"): Outcome(...)}

Counts and money are sums, so that days and stores add up. Under each rule the shares of all values of a kind add up to the day's whole:
revenue to the cent, visits and sales to the hundredth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

from gateway.outcome.journey import HUNDREDTHS, RETURN, SALE, TILL, Act, GuestVisit, OwnedBy, Sale
from gateway.outcome.rules import NOBODY, OWNER, RULES, WEIGHING, ContributionSettings
from gateway.outcome.shares import shared_out


class DayKey(NamedTuple):
    """What a row is of: a kind of value, and the value."""

    by: str
    value: str


@dataclass(frozen=True, slots=True)
class StoreDay:
    """What is known of a store's day. `entrants` and `visitors`: guests by the doors, and visits of theirs by receivers."""

    store: str
    entrants: int
    visitors: int
    visits: Sequence[GuestVisit]
    """Those that began on the day."""
    sales: Sequence[Sale]
    """And returns, made on the day."""


class _Kind(NamedTuple):
    """Of a kind of value: which an act has, and which an owner is."""

    of_act: Callable[[Act], Sequence[str]]
    of_owner: Callable[[OwnedBy], str]


_KINDS: Final[Mapping[str, _Kind]] = {
    "store": _Kind(lambda act: (act.store,), lambda owner: owner.store),
    "staff": _Kind(lambda act: (act.staff_id,), lambda owner: owner.staff_id),
    "department": _Kind(lambda act: (act.department,), lambda owner: owner.department),
    "squad": _Kind(lambda act: (act.squad,), lambda owner: owner.squad),
    "campaign": _Kind(lambda act: act.campaigns, lambda owner: NOBODY),
    "channel": _Kind(lambda act: (act.channel,), lambda owner: NOBODY),
    "zone": _Kind(lambda act: (act.zone,), lambda owner: NOBODY),
}
KINDS: Final = tuple(_KINDS)
"""The values of the tag `by`."""
COUNTS: Final = ("entrants", "visitors", "identified", "known", "touched", "buyers", "buyers_known", "buyers_touched", "orders",
                 "orders_known")  # fmt: skip
MONEY: Final = ("sold", "given_back", "sold_known", "given_back_known")
SHARED: Final = ("revenue", "orders", "visits", "buyers")
"""What each rule shares out."""
SHARES: Final = tuple(f"{what}_{rule}" for rule in RULES for what in SHARED)
FIELDS: Final = (*COUNTS, *MONEY, *SHARES)
"""Counts are whole; of all others the unit is a hundredth."""


_NO_ACT: Final = DayKey("", NOBODY)
"""What nobody contributed to has one key until all is there: it stands under NOBODY of every kind."""
_AT: Final = {field: place for place, field in enumerate(FIELDS)}
_WEIGHED: Final = {what: [_AT[f"{what}_{rule}"] for rule in WEIGHING] for what in SHARED}
_OWNED: Final = {what: _AT[f"{what}_{OWNER}"] for what in SHARED}


class DayRows:
    """Sums by key and field. A row whose sums are all 0 is none. What goes to one whole is kept as such until all is there."""

    def __init__(self) -> None:
        self._sums: dict[DayKey, list[int]] = {}
        self._given: dict[DayKey, dict[str, int]] = {}
        self._owned: dict[OwnedBy, dict[str, int]] = {}

    def of(self, key: DayKey) -> list[int]:
        """Return the sums of a key, in the order of FIELDS, to be added to."""
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = [0] * len(FIELDS)
        return found

    def add(self, key: DayKey, field: str, amount: int) -> None:
        if amount:
            self.of(key)[_AT[field]] += amount

    def give(self, key: DayKey, whole: Mapping[str, int]) -> None:
        """Give all to the only value that there is, as every rule that weighs touches does: most visits and sales have one of a kind."""
        _add_to(self._given.setdefault(key, {}), whole)

    def own(self, owner: OwnedBy, whole: Mapping[str, int]) -> None:
        """Give all to whose the fan is, under the rule of owners."""
        _add_to(self._owned.setdefault(owner, {}), whole)

    def rows(self) -> dict[DayKey, tuple[int, ...]]:
        """Return the sums of each key, in the order of FIELDS."""
        self._settle()
        return {key: tuple(row) for key, row in sorted(self._sums.items()) if any(row)}

    def _settle(self) -> None:
        of_nobody = self._given.pop(_NO_ACT, {})
        for by in KINDS:
            _add_to(self._given.setdefault(DayKey(by, NOBODY), {}), of_nobody)
        for key, given in self._given.items():
            for what, amount in given.items():
                for place in _WEIGHED[what] if amount else ():
                    self.of(key)[place] += amount
        for owner, owned in self._owned.items():
            for by, kind in _KINDS.items():
                for what, amount in owned.items():
                    self.of(DayKey(by, kind.of_owner(owner)))[_OWNED[what]] += amount
        self._given, self._owned = {}, {}


def _add_to(sums: dict[str, int], amounts: Mapping[str, int]) -> None:
    for what, amount in amounts.items():
        sums[what] = sums.get(what, 0) + amount


def rows_of(day: StoreDay, settings: ContributionSettings) -> dict[DayKey, tuple[int, ...]]:
    """Return the rows of a store's day by key, each in the order of FIELDS."""
    found, of_store = DayRows(), DayKey("store", day.store)
    found.add(of_store, "entrants", day.entrants)
    found.add(of_store, "visitors", day.visitors)
    for visit in day.visits:
        _count_visit(found, visit, day.store)
        bought = any(act.what == SALE for act in visit.acts)
        whole = {"visits": HUNDREDTHS, "buyers": HUNDREDTHS * bought}
        _share(found, whole, visit.acts, visit.acts[-1].time_ns if visit.acts else 0, visit.owner, settings)
    _share(found, {"visits": (day.visitors - len(day.visits)) * HUNDREDTHS}, (), 0, OwnedBy(), settings)
    for sale in day.sales:
        _count_sale(found, sale, day.store)
        is_return = sale.act.what == RETURN
        whole = {"revenue": -sale.act.cents} if is_return else {"revenue": sale.act.cents, "orders": HUNDREDTHS}
        _share(found, whole, sale.before, sale.sold_ns or sale.act.time_ns, sale.owner, settings)
    return found.rows()


def _count_visit(found: DayRows, visit: GuestVisit, store: str) -> None:
    """Count a visit once under each value that it met, and under NOBODY of a kind of which it met none."""
    engaged = [act for act in visit.acts if act.what not in TILL]
    bought = any(act.what == SALE for act in visit.acts)
    for by in KINDS:
        met = {store} if by == "store" else visit.zones if by == "zone" else _values(by, visit.acts)
        touching = _values(by, engaged)
        for value in (met | touching) or {NOBODY}:
            touched, sums = value in touching or (by == "store" and bool(engaged)), found.of(DayKey(by, value))
            for place in _VISIT_COUNTS[visit.known, touched, bought]:
                sums[place] += 1


def _visit_counts(known: bool, touched: bool, bought: bool) -> list[int]:
    """Return where a visit counts."""
    counts = {"identified": True, "known": known, "touched": touched}
    counts |= {"buyers": bought, "buyers_known": bought and known, "buyers_touched": bought and touched}
    return [_AT[field] for field, holds in counts.items() if holds]


_VISIT_COUNTS: Final = {which: _visit_counts(*which) for which in product((False, True), repeat=3)}


def _values(by: str, acts: Sequence[Act]) -> Set[str]:
    return {value for act in acts for value in _KINDS[by].of_act(act) if value} if acts else _NONE


_NONE: Final[Set[str]] = frozenset()


def _count_sale(found: DayRows, sale: Sale, store: str) -> None:
    """Count a sale or a return under the values that it has itself; of several campaigns under the first."""
    act, is_return = sale.act, sale.act.what == RETURN
    money = ("given_back", "given_back_known") if is_return else ("sold", "sold_known")
    counted = [(money[0], act.cents), (money[1], act.cents * sale.known)]
    counted += [] if is_return else [("orders", 1), ("orders_known", int(sale.known))]
    for by, kind in _KINDS.items():
        key = DayKey(by, store if by == "store" else next(iter(kind.of_act(act)), NOBODY))
        for field, amount in counted:
            found.add(key, field, amount)


def _share(
    found: DayRows, whole: Mapping[str, int], acts: Sequence[Act], at_ns: int, owner: OwnedBy, settings: ContributionSettings
) -> None:
    """Share out what a visit or a sale comes to, under every rule and by every kind."""
    found.own(owner, whole)
    if not acts:
        found.give(_NO_ACT, whole)
        return
    ages_ns = [max(at_ns - act.time_ns, 0) for act in acts]
    for by, kind in _KINDS.items():
        acting = _acting(kind, acts, ages_ns)
        met = {value for each in acting for value in each.values}
        if len(met) < 2:
            found.give(DayKey(by, next(iter(met), NOBODY)), whole)
        else:
            _share_by_weight(found, by, whole, acting, settings)


class _Acting(NamedTuple):
    """What a touch contributes to, and how long before the sale, ns."""

    values: Sequence[str]
    age_ns: int


def _acting(kind: _Kind, acts: Sequence[Act], ages_ns: Sequence[int]) -> list[_Acting]:
    every = ((kind.of_act(act), age_ns) for act, age_ns in zip(acts, ages_ns, strict=True))
    return [_Acting([value for value in values if value], age_ns) for values, age_ns in every if any(values)]


def _share_by_weight(found: DayRows, by: str, whole: Mapping[str, int], acting: Sequence[_Acting], settings: ContributionSettings) -> None:
    """Share out among several values; several of one touch weigh alike."""
    ages_ns = [each.age_ns for each in acting]
    for rule, weigh in WEIGHING.items():
        weights: dict[str, int] = {}
        for each, weight in zip(acting, weigh(ages_ns, settings), strict=True):
            for value in each.values:
                weights[value] = weights.get(value, 0) + weight * _PARTS // len(each.values)
        for what, amount in whole.items():
            for value, part in shared_out(amount, weights).items():
                found.add(DayKey(by, value), f"{what}_{rule}", part)


_PARTS: Final = 720_720
"""Divisible by every number up to 16: so many campaigns of one touch weigh exactly alike."""
