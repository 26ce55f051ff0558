"""The usual course: what the same weekdays of the last weeks have in the middle, of stores that did not fail and kept no holiday."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from simulators.numbers.answers import Cells, Key, Replied, Values
from simulators.numbers.reckon import Reckoning
from simulators.numbers.table import Asked

USUAL: Final = "usual"
USUAL_SUFFIXES: Final = ("", "_before", "_low", "_high", "_change", "_ratio")
USUAL_WEEKS, LEAST_USUAL = 8, 4
"""What is usual is the middle of so many weeks; of so many at least it must be known."""


def beside_usual(reckoning: Reckoning, asked: Asked) -> Replied:
    """Return each value beside the median and the quartiles of the weeks before."""
    now, weeks = reckoning.replied(asked), [_week_before(reckoning, asked, week) for week in range(1, USUAL_WEEKS + 1)]
    cells = _each_beside(asked, now.cells, [week.cells for week in weeks])
    return Replied(cells, _each_beside(asked, now.totals, [week.totals for week in weeks]))


def _each_beside(asked: Asked, now: Cells, weeks: Sequence[Cells]) -> Cells:
    return {key: dict(_beside(asked, values, [week.get(key, {}) for week in weeks])) for key, values in now.items()}


def _week_before(reckoning: Reckoning, asked: Asked, week: int) -> Replied:
    """Return the answer of an earlier week, with the times of this one."""
    back = timedelta(days=7 * week)
    found = reckoning.replied(asked.model_copy(update={"first": asked.first - back, "last": asked.last - back}))
    return found._replace(cells={_later(key, back): values for key, values in found.cells.items()})


def _later(key: Key, by: timedelta) -> Key:
    at = dict(key)
    if "time" in at:
        day, rest = at["time"][:10], at["time"][10:]
        at["time"] = (date.fromisoformat(day) + by).isoformat() + rest
    return tuple(sorted(at.items()))


def _beside(asked: Asked, here: Values, weeks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for measure in asked.measures:
        known = sorted(week[measure] for week in weeks if week.get(measure) is not None)
        low, middle, high = (_part(known, share) if len(known) >= LEAST_USUAL else None for share in (0.25, 0.5, 0.75))
        now = here[measure]
        change = None if now is None or middle is None else now - middle
        ratio = change / abs(middle) if change is not None and middle else None
        values = (now, middle, low, high, change, ratio)
        yield from zip((f"{measure}{suffix}" for suffix in USUAL_SUFFIXES), values, strict=True)


def _part(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the sorted values lies, between two of them where it falls there."""
    at = share * (len(values) - 1)
    low = int(at)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (at - low)
