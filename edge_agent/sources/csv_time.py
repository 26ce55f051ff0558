"""When the rows of a CSV file are: numbers since 1970 or a start, or text of a stated form and time zone.

A local time that there is twice, as clocks go back, is the later one where that alone is later than the row before.
One that there is not, as clocks go forward, is a mistake of the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from edge_agent.sources.csv_text import CsvColumn, Misread, Numbers, Place
from footfall.config import Section
from footfall.errors import ConfigError
from footfall.moments import to_ns
from footfall.time_zones import time_zone
from footfall.units import NS_PER_S

MAX_NS: Final = 7_258_118_400 * NS_PER_S
"""2200-01-01: a later time has another unit than the mapping states."""
LAST_INSTANT_NS: Final = 1_000_000
_MIDNIGHT_24: Final = re.compile(r"(?<!\d)24(:00(?::00)?)(?![\d:]|[.,]\d*[1-9])")
"""What may be the end of a day. Whether it is one, the form shows: in `10:24:00` it is 24 minutes past ten."""
_ISO: Final = "iso"


class TimeColumn(Section):
    """Where a row's time is: a number of `unit_s` each, or text of `format` ("iso" or as `strptime` reads it).

    A `relative` time counts from `--start`; files of such times follow each other, an hour apart or more.
    """

    column: CsvColumn | Annotated[tuple[CsvColumn, ...], Field(min_length=1)]
    """One column, or several that are read with a blank between them, such as a date and an hour."""
    unit_s: Annotated[float, Field(gt=0)] | None = None
    format: str | tuple[str, ...] = _ISO
    """One form, or several that are tried in order."""
    relative: bool = False
    zone: str | None = None
    """The IANA time zone of times without an offset."""
    until: Annotated[str, Field(min_length=1)] | None = None
    """What follows this text in a cell is not read, such as `-` in `10:00-11:00`."""
    marks: Literal["beginning", "end"] = "beginning"
    """Whether a count's time is the beginning or the end of its interval."""
    shift_s: float = 0.0
    """Added to each time."""

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            time_zone(zone)
        return zone

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.relative and self.unit_s is None:
            raise ValueError("a relative time is a number: state `unit_s`, the seconds that 1 of it stands for")
        return self


class TimeReader:
    """Reads the times of one file. `zone` None: none is stated, so a time without an offset is refused."""

    def __init__(self, time: TimeColumn, place: Place, start_ns: int, zone: ZoneInfo | None, numbers: Numbers) -> None:
        self._time: Final = time
        self._at: Final = [place(each) for each in (time.column if isinstance(time.column, tuple) else (time.column,))]
        self._start_ns: Final = start_ns
        self._zone: Final = ZoneInfo(time.zone) if time.zone else zone
        self._formats: Final = (time.format,) if isinstance(time.format, str) else time.format
        self._numbers: Final = numbers
        self._shift_ns: Final = round(time.shift_s * NS_PER_S)

    def text(self, cells: Sequence[str]) -> str:
        """Return what the row has of a time."""
        text = " ".join(cells[at].strip() for at in self._at)
        return text if self._time.until is None else text.partition(self._time.until)[0].strip()

    def read(self, cells: Sequence[str], path: Path, number: int, after_ns: int) -> int:
        """Return the time, ns since 1970; of a local time that there is twice the later one, if only that is after `after_ns`.

        Raise Misread for text that is no time; ConfigError for one without an offset where no zone is stated.
        """
        text = self.text(cells)
        if self._time.unit_s is not None:
            return self._counted(text, self._time.unit_s) + self._shift_ns
        moment = self._moment(text)
        if moment.tzinfo is None:
            if self._zone is None:
                raise ConfigError(
                    f"{path}:{number}: the time {text!r} has no offset from UTC: state `zone` under [time] of the mapping, such as"
                    ' zone = "Asia/Shanghai", or --timezone'
                )
            return self._local(moment, text, self._zone, after_ns) + self._shift_ns
        return _in_bounds(to_ns(moment), text) + self._shift_ns

    def _counted(self, text: str, unit_s: float) -> int:
        try:
            counted = self._numbers.number(text) * _ns(unit_s)
        except ValueError:
            raise Misread("time", "a time that is no number") from None
        return _in_bounds((self._start_ns if self._time.relative else 0) + int(counted), text)

    def _moment(self, text: str) -> datetime:
        """Return what the text states. An hour of 24 no form has, so a text that has one is read by none, and then as the next day's 0."""
        if moment := self._formed(text):
            return moment
        if moment := self._formed(_MIDNIGHT_24.sub(r"00\1", text)):
            return moment + timedelta(days=1)
        wanted = " or ".join("ISO 8601" if form == _ISO else repr(form) for form in self._formats)
        see = "; of a number state `unit_s`" if text.isdecimal() else ""
        raise Misread("time.format", f"the time {text!r} is not {wanted}{see}")

    def _formed(self, text: str) -> datetime | None:
        """Return what the first form that fits makes of a text."""
        for form in self._formats:
            with suppress(ValueError):
                return datetime.fromisoformat(text) if form == _ISO else datetime.strptime(text, form)  # noqa: DTZ007 # see `read`
        return None

    def _local(self, moment: datetime, text: str, zone: ZoneInfo, after_ns: int) -> int:
        first_ns = to_ns(moment.replace(tzinfo=zone))
        if datetime.fromtimestamp(first_ns // NS_PER_S, UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(microsecond=0):
            raise Misread("time.zone", f"there is no {text!r} in {zone.key}: its clocks went forward then")
        later_ns = to_ns(moment.replace(tzinfo=zone, fold=1))
        return _in_bounds(later_ns if first_ns <= after_ns - self._shift_ns <= later_ns else first_ns, text)


def _in_bounds(time_ns: int, text: str) -> int:
    if not 0 <= time_ns < MAX_NS:
        raise Misread("time", f"{text}: not between 1970 and 2200")
    return time_ns


@cache
def _ns(unit_s: float) -> Decimal:
    return Decimal(str(unit_s)) * NS_PER_S
