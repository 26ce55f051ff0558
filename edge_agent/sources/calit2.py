"""People counted at the door of UCI's CalIt2 building: two CSV files, `*inflow*` and `*outflow*`, of "MM/DD/YY HH:MM:SS",count.

    read_calit2(paths, settings) -> what was counted, in the order of time

A line is half an hour of local time. Text is read as that of any CSV is, and a half hour that a file has again counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.sources.csv_counts import people_of
from edge_agent.sources.csv_text import Numbers, cells_of, text_lines, text_of
from edge_agent.sources.csv_time import LAST_INSTANT_NS, TimeColumn, TimeReader
from edge_agent.sources.recorded_files import refuse_empty, some_readable
from edge_agent.sources.recording import DOOR_PROFILE
from edge_agent.sources.replay_settings import FileNote, ReplaySettings
from edge_agent.sources.source import Crossing, Recorded, RefusedReading
from footfall.errors import ConfigError
from footfall.units import NS_PER_S
from footfall.wording import counted

HALF_HOUR_NS: Final = 1800 * NS_PER_S
DIRECTIONS: Final = ("inflow", "outflow")
"""What the names of the files have."""
_TIME: Final = TimeColumn(column=1, format="%m/%d/%y %H:%M:%S")
_NUMBERS: Final = Numbers()


def read_calit2(paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Recorded]:
    """Yield the counts, and lines that cannot be read at the time of the one before. Raise ConfigError for what are not two such files."""
    inward, outward = (_Counts(_file_of(paths, direction), direction == "inflow", settings) for direction in DIRECTIONS)
    found = [*some_readable(inward.path, inward.read()), *some_readable(outward.path, outward.read())]
    for one, other in ((inward, outward), (outward, inward)):
        if alone := sorted(one.seen.keys() - other.seen.keys()):
            settings.on_note(FileNote(_alone(one, other, alone, settings.zone_info()), len(alone)))
    yield from sorted(found, key=lambda each: each.t_wall_ns)


def _alone(one: _Counts, other: _Counts, half_hours: Sequence[int], zone: ZoneInfo) -> str:
    first, last = (datetime.fromtimestamp(t_ns // NS_PER_S, zone).strftime("%Y-%m-%d %H:%M") for t_ns in (half_hours[0], half_hours[-1]))
    return (
        f"{one.path.name} has {len(half_hours):,} half hours from {first} to {last} that {other.path.name} lacks: who passed the other way"
        " is not known, and people inside and drift are wrong there."
    )


def _file_of(paths: Sequence[Path], direction: str) -> Path:
    named = [path for path in paths if direction in path.name]
    if len(named) != 1:
        raise ConfigError(f"calit2 is two files, one with {direction!r} in its name; {len(named)} such files were given")
    refuse_empty(named)
    return named[0]


class _Counts:
    """One file."""

    def __init__(self, path: Path, is_inward: bool, settings: ReplaySettings) -> None:
        self.path: Final = path
        self._is_inward: Final = is_inward
        self._settings: Final = settings
        self._time: Final = TimeReader(_TIME, lambda column: 0, 0, settings.zone_info(), _NUMBERS)
        self._before = ("", 0)
        """The time of the line before, as its text and in ns."""
        self.seen: Final[dict[int, int]] = {}
        """People, by when their half hour begins."""

    def read(self) -> Iterator[Crossing | RefusedReading]:
        """Yield what the file has, in its order."""
        t_wall_ns, repeated = 0, 0
        for number, line in text_lines(self.path):
            self._settings.on_read(len(line) + 1)
            try:
                t_ns, people, is_new = self._read_line(line, number)
            except ValueError as error:
                why = f"line: {text_of(line)}: {error}"
                yield RefusedReading(0, "csv.line", f"{self.path.name}:{number}", line, t_wall_ns, why)
                continue
            repeated += not is_new
            if is_new:
                t_wall_ns = t_ns + HALF_HOUR_NS - LAST_INSTANT_NS
                yield self._crossing(people, t_wall_ns)
        if repeated:
            lines = counted(repeated, "line repeats another, and is", "lines repeat another, and are")
            self._settings.on_note(FileNote(f"{self.path.name}: {lines} counted once."))

    def _read_line(self, line: bytes, number: int) -> tuple[int, int, bool]:
        """Return when a half hour begins, how many passed, and whether the file has it for the first time. Raise ValueError."""
        cells = cells_of(line, ",")
        if cells is None or len(cells) != 2 or not cells[1].strip():
            raise ValueError('it is not "MM/DD/YY HH:MM:SS",count')
        people = people_of(cells[1], _NUMBERS)
        text, t_ns = self._before
        if cells[0] != text:  # one half hour does not follow itself, not even where clocks go back
            t_ns = self._time.read(cells, self.path, number, t_ns)
            self._before = cells[0], t_ns
        is_new = t_ns not in self.seen
        if self.seen.setdefault(t_ns, people) != people:
            raise ValueError(f"the file has this half hour before, with {self.seen[t_ns]} people")
        return t_ns, people, is_new

    def _crossing(self, people: int, t_wall_ns: int) -> Crossing:
        """Return a count at the last millisecond of its half hour, so that it falls into the hour and day in which people passed."""
        entered, left = (people, 0) if self._is_inward else (0, people)
        return Crossing(0, self._settings.door, entered, left, DOOR_PROFILE, t_wall_ns)
