"""The command `footfall calibrate`: sets a store's zones off by walks of which it is known where the carrier was."""

from __future__ import annotations

import difflib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from edge_agent.sources.replay import FORMATS, FormatName, format_named, format_of
from edge_agent.sources.replay_settings import DEFAULT_START, ReplaySettings, start_of
from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from gateway.calibration.findings import findings
from gateway.calibration.fit import Fit
from gateway.calibration.site_text import with_calibration_text
from gateway.calibration.stated import calibrate as fit_to
from gateway.calibration.stated import calibration_of, with_calibration
from gateway.config import load_site
from gateway.site import Site, Store
from gateway.site.calibrations import Calibration
from simulators.accuracy.plot import draw
from simulators.accuracy.recorded import STORE, TrueRecording, known_profiles, play, played_courses, read_recording
from simulators.accuracy.simulated import IDLE_S
from simulators.calibration.recorded_walks import walks_of

WIDTH: Final = 80


def calibrate(
    site: Annotated[Path, typer.Argument(help="The site.toml that has the store.")],
    recording: Annotated[list[Path], typer.Option(help="Recorded walks with their truth: files, or folders of them.")],
    format_: Annotated[str, typer.Option("--format", "-f", help=f"Of the recording: {', '.join(FORMATS)}.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="With --format csv: the TOML file that describes the columns.")] = None,
    store: Annotated[str | None, typer.Option(help="Which store; default: the only one.")] = None,
    timezone: Annotated[str, typer.Option(help="Of local times in the files.")] = "UTC",
    start: Annotated[str, typer.Option(help="When a recording without dates began, ISO 8601.")] = DEFAULT_START.isoformat(),
    plot: Annotated[Path | None, typer.Option(help="Draw truth and estimate, with the calibration, into this file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change in site.toml, and change nothing.")] = False,
) -> None:
    """Measure how loud a store's receivers hear a carrier in each zone, and set their zones off in site.toml.

    Walk through every zone with a beacon of the profile that the store uses, cross every border twice in both directions, and stay
    20 seconds in each zone. Record what the receivers hear, and where you are. Each walk is judged by a calibration of the others,
    so take several: or one long walk, which is cut in parts.

    site.toml is changed only where the calibration wins on walks that were left out. Its comments stay, and a copy of the file before
    lies beside it.

    [bold]Examples[/]

    footfall calibrate site.toml --recording walks/ --format csv --mapping columns.toml --dry-run

    footfall calibrate site.toml --store lab --recording recordings/sal-rb --plot after.png
    """
    estate = load_site(site, {})
    place = estate.by_name[_only(store, estate, site)]
    settings = ReplaySettings(timezone, start_of(start), mapping=mapping)
    name: FormatName = format_named(format_) if format_ else "csv" if mapping else format_of(recording)
    found = read_recording(name, recording, settings)
    _check_zones(found, place, site)
    before = next((each for each in place.calibrations if each.profile == found.profile), None)
    profile = known_profiles(found)[found.profile]
    walks = walks_of(found)
    fit = fit_to(walks, profile.presence, before)
    console = Console(width=WIDTH, highlight=False)
    console.print(_figures(fit, found.profile), _confusion(fit))
    for line in findings(fit, walks, [zone.name for zone in place.zones], before):
        console.print(line)
    made = datetime.fromtimestamp(time.time(), UTC).replace(microsecond=0)
    stated = calibration_of(found.profile, fit, made)
    if fit.wins:
        _write(site, place.name, stated, made, dry_run, console)
    else:
        console.print(f"{site} stays as it is: the calibration does not win on walks that were left out.", soft_wrap=True)
    if plot is not None:
        _draw(found, stated if fit.wins else before, plot)
        console.print(f"drawn into {plot}", soft_wrap=True)


def _only(asked: str | None, estate: Site, site: Path) -> str:
    names = [each.name for each in estate.stores]
    if asked is not None and asked not in names:
        raise ConfigError(f"{site} has no store {asked[:80]!r}{did_you_mean(asked, names)}; it has {', '.join(names) or 'none'}")
    if asked is None and len(names) != 1:
        raise ConfigError(f"{site} has {len(names)} stores: say which one with --store")
    return asked or names[0]


def _check_zones(found: TrueRecording, place: Store, site: Path) -> None:
    """Raise ConfigError for a zone of the recording that the store does not have."""
    zones = [zone.name for zone in place.zones]
    for name in dict.fromkeys([*found.receivers.values(), *(zone for carried in found.carried for _, zone in carried.rows)]):
        if name not in zones:
            near = did_you_mean(name, zones)
            raise ConfigError(f"the recording has zone {name[:80]!r}, which store {place.name!r} of {site} lacks{near}")


def _figures(fit: Fit, profile: str) -> Table:
    table = Table("walk", title=f"zones right, calibrated for {profile} on the other walks", width=WIDTH)
    for heading in ("before", "after", "live before", "live after"):
        table.add_column(heading, justify="right")
    for name in fit.score:
        both = fit.before[name], fit.score[name]
        right = [each.stored / each.moments for each in both] + [each.live / each.moments for each in both]
        table.add_row(name, *(f"{value:.3f}" for value in right))
    table.add_row("[bold]all[/]", f"{fit.right(fit.before):.3f}", f"{fit.right(fit.score):.3f}")
    return table


def _confusion(fit: Fit) -> Table:
    zones = list(dict.fromkeys(true for true, _ in fit.confusion))
    stored = list(dict.fromkeys([*zones, *(found for _, found in fit.confusion)]))
    table = Table("truly in", title="stored as, % of the time", width=WIDTH)
    for zone in stored:
        table.add_column(zone or "none", justify="right")
    for true in zones:
        total = sum(moments for (zone, _), moments in fit.confusion.items() if zone == true)
        table.add_row(true, *(f"{100 * fit.confusion.get((true, zone), 0) / total:.1f}" for zone in stored))
    return table


def _write(site: Path, store: str, stated: Calibration, made: datetime, dry_run: bool, console: Console) -> None:
    text = site.read_text(encoding="utf-8")
    changed = with_calibration_text(text, store, stated)
    if dry_run:
        lines = difflib.unified_diff(text.splitlines(), changed.splitlines(), str(site), f"{site}, calibrated", lineterm="")
        console.print("\n".join(lines), soft_wrap=True, markup=False)
        return
    kept = site.with_name(f"{site.name}.before-{made:%Y%m%dT%H%M%SZ}")
    kept.write_text(text, encoding="utf-8")
    new = site.with_name(f".{site.name}.new")
    new.write_text(changed, encoding="utf-8")
    load_site(new, {})
    new.replace(site)
    console.print(f"{site} is calibrated; as it was it lies in {kept}. A running gateway takes it with its next restart.", soft_wrap=True)


def _draw(found: TrueRecording, stated: Calibration | None, plot: Path) -> None:
    """The picture shows the settings as they are now, on walks that they were fitted to: figures are in the table."""
    site = with_calibration(found.site(), STORE, stated) if stated else found.site()
    draw(played_courses(found, play(found, site), IDLE_S), "where the carrier truly was, and what is stored", plot)
