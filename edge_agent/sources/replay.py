"""Recorded files, with their own time. A format is one line of `FORMATS`: how to read it, and which zone each of its receivers hears.

    read(format, paths, settings) -> Iterator[Heard]    # t_boot_ns 0, t_wall_ns the file's time, in order
    zones(format, paths, settings) -> dict[receiver, zone]

calit2:  CSV files `*inflow*` and `*outflow*` of people counted in half hours (edge_agent/sources/calit2.py)
jsonl:   edge_agent/sources/recording.py, `t_ns` since 1970, or since `start` where that is stated; every receiver is a zone of its name
csv:     any CSV, by a mapping of its columns (edge_agent/sources/csv_mapping.py)
sal-rb, pa-ble, itag: public recordings, each with its mapping in `csv_formats/`
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import Field

from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.levels import ZoneRule
from edge_agent.sources.calit2 import read_calit2
from edge_agent.sources.csv_mapping import SHIPPED, CsvMapping, read_mapping
from edge_agent.sources.csv_recording import fits, read_csv, receivers_of
from edge_agent.sources.recorded_files import refuse_empty, some_readable
from edge_agent.sources.recording import read_recording
from edge_agent.sources.replay_settings import DEFAULT_START, ReplaySettings
from edge_agent.sources.run_notes import notes_of_runs
from edge_agent.sources.settings import SourceSettings
from edge_agent.sources.simulated import SimulatedSource
from edge_agent.sources.source import Gap, Heard, Recorded, Sighting
from footfall.errors import ConfigError
from footfall.events import Name
from footfall.mistakes import unknown
from footfall.moments import to_ns
from footfall.topics import is_name

NO_SETTINGS: Final = ReplaySettings()

FormatName = Literal["calit2", "uci-calit2", "sal-rb", "pa-ble", "itag", "csv", "jsonl"]
"""`uci-calit2` is what `calit2` was called first."""


@dataclass(frozen=True, slots=True)
class Format:
    """`mapping` gives the columns of a format that is CSV; None of any other."""

    read: Callable[[Sequence[Path], ReplaySettings], Iterator[Heard]]
    zones: Callable[[Sequence[Path], ReplaySettings], dict[str, str]]
    suffixes: Callable[[ReplaySettings], tuple[str, ...]]
    mapping: Callable[[ReplaySettings], CsvMapping] | None = None


def read(format_name: FormatName, paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Heard]:
    """Yield the contents of the files, in the order of their time. Raise ConfigError for files that are not of this format."""
    return FORMATS[format_name].read(expand(format_name, paths, settings), settings)


def zones(format_name: FormatName, paths: Sequence[Path], settings: ReplaySettings = NO_SETTINGS) -> dict[str, str]:
    """Return the zone of each receiver."""
    return FORMATS[format_name].zones(expand(format_name, paths, settings), settings)


def zone_rules(format_name: FormatName, settings: ReplaySettings) -> dict[str, ZoneRule]:
    """Return how the levels of zones are made; zones that are not there have the strongest receiver's."""
    found = FORMATS[format_name].mapping
    return {} if found is None else dict(found(settings).zone_rules)


def zone_of(format_name: FormatName, settings: ReplaySettings) -> ZoneInfo:
    """Return the time zone of local times: that of the mapping, else of the settings."""
    found = FORMATS[format_name].mapping
    zone = None if found is None else found(settings).time.zone
    return ZoneInfo(zone) if zone else settings.zone_info()


def has_counts_alone(format_name: FormatName, settings: ReplaySettings) -> bool:
    """Return whether files are CSV with people through doors and nobody's identifier in any line."""
    found = FORMATS[format_name].mapping
    return found is not None and found(settings).counts is not None and not found(settings).receivers


def format_named(name: str) -> FormatName:
    """Return the format of that name. Raise ConfigError for a name that is none."""
    if name not in FORMATS:
        raise ConfigError(unknown(f"format {name[:80]!r}", name, FORMATS, f"one of {', '.join(FORMATS)}", ": "))
    return cast(FormatName, name)


def format_of(paths: Sequence[Path]) -> FormatName:
    """Return the format that the files look like. Raise ConfigError if they look like none."""
    if missing := [str(path) for path in paths if not path.exists()]:
        raise ConfigError(f"{missing[0]}: no such file or folder")
    refuse_empty([file for file in _files(paths, ("",)) if file.is_file()])
    for name, found in FORMATS.items():
        if found.mapping is not None and name != "csv":
            files = _files(paths, found.suffixes(NO_SETTINGS))
            if files and all(fits(found.mapping(NO_SETTINGS), file) for file in files):
                return cast(FormatName, name)
    if any("inflow" in file.name for file in _files(paths, (".csv",))):
        return "calit2"
    there = ", ".join(map(str, paths))
    if not _files(paths, ("",)):
        raise ConfigError(f"{there}: this folder is empty: a recording is one file or several, of one format: {', '.join(FORMATS)}")
    raise ConfigError(f"{there}: looks like no format that is known: state --format, one of {', '.join(FORMATS)}; csv takes any columns")


def expand(format_name: FormatName, paths: Sequence[Path], settings: ReplaySettings = NO_SETTINGS) -> list[Path]:
    """Return the files meant by `paths`: a folder means its files of the format's kind, in order of name."""
    suffixes = FORMATS[format_name].suffixes(settings)
    found = _files(paths, suffixes)
    if not found:
        raise ConfigError(f"{', '.join(map(str, paths))}: no {' or '.join(suffixes)} files here")
    refuse_empty(found)
    return found


def _files(paths: Sequence[Path], suffixes: tuple[str, ...]) -> list[Path]:
    return [
        file
        for path in paths
        for file in (sorted(file for file in path.iterdir() if file.name.endswith(suffixes)) if path.is_dir() else [path])
    ]


def _read_jsonl(paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Heard]:
    start_ns = to_ns(settings.start) if settings.is_start_stated else 0
    files = (some_readable(path, read_recording(path, settings.on_read, settings.earliest_ns, start_ns)) for path in paths)
    recordings = (map(_dated, heard) for heard in files)
    return heapq.merge(*recordings, key=_time_ns)


def _dated(heard: Recorded) -> Recorded:
    return heard if isinstance(heard, Gap) else replace(heard, t_boot_ns=0, t_wall_ns=heard.t_boot_ns)


def _jsonl_zones(paths: Sequence[Path], settings: ReplaySettings) -> dict[str, str]:
    names = {heard.receiver for path in paths for heard in read_recording(path) if isinstance(heard, Sighting)}
    return {name: name for name in names if is_name(name)}


def _time_ns(heard: Heard) -> int:
    return heard.from_boot_ns if isinstance(heard, Gap) else heard.t_wall_ns


def _of_csv(mapping: Callable[[ReplaySettings], CsvMapping]) -> Format:
    """Return the format of CSV files with these columns."""

    def read_rows(paths: Sequence[Path], settings: ReplaySettings) -> Iterator[Heard]:
        runs = read_csv(mapping(settings), paths, settings)
        for note in notes_of_runs(runs):
            settings.on_note(note)
        return heapq.merge(*(run.heard for run in runs), key=_time_ns)

    return Format(
        read_rows, lambda paths, settings: receivers_of(mapping(settings), paths), lambda settings: mapping(settings).suffixes, mapping
    )


def _own_mapping(settings: ReplaySettings) -> CsvMapping:
    if settings.mapping is None:
        raise ConfigError("format csv needs a mapping of the file's columns: state --mapping FILE (docs/history.md)")
    return read_mapping(settings.mapping)


def _shipped(name: str) -> Format:
    return _of_csv(lambda settings: read_mapping(SHIPPED / f"{name}.toml"))


_CALIT2: Final = Format(read_calit2, lambda paths, settings: {}, lambda settings: (".csv",))
FORMATS: Final[Mapping[str, Format]] = {
    **{name: _shipped(name) for name in ("sal-rb", "pa-ble", "itag")},
    "calit2": _CALIT2,
    "uci-calit2": _CALIT2,
    "csv": _of_csv(_own_mapping),
    "jsonl": Format(_read_jsonl, _jsonl_zones, lambda settings: (".jsonl", ".jsonl.gz")),
}


class Replay(SourceSettings):
    """`[[sources]] kind = "replay"`: plays a recorded file as if it happened now; `footfall replay` sends it with its own time instead."""

    kind: Literal["replay"]
    format: FormatName
    paths: Annotated[tuple[Path, ...], Field(min_length=1)]
    timezone: str = "UTC"
    door: Name = "main"
    mapping: Path | None = None
    """For `format = "csv"`: the file that describes its columns."""
    speed: Annotated[float, Field(gt=0, le=100_000)] = 1.0

    def source(self, clock: Clock, profiles: Registry) -> SimulatedSource:
        return SimulatedSource(self.name, self._stream, clock, speed=self.speed, silence_s=self.silence_s)

    def _stream(self) -> Iterator[Heard]:
        zero_ns: int | None = None
        for heard in read(self.format, self.paths, ReplaySettings(self.timezone, DEFAULT_START, self.door, self.mapping)):
            zero_ns = _time_ns(heard) if zero_ns is None else zero_ns
            yield _undated(heard, zero_ns)


def _undated(heard: Heard, zero_ns: int) -> Heard:
    """Return the same thing with its time counted from the start of the recording."""
    times: dict[str, Any] = {"t_boot_ns": _time_ns(heard) - zero_ns, "t_wall_ns": 0}
    if isinstance(heard, Gap):
        times = {"from_boot_ns": heard.from_boot_ns - zero_ns, "to_boot_ns": heard.to_boot_ns - zero_ns}
    return replace(heard, **times)
