"""What a recording needs beside its files, and what it states beside what was heard: where things truly were, and clocks that jumped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from edge_agent.sources.source import Recorded
from footfall.errors import ConfigError
from footfall.time_zones import time_zone
from footfall.units import NS_PER_S

BETWEEN_FILES_NS: Final = 3600 * NS_PER_S
"""Files of times that count from a start begin whole hours apart, so that no visit spans two."""
DEFAULT_START: Final = datetime(2021, 1, 1, tzinfo=UTC)


class FileNote(NamedTuple):
    """A sentence for people about what is wrong with a file, and what is made of it."""

    text: str
    doubtful: int = 0
    """How many of what the file has mean less than they state."""


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What a file does not contain. `timezone`: of local times; `start`: when a recording without dates began; `mapping`: for `csv`."""

    timezone: str = "UTC"
    start: datetime = DEFAULT_START
    door: str = "main"
    mapping: Path | None = None
    is_zone_stated: bool = True
    """Whether somebody stated the time zone: UTC by default is no statement, and counts of history need one."""
    on_read: Callable[[int], None] = field(default=lambda size_bytes: None, compare=False)
    """Called with the size of each part of a file that was read, bytes."""
    on_note: Callable[[FileNote], None] = field(default=lambda note: None, compare=False)
    """Called with what is wrong with a file though its lines can be read."""
    earliest_ns: int = 0
    """Lines of `jsonl` before it are refused: what is sent with its own time counts from 1970. What is played counts from anywhere."""
    is_start_stated: bool = False
    """Whether somebody stated `start`: then lines of `jsonl` count from it, and none of them may have a date of its own."""

    def zone_info(self) -> ZoneInfo:
        try:
            return time_zone(self.timezone)
        except ValueError as error:
            raise ConfigError(str(error)) from None


def start_of(text: str) -> datetime:
    """Return when a recording without dates began; without an offset in UTC. Raise ConfigError for text that is no ISO 8601 time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--start: {text!r} is no ISO 8601 time, such as 2021-01-01T00:00:00+00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class TrueZone(NamedTuple):
    """At `t_ns` what bears the identifier was truly in `zone`. `run`: the file that has it."""

    t_ns: int
    run: str
    identifier: str
    zone: str


class ClockJump(NamedTuple):
    """A row at `to_ns` follows one at `from_ns`: it is older, or so much later than any other that nobody knows what was between."""

    where: str
    """File and line."""
    from_ns: int
    to_ns: int


class Part(NamedTuple):
    """From the first to the last of rows between which the clock was not set back."""

    from_ns: int
    to_ns: int


@dataclass(slots=True)
class Missed:
    """How many rows there are of a kind, and what the first of them has."""

    rows: int = 0
    first: str = ""

    def take(self, text: str) -> None:
        """Count one."""
        self.rows += 1
        self.first = self.first or text


@dataclass(slots=True)
class NotLevels:
    """Levels that no receiver reports, and that are taken for nothing heard."""

    times_ns: dict[str, list[int]]
    """By identifier: when they stand there."""
    first: str = ""
    """The first one, and where it is."""

    @property
    def count(self) -> int:
        return sum(map(len, self.times_ns.values()))


@dataclass(slots=True)
class Run:
    """One file of a recording. `heard` and `truth` are in the order of time."""

    name: str
    heard: list[Recorded]
    truth: list[TrueZone]
    jumps: list[ClockJump]
    why_refused: str = ""
    """Of the first line that cannot be read: where it is, its text, and the reason."""
    receivers: dict[str, str] = field(default_factory=dict)
    """Of rows that name their receiver: the names of those that heard something, and how the file writes them."""
    parts: dict[str, list[Part]] = field(default_factory=dict)
    """By identifier: several where the clock was set back."""
    rows: int = 0
    """How many can be read, copies left out."""
    is_in_order: bool = True
    """Whether the file has its rows in the order of time, but for jumps: else they were put in order, and no jump back can be seen."""
    copies: int = 0
    """Rows that stand in the file again, and count once."""
    not_levels: NotLevels = field(default_factory=lambda: NotLevels({}))
    labels: Run | None = None
    """The file beside that has the truth. A row of it without a zone has "", and ends the one before."""
    in_no_area: Missed = field(default_factory=Missed)
    """Rows whose true position is in no area."""
