"""What each remedy would bring, from what it brings where it is applied already. Pure.

A store is compared with those that do it: of the rows that a remedy is about, the share that is known there less the share that is known
here, times the rows here. Of the remedies of orders each is about the rows that the other left: where nobody asks at the till, payments
are also those of guests whom a till elsewhere had named. So stores are compared that do, or leave undone, the other one alike, where there
are any. What is decided at a desk is tried (`gateway.fans.anonymity_decided`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from typing import Any, Final, NamedTuple

from footfall.wording import counted
from gateway.fans.anonymity_rows import Among, Counted, Remedy, Rows
from gateway.query.measures import SMALL_BASE

LEAST_DONE: Final = 10
"""Fewer times than that is no practice of a store."""
NONE: Final[Mapping[Any, Any]] = {}
SIGMAS: Final = 1.96
AS_OFTEN: Final = 0.5
"""A store does something if it does it at least half as often as the one that does it most."""


class Gain(NamedTuple):
    """What a remedy would bring in a store, or everywhere ("")."""

    remedy: Remedy
    among: Among
    store: str
    concerned: int
    """Anonymous rows that it is about."""
    named: float
    """So many of them would name somebody."""
    give_or_take: float
    """At 95 %: by so many that may be off, since rows there and here are few."""
    basis: str
    """What that is estimated by."""


@dataclass(slots=True)
class Tally:
    """The rows of one store that a remedy is about."""

    rows: int = 0
    known: int = 0
    done: int = 0
    of: int = 0
    """Occasions to do it; the rows, unless other touches are."""
    fans: Counter[str] = field(default_factory=Counter)
    """Rows that are known, by their fan."""

    def add(self, row: Counted, count: int) -> None:
        """Take rows that are alike."""
        self.rows += count
        self.known += count * (row.why is None)
        if row.fan:
            self.fans[row.fan] += count

    @property
    def rate(self) -> float:
        """Return how often it is done."""
        return self.done / self.of if self.of else 0.0

    def take(self, other: Tally) -> None:
        """Add the rows of another store."""
        self.rows, self.known = self.rows + other.rows, self.known + other.known
        self.done, self.of = self.done + other.done, self.of + other.of
        self.fans.update(other.fans)

    @property
    def share(self) -> float:
        """Return the share that is known."""
        return self.known / self.rows

    @property
    def variance(self) -> float:
        """Return the variance of whether a row is known, so much a row.

        Rows of one person are known together, or none of them, so that they tell as much as one. Whoever nobody knows is taken to have as
        many as fans have.
        """
        together = sum(count * count for count in self.fans.values()) / self.fans.total() if self.fans else 1.0
        return self.share * (1 - self.share) * together


_ELSEWHERE: Final[Mapping[Remedy, Among]] = {
    Remedy.ASK: Among.ORDERS,
    Remedy.LINK: Among.ORDERS,
    Remedy.REGISTER: Among.VISITS,
    Remedy.LEND: Among.VISITS,
}
"""Remedies whose effect is seen in stores that apply them."""
_LEFT_BY: Final[Mapping[Remedy, Remedy]] = {Remedy.ASK: Remedy.LINK, Remedy.LINK: Remedy.ASK}
"""A remedy is about rows that this other one did not name."""
_DECIDED: Final = (Remedy.RESOLVE, Remedy.DECIDE)


def gains(rows: Rows, registrations: Mapping[str, Tally] = NONE, decided: Mapping[tuple[Remedy, Among], int] = NONE) -> list[Gain]:
    """Return what remedies would bring, the greatest first.

    `registrations`: by store, how many of them name what can be heard. `decided`: how many rows a decision at the desk would name.
    """
    by_remedy = _tallies(rows)
    for store, tally in registrations.items():
        if store in (mine := by_remedy[Remedy.REGISTER]):
            mine[store].done, mine[store].of = tally.done, tally.of
    found = [
        gain
        for remedy, among in _ELSEWHERE.items()
        for gain in _as_others_do(remedy, among, by_remedy[remedy], by_remedy.get(_LEFT_BY.get(remedy, remedy), NONE))
    ]
    found += [gain for remedy in _DECIDED for gain in _decided(remedy, rows, decided)]
    found += _cleaned(rows)
    return sorted((gain for gain in found if gain.named > 0), key=lambda gain: (-gain.named, gain.remedy, gain.store))


def undone(counted: Rows) -> list[Gain]:
    """Return the remedies that no store applies, with what they would bring if everybody became known."""
    found = []
    for remedy, tallies in _tallies(counted).items():
        rows = sum(tally.rows - tally.known for tally in tallies.values())
        if remedy in _ELSEWHERE and rows and not _doing(tallies):
            found.append(
                Gain(remedy, _ELSEWHERE[remedy], "", rows, float(rows), 0.0, "no store does, so nothing shows what it would bring")
            )
    return found


def _tallies(counted: Rows) -> dict[Remedy, dict[str, Tally]]:
    found: dict[Remedy, dict[str, Tally]] = {remedy: defaultdict(Tally) for remedy in Remedy}
    for row, count in counted.items():
        for remedy in row.about:
            tally = found[remedy][row.store]
            tally.add(row, count)
            tally.of += count
            tally.done += count * (remedy in row.done)
    return found


def _doing(tallies: Mapping[str, Tally]) -> list[str]:
    """Return the stores that apply a remedy."""
    least = _least(tallies)
    return [store for store, tally in tallies.items() if _shows_it(tally) and tally.rate >= least]


def _least(tallies: Mapping[str, Tally]) -> float:
    """Return how often a store does something that does it."""
    return AS_OFTEN * max((tally.rate for tally in tallies.values() if _shows_it(tally)), default=0.0)


def _shows_it(tally: Tally) -> bool:
    return tally.rows >= SMALL_BASE and tally.done >= LEAST_DONE


def _as_others_do(remedy: Remedy, among: Among, tallies: Mapping[str, Tally], left_by: Mapping[str, Tally]) -> Iterator[Gain]:
    """Yield what a remedy would bring where it is not applied; `left_by`: the rows of the remedy that leaves its rows to this one."""
    doing, least, least_other = _doing(tallies), _least(tallies), _least(left_by)

    @cache
    def together(stores: tuple[str, ...]) -> _There:
        return _There([tallies[each] for each in stores])

    def does_other(store: str) -> bool:
        return store in left_by and left_by[store].rate >= least_other

    for store, here in tallies.items():
        if not doing or here.rate >= least or here.rows < SMALL_BASE:
            continue
        alike = [each for each in doing if does_other(each) == does_other(store)] or doing
        there = together(tuple(alike))
        named, off_by = here.rows * there.all.share - here.known, there.off_by(here.rows)
        yield Gain(remedy, among, store, here.rows - here.known, named, off_by, _basis(len(alike), there.all))


def _basis(stores: int, there: Tally) -> str:
    which = counted(stores, "store that does", "stores that do")
    return f"in {which} it {there.share:.1%} of {there.rows:,} are known"


class _There:
    """Stores that do it, together."""

    def __init__(self, stores: Sequence[Tally]) -> None:
        self.all: Final = Tally()
        for each in stores:
            self.all.take(each)
        self._squares: Final = sum(each.rows**2 for each in stores)
        self._variance_of_stores: Final = self._between(stores)

    def _between(self, stores: Sequence[Tally]) -> float:
        """Return the variance of the shares of stores beyond what chance makes of their rows (DerSimonian and Laird's estimate)."""
        everything = self.all
        seen = sum(each.rows * (each.share - everything.share) ** 2 for each in stores)
        by_chance = (len(stores) - 1) * everything.variance
        return max(0.0, seen - by_chance) / (everything.rows - self._squares / everything.rows) if len(stores) > 1 else 0.0

    def off_by(self, here: int) -> float:
        """Return by how many of the rows of one more store the share that was seen there may be off, at 95 %."""
        there = self.all.rows
        rows = self.all.variance * (here + here * here / there)
        return SIGMAS * sqrt(rows + self._variance_of_stores * here * here * (1 + self._squares / there**2))


def _decided(remedy: Remedy, rows: Rows, decided: Mapping[tuple[Remedy, Among], int]) -> list[Gain]:
    counts = Counter[Among]()
    for row, count in rows.items():
        counts[row.among] += count * (remedy in row.about)
    named = {among: float(decided.get((remedy, among), 0)) for among in Among}
    return [
        Gain(remedy, among, "", count, named[among], 0.0, f"of {count:,} that wait, tried with links of the desk")
        for among, count in counts.items()
    ]


def _cleaned(rows: Rows) -> list[Gain]:
    """Return what junk would have named: as many as numbers and addresses do, where nothing else names their orders."""
    junk = sum(count for row, count in rows.items() if Remedy.CLEAN in row.about)
    real = Tally()
    for row, count in rows.items():
        if Remedy.CLEAN in row.done:
            real.add(row, count)
    if real.rows < SMALL_BASE:
        return []
    basis = f"of {real.rows:,} with a number or address that is one {real.share:.1%} are known"
    return [Gain(Remedy.CLEAN, Among.ORDERS, "", junk, junk * real.share, _There([real]).off_by(junk), basis)]
