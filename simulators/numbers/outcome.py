"""The outcome of store days, reckoned from the truth: plain Python, a touch at a time, with fractions where the gateway has whole numbers.

What a day has is of the moment at which it begins, as its row is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Final, NamedTuple

from simulators.chain.chain import DAY_START, MS_PER_MINUTE, ChainStore
from simulators.chain.truth import Owned, Touch, Truth, Visit
from simulators.numbers.clock import begin_ms, day_of, wall

RULES: Final = ("first", "last", "equal", "decayed", "position", "owner")
_WHAT: Final = ("contribution", "contributed_orders", "served", "served_buyers", "unbought")
SHARED: Final = tuple(f"{what}_{rule}" for what in _WHAT for rule in RULES)
"""Measures in hundredths."""
CONVERSIONS: Final[Mapping[str, tuple[str, str]]] = {
    "conversion_visitors": ("orders", "visitors"), "conversion_identified": ("buyers", "identified"),
    "conversion_known": ("buyers_known", "known"), "conversion_touched": ("buyers_touched", "touched"),
    **{f"conversion_served_{rule}": (f"served_buyers_{rule}", f"served_{rule}") for rule in RULES},
}  # fmt: skip
_OF_MANY: Final = ("identified", "known", "touched", "buyers", "buyers_known", "buyers_touched")
KINDS: Final = ("staff", "department", "squad", "campaign", "channel", "zone")
"""Kinds of values that the chain has, besides the store itself, which is ""."""
_TIMEOUT_MS: Final = 30 * MS_PER_MINUTE
_DAY_MS: Final = 24 * 60 * MS_PER_MINUTE
_STAY_MS: Final = 10_000
_OWED_MINUTES: Final = 15
_BREAK_MS: Final = 10 * MS_PER_MINUTE
_BACK: Final = ("return", "handback")
_TILL: Final = ("transaction", "payment", "pickup", *_BACK)


def of_many_values(measure: str) -> bool:
    """Return whether a measure counts a visit under each value that it met, so that values have no total."""
    return bool({measure, *CONVERSIONS.get(measure, ())} & set(_OF_MANY))


class Counted(NamedTuple):
    """What a store's day has under a value."""

    store: str
    day_ms: int
    value: str
    counts: Mapping[str, int]


def counted(stores: Mapping[str, ChainStore], truth: Truth, starts: Iterable[date]) -> Mapping[str, list[Counted]]:
    """Return by kind of value, "" for the store itself, all that its days have.

    On each of `starts` a gateway of its own began: what was before it, it does not know.
    """
    told = _Told(stores, truth, starts)
    return {kind: list(told.of(kind)) for kind in ("", *KINDS)}


class _Told:
    def __init__(self, stores: Mapping[str, ChainStore], truth: Truth, starts: Iterable[date]) -> None:
        self._stores: Final = stores
        self._truth: Final = truth
        self._sale_of: Final = {each.ref: each for each in truth.touches if each.ref and each.what == "transaction" and not each.is_void}
        self._starts: Final = sorted(starts)
        self._touches: Final = [touch for touch in truth.touches if not touch.is_void]
        self._of_fan: Final[defaultdict[tuple[str, str], list[Touch]]] = defaultdict(list)
        for touch in sorted(self._touches, key=lambda each: each.time_ms):
            if touch.fan:  # before its link begins a card is nobody's, also that of a fan who never shows it again
                self._of_fan[touch.store, touch.fan].append(touch)
        self._owners: Final[defaultdict[str, list[Owned]]] = defaultdict(list)
        for owned in truth.owners:
            self._owners[owned.fan].append(owned)
        self._visits: Final = [visit for visit in truth.visits if not visit.is_staff]
        self._stays: Final[defaultdict[tuple[str, str], list[tuple[int, int, str]]]] = defaultdict(list)
        for dwell in truth.dwells:
            if dwell.fan and not dwell.is_staff and dwell.to_ms - dwell.from_ms >= _STAY_MS:
                self._stays[dwell.store, dwell.fan].append((dwell.from_ms, dwell.to_ms, dwell.zone))

    def of(self, kind: str) -> Iterator[Counted]:
        yield from self._entered() if not kind else ()
        for visit in self._visits:
            yield from self._of_visit(kind, visit)
        for touch in self._touches:
            if touch.what in ("transaction", "return"):
                yield from self._of_sale(kind, touch)

    def _entered(self) -> Iterator[Counted]:
        """Who came in by the doors, less the staff whom the doors owed: as docs/analysing.md has it of staff among those who came in."""
        came: defaultdict[tuple[str, int], Counter[int]] = defaultdict(Counter)
        for passing in self._truth.passings:
            if passing.counted and passing.entered:
                came[passing.store, self._day_ms(passing.store, passing.time_ms)][passing.time_ms // MS_PER_MINUTE] += passing.entered
        badges = self._badges()
        for (store, day_ms), minutes in came.items():
            yield Counted(store, day_ms, "", {"entrants": sum(minutes.values()) - _owed_and_counted(minutes, badges[store])})

    def _badges(self) -> Mapping[str, Counter[int]]:
        """Return by store the minutes in which staff came in, also after a break in a visit."""
        found: defaultdict[str, Counter[int]] = defaultdict(Counter)
        last_ms: dict[tuple[str, int], int] = {}
        for dwell in sorted(self._truth.dwells, key=lambda each: each.from_ms):
            key = dwell.store, dwell.subject
            if dwell.is_staff and dwell.from_ms - last_ms.get(key, -_DAY_MS) > _BREAK_MS:
                found[dwell.store][dwell.from_ms // MS_PER_MINUTE] += 1
            if dwell.is_staff:
                last_ms[key] = dwell.to_ms
        return found

    def _day_ms(self, store: str, time_ms: int) -> int:
        zone = self._stores[store].zone
        return begin_ms(day_of(wall(time_ms, zone), DAY_START), DAY_START, zone)

    def _of_visit(self, kind: str, visit: Visit) -> Iterator[Counted]:
        day_ms, store = self._day_ms(visit.store, visit.from_ms), visit.store
        mine = [
            touch for touch in self._of_fan[store, visit.fan] if visit.from_ms <= touch.time_ms <= visit.to_ms + _TIMEOUT_MS
        ] if visit.fan else []  # fmt: skip
        bought = any(touch.what == "transaction" for touch in mine)
        if not kind:
            yield Counted(store, day_ms, "", {"visitors": 1})
        if visit.fan:
            engaged = [touch for touch in mine if touch.what not in _TILL]
            touching = {""} if not kind and engaged else {value for touch in engaged for value in _values(kind, touch)}
            met = {value for touch in mine for value in _values(kind, touch)} if kind != "zone" else self._zones(visit)
            for value in (met | touching) or {""}:
                touched = value in touching
                counts = {"identified": 1, "known": 1, "touched": touched, "buyers": bought, "buyers_known": bought,
                          "buyers_touched": bought and touched}  # fmt: skip
                yield Counted(store, day_ms, value, {name: int(n) for name, n in counts.items()})
        owner = self._owner(store, visit.fan, visit.from_ms)
        for rule in RULES:
            for value, part in _shared(100, kind, mine, mine[-1].time_ms if mine else 0, rule, owner).items():
                yield Counted(store, day_ms, value, {f"served_{rule}": part, f"unbought_{rule}": part * (not bought),
                                                     f"served_buyers_{rule}": part * bought})  # fmt: skip

    def _zones(self, visit: Visit) -> set[str]:
        stays = self._stays[visit.store, visit.fan]
        return {zone for from_ms, to_ms, zone in stays if from_ms <= visit.to_ms and to_ms >= visit.from_ms}

    def _of_sale(self, kind: str, sale: Touch) -> Iterator[Counted]:
        day_ms, cents, is_sale = self._day_ms(sale.store, sale.time_ms), round(sale.amount * 100), sale.what == "transaction"
        counts = {"sold": cents} if is_sale else {"given_back": cents}
        counts |= {"revenue": cents if is_sale else -cents, "orders": is_sale, "orders_known": is_sale and bool(sale.fan)}
        yield Counted(sale.store, day_ms, next(iter(_values(kind, sale)), ""), {name: int(n) for name, n in counts.items()})
        sold = sale if is_sale else self._sale_of.get(sale.ref) if sale.ref else None
        led = self._led(sold, self._day_ms(sold.store, sold.time_ms)) if sold else []
        sold_ms, owner = (sold.time_ms, self._owner(sold.store, sold.fan, sold.time_ms)) if sold else (sale.time_ms, None)
        for rule in RULES:
            for value, part in _shared(counts["revenue"], kind, led, sold_ms, rule, owner).items():
                yield Counted(sale.store, day_ms, value, {f"contribution_{rule}": part})
            for value, part in _shared(100 * is_sale, kind, led, sale.time_ms, rule, owner).items():
                yield Counted(sale.store, day_ms, value, {f"contributed_orders_{rule}": part})

    def _owner(self, store: str, fan: str, time_ms: int) -> Owned | None:
        """Return who cares for a fan at a time, by what the gateway of then was told, from the midnight before it began on."""
        if not fan:
            return None
        begin = self._begin_ms(store, time_ms) - _DAY_MS
        return max((each for each in self._owners[fan] if begin <= each.from_ms <= time_ms), key=lambda each: each.from_ms, default=None)

    def _begin_ms(self, store: str, time_ms: int) -> int:
        """Return when the gateway began that took what happened at a time."""
        zone = self._stores[store].zone
        begins_ms = [begin_ms(start, DAY_START, zone) for start in self._starts]
        return max((each for each in begins_ms if each <= time_ms), default=0)

    def _led(self, sale: Touch, day_ms: int) -> list[Touch]:
        """What led to a sale, itself the last."""
        if not sale.fan:
            return [sale]
        since_ms = max(sale.time_ms - 30 * _DAY_MS, self._begin_ms(sale.store, sale.time_ms))
        before = [
            touch for touch in self._of_fan[sale.store, sale.fan]
            if since_ms <= touch.time_ms <= sale.time_ms and touch.what not in _BACK and touch != sale
        ]  # fmt: skip
        used_up_ms = max((touch.time_ms for touch in before if touch.what == "transaction" and touch.time_ms < day_ms), default=-1)
        return [*(touch for touch in before if touch.time_ms > used_up_ms), sale]


def _owed_and_counted(came: Mapping[int, int], badges: Mapping[int, int]) -> int:
    """Return how many of those who came in on a day were staff: of each entry from the minute before until so long after the latest."""
    first, last = min(came), max(came)
    owed = until = found = 0
    for minute in range(first - 1, last + 1):
        owed = owed if minute <= until else 0
        new = badges.get(minute + 1, 0) + (badges.get(minute, 0) if minute == first - 1 else 0)
        if new:
            owed, until = owed + new, minute + 1 + _OWED_MINUTES
        staff = min(owed, came.get(minute, 0))
        owed, found = owed - staff, found + staff
    return found


def _values(kind: str, touch: Touch) -> Sequence[str]:
    """Return what a touch has of a kind: of campaigns it may have several, of all else one, or none."""
    if kind == "campaign" and touch.campaigns:
        return touch.campaigns
    of_kind = {"staff": touch.staff_id, "department": touch.department, "squad": touch.squad, "campaign": touch.campaign,
               "channel": touch.channel, "zone": touch.zone}  # fmt: skip
    value = of_kind.get(kind, "")
    return (value,) if value else ()


def _shared(whole: int, kind: str, touches: Sequence[Touch], at_ms: int, rule: str, owner: Owned | None) -> Mapping[str, int]:
    """Share out whole hundredths: exact shares, rounded down, and what is left to those who lost most. Several of one touch are alike."""
    if not kind:
        return {"": whole}
    if rule == "owner":
        of_kind = {"staff": owner.staff_id, "department": owner.department, "squad": owner.squad} if owner else {}
        return {of_kind.get(kind, ""): whole}
    acting = [touch for touch in touches if _values(kind, touch)]
    weights: Counter[str] = Counter()
    for touch, weight in zip(acting, _weights([at_ms - each.time_ms for each in acting], rule), strict=True):
        for value in (values := _values(kind, touch)):
            weights[value] += weight / len(values)  # type: ignore[assignment] # fractions
    weights = weights if sum(weights.values()) else Counter({"": 1})
    exact = {value: abs(whole) * Fraction(weight) / sum(weights.values()) for value, weight in weights.items()}
    parts = {value: int(share) for value, share in exact.items()}
    for value in sorted(exact, key=lambda each: (parts[each] - exact[each], each))[: abs(whole) - sum(parts.values())]:
        parts[value] += 1
    return {value: part if whole > 0 else -part for value, part in parts.items()}


def _weights(ages_ms: Sequence[int], rule: str) -> Iterable[Fraction]:
    last = len(ages_ms) - 1
    for n, age_ms in enumerate(ages_ms):
        if rule == "first":
            yield Fraction(age_ms == ages_ms[0])
        elif rule == "last":
            yield Fraction(age_ms == ages_ms[-1])
        elif rule == "decayed":
            yield Fraction(0.5 ** (age_ms / (7 * _DAY_MS)))
        elif rule == "position" and last > 1:
            yield Fraction(40 if n in (0, last) else Fraction(20, last - 1))
        else:
            yield Fraction(1)
