"""The mapping of a recording's columns: which has the time, who was heard, by which receiver, how strongly, and where they truly were.

A mapping is a TOML file. The shipped formats that are CSV are mappings in `csv_formats/`; `--format csv --mapping FILE` takes any other.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from edge_agent.levels import ZoneRule
from edge_agent.sources.csv_counts import CountColumns
from edge_agent.sources.csv_text import CsvColumn, Numbers
from edge_agent.sources.csv_time import TimeColumn
from footfall.config import Section, load
from footfall.events import Name
from footfall.names import name_of, plain

SHIPPED: Final = Path(__file__).parent / "csv_formats"
ENVIRONMENT: Final = "FOOTFALL_MAPPING"
_OF_PATTERNS: Final = re.compile(r"([*?\[\]!]+)")
"""What of a pattern is no text."""
ZoneName = Annotated[Name, BeforeValidator(lambda given: name_of(given) if isinstance(given, str) else given)]
"""A zone under any name: it is written as names of the wire are."""
Side = tuple[float, float]


class IdentifierOf(Section):
    """Whose level a row has: a column, one `value` for all, or what group 1 of the pattern `file` finds in the file's name."""

    column: CsvColumn | None = None
    value: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.column, self.value, self.file)) != 1:
            raise ValueError("state one of `column`, `value` and `file`")
        if self.file is not None and _pattern(self.file).groups < 1:
            raise ValueError(f"the pattern {self.file!r} needs a group, such as '^(.*)_run'")
        return self

    def of_file(self, path: Path) -> str:
        """Return the identifier of all rows of a file without a column of identifiers."""
        if self.value is not None:
            return self.value
        found = re.search(self.file or "", path.name)
        return found[1] if found and found.groups() else path.stem


class Area(Section):
    """A rectangle of the floor, metres: positions from the first number up to, not including, the second."""

    zone: ZoneName
    x_m: Side
    y_m: Side

    def contains(self, x_m: float, y_m: float) -> bool:
        return self.x_m[0] <= x_m < self.x_m[1] and self.y_m[0] <= y_m < self.y_m[1]


class TruthColumns(Section):
    """Where somebody truly was: a `column` of zones, or a position in `areas`. What `zones` does not name keeps its own name.

    With `file` the truth is in another file beside the recording (`{stem}` is the recording's name): each row holds from its time on.
    """

    column: CsvColumn | None = None
    zones: dict[str, ZoneName] = Field(default_factory=dict)
    where: dict[str, str] = Field(default_factory=dict)
    """Only rows in which these columns hold these texts have a truth."""
    x: CsvColumn | None = None
    y: CsvColumn | None = None
    areas: tuple[Area, ...] = ()
    file: str | None = None
    time: TimeColumn | CsvColumn | None = None
    """Of that file: as the recording's, in a column that has another name, or in a form of its own."""
    identifier: CsvColumn | None = None

    def time_like(self, time: TimeColumn) -> TimeColumn:
        """Return where the times of the truth are, given those of the recording."""
        if self.time is None or isinstance(self.time, TimeColumn):
            return self.time or time
        return time.model_copy(update={"column": self.time})

    @model_validator(mode="after")
    def _one(self) -> Self:
        by_position = self.x is not None and self.y is not None and bool(self.areas)
        if (self.column is not None) == by_position:
            raise ValueError("state `column`, or `x`, `y` and `areas`")
        if self.file is not None and set(re.findall(r"[{}][^{}]*[{}]?", self.file)) - {"{stem}"}:
            raise ValueError(f"file {self.file!r}: of what stands in braces only {{stem}} is known, the recording's name")
        return self


class ReportedColumns(Section):
    """Columns of rows that agents reported: what kind of row (enter, stay, exit), of how many sightings, and how old when it came."""

    kind: CsvColumn
    sightings: CsvColumn
    age_s: CsvColumn


class CsvMapping(Section):
    """A format of CSV files. Wide rows have a column for each receiver, long ones name the receiver and its level in two columns.

    `receivers` gives the zone of each receiver; its keys are names, or patterns such as `I-*`, in any case.
    """

    title: str = ""
    suffixes: tuple[str, ...] = (".csv",)
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """None: a comma, semicolon, tab or bar, whichever the first line has most of."""
    encoding: str | None = None
    """None: UTF-8, or UTF-16 where the file's first bytes show it."""
    decimal: Literal[".", ","] | None = None
    """None: a point; a comma, where points stand between thousands."""
    thousands: Literal["", ",", ".", " ", "'"] = ""
    header: bool = True
    skip_lines: Annotated[int, Field(ge=0)] = 0
    """How many lines stand before the headings."""
    skip_rows: tuple[str, ...] = ()
    """Rows whose first cell begins with one of these texts are left out, such as "Total"."""
    profile: Name | None = None
    """None: `ble-tag`, or `ibeacon` or `ble-tag-rare` for tags that are heard rarely."""
    time: TimeColumn
    identifier: IdentifierOf = IdentifierOf(value="tag")
    receivers: dict[str, ZoneName] = Field(default_factory=dict)
    receiver: CsvColumn | None = None
    level: CsvColumn | None = None
    level_unit: Literal["dBm", "-dBm", "relative"] = "dBm"
    """"-dBm": the minus is left out. "relative": more is stronger, and what profiles state in dBm does not hold."""
    reported: ReportedColumns | None = None
    """Long rows are those that agents reported, as `footfall calibrate --live` saves them: their levels are not filtered again."""
    zone_rules: dict[ZoneName, ZoneRule] = Field(default_factory=dict)
    """How the level of a zone follows from those of its receivers: `strongest` (default) for a door, `mean_power` for areas."""
    not_heard: tuple[int | str, ...] = ()
    """Levels, or texts, that stand for nothing heard, as an empty cell does."""
    outside: tuple[ZoneName, ...] = ()
    """Zones that are outside: being there is no visit."""
    truth: TruthColumns | None = None
    counts: CountColumns | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.receiver is None) != (self.level is None):
            raise ValueError("state `receiver` and `level` together: rows have one receiver each; else a column for each receiver")
        if self.reported is not None and self.receiver is None:
            raise ValueError("rows that agents reported have one receiver each: state `receiver` and `level`")
        if not self.receivers and self.counts is None:
            raise ValueError("state `receivers`, with the zone that each hears, or `counts`")
        if self.decimal == self.thousands:
            raise ValueError("`decimal` and `thousands` cannot be the same")
        return self

    @field_validator("receivers")
    @classmethod
    def _have_one_zone(cls, receivers: dict[str, str]) -> dict[str, str]:
        first: dict[str, str] = {}
        for each in (each for each in receivers if not is_pattern(each)):
            other = first.setdefault(name_of(each), each)
            if receivers[other] != receivers[each]:
                raise ValueError(f"{other!r} and {each!r} are one name, {name_of(each)!r}, with two zones")
        return receivers

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, encoding: str | None) -> str | None:
        if encoding is None:
            return None
        try:
            return codecs.lookup(encoding).name
        except LookupError:
            raise ValueError("is no encoding, such as utf-16, gb18030 or cp1252") from None

    @property
    def numbers(self) -> Numbers:
        return Numbers(self.decimal or ("," if self.thousands == "." else "."), self.thousands)

    def zone_of(self, receiver: str) -> str | None:
        """Return the zone that a file's receiver hears; None if the mapping does not have it. Names in full go before patterns."""
        stated = next((each for each in sorted(self.receivers, key=is_pattern) if is_meant(each, receiver)), receiver)
        return self.receivers.get(receiver) or self.receivers.get(stated)


def is_pattern(receiver: str) -> bool:
    """Return whether what the mapping states may be several receivers."""
    return not {"*", "?", "["}.isdisjoint(receiver)


def is_meant(stated: str, receiver: str) -> bool:
    """Return whether a receiver that the mapping states, in full or as a pattern, is the file's."""
    if not is_pattern(stated):
        return name_of(stated) == name_of(receiver)
    parts = _OF_PATTERNS.split(stated.strip())
    return fnmatchcase(plain(receiver.strip()), "".join(part if at % 2 else plain(part) for at, part in enumerate(parts)))


@cache
def read_mapping(path: Path) -> CsvMapping:
    """Return the mapping in a file. Raise ConfigError, which names the file and the key, for one that is wrong."""
    return load(path, CsvMapping, ENVIRONMENT, {})


def shipped_mappings() -> Sequence[str]:
    """Return the names of the shipped formats that are mappings."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no pattern: {error}") from None
