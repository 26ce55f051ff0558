"""Moments as ISO 8601 writes them, with an offset from UTC. Text in, values out.

2026-11-21T10:02:03.5+08:00   2026-11-21T10:02Z   20261121T100203+08   2026-11-21T24:00:00+08   2016-12-31T23:59:60Z
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_MOMENT: Final = re.compile(
    r"(?P<year>\d{4})(?P<dash>-?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)[Tt _]"
    r"(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,18}))?)?)?"
    r"(?P<offset>[Zz]|(?P<sign>[+\-\u2212])(?P<hours>\d\d)(?::?(?P<minutes>\d\d))?)?",
    re.ASCII,
)
_COMMON: Final = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(?:\d{3}|\d{6}))?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
"""The usual form, which Python parses the same, ten times as fast."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXAMPLE: Final = "such as 2026-11-21T10:02:03.5+08:00"


def moment(value: object) -> datetime:
    """Return the moment in ISO 8601 with an offset. Raise ValueError for anything else, also numbers: their unit would be unknown.

    24:00 is the start of the next day. Second 60 is that of the next minute, as computers' clocks have no leap seconds. Digits beyond
    microseconds are cut off.
    """
    if isinstance(value, str) and _COMMON.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    parts = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        number = "" if isinstance(value, str) else ", since of a number nobody knows whether it is seconds or milliseconds"
        raise ValueError(f"must be text of ISO 8601, {_EXAMPLE}{number}")
    if parts["offset"] is None:
        raise ValueError(f"must have its offset from UTC, {_EXAMPLE}")
    year, month, day, hour, minute, second = (int(parts[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second"))
    fraction_us = int((parts["fraction"] or "")[:6].ljust(6, "0"))
    if hour > 24 or second > 60 or (hour == 24 and (minute or second or fraction_us)):
        raise ValueError(f"is no time of a day, {_EXAMPLE}")
    more = timedelta(days=hour // 24, minutes=second // 60)
    try:
        return datetime(year, month, day, hour % 24, minute, second % 60, fraction_us, _offset(parts)) + more
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is no date that there is ({error}), {_EXAMPLE}") from None


def _offset(parts: re.Match[str]) -> timezone:
    ahead = timedelta(hours=int(parts["hours"] or 0), minutes=int(parts["minutes"] or 0))
    return timezone(ahead if parts["sign"] == "+" else -ahead)


def to_ns(moment: datetime) -> int:
    """Return nanoseconds since 1970, exact to the microsecond of a datetime."""
    since = moment - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
