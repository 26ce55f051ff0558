"""The command `footfall calibrate`: sets a store's zones off by walks of which it is known where the carrier was."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from edge_agent.sources.replay import FORMATS, FormatName, format_named, format_of
from edge_agent.sources.replay_settings import DEFAULT_START, ReplaySettings, start_of
from footfall.beacons import BeaconRule
from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from footfall.units import NS_PER_S
from gateway.calibration.advice import ReceiverHeard
from gateway.calibration.findings import findings
from gateway.calibration.left_out import left_out
from gateway.calibration.proposal import calibrate as propose
from gateway.calibration.walks import Walk
from gateway.config import load_gateway, load_site
from gateway.site import Site, Store
from gateway.site.beacons import own_beacons
from simulators.accuracy.doubts import doubts_of
from simulators.accuracy.recorded import TrueRecording, known_profiles, notes_of, play, played_courses, read_recording
from simulators.accuracy.simulated import IDLE_S
from simulators.accuracy.unapplied import unapplied
from simulators.calibration.live import LiveCalibration, profile_of, subject_of_beacon, zones_outside
from simulators.calibration.outcome import WIDTH, SiteFile, confusion_table, figures
from simulators.calibration.recorded_walks import heard_by_receiver, walked_s, walks_of, workshop
from simulators.calibration.to_walk import what_to_walk
from simulators.calibration.walk_file import BEACON, write_walk

CLOCK_NS: Final[Callable[[], int]] = time.time_ns
"""By which a walk is dated that is taken now."""


def calibrate(
    site: Annotated[Path, typer.Argument(help="The site.toml that has the store.")],
    recording: Annotated[list[Path] | None, typer.Option(help="Recorded walks with their truth: files, or folders of them.")] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help=f"Of the recording: {', '.join(FORMATS)}.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="With --format csv: the TOML file that describes the columns.")] = None,
    beacon: Annotated[str, typer.Option(help="Walk now: the beacon that you carry, type:value as `footfall scan` shows it.")] = "",
    config: Annotated[Path, typer.Option(help="Walk now: the gateway.toml, for its broker and secret.")] = Path("gateway.toml"),
    save: Annotated[Path | None, typer.Option(help="Walk now: the folder for the walk; default: walk-TIME.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Walk now: change site.toml without asking.")] = False,
    store: Annotated[str | None, typer.Option(help="Which store; default: the only one.")] = None,
    timezone: Annotated[str, typer.Option(help="Of local times in the files.")] = "UTC",
    start: Annotated[str, typer.Option(help="When a recording without dates began, ISO 8601.")] = DEFAULT_START.isoformat(),
    plot: Annotated[Path | None, typer.Option(help="Draw truth and estimate, with the calibration, into this file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change in site.toml, and change nothing.")] = False,
) -> None:
    """Measure how loud a store's receivers hear a carrier in each zone, and set their zones off in site.toml.

    Walk through every zone with a beacon of the profile that the store uses, cross every border twice in both directions, and stay
    20 seconds in each zone. With --beacon the command hears your agents over the gateway's broker, and you tap where you are. Else give
    it recorded walks. Each walk is judged by a calibration of the others; one long walk is cut in parts.

    With neither it shows which stores nobody calibrated, and the commands for them.

    site.toml is changed only where the calibration wins on walks that were left out. Its comments stay, and a copy of the file before
    lies beside it.

    [bold]Examples[/]

    footfall calibrate site.toml    # which stores are not calibrated, and what to type

    footfall calibrate site.toml --store lab --beacon ibeacon:UUID:1:2 --config gateway.toml

    footfall calibrate site.toml --recording walks/ --format csv --mapping columns.toml --dry-run

    footfall calibrate site.toml --store lab --recording recordings/sal-rb --plot after.png
    """
    if recording and beacon:
        raise ConfigError("state --beacon to walk now, or --recording for walks that were recorded; one of them")
    estate, console = load_site(site, {}), Console(width=WIDTH, highlight=False)
    if not recording and not beacon:
        for line in what_to_walk(site, estate, store and _only(store, estate, site)):
            console.print(line, markup=False, soft_wrap=True)
        return
    place = estate.by_name[_only(store, estate, site)]
    made = datetime.fromtimestamp(time.time(), UTC).replace(microsecond=0)
    paths, settings, walked = recording or [], ReplaySettings(timezone, start_of(start), mapping=mapping), None
    if beacon:
        folder = save or Path(f"walk-{made:%Y%m%dT%H%M%SZ}")
        paths, settings, walked = _walk_now(config, beacon, BeaconRule(own_beacons(estate)), place, folder, console)
    name: FormatName = format_named(format_) if format_ else "csv" if settings.mapping else format_of(paths)
    file = SiteFile(site, place.name, made, lambda: yes or not beacon or _agrees(site), bool(beacon) and not yes, dry_run)
    _calibrate(read_recording(name, paths, settings), walked, place, file, plot, console)


def _walk_now(
    config: Path, beacon: str, rule: BeaconRule, place: Store, folder: Path, console: Console
) -> tuple[list[Path], ReplaySettings, Walk]:
    """Return the recording of a walk that is taken now, how it is read, and the walk, which has each agent's levels."""
    gateway = load_gateway(config)
    live = LiveCalibration(gateway, place, subject_of_beacon(gateway, beacon, rule), CLOCK_NS)
    live.run(console)
    until_ns = CLOCK_NS()
    files = write_walk(folder, live.walk, profile_of(live.walk), zones_outside(place), until_ns)
    again = f"--recording {files.recording} --format csv --mapping {files.mapping}"
    console.print(f"The walk is saved; `footfall calibrate` and `footfall score` read it again: {again}", soft_wrap=True)
    return [files.recording], ReplaySettings(mapping=files.mapping), live.walk.as_walk(f"{files.recording.stem} {BEACON}", until_ns)


def _agrees(site: Path) -> bool:
    return typer.confirm(f"Change {site}?")


def _calibrate(found: TrueRecording, walked: Walk | None, place: Store, file: SiteFile, plot: Path | None, console: Console) -> None:
    """`walked`: a walk that was taken now; else those of the recording."""
    _check_zones(found, place, file.path)
    known, heard = known_profiles(found), heard_by_receiver(found)
    walks = walks_of(found) if walked is None else [walked]
    _check_receivers(found, walks, place, heard, file)
    proposal = propose(walks, place, found.profile, workshop(known), file.made)
    console.print(figures(proposal, found.profile), confusion_table(proposal.best.confusion))
    doubts = [doubt.text for doubt in doubts_of(found)]
    others = unapplied(proposal.put_into(place), found.profiles(), known)
    for line in [*notes_of(found), *doubts, *others, *findings(proposal, walks, place, found.profile, heard, walked_s(found))]:
        console.print(line)
    if plot is not None:
        _draw(found, proposal.put_into(place), plot)
        console.print(f"drawn into {plot}", soft_wrap=True)
    file.change(proposal, console)


def _only(asked: str | None, estate: Site, site: Path) -> str:
    names = [each.name for each in estate.stores]
    if asked is not None and asked not in names:
        raise ConfigError(f"{site} has no store {asked[:80]!r}{did_you_mean(asked, names)}; it has {', '.join(names) or 'none'}")
    if asked is None and len(names) != 1:
        raise ConfigError(f"{site} has {len(names)} stores: say which one with --store")
    return asked or names[0]


def _check_zones(found: TrueRecording, place: Store, site: Path) -> None:
    """Raise ConfigError for a zone of the recording that the store does not have."""
    zones: Sequence[str] = [zone.name for zone in place.zones]
    for name in dict.fromkeys([*found.receivers.values(), *(zone for carried in found.carried for _, zone in carried.rows)]):
        if name not in zones:
            near = did_you_mean(name, zones)
            raise ConfigError(f"the recording has zone {name[:80]!r}, which store {place.name!r} of {site} lacks{near}")


def _check_receivers(found: TrueRecording, walks: Sequence[Walk], place: Store, heard: Sequence[ReceiverHeard], file: SiteFile) -> None:
    """Raise ConfigError if receivers had no part in the walks: without them neither what is nor what is better can be known."""
    if lacking := left_out(walks, place, heard, round(file.made.timestamp()) * NS_PER_S):
        notes = "".join(f"\n{mistake}" for mistake in found.mistakes)
        raise ConfigError(
            f"{file.path} stays as it is, since a calibration is judged by all receivers of store {place.name!r}: {'; '.join(lacking)}."
            f" Correct the mapping, look whether the receiver is alive, or take it out of both{notes}"
        )


def _draw(found: TrueRecording, store: Store, plot: Path) -> None:
    """The picture shows the settings as they are now, on walks that they were fitted to: figures are in the table."""
    from simulators.accuracy.plot import draw  # matplotlib is a third of a start's CPU, and few ask for a picture

    site = found.site()
    settings = {"calibrations": store.calibrations, "areas": store.areas}
    tuned = site.model_copy(update={"stores": (site.stores[0].model_copy(update=settings),)})
    draw(played_courses(found, play(found, tuned), IDLE_S), "where the carrier truly was, and what is stored", plot)
