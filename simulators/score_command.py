"""The command `footfall score`: what is stored, beside what was true."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from edge_agent.sources.replay import FORMATS, FormatName, expand, format_named, format_of, has_counts_alone
from edge_agent.sources.replay_settings import DEFAULT_START, ReplaySettings, start_of
from footfall.config import read_secret
from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from footfall.units import NS_PER_S
from gateway.config import load_site
from gateway.query.chart_file import check_chart_file
from gateway.query.source import open_reader
from gateway.sinks.reader import PointReader
from simulators.accuracy import counts, progress, recorded, show
from simulators.accuracy.course import NO_LEADS, Course
from simulators.accuracy.doubts import doubtful, doubts_of
from simulators.accuracy.figures import figures, without_nan
from simulators.accuracy.folder import play_folder
from simulators.accuracy.place import Place, only_store
from simulators.accuracy.recorded import TrueRecording
from simulators.accuracy.simulated import IDLE_S, courses_of_truth, stored_by_subject
from simulators.accuracy.stays import stays_of_visitors
from simulators.accuracy.unapplied import unapplied
from simulators.files import moment_ns
from simulators.score import IDLE_NS, Score
from simulators.score import score as judge
from simulators.show import score_table, score_values
from simulators.stored import read_stored
from simulators.truth import Truth, read_truth

TRUTH: Final = "truth.jsonl"
"""What makes a folder that of a simulated estate."""
OUTPUTS: Final = ("table", "json")


@dataclass(frozen=True, slots=True)
class _Shown:
    """How to show figures. `window_s`: judge the ends of windows; `least_s`: what is a stay and no pass."""

    as_json: bool
    plot: Path | None
    window_s: float = 0.0
    least_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Database:
    """Where to read what is stored."""

    db: Path | None
    influx: str | None
    bucket: str
    token_file: Path | None
    config: Path | None
    store: str | None

    @property
    def is_named(self) -> bool:
        return any(each is not None for each in (self.db, self.influx, self.config))

    def open(self) -> PointReader:
        return open_reader(self.db, self.influx, self.bucket, self.token_file, self.config)


def score(
    recording: Annotated[
        list[Path] | None, typer.Argument(help="Recorded files with their truth, folders of them, or what `footfall simulate --out` wrote.")
    ] = None,
    format_: Annotated[
        list[str] | None, typer.Option("--format", "-f", help=f"Of the recording: {', '.join(FORMATS)}; or of the figures: json.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="With --format csv: the TOML file that describes the columns.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw truth and estimate over time into this file (PNG, SVG or PDF).")] = None,
    window_s: Annotated[float, typer.Option(min=0, help="Judge the end of each window of so many seconds; 0: every row.")] = 0.0,
    least_s: Annotated[float | None, typer.Option(min=0, help="Stays that are shorter are passes; default: as the truth has it.")] = None,
    site: Annotated[Path | None, typer.Option(help="Play the recording into a store of this site.toml, with its calibration.")] = None,
    timezone: Annotated[str, typer.Option(help="Of local times in the files.")] = "UTC",
    start: Annotated[str, typer.Option(help="When a recording without dates began, ISO 8601.")] = DEFAULT_START.isoformat(),
    truth: Annotated[Path | None, typer.Option(help="The truth file that `footfall simulate --out` wrote.")] = None,
    sal_rb_folder: Annotated[Path | None, typer.Option("--sal-rb", hidden=True, help="FOLDER --format sal-rb.")] = None,
    db: Annotated[Path | None, typer.Option(help="The gateway's SQLite file.")] = None,
    influx: Annotated[str | None, typer.Option(help="InfluxDB's address, such as http://localhost:8086.")] = None,
    bucket: Annotated[str, typer.Option(help="InfluxDB's bucket; for 1.8 database/retention-policy.")] = "footfall",
    token_file: Annotated[Path | None, typer.Option(help="A file with InfluxDB's token (1.8: user:password).")] = None,
    config: Annotated[Path | None, typer.Option(help="gateway.toml: asks the gateway's own sink.")] = None,
    secret_file: Annotated[Path | None, typer.Option(help="The brand's secret, if it is not brand.secret beside the truth file.")] = None,
    store: Annotated[str | None, typer.Option(help="The store it was replayed into, or of --site; default: the only one.")] = None,
    until: Annotated[str | None, typer.Option(help="Judge up to this time only (ISO 8601); default: the end of the world.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare what is stored with what was true.

    A recording is played through agent and gateway in this process, or read from the database into which it was replayed.

    [bold]Examples[/]

    footfall score recordings/sal-rb --plot sal-rb.png

    footfall score heard.csv --format csv --mapping columns.toml --json

    footfall score recordings/sal-rb --config gateway.toml --store lab

    footfall score world    # plays what `footfall simulate --out world` wrote; as --truth world/truth.jsonl

    footfall score --truth world/truth.jsonl --db world/footfall.db
    """
    paths = [*(recording or ()), *([sal_rb_folder] if sal_rb_folder else ())]
    if len(paths) == 1 and truth is None and (paths[0] / TRUTH).is_file():
        paths, truth = [], paths[0] / TRUTH
    _check_folders(paths)
    if bool(paths) == (truth is not None):
        raise ConfigError("say what to compare with: a RECORDING with its truth, or --truth FILE of a simulated world; one of them")
    if plot is not None:
        check_chart_file(plot)
    named, as_json = _formats([*(format_ or ()), *(["sal-rb"] if sal_rb_folder else ())])
    shown = _Shown(as_json or json_, plot, window_s, least_s)
    database = _Database(db, influx, bucket, token_file, config, store)
    if truth is not None:
        _score_world(truth, database, secret_file, until, shown)
        return
    settings = ReplaySettings(timezone, start_of(start), mapping=mapping)
    name = format_named(named) if named else "csv" if mapping else format_of(paths)
    if FORMATS[name].mapping is None or has_counts_alone(name, settings):
        _check_counts(
            {
                "--plot": plot is not None,
                "--site": site is not None,
                "--window-s": window_s > 0,
                "--least-s": least_s is not None,
                "a database": database.is_named,
            }
        )
        _print(shown, *counts.of_recording(name, paths, settings))
        return
    found = recorded.read_recording(name, paths, settings)
    subjects = recorded.replayed_subjects(found, expand(name, paths, settings)) if database.is_named else {}
    place = None if site is None or database.is_named else Place.read(site, store)
    courses = _courses(found, subjects, database, place, shown)
    notes = [] if place is None else unapplied(place.store, found.profiles(), recorded.known_profiles(found))
    _score_recording(found, name, courses, shown, notes, is_timed=not database.is_named)


def _check_counts(asked: Mapping[str, bool]) -> None:
    """Raise ConfigError for what cannot be done with people counted at a door."""
    for name in (name for name, is_asked in asked.items() if is_asked):
        raise ConfigError(f"{name}: a recording of counts has no zones: it is played, and its sums and days are compared; leave {name} out")


def _check_folders(paths: Sequence[Path]) -> None:
    """Raise ConfigError for a folder of a simulated estate that lacks its truth, or that stands among other recordings."""
    for path in paths:
        if (path / TRUTH).is_file():
            raise ConfigError(f"{path}: a simulated estate is scored alone: `footfall score {path}`")
        if (path / "site.toml").is_file() and list(path.glob("*.jsonl.gz")):
            raise ConfigError(
                f"{path}: there is no {TRUTH} beside these recordings: a folder that `footfall simulate --out` wrote is scored with"
                f" site.toml, {TRUTH}, brand.secret and a NAME.jsonl.gz of each agent in it"
            )


def _formats(given: Sequence[str]) -> tuple[str, bool]:
    """Return the format of the recording, "" if it is not stated, and whether figures are wanted as JSON."""
    of_recording = [name for name in given if name not in OUTPUTS]
    for name in of_recording:
        if name not in FORMATS:
            there = [*FORMATS, *OUTPUTS]
            raise ConfigError(f"format {name[:80]!r}{did_you_mean(name, there)}: one of {', '.join(there)}")
    if len(set(of_recording)) > 1:
        raise ConfigError(f"the recording has one format: {' or '.join(of_recording)}")
    return of_recording[0] if of_recording else "", "json" in given


def _courses(found: TrueRecording, subjects: Mapping[str, str], database: _Database, place: Place | None, shown: _Shown) -> list[Course]:
    if database.is_named:
        with closing(database.open()) as reader:
            name = only_store(database.store, reader.stores(), reader.where)
            stored = read_stored(reader, [name], *found.span())
            where = f"{reader.where}, store {name!r}"
        dwells, visits = stored_by_subject(stored)
        if not {*subjects.values()} & {*dwells, *visits}:
            raise ConfigError(
                f"{where}: nothing of this recording is stored there: `footfall replay` sends it, with the files and the --format"
                " named here, and without --keys; --store names another store"
            )
        return recorded.courses_of(found, subjects, dwells, visits, IDLE_S, shown.window_s)
    with progress.shown(found.size) as reached:
        if place is None:
            return recorded.played_courses(found, recorded.play(found, reached=reached), IDLE_S, shown.window_s)
        place.check_zones(found.zones_heard())
        played = recorded.play(found, place.site, (place.store.name, place.agent_of(found.receivers)), reached=reached)
    return recorded.played_courses(found, played, place.store.idle_timeout_s, shown.window_s)


def _score_recording(
    found: TrueRecording, name: FormatName, courses: Sequence[Course], shown: _Shown, more: Sequence[str], is_timed: bool
) -> None:
    doubts = doubts_of(found, {dwell.zone for course in courses for dwell in course.dwells})
    courses = [
        replace(course, disturbed=doubtful(course, carried.identifier, doubts))
        for course, carried in zip(courses, found.carried, strict=True)
    ]
    total = figures(courses, found.outside, shown.least_s or 0.0)
    runs = {course.name: figures([course], found.outside, shown.least_s or 0.0) for course in courses}
    notes = [*recorded.notes_of(found), *(doubt.text for doubt in doubts), *more]
    values = {**total.values(is_timed), "runs": {run: each.values(is_timed) for run, each in runs.items()}, "notes": notes}
    _print(shown, values, [*show.accuracy_tables(f"{name} against its truth", total, runs, notes, is_timed)])
    _draw(courses, f"{name}: where it truly was, and what is stored", shown)


def _score_world(truth: Path, database: _Database, secret_file: Path | None, until: str | None, shown: _Shown) -> None:
    """Score what a database has of a simulated estate, or what becomes of what its agents heard, played in this process."""
    if database.is_named:
        with closing(database.open()) as reader:
            known, secret, until_ns = _known(truth, secret_file, until)
            stored, leads = read_stored(reader, [world.store for world in known.stores], _begin_ns(known), until_ns), NO_LEADS
    else:
        known, secret, until_ns = _known(truth, secret_file, until)
        begin_ns = _begin_ns(known)
        with progress.shown(known.end_ns - begin_ns) as reached:
            played = play_folder(truth.parent, known, secret, lambda t_ns: reached(t_ns - begin_ns))
        stored, leads = played.sink.stored(until_ns), played.leads
    idle_ns = _idle_ns(truth.parent / "site.toml", known)
    found: Score = judge(known, stored, secret, _begin_ns(known), until_ns, idle_ns)
    courses = courses_of_truth(known, secret, *stored_by_subject(stored), until_ns, leads, idle_ns)
    people = stays_of_visitors(known, stored, until_ns)
    accuracy = figures(courses, people=people if shown.least_s is None else replace(people, least_s=shown.least_s))
    is_timed = not database.is_named
    values = {**score_values(found), "zones_by_visitor": accuracy.values(is_timed)}
    _print(shown, values, [score_table(found), show.moves_table(accuracy, is_timed), *show.stays_tables(accuracy)])
    _draw(courses, "where visitors truly were, and what is stored", shown)


def _begin_ns(known: Truth) -> int:
    return min(world.start_ns for world in known.stores)


def _idle_ns(site: Path, known: Truth) -> dict[str, int]:
    """Return the idle timeout of each store: that of the site.toml beside the truth, if there is one."""
    stated = {store.name: round(store.idle_timeout_s * NS_PER_S) for store in load_site(site, {}).stores} if site.is_file() else {}
    return {world.store: stated.get(world.store, IDLE_NS) for world in known.stores}


def _known(truth: Path, secret_file: Path | None, until: str | None) -> tuple[Truth, bytes, int]:
    """Return the truth, the brand's secret, and up to when it is judged."""
    known = read_truth(truth)
    if not known.stores:
        raise ConfigError(f"{truth}: says nothing of any store")
    if known.items and not known.visits:
        raise ConfigError(
            f"{truth}: goods alone, and no visitor: this command compares visitors; `make accuracy ONLY=goods-shelf` has goods"
        )
    return known, read_secret(secret_file or truth.parent / "brand.secret"), known.end_ns if until is None else moment_ns(until)


def _print(shown: _Shown, values: dict[str, Any], tables: Sequence[Any]) -> None:
    if shown.as_json:
        print(json.dumps(without_nan(values)))
        return
    console = Console(highlight=False)
    for table in tables:
        console.print(table)


def _draw(courses: Sequence[Course], title: str, shown: _Shown) -> None:
    if shown.plot is None:
        return
    from simulators.accuracy.plot import MOST_COURSES, draw  # matplotlib is a third of a start's CPU, and few ask for a picture

    drawn = draw(courses, title, shown.plot)
    if not shown.as_json:
        more = f", the first {MOST_COURSES} of {len(courses)}" if drawn < len(courses) else ""
        Console(highlight=False).print(f"drawn into {shown.plot}{more}", soft_wrap=True)
