"""`footfall links`: who is who, imported from the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from footfall.beacons import BeaconRule
from footfall.config import secret
from footfall.errors import ConfigError
from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import Entry
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.config import GatewayConfig, load_gateway, load_site
from gateway.fans.columns import COLUMNS
from gateway.fans.link_lines import DEFAULT_SOURCE, Defaults, StatedLink, check_source
from gateway.fans.link_table import Asked, LinkTable, open_links
from gateway.fans.sheet import Unread, lines_of
from gateway.fans.sheet_dates import DayOrder
from gateway.identity.links import Link, encode_links
from gateway.records import RecordKind
from gateway.site import Site
from gateway.site.beacons import own_beacons
from gateway.state.journal import append

app = typer.Typer(help="Links: which identifier is which fan, and when.", no_args_is_help=True)

AT_ONCE: Final = 1000
SHOWN: Final = 20
"""So many refused lines are printed."""


@app.callback()
def _links() -> None:
    """Links: which identifier is which fan, and when."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help=f"CSV with the columns {', '.join(COLUMNS)}; the last four may be empty or left out.")],
    config: ConfigOption = DEFAULT_CONFIG,
    source: Annotated[str, typer.Option(help="The source of rows that state none.")] = DEFAULT_SOURCE,
    id_type: Annotated[str, typer.Option("--type", help="The type of identifiers, where the rows state none.")] = "",
    column: Annotated[list[str] | None, typer.Option(help="COLUMN=HEADING, where the file's heading is another.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a file that is neither UTF-8, UTF-16 nor GB18030, such as cp1252.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Of times without an offset; else that of all stores, if they have one.")] = None,
    dates: Annotated[DayOrder | None, typer.Option(help="How days such as 5/6/2026 are written.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Import links from a CSV file, while the gateway runs or before it starts.

    Every visit, dwell and touch within a link's span gets its fan, also those of the past. The same file again changes nothing.
    Commas, semicolons or tabs stand between cells; UTF-8, UTF-16 and GB18030 are read as they are.
    Lines that cannot be read are listed with their number, and the others are imported; the exit code is then 1.

    [bold]Example:[/] footfall links import crm.csv --config gateway.toml
    """
    settings = load_gateway(config)
    site = load_site(settings.site)
    if not settings.state_dir.is_dir():
        raise ConfigError(f"{settings.state_dir}: the gateway has not run here yet; start it once, or give its --config")
    asked = Asked(
        encoding=encoding,
        renamed=dict(_pair(each) for each in column or ()),
        zone=_zone(timezone, site),
        order=dates,
        defaults=Defaults(_source(source), id_type, settings.profiles.registry().types_without_consent),
    )
    found = Found()
    pseudonyms = _pseudonymiser(settings, site)
    with open_links(file, asked) as table, _progress(file, quiet) as on_line:
        for part in _parts(table, found, on_line):
            links = [_link(each, pseudonyms) for each in part]
            append(settings.state_dir / "journal.db", [Entry(RecordKind.LINKS, "", "", 0, encode_links(links))])
    _print(file, found, table, quiet)
    if found.refused_total:
        raise typer.Exit(1)


@dataclass(slots=True)
class Found:
    """What a file came to."""

    links_total: int = 0
    fans: set[str] = field(default_factory=set)
    refused_total: int = 0
    refused: list[Unread] = field(default_factory=list)
    """The first of them."""


def _parts(table: LinkTable, found: Found, on_line: Callable[[int], None]) -> Iterator[list[StatedLink]]:
    """Yield the links of a table, some at a time, and note what it came to."""
    part: list[StatedLink] = []
    for each in table.read():
        if isinstance(each, Unread):
            found.refused_total += 1
            if len(found.refused) < SHOWN:
                found.refused.append(each)
            continue
        part.append(each)
        found.fans.add(each.fan)
        if len(part) == AT_ONCE:
            on_line(each.line)
            found.links_total += len(part)
            yield part
            part = []
    if part:
        found.links_total += len(part)
        yield part


def _link(each: StatedLink, pseudonyms: Pseudonymiser) -> Link:
    return Link(pseudonyms.hex_subject(each.identifier), each.fan, each.from_ns, each.to_ns, each.source, 1.0)


def _pseudonymiser(settings: GatewayConfig, site: Site) -> Pseudonymiser:
    pseudonyms = Pseudonymiser(secret(settings.brand_secret, settings.brand_secret_file))
    if not pseudonyms.has_secret:
        raise ConfigError("identifiers need the brand's secret: set brand_secret_file in gateway.toml")
    pseudonyms.beacons = BeaconRule(own_beacons(site))
    return pseudonyms


def _print(file: Path, found: Found, table: LinkTable, quiet: bool) -> None:
    for each in found.refused:
        lines = f"line {each.line}" if each.line >= each.last_line else f"lines {each.line} to {each.last_line}"
        typer.echo(f"{file}: {lines}: {each.why}", err=True)
    if found.refused_total > len(found.refused):
        typer.echo(f"{file}: … and {found.refused_total - len(found.refused):,} more lines", err=True)
    if quiet:
        return
    for note in table.notes():
        typer.echo(f"{file}: {note}", err=True)
    repeated = f"{table.repeated_total:,} lines repeated others, " if table.repeated_total else ""
    typer.echo(f"{found.links_total:,} links of {len(found.fans):,} fans imported, {repeated}{found.refused_total:,} lines refused")


@contextmanager
def _progress(file: Path, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar on the terminal, of the file's lines."""
    columns = TextColumn("importing links"), BarColumn(), TextColumn("{task.completed:,} of {task.total:,} lines"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        bar = progress.add_task("", total=None if quiet else lines_of(file))
        yield lambda line: progress.update(bar, completed=line)


def _pair(text: str) -> tuple[str, str]:
    name, sign, heading = text.partition("=")
    if not sign:
        raise ConfigError(f"--column {text}: write COLUMN=HEADING, such as fan=customer_no")
    return name.strip(), heading.strip()


def _source(text: str) -> str:
    try:
        return check_source(text)
    except ValueError as error:
        raise ConfigError(f"--source: {error}") from None


def _zone(stated: str | None, site: Site) -> ZoneInfo | None:
    """Return the time zone of times without an offset: the stated one, else the one that all stores have, if they have one."""
    names = {store.timezone for store in site.stores} if stated is None else {stated}
    try:
        return ZoneInfo(names.pop()) if len(names) == 1 else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"--timezone {stated}: there is no such time zone, such as Asia/Shanghai") from None
