"""A device's own time as nanoseconds since 1970, exactly, however it writes it."""

from __future__ import annotations

import re
from calendar import timegm
from math import isfinite
from typing import Any, Final, Literal

from device_profiles.decoders import scalars
from footfall.errors import ProfileError
from footfall.units import NS_PER_S

TimeForm = Literal["iso8601", "unix_s", "unix_ms", "unix_us", "any"]
"""`iso8601`: with any number of digits after the second, and `Z`, `+08:00`, `+0800` or `+08` for its zone (ISO 8601, RFC 3339).

`any`: that, or the number of s, ms, us or ns since 1970, which its size distinguishes: they are those of 1973 to 5138.
"""

_ISO: Final = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,18}))?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_UNIX_NS: Final = {"unix_s": 1_000_000_000, "unix_ms": 1_000_000, "unix_us": 1_000}
_UNITS_NS: Final = ((10**11, 1_000_000_000), (10**14, 1_000_000), (10**17, 1_000))
"""Below which number it is of which unit, in ns."""
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_NS: Final = (1 << 63) - 1


def to_ns(value: Any, form: TimeForm, zone: str = "") -> int:
    """Raise ProfileError `feed.time` for what is no time between 1970 and 2262. `zone`, such as `+08:00`, is for texts without one."""
    t_ns = _any_ns(value, zone) if form == "any" else _iso_ns(value, zone) if form == "iso8601" else _unix_ns(value, _UNIX_NS[form])
    if t_ns is None or not 0 <= t_ns <= _MAX_NS:
        raise ProfileError("feed.time", f"no time of the form {form}{_without_zone(value, form, zone)}, but {scalars.kind_of(value)}")
    return t_ns


def _without_zone(value: Any, form: TimeForm, zone: str) -> str:
    """Return that a text is a time but for its zone, where it is."""
    is_time = not zone and form in ("iso8601", "any") and _iso_ns(value, "Z") is not None and _iso_ns(value, "") is None
    return " with a zone such as Z or +08:00" if is_time else ""


def _any_ns(value: Any, zone: str) -> int | None:
    if type(value) is str and not (value.isascii() and value.isdigit()):
        return _iso_ns(value, zone)
    if type(value) is bool or not isinstance(value, int | float | str) or (type(value) is str and len(value) > 19):
        return None
    size = abs(int(value) if isinstance(value, str) else value)  # a number of JSON may be beyond a double
    return _unix_ns(value, next((unit_ns for below, unit_ns in _UNITS_NS if size < below), 1))


def _unix_ns(value: Any, unit_ns: int) -> int | None:
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if type(value) is int:
        return value * unit_ns
    return round(value * unit_ns) if type(value) is float and isfinite(value * unit_ns) else None


def _iso_ns(value: Any, zone: str) -> int | None:
    found = _ISO.fullmatch(value.strip()) if type(value) is str and len(value) < 64 else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(text) for text in found.groups()[:6])
    offset_s = _offset_s(found[8] or zone)
    if offset_s is None or not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1] or hour > 23 or minute > 59 or second > 60:
        return None
    if not 1 <= year <= 9999:
        return None
    fraction_ns = int(((found[7] or "") + "0" * 9)[:9])
    return (timegm((year, month, day, hour, minute, second)) - offset_s) * NS_PER_S + fraction_ns


def _offset_s(text: str) -> int | None:
    if text in ("Z", "z"):
        return 0
    digits = text[1:].replace(":", "")
    if text[:1] not in ("+", "-") or not digits.isdigit() or len(digits) not in (2, 4):
        return None
    offset_s = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return -offset_s if text[0] == "-" else offset_s
