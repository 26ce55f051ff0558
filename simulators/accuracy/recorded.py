"""A recording with its truth, played and put together as courses."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from device_profiles.registry import Registry, shipped
from edge_agent.keys import SubjectKeys
from edge_agent.levels import ZoneRule
from edge_agent.playback import own_keys
from edge_agent.sources.csv_labels import contradictions, unsure
from edge_agent.sources.csv_mapping import CsvMapping
from edge_agent.sources.csv_recording import read_csv, receivers_of
from edge_agent.sources.csv_strangers import strangers
from edge_agent.sources.replay import FORMATS, FormatName, expand
from edge_agent.sources.replay_settings import Part, ReplaySettings, Run
from edge_agent.sources.run_notes import notes_of_runs
from edge_agent.sources.source import Gap, Recorded, RefusedReading, Sighting
from footfall import wording
from footfall.errors import ConfigError
from footfall.mistakes import unknown
from footfall.pseudonyms import to_hex
from footfall.units import NS_PER_MS, NS_PER_S
from gateway.fold.profile_limits import VISITORS
from gateway.query.spans import iso
from gateway.site import Agent, Site, Store, Zone
from simulators.accuracy.carried import FLEETING_NS, Carried, carried_in
from simulators.accuracy.course import NO_LEADS, Course, DecidedDwell, Lead, Span, course_of_rows
from simulators.accuracy.playing import Played, play_recording, subject_of
from simulators.accuracy.progress import Reached, counted, ignore
from simulators.accuracy.simulated import stored_by_subject
from simulators.accuracy.unjudged import by_labels, unjudged

_UTC: Final = ZoneInfo("UTC")
STORE: Final = "recorded"
AGENT: Final = "recorded-replay"
NEAR_A_JUMP_NS: Final = 30 * NS_PER_S
"""What is judged so near a jump of the clock is not to be relied on."""
MOST_LOST_NS: Final = 600 * NS_PER_S
"""Of a longer hole: it is a pause between two recordings rather than a clock."""


@dataclass(frozen=True, slots=True)
class TrueRecording:
    """A recording whose truth is known."""

    runs: Sequence[Run]
    receivers: Mapping[str, str]
    profile: str
    """Of the first sighting; each identifier has its own."""
    outside: Set[str]
    carried: Sequence[Carried]
    mistakes: Sequence[str] = ()
    """What the mapping names and the files do not have, and what of the files is judged nowhere."""
    zone_rules: Mapping[str, ZoneRule] = field(default_factory=dict)

    @property
    def heard(self) -> Iterable[Recorded]:
        return heapq.merge(*(run.heard for run in self.runs), key=_time_ns)

    @property
    def size(self) -> int:
        """Return how much was heard."""
        return sum(len(run.heard) for run in self.runs)

    def zones_heard(self) -> set[str]:
        """Return the zones of receivers that heard anybody."""
        heard = {one.receiver for run in self.runs for one in run.heard if isinstance(one, Sighting)}
        return {zone for receiver, zone in self.receivers.items() if receiver in heard}

    def only(self, names: Set[str]) -> TrueRecording:
        """Return the recording with these runs alone."""
        return replace(self, runs=[run for run in self.runs if run.name in names], carried=[c for c in self.carried if c.run in names])

    def of(self, identifiers: Set[str]) -> TrueRecording:
        """Return the recording of these identifiers alone."""
        runs = [replace(run, heard=_of(run.heard, identifiers)) for run in self.runs]
        return replace(self, runs=runs, carried=[carried for carried in self.carried if carried.identifier in identifiers])

    def span(self) -> tuple[int, int]:
        """Return from before its first row until something was heard last, as what is played ends: so long lasts what is open."""
        first_ns = min(t_ns for carried in self.carried for t_ns, _ in carried.rows)
        last_ns = max(_time_ns(run.heard[-1]) for run in self.runs if run.heard)
        return first_ns - NEAR_A_JUMP_NS, last_ns + NS_PER_MS

    def profiles(self) -> dict[str, str]:
        """Return by identifier that is carried the profile under which it was heard, which its subject depends on."""
        heard = {one.identifier: one.profile for one in self.heard if isinstance(one, Sighting)}
        return {one.identifier: heard.get(one.identifier, self.profile) for one in self.carried}

    def site(self) -> Site:
        """Return a store with the zones that are heard or true."""
        zones = dict.fromkeys([*self.receivers.values(), *(zone for carried in self.carried for _, zone in carried.rows)])
        listed = tuple(Zone(name=zone, type="outside" if zone in self.outside else "other") for zone in zones)
        return Site(
            brand="recorded", stores=(Store(name=STORE, zones=listed, agents=(Agent(name=AGENT, receivers=dict(self.receivers)),)),)
        )


def read_recording(format_name: FormatName, paths: Sequence[Path], settings: ReplaySettings) -> TrueRecording:
    """Return a recording with its truth. Raise ConfigError if it has none, or nothing is heard in it."""
    return of_mapping(mapping_of(format_name, settings), expand(format_name, paths, settings), settings)


def mapping_of(format_name: FormatName, settings: ReplaySettings) -> CsvMapping:
    """Return the columns of a format. Raise ConfigError for one that has no truth."""
    mapping = FORMATS[format_name].mapping
    if mapping is None:
        raise ConfigError(f"recordings of format {format_name} have no truth of zones: there is nothing to compare with")
    return mapping(settings)


def of_mapping(mapping: CsvMapping, files: Sequence[Path], settings: ReplaySettings) -> TrueRecording:
    """Return the files that a mapping describes. Raise ConfigError if there is no truth in them, or nothing is heard."""
    found = read_csv(mapping, files, settings)
    carried = carried_in(found)
    where = ", ".join(map(str, files))
    if not carried:
        raise ConfigError(f"{where}: there is no truth to compare with: {_why_no_truth(mapping, found)}")
    if not any(isinstance(one, Sighting) for run in found for one in run.heard):
        raise ConfigError(f"{where}: nothing was heard: every level is empty or one of `not_heard`{_unread(found, '. ')}")
    profile = next(one.profile for run in found for one in run.heard if isinstance(one, Sighting))
    return TrueRecording(
        found, receivers_of(mapping, files), profile, frozenset(mapping.outside), carried,
        [*strangers(mapping, files, found), *unjudged(found)], dict(mapping.zone_rules),
    )  # fmt: skip


def _why_no_truth(mapping: CsvMapping, found: Sequence[Run]) -> str:
    if mapping.truth is None:
        counts = "; people counted at a door are compared if the mapping has no `receivers`" if mapping.counts is not None else ""
        return f"describe it in the section [truth] of the mapping{counts}"
    return "; ".join(unjudged(found)) or "no row has a true zone: look at the columns and at `where` in the section [truth] of the mapping"


def play(
    recording: TrueRecording, site: Site | None = None, place: tuple[str, str] = (STORE, AGENT), profiles: Registry | None = None,
    reached: Reached = ignore,
) -> Played:  # fmt: skip
    """Play the recording, into a store of your own if `site` has one, `place` names it and the agent; report how much of `size` is done."""
    heard = counted(recording.heard, recording.size, reached)
    return play_recording(heard, site or recording.site(), *place, recording.receivers, profiles, zone_rules=recording.zone_rules)


def courses_of(
    recording: TrueRecording, subjects: Mapping[str, str], dwells: Mapping[str, Sequence[DecidedDwell]],
    visits: Mapping[str, Sequence[Span]], idle_s: float, window_s: float = 0.0, leads: Mapping[str, Sequence[Lead]] = NO_LEADS,
) -> list[Course]:  # fmt: skip
    """Return a course for each identifier in each run, of what is stored by subject. With `window_s` each window's end is judged."""
    found = []
    tags_of = Counter(carried.run for carried in recording.carried)
    runs = {run.name: run for run in recording.runs}
    for run, identifier, rows, unclear, left_out, fleeting in recording.carried:
        mine = dwells.get(subjects[identifier], ()), visits.get(subjects[identifier], ())
        name = run if tags_of[run] == 1 else identifier if len(recording.runs) == 1 else f"{run} {identifier}"
        led = leads.get(subjects[identifier], ())
        course = course_of_rows(name, rows, *mine, recording.outside, round(idle_s * NS_PER_S), round(window_s * NS_PER_S), led, unclear)
        lost = left_out + len(fleeting) + _in_holes(course, runs[run]) + _unread_moments(course, runs[run])
        found.append(replace(course, disturbed=_disturbed(course, runs[run], identifier), left_out=lost))
    return found


def known_profiles(recording: TrueRecording, profiles: Registry | None = None) -> Registry:
    """Return the profiles, the shipped ones by default. Raise ConfigError if they lack the recording's."""
    known = profiles or shipped()
    if recording.profile not in known:
        name = recording.profile
        raise ConfigError(unknown(f"there is no profile {name!r}", name, known, "`footfall profile list` has them"))
    if known[recording.profile].identifier_class not in VISITORS:
        of = known[recording.profile].identifier_class
        raise ConfigError(
            f"profile {recording.profile!r} is of class {of}, which has no zones to compare: state one of people, such as ibeacon"
        )
    return known


def played_courses(
    recording: TrueRecording, played: Played, idle_s: float, window_s: float = 0.0, profiles: Registry | None = None
) -> list[Course]:
    """Return the courses of what was played."""
    known = known_profiles(recording, profiles)
    subjects = {identifier: subject_of(known, profile, identifier) for identifier, profile in recording.profiles().items()}
    dwells, visits = stored_by_subject(played.sink.stored(played.end_ns))
    return courses_of(recording, subjects, dwells, visits, idle_s, window_s, played.leads)


def replayed_subjects(recording: TrueRecording, paths: Sequence[Path], profiles: Registry | None = None) -> dict[str, str]:
    """Return the subjects that `footfall replay` gives the identifiers of these files, if it is given no keys of its own."""
    known = known_profiles(recording, profiles)
    keys = SubjectKeys(own_keys(paths, known))
    return {identifier: to_hex(keys.subject(known[profile], identifier)) for identifier, profile in recording.profiles().items()}


def notes_of(recording: TrueRecording) -> list[str]:
    """Return what is to be known of a recording beside its figures: mistakes, zones unheard, lines unread, clocks that jumped."""
    found = [mistake if mistake.endswith("?") else f"{mistake}." for mistake in recording.mistakes]
    if unread := _unread(recording.runs):
        found.append(f"{unread}.")
    if lost := _unread(list({id(run.labels): run.labels for run in recording.runs if run.labels}.values())):
        found.append(f"Of the truth {lost}: what it may have changed lowers the confidence.")
    found += [*(note.text for note in notes_of_runs(recording.runs)), *_contradicted(recording)]
    if left_out := sum(one.left_out for one in recording.carried):
        found.append(
            f"{left_out:,} rows of the truth are of times that the clock had twice: nothing is judged there, and they lower the confidence."
        )
    return found


def _contradicted(recording: TrueRecording) -> Iterator[str]:
    """Truths that have somebody in two zones at one time."""
    if fleeting := sum(len(one.fleeting) for one in recording.carried):
        first = next(one for one in recording.carried if one.fleeting)
        t_ns, zone = first.fleeting[0]
        where = f"{first.identifier!r} in {zone} at {iso(t_ns, _UTC, 'seconds')}, in {first.run}"
        yield (
            f"{fleeting:,} rows of the truth are of a zone that it leaves for the one before within {FLEETING_NS // NS_PER_S} s, as two"
            " truths of one time do, or a place at a border: nothing is judged there, and they lower the confidence."
            f" The first: {where}."
        )
    several = {key: zones for labels, _ in by_labels(recording.runs) for key, zones in contradictions(labels).items()}
    for (t_ns, identifier), zones in sorted(several.items())[:1]:
        who = repr(identifier) if identifier else "everybody"
        yield (
            f"{len(several):,} times the truth has several zones from one instant on: the last is taken, and lowers the confidence until"
            f" the next. The first: {who} in {' and '.join(zones)} at {iso(t_ns, _UTC, 'seconds')}."
        )


def _unread(runs: Sequence[Run], after: str = "") -> str:
    """Return how many lines cannot be read, and why not, after some text; "" for none."""
    refused = sum(isinstance(one, RefusedReading) for run in runs for one in run.heard)
    why = next((run.why_refused for run in runs if run.why_refused), "")
    lines = wording.counted(refused, "line cannot be read and was", "lines cannot be read and were")
    return f"{after}{lines} left out; the first is {why}" if refused else ""


def _of(heard: Iterable[Recorded], identifiers: Set[str]) -> list[Recorded]:
    return [one for one in heard if isinstance(one, Sighting) and one.identifier in identifiers]


def _disturbed(course: Course, run: Run, identifier: str) -> npt.NDArray[np.bool_]:
    """Return which moments lie near an end of a jump, follow what is no level, or lie where a label that cannot be read may have held."""
    ends = [Part(t_ns, t_ns) for jump in run.jumps if jump.to_ns < jump.from_ns for t_ns in (jump.from_ns, jump.to_ns)]
    near = [Part(from_ns - NEAR_A_JUMP_NS, to_ns + NEAR_A_JUMP_NS) for from_ns, to_ns in [*ends, *_holes(run)]]
    steps = np.zeros(len(course.t_ns) + 1, np.int64)
    for from_ns, to_ns in [*near, *_without_level(run, identifier), *unsure(run, identifier)]:
        steps[np.searchsorted(course.t_ns, from_ns)] += 1
        steps[np.searchsorted(course.t_ns, to_ns, "right")] -= 1
    return np.cumsum(steps[:-1]) > 0


def _holes(run: Run) -> list[Part]:
    return [Part(jump.from_ns, jump.to_ns) for jump in run.jumps if jump.from_ns < jump.to_ns]


def _in_holes(course: Course, run: Run) -> int:
    """Return how many moments lie in holes without any: as many as elsewhere in so long, of each hole for `MOST_LOST_NS` at most."""
    begin_ns, end_ns = course.span.from_ns, course.span.to_ns
    inside = [hole for hole in _holes(run) if begin_ns <= hole.from_ns and hole.to_ns <= end_ns]
    empty = [hole for hole in inside if np.searchsorted(course.t_ns, hole.from_ns, "right") == np.searchsorted(course.t_ns, hole.to_ns)]
    lost_ns = sum(min(hole.to_ns - hole.from_ns, MOST_LOST_NS) for hole in empty)
    judged_ns = end_ns - begin_ns - sum(hole.to_ns - hole.from_ns for hole in empty)
    return round(len(course.t_ns) * lost_ns / judged_ns) if lost_ns and judged_ns > 0 else 0


def _unread_moments(course: Course, run: Run) -> int:
    """Return how many moments lines that cannot be read stand for, of all identifiers alike: nobody knows whose they were."""
    refused = sum(isinstance(one, RefusedReading) for one in run.heard)
    return round(len(course.t_ns) * refused / run.rows) if refused and run.rows else 0


def _without_level(run: Run, identifier: str) -> Iterator[Part]:
    """Yield from when what stands for a level is none until the identifier is heard next."""
    if lost := run.not_levels.times_ns.get(identifier):
        times = [one.t_wall_ns for one in run.heard if isinstance(one, Sighting) and one.identifier == identifier]
        for t_ns in lost:
            at = bisect_right(times, t_ns)
            yield Part(t_ns, min(times[at] - 1, t_ns + NEAR_A_JUMP_NS) if at < len(times) else t_ns + NEAR_A_JUMP_NS)


def _time_ns(heard: Recorded) -> int:
    return heard.from_boot_ns if isinstance(heard, Gap) else heard.t_wall_ns
