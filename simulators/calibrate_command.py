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
from gateway.calibration.proposal import Proposal, calibration_before
from gateway.calibration.proposal import calibrate as propose
from gateway.calibration.scoring import Confusion
from gateway.calibration.settings import with_calibration
from gateway.calibration.site_text import with_calibration_text
from gateway.config import load_site
from gateway.site import Site, Store
from gateway.site.calibrations import Calibration
from simulators.accuracy.plot import draw
from simulators.accuracy.recorded import STORE, TrueRecording, known_profiles, notes_of, play, played_courses, read_recording
from simulators.accuracy.simulated import IDLE_S
from simulators.calibration.recorded_walks import walks_of, workshop

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
    before = calibration_before(place, found.profile)
    known = known_profiles(found)
    walks = walks_of(found)
    made = datetime.fromtimestamp(time.time(), UTC).replace(microsecond=0)
    proposal = propose(walks, place, found.profile, workshop(known), made)
    console = Console(width=WIDTH, highlight=False)
    console.print(_figures(proposal, found.profile), _confusion(proposal.best.confusion))
    for line in [*notes_of(found), *findings(proposal, walks, [zone.name for zone in place.zones], before)]:
        console.print(line)
    if proposal.calibration:
        _write(site, place.name, proposal.calibration, made, dry_run, console)
    else:
        console.print(f"{site} stays as it is: {proposal.reason}.", soft_wrap=True)
    if plot is not None:
        _draw(found, proposal.calibration or before, plot)
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


def _figures(proposal: Proposal, profile: str) -> Table:
    table = Table("walk", title=f"zones right, calibrated for {profile} on the other walks", width=WIDTH)
    for heading in ("before", "after", "live before", "live after"):
        table.add_column(heading, justify="right")
    for name, after in proposal.after.scores.items():
        both = proposal.before.scores[name], after
        right = [each.stored / each.moments for each in both] + [each.live / each.moments for each in both]
        table.add_row(name, *(f"{value:.3f}" for value in right))
    judged = proposal.before, proposal.after
    table.add_row("[bold]all[/]", *(f"{value:.3f}" for value in [*(each.right for each in judged), *(each.live for each in judged)]))
    return table


def _confusion(confusion: Confusion) -> Table:
    zones = list(dict.fromkeys(true for true, _ in confusion))
    stored = list(dict.fromkeys([*zones, *(found for _, found in confusion)]))
    table = Table("truly in", title="stored as, % of the time", width=WIDTH)
    for zone in stored:
        table.add_column(zone or "none", justify="right")
    for true in zones:
        total = sum(moments for (zone, _), moments in confusion.items() if zone == true)
        table.add_row(true, *(f"{100 * confusion.get((true, zone), 0) / total:.1f}" for zone in stored))
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
