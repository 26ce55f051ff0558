"""What a comparison is, and what it makes of two numbers: difference, share of change, and where a change of sales came from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final, Literal, NamedTuple

import numpy as np

from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.topics import is_name
from gateway.query.day_pairs import LEAST_USUAL_DAYS, USUAL_DAYS

ComparisonKind = Literal["previous", "year", "usual", "group", "store", "span"]
ComparedNumber = float | int | None

WORDS: Final[Mapping[str, str]] = {
    "previous": "the span before, of the same length",
    "year": "a year before",
    "usual": f"the usual course: the median of the last {USUAL_DAYS} same weekdays that are no holiday, at least {LEAST_USUAL_DAYS}",
    "group": "the mean of the other stores of the same path",
    "store:NAME": "another store",
    "FROM..TO": "another span, such as 2026-05-04..2026-05-10",
}
"""What `--compare` takes."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`store` is given for the kind `store`; `from_` and `to` for the kind `span`, as people write them."""

    kind: ComparisonKind
    store: str = ""
    from_: str = ""
    to: str = ""


def parsed(text: str) -> Comparison:
    """Return the comparison that a text asks for. Raise ConfigError, with all that there are, if it asks for none."""
    word, colon, name = text.partition(":")
    if text in ("previous", "year", "usual", "group"):
        return Comparison(text)  # type: ignore[arg-type] # the four words are kinds
    if word == "store" and colon and is_name(name):
        return Comparison("store", store=name)
    from_, dots, to = text.partition("..")
    if dots and from_ and to:
        return Comparison("span", from_=from_, to=to)
    able = ", ".join(f"{word} ({means})" for word, means in WORDS.items())
    raise ConfigError(unknown(f"compare {text[:80]!r}", text, WORDS, f"write {able}", ": "))


class Suffix(NamedTuple):
    """The end of a column's name, and what the column is of the measure in front of it."""

    text: str
    means: str
    unit: str | None = None
    """None: the measure's own."""

    @property
    def title(self) -> str:
        """Return what stands in a heading behind the measure."""
        return self.text[1:]


BEFORE: Final = Suffix("_before", "on the other side of the comparison; the median, where that is several days")
CHANGE: Final = Suffix("_change", "this side less the other")
RATIO: Final = Suffix("_ratio", "the change as a share of the other side", "share")
LOW: Final = Suffix("_low", "the lower quartile of the usual days")
HIGH: Final = Suffix("_high", "the upper quartile of the usual days")
SUFFIXES: Final = (BEFORE, CHANGE, RATIO)
USUAL_SUFFIXES: Final = (BEFORE, LOW, HIGH, CHANGE, RATIO)


def suffixed(column: str) -> tuple[str, Suffix] | None:
    """Return the measure of a column of a comparison, and what the column is of it; None for other columns."""
    return next(((column.removesuffix(each.text), each) for each in USUAL_SUFFIXES if column.endswith(each.text)), None)


def change(now: ComparedNumber, before: ComparedNumber, decimals: int | None = None) -> ComparedNumber:
    """Return the difference, rounded to so many decimal places; None where one side is not known."""
    if now is None or before is None:
        return None
    return now - before if decimals is None else round(now - before, decimals)


def change_ratio(now: ComparedNumber, before: ComparedNumber) -> ComparedNumber:
    """Return the difference as a share of what it was; None where that was nothing: to divide by nothing gives no percentage."""
    return None if now is None or not before else (now - before) / abs(before)


class Quartiles(NamedTuple):
    """The middle of the usual days, and between what the middle half of them lie."""

    median: ComparedNumber
    low: ComparedNumber
    high: ComparedNumber


NOT_KNOWN_YET: Final = Quartiles(None, None, None)


def quartiles(values: Sequence[ComparedNumber]) -> Quartiles:
    """Return the quartiles of usual days; NOT_KNOWN_YET with fewer than LEAST_USUAL_DAYS values."""
    known = [value for value in values if value is not None]
    if len(known) < LEAST_USUAL_DAYS:
        return NOT_KNOWN_YET
    low, median, high = np.quantile(known, (0.25, 0.5, 0.75)).tolist()
    return Quartiles(median, low, high)


class SalesSide(NamedTuple):
    """What sales are made of on one side."""

    traffic: ComparedNumber
    transactions: ComparedNumber
    revenue: ComparedNumber

    def factors(self) -> tuple[float, float, float] | None:
        """Return traffic, conversion and basket, whose product is the revenue; None unless all are above 0."""
        if not (self.traffic and self.transactions and self.revenue) or min(self.traffic, self.transactions, self.revenue) <= 0:
            return None
        return float(self.traffic), self.transactions / self.traffic, self.revenue / self.transactions


class SalesSplit(NamedTuple):
    """How much of a change of revenue came from traffic, conversion and basket, in money. They add up to the change."""

    traffic: ComparedNumber
    conversion: ComparedNumber
    basket: ComparedNumber


SPLIT: Final = ("revenue_from_traffic", "revenue_from_conversion", "revenue_from_basket")
NO_SPLIT: Final = SalesSplit(None, None, None)


def split(now: SalesSide, before: SalesSide) -> SalesSplit:
    """Return the change of revenue taken apart by logarithmic means: without a remainder, and alike in both directions.

    NO_SPLIT where people counted, sales or revenue are not above 0 on both sides: a product that contains nothing cannot be taken apart.
    """
    after, earlier = now.factors(), before.factors()
    if after is None or earlier is None:
        return NO_SPLIT
    logs = [log(new / old) for new, old in zip(after, earlier, strict=True)]
    weight = _logarithmic_mean(after[0] * after[1] * after[2], earlier[0] * earlier[1] * earlier[2], sum(logs))
    return SalesSplit(*(weight * each for each in logs))


def _logarithmic_mean(a: float, b: float, log_ratio: float) -> float:
    """The mean for which mean x log(a / b) = a - b."""
    return (a - b) / log_ratio if abs(log_ratio) > 1e-9 else (a + b) / 2
