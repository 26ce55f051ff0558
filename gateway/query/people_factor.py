"""How many people stand behind the addresses of phones: a factor learned on days that were counted, and an interval. Pure.

Phones of people who gave no key change their address every quarter of an hour, and half of them are silent in pockets. So a visit of a day
subject is no person. What is steady is its proportion to people: `arrivals`, the visits that began less those that only a change of address
began. In so many minutes of presence so many addresses change, whoever the phones belong to and however long they stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, median, stdev
from typing import Any, Final, NamedTuple

ROTATION_MINUTES: Final = 15
"""After so long a phone has another address (Bluetooth Core 5.4, vol 3, part C, appendix A, TGAP(private_addr_int))."""
LEAST_DAYS: Final = 5
"""A factor needs so many days."""
LEAST_STORES: Final = 3
"""A factor of comparable stores needs so many that have one."""
LEAST_ARRIVALS: Final = 10
"""A day with fewer is no day to learn from."""
MOST_ODD: Final = 2.0
"""A day whose ratio is so many times that of the median day, or its inverse, was not counted rightly."""
WIDEST: Final = 0.5
"""A wider interval is not published: half its width as a share of the estimate."""
_T_95: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110,
                2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)  # fmt: skip
"""The 0.975 quantile of Student's t by degrees of freedom, from 1 on."""


def arrivals(started: Any, open_minutes: Any) -> Any:
    """Return how many phones came, of one day or of columns.

    These are the visits of day subjects that began, less the changes of address in their minutes of presence. A visit of s seconds is open
    in s / 60 + 1 minutes on average, so `open_minutes` less `started` are its minutes. A phone that lies in the store all day arrives once.
    """
    return started - (open_minutes - started) / ROTATION_MINUTES


class CountedDay(NamedTuple):
    """A day, or several, of one store: phones that arrived and people that the doors counted."""

    arrivals: float
    people: int

    @property
    def teaches(self) -> bool:
        """Return whether there is anything to learn from: enough phones, and doors that counted."""
        return self.arrivals >= LEAST_ARRIVALS and self.people > 0


@dataclass(frozen=True, slots=True)
class Factor:
    """People for each phone that arrives. All spreads are shares.

    `spread`: of the people of one day of `usual` arrivals about the factor. `own_error`: of the factor itself; `freedom`: their degrees of
    freedom. `drift`: the factor's change between the first and the second half of the days. `odd`: days that were left out.
    """

    value: float
    usual: float
    spread: float
    own_error: float
    freedom: int
    drift: float = 0.0
    odd: int = 0

    def noise(self, found: float) -> float:
        """Return the spread on a day with so many arrivals: of fewer it is as that of a count, of more no less."""
        return self.spread * sqrt(max(1.0, self.usual / found))


class Estimated(NamedTuple):
    """People of some days, and half of the width of their interval."""

    people: float
    half_width: float

    @property
    def is_wide(self) -> bool:
        """Return whether the interval means too little to be published."""
        return self.half_width > WIDEST * self.people


def factor_of_days(days: Sequence[CountedDay]) -> Factor | None:
    """Return the factor of a store by days in the order of time; None of fewer than LEAST_DAYS that can be learned from."""
    usable = [day for day in days if day.teaches]
    kept = _without_odd(usable)
    if len(kept) < LEAST_DAYS:
        return None
    value, usual = _ratio(kept), fmean(day.arrivals for day in kept)
    variance = max(_squares(kept, usual) / (len(kept) - 1), _least_variance(value, usual))
    own_error = sqrt(variance / len(kept))
    return Factor(value, usual, sqrt(variance), own_error, len(kept) - 1, _drift(kept, usual), len(usable) - len(kept))


def factor_of_stores(factors: Sequence[Factor]) -> Factor | None:
    """Return the factor of a store that has no counter, by those of comparable stores; None of fewer than LEAST_STORES."""
    if len(factors) < LEAST_STORES:
        return None
    logs = [log(each.value) for each in factors]
    between, within = stdev(logs), fmean(each.spread**2 for each in factors)
    own_error = between * sqrt(1 + 1 / len(factors))
    drift = fmean(each.drift for each in factors)
    return Factor(exp(fmean(logs)), fmean(each.usual for each in factors), sqrt(within), own_error, len(factors) - 1, drift)


def estimated(days: Sequence[tuple[float, Factor]]) -> Estimated:
    """Return the people of days of one store, each with its arrivals and factor, at 95 %.

    The noise of days is independent of each other. The errors of their factors are not: these are learned from much the same days.
    """
    people = [found * factor.value for found, factor in days]
    noise = sum((one * factor.noise(found)) ** 2 for one, (found, factor) in zip(people, days, strict=True))
    common = sum(one * factor.own_error for one, (_, factor) in zip(people, days, strict=True))
    drift = sum(one * abs(factor.drift) for one, (_, factor) in zip(people, days, strict=True))
    return Estimated(sum(people), student_t(min(factor.freedom for _, factor in days)) * sqrt(noise + common**2) + drift)


def together(stores: Sequence[Estimated]) -> Estimated:
    """Return the people of several stores, whose errors are independent of each other."""
    return Estimated(sum(each.people for each in stores), sqrt(sum(each.half_width**2 for each in stores)))


def student_t(freedom: int) -> float:
    """Return the 0.975 quantile of Student's t; from 31 degrees of freedom on that of 30, which is wider."""
    return _T_95[min(freedom, len(_T_95)) - 1]


def _ratio(days: Sequence[CountedDay]) -> float:
    return sum(day.people for day in days) / sum(day.arrivals for day in days)


def _squares(days: Sequence[CountedDay], usual: float) -> float:
    """The squares of how far days are off their factor, weighed by their arrivals: of few phones chance makes more."""
    value = _ratio(days)
    return sum(day.arrivals / usual * (day.people / (value * day.arrivals) - 1) ** 2 for day in days)


def _without_odd(days: Sequence[CountedDay]) -> list[CountedDay]:
    """The days whose ratio is near that of the median day: on others doors, or receivers, were dead though their agent was at work."""
    if not days:
        return []
    middle = median(day.people / day.arrivals for day in days)
    return [day for day in days if middle / MOST_ODD <= day.people / day.arrivals <= middle * MOST_ODD]


def _least_variance(value: float, usual: float) -> float:
    """The variance that chance alone makes where a share 1 / value of people has a phone that is heard: days that agree are luck."""
    return max(value - 1, 0.0) / (value * usual)


def _drift(days: Sequence[CountedDay], usual: float) -> float:
    """The change of the factor from the first half of the days to the second, if it is more than chance makes; else 0."""
    middle = len(days) // 2
    first, second = days[:middle], days[middle:]
    change = log(_ratio(second) / _ratio(first))
    variance = max((_squares(first, usual) + _squares(second, usual)) / (len(days) - 2), _least_variance(_ratio(days), usual))
    chance = sqrt(variance * (1 / len(first) + 1 / len(second)))
    return change if abs(change) > student_t(len(days) - 2) * chance else 0.0
