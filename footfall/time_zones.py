"""Time zones by their IANA names. Text in, values out.

time_zone("Asia/Shanghai")
time_zone("Asia")             # ValueError: a folder of zones
"""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from footfall.mistakes import did_you_mean

_SHOWN: Final = 80


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone. Raise ValueError for a text that names none, with the nearest that does."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, or a name that is too long for a file
        meant = did_you_mean(name[:_SHOWN], available_timezones())
        raise ValueError(f"{name[:_SHOWN]!r} is no IANA time zone, such as Asia/Shanghai or UTC{meant}") from None
