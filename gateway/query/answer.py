"""What is asked and what is answered: the two ends of every question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from gateway.query.intervals import Day


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. Empty means: the question's default. `from_` and `to` are as people write them; see spans.start and spans.end."""

    question: str
    measures: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    from_: str | None = None
    to: str | None = None
    interval: str | None = None
    by: tuple[str, ...] = ()
    day: Day = "midnight"
    zone: str | None = None
    fan: str | None = None
    top: int | None = None
    compare: str | None = None
    align: str = "weekday"
    as_of: str | None = None
    timezone: str | None = None
    rule: str | None = None
    is_shown: Callable[[str], bool] | None = None
    """Whether a fan may be named where columns name fans of other stores; None: every one may."""


@dataclass(frozen=True, slots=True)
class StoreSpan:
    """One store's part of a question: its time zone and its span in ns."""

    store: str
    zone: ZoneInfo
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows under `columns`; None where there is no value, such as a share of nothing or what was not measured.

    `totals`: the same columns over the whole span, None as the time. `notes`: sentences that a reader of the numbers must know.
    `question` names the measures that the columns are; `asked` has each store's span. `is_empty`: nothing is stored of what was asked for.
    `interval`: of which the times of the rows are the begins. `details`: what the notes only sum up, such as each store that a comparison
    leaves out. `by_default`: what was not asked for, the span or what a row is of; a picture goes without it.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    totals: list[tuple[Any, ...]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    title: str = ""
    question: str = ""
    asked: tuple[StoreSpan, ...] = ()
    is_empty: bool = False
    interval: str | None = None
    by_default: str = ""
    details: tuple[str, ...] = ()
