"""How values of an answer are written for people, by their unit; and the local times of a column, as short as they can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d$")


def duration(seconds: float) -> str:
    """Return `42 s`, `4:05` or `1:02:03`; a negative one with its sign."""
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    if whole < 60:
        return f"{sign}{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


def cell(value: Any, unit: str, flag: str) -> str:
    """Return the text of a value of this unit: nothing for None, and the word `flag` or nothing for a bool."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return flag if value else ""
    return _WRITTEN.get(unit, _plain)(value)


def difference(value: Any, unit: str, is_of_shares: bool) -> str:
    """Return a change with its sign; that of a share is in percentage points (`pp`) where `is_of_shares`."""
    if unit == "share" and is_of_shares:
        return f"{100 * value:+.1f} pp"
    sign = "+" if value > 0 else ""
    return f"{sign}{cell(value, unit, '')}"


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else str(value)


_WRITTEN: Final[Mapping[str, Callable[[Any], str]]] = {
    "s": duration,
    "share": lambda value: f"{100 * value:.1f} %",
    "factor": lambda value: f"{value:.2f}",
    "decimal": lambda value: f"{value:,.1f}",
    "money": lambda value: f"{value:,.2f}",
    "name": str,
}


_PERIODS: Final[Mapping[str, Callable[[date], str]]] = {
    "1w": lambda day: "{}-W{:02}".format(*day.isocalendar()[:2]),
    "month": lambda day: f"{day:%Y-%m}",
    "quarter": lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    "year": lambda day: f"{day.year}",
}


def period(label: str, interval: str | None) -> str:
    """Return what people call the interval that begins at a local time: `2026-10`, `2026-Q4`, `2026-W44` (ISO 8601), or the time itself."""
    if label and interval is not None and interval in _PERIODS:
        return _PERIODS[interval](date.fromisoformat(label[:10]))
    return label.replace("T", " ")


def times(moments: Sequence[tuple[str, str]], interval: str | None = None) -> list[str]:
    """Return the local times of `(store, ISO)` for reading: dates, if all are midnights, and no date where all moments are of one.

    An offset is written only where it changes within a store, as when clocks do. Weeks and longer intervals have their names.
    """
    if interval in _PERIODS:
        return [period(text, interval) for _, text in moments]
    offsets: dict[str, set[str]] = {}
    for store, text in moments:
        offsets.setdefault(store, set()).update(_OFFSET.findall(text))
    if not any(len(found) > 1 for found in offsets.values()):
        moments = [(store, _OFFSET.sub("", text)) for store, text in moments]
    if all(text[10:] in ("", "T00:00") for _, text in moments):
        return [text[:10] for _, text in moments]
    if len({text[:10] for _, text in moments}) == 1 < len({text for _, text in moments}):
        return [text[11:] for _, text in moments]
    return [text.replace("T", " ") for _, text in moments]
