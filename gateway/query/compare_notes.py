"""What a reader of a comparison must know: with what it is compared, which stores are in it, and what of their time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from footfall.units import NS_PER_MINUTE
from gateway.query.answer import Answer
from gateway.query.comparison import SPLIT, Comparison
from gateway.query.covered import OBSERVED, percent
from gateway.query.keys import ALL_STORES
from gateway.query.sides import SideQuestion, Sides

MOST_NAMED: Final = 5
"""Stores or days named in a note."""


def notes_of_side(answer: Answer) -> Iterator[str]:
    """Return the notes that one side's answer has of itself: how much of it was observed is stated of what is compared."""
    return (note for note in answer.notes if not note.startswith(OBSERVED))


def notes_of(comparison: Comparison, asked: SideQuestion, both: Sides, answer: Answer) -> tuple[str, ...]:
    """Return the notes of a comparison."""
    return (
        _with_what(comparison, asked, both),
        f"{len(both.comparable):,} of {len(asked.stores):,} stores comparable: open, and observed in 90 % of open minutes, on both sides",
        *_listed("not comparable", both.reasons),
        *_listed("left out", {str(day): reason for day, reason in both.left_out.items()}),
        *_listed("compared all the same", {str(day): reason for day, reason in both.uneven.items()}),
        *_listed("no other store in the path", both.wider),
        *_without_total(comparison, answer),
        _minutes(comparison, both),
        *([] if both.is_covered else ["an earlier release stored no coverage: what is not known to be lost counts as observed"]),
        *_split(answer),
    )


def _with_what(comparison: Comparison, asked: SideQuestion, both: Sides) -> str:
    if comparison.kind == "store":
        return f"before is store {comparison.store}, at the same local time"
    if comparison.kind == "group":
        return "before is the mean of the other comparable stores of the same path, minute by minute"
    if comparison.kind == "usual":
        return (
            f"before is the median of the last {len(both.runs)} same weekdays that were observed and no holiday; low and high are quartiles"
        )
    return f"before is {_spans(both.days.values())}: {_aligned(comparison, asked, both)}"


def _aligned(comparison: Comparison, asked: SideQuestion, both: Sides) -> str:
    if comparison.kind == "span" and any(day.weekday() != other.weekday() for day, other in both.days.items()):
        return "day by day in their order"
    if asked.align == "date":
        return "date with date"
    return "weekday with weekday" + (", holidays that move with themselves" if comparison.kind == "year" else "")


def _spans(days: Iterable[date]) -> str:
    """Consecutive days as spans."""
    spans: list[list[date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1][1] = day
        else:
            spans.append([day, day])
    named = [f"{first}" if first == last else f"{first} to {last}" for first, last in spans]
    return ", ".join([*named[:MOST_NAMED], *([f"{len(named) - MOST_NAMED} more spans"] if len(named) > MOST_NAMED else [])])


def _listed(what: str, reasons: Mapping[str, str]) -> Iterator[str]:
    """A note for each reason, with those that have it."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        more = f" and {len(names) - MOST_NAMED:,} more (--wide names them)" if len(names) > MOST_NAMED else ""
        yield f"{what}: {', '.join(names[:MOST_NAMED])}{more}: {reason}"


def _minutes(comparison: Comparison, both: Sides) -> str:
    grain = both.grain_ns // NS_PER_MINUTE
    which = "minutes" if grain == 1 else f"buckets of {grain} minutes"
    share = percent(both.compared_minutes / max(both.open_minutes, 1))
    if comparison.kind == "usual":
        return "this side as it was observed; minutes that a usual day lost are missing in it"
    return f"the same {which} on both sides, without what either side lost: {share} of the open minutes of these stores"


def _without_total(comparison: Comparison, answer: Answer) -> Sequence[str]:
    if comparison.kind != "group" or not any(ALL_STORES in row for row in answer.totals):
        return ()
    return (f"no other side of {ALL_STORES}: the means of other stores are not added up",)


def _split(answer: Answer) -> Sequence[str]:
    """The change of revenue, taken apart, of the last total, or of the only row."""
    rows = answer.totals[-1:] or (answer.rows if len(answer.rows) == 1 else [])
    if SPLIT[0] not in answer.columns or not rows or dict(zip(answer.columns, rows[0], strict=True)).get("revenue_before", 0) is None:
        return ()
    found = dict(zip(answer.columns, rows[0], strict=True))
    if found[SPLIT[0]] is None:
        return ("the change of revenue is not taken apart: people counted, sales and revenue must be above 0 on both sides",)
    parts = " ".join(f"{found[name]:+,.2f} from {name.rpartition('_')[2]}" for name in SPLIT)
    return (f"change of revenue {found['revenue_change']:+,.2f} = {parts}",)
