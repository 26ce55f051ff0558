"""The figures of the recordings. Nothing is fitted on what is scored: calibrated figures leave the scored run out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.accuracy.baselines import RULES, dwells_by
from benchmarks.accuracy.calibration import site_for, site_without
from benchmarks.accuracy.found import Figures, Picture
from benchmarks.accuracy.rows import Goal, Row
from benchmarks.accuracy.splicing import SEGMENT_S, SEGMENTS, folds, spliced
from edge_agent.sources.replay import FormatName, expand, read
from edge_agent.sources.replay_settings import ReplaySettings
from edge_agent.sources.source import Sighting
from simulators.accuracy.counts import played_counts
from simulators.accuracy.course import Course
from simulators.accuracy.figures import Accuracy, figures
from simulators.accuracy.recorded import TrueRecording, courses_of, mapping_of, of_mapping, play, played_courses
from simulators.real_recordings import data_folder

IDLE_S: Final = 1800.0
WINDOW_S: Final = 10.0
"""The tags that lie still are judged at the ends of windows of this length."""
MEMORY_S: Final = 30.0
NO_CALIBRATION: Final = "no calibration: the product has no figure for this yet"
SETTINGS: Final = ReplaySettings()
_FOLDERS: Final[Mapping[FormatName, str]] = {"sal-rb": "sal-rb", "pa-ble": "pa-ble-rssi", "itag": "uci-itag-entry", "calit2": "uci-calit2"}
_PLAYED: Final = "played through agent and gateway, uncalibrated; shipped profiles"
_LEFT_OUT: Final = "each run with a site calibrated on the other runs alone"
Of = Callable[[Accuracy], float]


def folder_of(format_name: FormatName) -> Path:
    return data_folder() / _FOLDERS[format_name]


def loaded(format_name: FormatName, where: Mapping[str, str] | None = None) -> TrueRecording:
    """Return a recording; with `where` only rows in which these columns hold these texts have a truth."""
    mapping = mapping_of(format_name, SETTINGS)
    if where and mapping.truth is not None:
        mapping = mapping.model_copy(update={"truth": mapping.truth.model_copy(update={"where": dict(where)})})
    return of_mapping(mapping, expand(format_name, [folder_of(format_name)], SETTINGS), SETTINGS)


def uncalibrated(recording: TrueRecording, window_s: float = 0.0) -> list[Course]:
    return played_courses(recording, play(recording), IDLE_S, window_s)


def calibrated(recording: TrueRecording, window_s: float = 0.0) -> list[Course] | None:
    """Return the courses of all runs, each played with a site of the others; None if nothing calibrates."""
    courses: list[Course] = []
    for run in recording.runs:
        site = site_for({run.name}, recording)
        if site is None:
            return None
        alone = recording.only({run.name})
        courses += played_courses(alone, play(alone, site), IDLE_S, window_s)
    return courses


def others(recording: TrueRecording, of: Of, window_s: float = 0.0) -> dict[str, float]:
    """Return a figure of the rules of others on the same recording."""
    heard = [one for one in recording.heard if isinstance(one, Sighting)]
    subjects = {carried.identifier: carried.identifier for carried in recording.carried}
    found = {}
    for name, make in RULES.items():
        courses = courses_of(recording, subjects, dwells_by(make, heard, recording.receivers), {}, IDLE_S, window_s)
        found[name] = of(figures(courses, recording.outside))
    return found


def sal_rb() -> Figures:
    """Cars and a walker at a garage door."""
    everything = loaded("sal-rb")
    names = {run.name for run in everything.runs}
    cars, walk = (everything.only({name for name in names if name.startswith(kind)}) for kind in ("car", "walk"))
    clear = loaded("sal-rb", {"raw_photosensor_door": "0"}).only({run.name for run in cars.runs})
    played, best, on_foot = play(cars), calibrated(cars), uncalibrated(walk)
    plain = played_courses(cars, played, IDLE_S)
    car, clear_car, foot, all_plain = (
        figures(courses, cars.outside) for courses in (plain, played_courses(clear, played, IDLE_S), on_foot, [*plain, *on_foot])
    )
    rows = [
        *_calibrated_cars(cars, best, on_foot),
        Row("sal-rb-cars-rows-2s-uncalibrated", car.zones_right("2 s"), _PLAYED, None, others(cars, _live)),
        Row("sal-rb-cars-clear-rows-2s-uncalibrated", clear_car.zones_right("2 s"), f"{_PLAYED}; rows in which no car blocks the beam",
            Goal(0.92, 0.94), others(clear, _live)),
        Row("sal-rb-walk-rows-2s", foot.zones_right("2 s"), _PLAYED, Goal(0.99), others(walk, _live)),
        Row("sal-rb-events-f1-10s-uncalibrated", _f1_10(all_plain), f"{_PLAYED}; cars and walk", Goal(0.95), others(everything, _f1_10)),
        Row("sal-rb-events-counted-off-uncalibrated", _off(all_plain), f"stored crossings beside {all_plain.transitions.true} true ones",
            Goal(0, bound="<="), others(everything, _off)),
        Row("sal-rb-rows-a-second", played.rows / played.seconds, "presence rows a second and subject; the budget is twice 1.02",
            Goal(2.04, bound="<=")),
    ]  # fmt: skip
    pictures = [Picture("sal-rb", "sal-rb, uncalibrated", [*plain, *on_foot])]
    return Figures(rows, pictures + ([Picture("sal-rb-calibrated", "sal-rb, calibrated on the other runs", best)] if best else []))


def _calibrated_cars(cars: TrueRecording, best: list[Course] | None, on_foot: Sequence[Course]) -> list[Row]:
    """Return the rows of the cars calibrated; events with the walk, which is not calibrated."""
    found = figures(best, cars.outside) if best else None
    events = figures([*best, *on_foot], cars.outside) if best else None
    wanted: Sequence[tuple[str, Of, Goal, bool]] = (
        ("sal-rb-cars-rows-2s", lambda each: each.zones_right("2 s"), Goal(0.96, 0.975), False),
        ("sal-rb-cars-rows-live", _live, Goal(0.93, 0.95), False),
        ("sal-rb-events-f1-3s", lambda each: each.transitions.f1(3), Goal(0.95, 0.97), True),
        ("sal-rb-events-f1-10s", _f1_10, Goal(1.0), True),
        ("sal-rb-events-counted-off", _off, Goal(0, bound="<="), True),
        ("sal-rb-events-flapping", lambda each: each.transitions.flapping, Goal(1.0, bound="<="), True),
    )
    rows = []
    for name, of, goal, is_event in wanted:
        judged = events if is_event else found
        how = f"{_LEFT_OUT}{'; the walk uncalibrated' if is_event else ''}"
        rows.append(Row(name, of(judged), how, goal) if judged else Row(name, None, NO_CALIBRATION, goal))
    return rows


def pa_ble() -> Figures:
    """One beacon carried through a hall of four zones."""
    recording = loaded("pa-ble")
    plain, best = uncalibrated(recording), calibrated(recording)
    found = figures(plain)
    at_least = found.zones_right("3 s")
    tuned = Row("pa-ble-rows-3s-calibrated", None, NO_CALIBRATION, Goal(at_least))
    if best:
        tuned = Row(tuned.name, figures(best).zones_right("3 s"), f"{_LEFT_OUT}; never below uncalibrated", Goal(at_least, 0.90))
    rows = [
        Row("pa-ble-rows-3s", at_least, _PLAYED, Goal(0.875, 0.90), others(recording, _live)),
        tuned,
        Row("pa-ble-changes-too-many", float(found.transitions.stored - found.transitions.true),
            f"stored changes of zone beside {found.transitions.true} true ones: at most one false pair", Goal(2, 0, "<="),
            others(recording, lambda each: float(each.transitions.stored - each.transitions.true))),
        Row("pa-ble-f1-10s", found.transitions.f1(10), _PLAYED, None, others(recording, _f1_10)),
    ]  # fmt: skip
    return Figures(rows, [Picture("pa-ble", "pa-ble, uncalibrated", plain)])


def itag_uncalibrated() -> Figures:
    """Six tags that lie still inside, outside and between: the third zone has no receiver."""
    recording = loaded("itag")
    plain = uncalibrated(recording, WINDOW_S)
    found = figures(plain)
    rows = [
        Row("itag-windows-uncalibrated", found.zones_right("stored"), f"{_PLAYED}; ends of 10 s windows; none hears the vestibule", None,
            others(recording, _live, WINDOW_S)),
        Row("itag-false-changes", float(found.transitions.stored), "stored changes of zone of tags that lie still", Goal(0, bound="<="),
            others(recording, lambda each: float(each.transitions.stored), WINDOW_S)),
    ]  # fmt: skip
    return Figures(rows, [Picture("itag", "itag, uncalibrated", plain)])


def itag_still(name: str, memory_s: float, goal: Goal) -> Figures:
    """The windows right of all tags, each with areas of the five others."""
    recording = loaded("itag")
    courses: list[Course] = []
    for carried in recording.carried:
        site = site_without({carried.identifier}, recording, memory_s)
        if site is None:
            return Figures([Row(name, None, NO_CALIBRATION, goal)])
        alone = recording.of({carried.identifier})
        courses += played_courses(alone, play(alone, site), IDLE_S, WINDOW_S)
    how = f"each tag with areas of the five others, {memory_s:g} s of memory; ends of 10 s windows"
    return Figures([Row(name, figures(courses).zones_right("live"), how, goal)])


def itag_moving() -> Figures:
    """Carriers spliced of three tags, with areas of the three others."""
    recording = loaded("itag")
    courses: list[Course] = []
    for number, tag_of in enumerate(folds(recording)):
        site = site_without(set(tag_of.values()), recording, MEMORY_S)
        if site is not None:
            moving = spliced(recording, tag_of, f"fold {number + 1}")
            courses += played_courses(moving, play(moving, site), IDLE_S, WINDOW_S)
    found = figures(courses)
    how = f"{SEGMENTS} segments of {SEGMENT_S} s of three tags, areas of the three others, {len(courses)} folds"
    wanted: Sequence[tuple[str, float, Goal]] = (
        ("itag-moving-windows", found.zones_right("live"), Goal(0.74)),
        ("itag-moving-flapping", found.transitions.flapping, Goal(1.2, bound="<=")),
        ("itag-moving-delay-s", found.transitions.delay_median_s, Goal(12, bound="<=")),
    )
    return Figures([Row(name, value, how, goal) if courses else Row(name, None, NO_CALIBRATION, goal) for name, value, goal in wanted])


def calit2() -> Figures:
    """A building's main door: sums, and a number of people inside that is never below zero unexplained."""
    settings = ReplaySettings("America/Los_Angeles")
    found = played_counts(list(read("calit2", [folder_of("calit2")], settings)), settings)
    off = abs(found.entered - found.entered_stored) + abs(found.left - found.left_stored)
    how = f"{found.entered_stored:,} in and {found.left_stored:,} out are stored of {found.entered:,} and {found.left:,}"
    drift = sum(abs(day.drift) for day in found.days)
    return Figures(
        [
            Row("calit2-sums-off", float(off), how, Goal(0, bound="<=")),
            Row("calit2-below-zero-unexplained", float(found.unexplained),
                "minutes with fewer than nobody inside, or whose drift does not account for it", Goal(0, bound="<=")),
            Row("calit2-drift-share", drift / found.entered_stored,
                f"drift of {len(found.days)} days without its sign, {drift:,} people, of all who came in: the counter's error"),
        ]
    )  # fmt: skip


def _live(found: Accuracy) -> float:
    return found.zones_right("live")


def _f1_10(found: Accuracy) -> float:
    return found.transitions.f1(10)


def _off(found: Accuracy) -> float:
    return float(abs(found.transitions.stored - found.transitions.true))
