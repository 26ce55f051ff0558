"""Recorded counts of doors: what was stored of them, and what became of the number of people inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from rich.table import Table

from edge_agent.recorded_contents import Contents
from edge_agent.sources.replay import FormatName, read, zone_of
from edge_agent.sources.replay_settings import FileNote, ReplaySettings
from edge_agent.sources.source import Crossing, Heard, RefusedReading
from footfall.errors import ConfigError
from footfall.units import NS_PER_MINUTE, NS_PER_S
from gateway.site import Agent, Site, Store, local_day
from simulators.accuracy.decisions import StoredCounts
from simulators.accuracy.playing import play_recording
from simulators.accuracy.recorded import AGENT, STORE
from simulators.show import WIDTH

_Of = TypeVar("_Of")


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A day of the store. `drift` is as its last row states it."""

    day: str
    entered: int
    left: int
    drift: int


@dataclass(frozen=True, slots=True)
class Counts:
    """`unexplained`: minutes in which fewer than nobody is inside, or whose number inside less drift is not the running sum as recorded."""

    entered: int
    entered_stored: int
    left: int
    left_stored: int
    refused: int
    least_inside: int
    most_drift: int
    unexplained: int
    days: tuple[CountedDay, ...]
    confidence: float = 1.0
    """The share of counts, or of days, that is beyond doubt: the smaller of both."""
    notes: tuple[str, ...] = ()


def of_recording(format_name: FormatName, paths: Sequence[Path], settings: ReplaySettings) -> tuple[dict[str, Any], list[Table | str]]:
    """Play a recording of counts; return its figures as values, and as tables with notes. Raise ConfigError if it has no counts."""
    settings = replace(settings, timezone=zone_of(format_name, settings).key)
    notes: list[FileNote] = []
    heard = list(read(format_name, paths, replace(settings, on_note=notes.append)))
    if not any(isinstance(one, Crossing) for one in heard):
        raise ConfigError(f"recordings of format {format_name} have no truth of zones, and this one no counts: nothing can be compared")
    found = _doubted(played_counts(heard, settings), heard, notes, settings)
    return asdict(found), [_table(found), *found.notes]


def _doubted(found: Counts, heard: Sequence[Heard], notes: Sequence[FileNote], settings: ReplaySettings) -> Counts:
    """Return figures with what makes them doubtful."""
    contents = Contents(settings.zone_info())
    for one in heard:
        contents.add(one)
    counts = sum(isinstance(one, Crossing | RefusedReading) for one in heard)
    doubtful = contents.refused + sum(note.doubtful for note in notes)
    confidence = 1.0 - max(min(doubtful / counts, 1.0), contents.one_way_share)
    texts = (*(note.text for note in notes), *contents.doubts(), *contents.refused_lines())
    return replace(found, confidence=confidence, notes=texts)


def played_counts(heard: Sequence[Heard], settings: ReplaySettings) -> Counts:
    """Return what is stored of crossings beside what was recorded."""
    crossings = [one for one in heard if isinstance(one, Crossing)]
    doors = tuple(dict.fromkeys(one.door for one in crossings))
    store = Store(name=STORE, timezone=settings.timezone, doors=doors, agents=(Agent(name=AGENT),))
    played = play_recording(heard, Site(brand="recorded", stores=(store,)), STORE, AGENT, {}, step_ns=NS_PER_MINUTE)
    minutes = played.sink.minutes.values()
    of_days = _by_day({t_ns: of for (_, t_ns), of in played.sink.minutes.items()}, store)
    passed = _by_day(_passed(crossings), store)
    return Counts(
        sum(one.entered for one in crossings),
        sum(minute.entered for minute in minutes),
        sum(one.left for one in crossings),
        sum(minute.left for minute in minutes),
        sum(isinstance(one, RefusedReading) for one in heard),
        min((minute.occupancy for minute in minutes), default=0),
        max((abs(minute.drift) for minute in minutes), default=0),
        sum(unexplained(its_minutes, passed.get(day, {})) for day, its_minutes in of_days.items()),
        tuple(_day(day, list(its_minutes.values())) for day, its_minutes in of_days.items()),
    )


def _passed(crossings: Sequence[Crossing]) -> dict[int, int]:
    """Return how many more came in than went out, as recorded, by the minute."""
    found: dict[int, int] = {}
    for one in crossings:
        minute_ns = one.t_wall_ns // NS_PER_MINUTE * NS_PER_MINUTE
        found[minute_ns] = found.get(minute_ns, 0) + one.entered - one.left
    return found


def _by_day(minutes: Mapping[int, _Of], store: Store) -> dict[int, dict[int, _Of]]:
    """Return the minutes of each of the store's days, in order, by the day's ordinal."""
    found: dict[int, dict[int, _Of]] = {}
    start = timedelta(hours=store.day_start.hour, minutes=store.day_start.minute)
    for time_ns, minute in sorted(minutes.items(), key=lambda each: each[0]):
        found.setdefault(local_day(store.zone, start, time_ns // NS_PER_S)[0], {})[time_ns] = minute
    return found


def unexplained(minutes: Mapping[int, StoredCounts], passed: Mapping[int, int]) -> int:
    """Return how many of a day's minutes have a number of people inside that what was recorded by then and its drift do not make."""
    times = sorted({*minutes, *passed})
    inside = dict(zip(times, accumulate(passed.get(t_ns, 0) for t_ns in times), strict=True))
    return sum(minute.occupancy < 0 or minute.occupancy - minute.drift != inside[t_ns] for t_ns, minute in minutes.items())


def _day(day: int, minutes: Sequence[StoredCounts]) -> CountedDay:
    entered, left = sum(minute.entered for minute in minutes), sum(minute.left for minute in minutes)
    return CountedDay(date.fromordinal(day).isoformat(), entered, left, minutes[-1].drift)


def _table(found: Counts) -> Table:
    table = Table("figure", "value", "of what", title="counts, stored beside the recording", width=WIDTH)
    table.add_row("in", f"{found.entered_stored:,}", f"stored, {found.entered:,} recorded")
    table.add_row("out", f"{found.left_stored:,}", f"stored, {found.left:,} recorded")
    table.add_row("lines refused", f"{found.refused}", "quarantined")
    table.add_row("fewest inside", f"{found.least_inside}", f"people; drift of at most {found.most_drift} stated")
    table.add_row("unexplained", f"{found.unexplained}", "minutes with fewer than nobody inside, or whose drift does not account for it")
    if found.confidence < 1.0:
        table.add_row("confidence", f"{found.confidence:.3f}", "of the counts, or of the days, are beyond doubt: see the notes")
    drifts = [abs(day.drift) for day in found.days]
    if drifts:
        table.add_row("drift of a day", f"{median(drifts):.0f}", f"people, median of {len(drifts)} days; at most {max(drifts)}")
    return table
