"""The outcome of a store's day: who came, who was known and touched, who bought, and who contributed to it. Pure.

    rows_of(day, settings) -> {DayKey("staff", "anna"): Outcome(...)}

Counts and money are sums, so that days and stores add up. Under each rule the shares of all values of a kind add up to the day's whole:
revenue to the cent, visits and sales to the hundredth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


class DayRows:
    """Sums by key and field. A row whose sums are all 0 is none."""

    def __init__(self) -> None:
        self._sums: dict[DayKey, dict[str, int]] = {}

    def add(self, key: DayKey, field: str, amount: int) -> None:
        if amount:
            sums = self._sums.setdefault(key, {})
            sums[field] = sums.get(field, 0) + amount

    def rows(self) -> dict[DayKey, tuple[int, ...]]:
        """Return the sums of each key, in the order of FIELDS."""
        every = ((key, tuple(sums.get(field, 0) for field in FIELDS)) for key, sums in sorted(self._sums.items()))
        return {key: row for key, row in every if any(row)}


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
            key, touched = DayKey(by, value), value in touching or (by == "store" and bool(engaged))
            found.add(key, "identified", 1)
            found.add(key, "known", int(visit.known))
            found.add(key, "touched", int(touched))
            found.add(key, "buyers", int(bought))
            found.add(key, "buyers_known", int(bought and visit.known))
            found.add(key, "buyers_touched", int(bought and touched))


def _values(by: str, acts: Sequence[Act]) -> frozenset[str]:
    return frozenset(value for act in acts for value in _KINDS[by].of_act(act) if value)


def _count_sale(found: DayRows, sale: Sale, store: str) -> None:
    """Count a sale or a return under the values that it has itself; of several campaigns under the first."""
    act, is_return = sale.act, sale.act.what == RETURN
    for by, kind in _KINDS.items():
        key = DayKey(by, store if by == "store" else next(iter(kind.of_act(act)), NOBODY))
        found.add(key, "given_back" if is_return else "sold", act.cents)
        found.add(key, "given_back_known" if is_return else "sold_known", act.cents * sale.known)
        if not is_return:
            found.add(key, "orders", 1)
            found.add(key, "orders_known", int(sale.known))


def _share(
    found: DayRows, whole: Mapping[str, int], acts: Sequence[Act], at_ns: int, owner: OwnedBy, settings: ContributionSettings
) -> None:
    """Share out what a visit or a sale comes to, under every rule and by every kind."""
    ages_ns = [max(at_ns - act.time_ns, 0) for act in acts]
    for by, kind in _KINDS.items():
        acting = _acting(kind, acts, ages_ns)
        met = {value for each in acting for value in each.values}
        if len(met) < 2:
            _share_whole(found, DayKey(by, next(iter(met), NOBODY)), whole)
        else:
            _share_by_weight(found, by, whole, acting, settings)
        for what, amount in whole.items():
            found.add(DayKey(by, kind.of_owner(owner)), f"{what}_{OWNER}", amount)


class _Acting(NamedTuple):
    """What a touch contributes to, and how long before the sale, ns."""

    values: Sequence[str]
    age_ns: int


def _acting(kind: _Kind, acts: Sequence[Act], ages_ns: Sequence[int]) -> list[_Acting]:
    every = (_Acting([value for value in kind.of_act(act) if value], age_ns) for act, age_ns in zip(acts, ages_ns, strict=True))
    return [each for each in every if each.values]


def _share_whole(found: DayRows, key: DayKey, whole: Mapping[str, int]) -> None:
    """Give all to the only value there is: every rule does. Most visits and sales have one value of a kind, or none."""
    for what, amount in whole.items():
        for rule in WEIGHING:
            found.add(key, f"{what}_{rule}", amount)


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
