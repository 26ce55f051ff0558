"""Recorded files, with their own time. A format is one line of `FORMATS`: how to read it, and which zone each of its receivers hears.

    read(format, paths, Settings) -> Iterator[Heard]    # t_boot_ns 0, t_wall_ns the file's time, in order
    zones(format, paths) -> dict[receiver, zone]

uci-calit2: CSV files `*inflow*` and `*outflow*` of "MM/DD/YY HH:MM:SS",count per 30 minutes of local time (UCI, CalIt2 people counts)
sal-rb:     CSV, one row per 100 ms with the RSSI of each receiver, -100 for not heard; O-… are outside, I-… inside (Silicon Austria Labs)
jsonl:      edge_agent/sources/recording.py, `t_ns` since 1970; every receiver is a zone of its name
"""

from __future__ import annotations

import csv
import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.sources.recording import DOOR_PROFILE, read_lines, read_recording
from edge_agent.sources.settings import SourceSettings
from edge_agent.sources.simulated import SimulatedSource
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Heard, Recorded, RefusedReading, Sighting
from footfall.errors import ConfigError
from footfall.events import Name, to_ns
from footfall.topics import is_name
from footfall.units import NS_PER_S

HALF_HOUR_NS: Final = 1800 * NS_PER_S
LAST_INSTANT_NS: Final = 1_000_000
SUPERFRAME_NS: Final = NS_PER_S // 10
BETWEEN_FILES_NS: Final = 3600 * NS_PER_S
NOT_HEARD_DBM: Final = -100
TAG_PROFILE: Final = "ble-tag"
DEFAULT_START: Final = datetime(2021, 1, 1, tzinfo=UTC)

FormatName = Literal["uci-calit2", "sal-rb", "jsonl"]


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What a file does not contain. `timezone`: of local times; `start`: when a recording without dates began."""

    timezone: str = "UTC"
    start: datetime = DEFAULT_START
    door: str = "main"

    def zone_info(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigError(f"{self.timezone!r} is no IANA time zone, such as America/Los_Angeles") from None


@dataclass(frozen=True, slots=True)
class _Format:
    read: Callable[[Sequence[Path], ReplaySettings], Iterator[Heard]]
    zones: Callable[[Sequence[Path]], dict[str, str]]
    suffixes: tuple[str, ...]


def read(format_name: FormatName, paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Heard]:
    """Yield the contents of the files, in the order of their time. Raise ConfigError for files that are not of this format."""
    chosen = FORMATS[format_name]
    return chosen.read(expand(format_name, paths), settings)


def zones(format_name: FormatName, paths: Sequence[Path]) -> dict[str, str]:
    """Return the zone of each receiver."""
    return FORMATS[format_name].zones(expand(format_name, paths))


def expand(format_name: FormatName, paths: Sequence[Path]) -> list[Path]:
    """Return the files meant by `paths`: a folder means its files of the format's kind, in order of name."""
    suffixes = FORMATS[format_name].suffixes
    found = [
        file
        for path in paths
        for file in (sorted(file for file in path.iterdir() if file.name.endswith(suffixes)) if path.is_dir() else [path])
    ]
    for file in found:
        if not file.is_file():
            raise ConfigError(f"{file}: there is no such file")
    if not found:
        raise ConfigError(f"{', '.join(map(str, paths))}: no {' or '.join(suffixes)} files here")
    return found


def _read_calit2(paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Heard]:
    files = {direction: [path for path in paths if direction in path.name] for direction in ("inflow", "outflow")}
    for direction, found in files.items():
        if len(found) != 1:
            raise ConfigError(f"uci-calit2 is two files, one with {direction!r} in its name; {len(found)} such files were given")
    inward, outward = (_calit2_file(found[0], direction, settings) for direction, found in files.items())
    return heapq.merge(inward, outward, key=lambda heard: heard.t_wall_ns)


def _calit2_file(path: Path, direction: str, settings: ReplaySettings) -> Iterator[Crossing | RefusedReading]:
    """Yield the counts. Each bears the last millisecond of its half hour, so that it falls into the hour and day in which people passed."""
    zone_info = settings.zone_info()
    t_wall_ns = 0
    for number, line in read_lines(path):
        try:
            moment, count = next(csv.reader([line.decode()], strict=True))
            local = datetime.strptime(moment, "%m/%d/%y %H:%M:%S").replace(tzinfo=zone_info)
            people = int(count)
        except (ValueError, csv.Error):
            yield RefusedReading(0, "csv.line", f"{path.name}:{number}", line, t_wall_ns)
            continue
        t_wall_ns = to_ns(local) + HALF_HOUR_NS - LAST_INSTANT_NS
        entered, left = (people, 0) if direction == "inflow" else (0, people)
        yield Crossing(0, settings.door, entered, left, DOOR_PROFILE, t_wall_ns)


def _read_sal_rb(paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Heard]:
    """Yield the reads. Each file begins an hour after the one before, so that no visit spans two. The tag is named by what carries it."""
    for i, path in enumerate(paths):
        yield from _sal_rb_file(path, to_ns(settings.start) + i * BETWEEN_FILES_NS)


def _sal_rb_file(path: Path, start_ns: int) -> Iterator[Heard]:
    tag = path.name.partition("_measurement")[0]
    receivers = _sal_rb_receivers(path)
    t_wall_ns = start_ns
    for number, line in read_lines(path):
        if number == 1:
            continue
        try:
            cells = line.decode().split(",")
            t_wall_ns = start_ns + int(cells[0]) * SUPERFRAME_NS
            levels = [(name, int(cells[column])) for column, name in receivers]
        except (ValueError, IndexError):
            yield RefusedReading(0, "csv.line", f"{path.name}:{number}", line, t_wall_ns)
            continue
        for name, rssi_dbm in levels:
            if rssi_dbm != NOT_HEARD_DBM:
                yield Sighting(0, name, TAG_PROFILE, tag, rssi_dbm, t_wall_ns)
        yield AliveUntil(0, t_wall_ns)


def _sal_rb_receivers(path: Path) -> list[tuple[int, str]]:
    """Return the column and name of each receiver."""
    header = next((line.decode(errors="replace") for _, line in read_lines(path)), "")
    names = header.split(",")
    if names[0] != "superframe":
        raise ConfigError(f"{path}: not of format sal-rb: its first line must begin with 'superframe'")
    return [(column, name.lower()) for column, name in enumerate(names) if name.startswith(("O-", "I-"))]


def _sal_rb_zones(paths: Sequence[Path]) -> dict[str, str]:
    return {name: "outside" if name.startswith("o-") else "inside" for path in paths for _, name in _sal_rb_receivers(path)}


def _read_jsonl(paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Heard]:
    recordings = ((_dated(heard) for heard in read_recording(path)) for path in paths)
    return heapq.merge(*recordings, key=_time_ns)


def _dated(heard: Recorded) -> Recorded:
    return heard if isinstance(heard, Gap) else replace(heard, t_boot_ns=0, t_wall_ns=heard.t_boot_ns)


def _jsonl_zones(paths: Sequence[Path]) -> dict[str, str]:
    names = {heard.receiver for path in paths for heard in read_recording(path) if isinstance(heard, Sighting)}
    return {name: name for name in names if is_name(name)}


def _time_ns(heard: Heard) -> int:
    return heard.from_boot_ns if isinstance(heard, Gap) else heard.t_wall_ns


FORMATS: Final[Mapping[str, _Format]] = {
    "uci-calit2": _Format(_read_calit2, lambda paths: {}, (".csv",)),
    "sal-rb": _Format(_read_sal_rb, _sal_rb_zones, (".csv",)),
    "jsonl": _Format(_read_jsonl, _jsonl_zones, (".jsonl", ".jsonl.gz")),
}


class Replay(SourceSettings):
    """`[[sources]] kind = "replay"`: plays a recorded file as if it happened now; `footfall replay` sends it with its own time instead."""

    kind: Literal["replay"]
    format: FormatName
    paths: Annotated[tuple[Path, ...], Field(min_length=1)]
    timezone: str = "UTC"
    door: Name = "main"
    speed: Annotated[float, Field(gt=0, le=100_000)] = 1.0

    def source(self, clock: Clock, profiles: Registry) -> SimulatedSource:
        return SimulatedSource(self.name, self._stream, clock, speed=self.speed, silence_s=self.silence_s)

    def _stream(self) -> Iterator[Heard]:
        zero_ns: int | None = None
        for heard in read(self.format, self.paths, ReplaySettings(self.timezone, DEFAULT_START, self.door)):
            zero_ns = _time_ns(heard) if zero_ns is None else zero_ns
            yield _undated(heard, zero_ns)


def _undated(heard: Heard, zero_ns: int) -> Heard:
    """Return the same thing with its time counted from the start of the recording."""
    times: dict[str, Any] = {"t_boot_ns": _time_ns(heard) - zero_ns, "t_wall_ns": 0}
    if isinstance(heard, Gap):
        times = {"from_boot_ns": heard.from_boot_ns - zero_ns, "to_boot_ns": heard.to_boot_ns - zero_ns}
    return replace(heard, **times)
