"""`footfall links`: who is who, imported from the CRM."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from footfall.beacons import BeaconRule
from footfall.config import secret
from footfall.errors import ConfigError, ContractError
from footfall.fan_ids import check_fan
from footfall.moments import to_ns
from footfall.pseudonyms import to_hex
from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import Entry
from gateway.config import load_gateway, load_site
from gateway.identity.links import FOR_EVER_NS, Link, clamped, encode_links
from gateway.records import RecordKind
from gateway.site.beacons import own_beacons
from gateway.state.journal import append

app = typer.Typer(help="Links: which identifier is which fan, and when.", no_args_is_help=True)

COLUMNS: Final = ("identifier_type", "identifier", "fan", "from", "to", "source", "confidence")
AT_ONCE: Final = 1000


@app.callback()
def _links() -> None:
    """Links: which identifier is which fan, and when."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help=f"CSV with the columns {', '.join(COLUMNS)}; the last four may be empty or left out.")],
    config: Annotated[Path, typer.Option("--config", "-c", help="The gateway's configuration.")] = Path("gateway.toml"),
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Import links from a CSV file, while the gateway runs or before it starts.

    Every visit, dwell and touch within a link's span gets its fan, also those of the past. The same file again changes nothing.
    Lines that cannot be read are listed with their number, and the others are imported; the exit code is then 1.

    [bold]Example:[/] footfall links import crm.csv --config gateway.toml
    """
    settings = load_gateway(config)
    pseudonyms = Pseudonymiser(secret(settings.brand_secret, settings.brand_secret_file))
    pseudonyms.beacons = BeaconRule(own_beacons(load_site(settings.site)))
    if not settings.state_dir.is_dir():
        raise ConfigError(f"{settings.state_dir}: the gateway has not run here yet; start it once, or give its --config")
    mistakes: list[str] = []
    links = list(_read(file, pseudonyms, mistakes))
    _journal(links, settings.state_dir / "journal.db", quiet)
    for mistake in mistakes[:20]:
        typer.echo(f"{file}: {mistake}", err=True)
    if not quiet:
        fans = len(Counter(link.fan for link in links))
        typer.echo(f"{len(links)} links of {fans} fans imported, {len(mistakes)} lines refused")
    if mistakes:
        raise typer.Exit(1)


def _journal(links: Sequence[Link], journal: Path, quiet: bool) -> None:
    """Append the links to a journal, a part at a time, with a progress bar unless `quiet`."""
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        bar = progress.add_task("importing links", total=len(links))
        for start in range(0, len(links), AT_ONCE):
            part = links[start : start + AT_ONCE]
            append(journal, [Entry(RecordKind.LINKS, "", "", 0, encode_links(part))])
            progress.advance(bar, len(part))


def _read(file: Path, pseudonyms: Pseudonymiser, mistakes: list[str]) -> Iterator[Link]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = set(COLUMNS[:3]) - set(reader.fieldnames or ())
            if missing:
                raise ConfigError(
                    f"{file}: the first line must name the columns {', '.join(COLUMNS)}; missing: {', '.join(sorted(missing))}"
                )
            for row in reader:
                try:
                    yield _link(row, pseudonyms)
                except (ValueError, ContractError) as error:
                    mistakes.append(f"line {reader.line_num}: {error}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None


def _link(row: dict[str, str | None], pseudonyms: Pseudonymiser) -> Link:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    for name in COLUMNS[:3]:
        if not values[name]:
            raise ValueError(f"{name} is empty")
    if len(values["fan"]) > 128 or any(ord(letter) < 32 for letter in values["fan"]):
        raise ValueError("fan must be at most 128 characters, none of them a control character")
    _check_fan(values["fan"])
    subject = pseudonyms.subject(f"{values['identifier_type']}:{values['identifier']}")
    from_ns, to_ns_ = _moment(values["from"], -FOR_EVER_NS), _moment(values["to"], FOR_EVER_NS)
    if from_ns >= to_ns_:
        raise ValueError(f"from {values['from']} is not before to {values['to']}")
    confidence = float(values["confidence"] or 1.0)
    if not 0 <= confidence <= 1:
        raise ValueError(f"confidence must be 0 to 1, is {values['confidence']}")
    return Link(to_hex(subject), values["fan"], from_ns, to_ns_, values["source"] or "crm", confidence)


def _check_fan(text: str) -> None:
    try:
        check_fan(text)
    except ValueError as error:
        raise ValueError(f"fan {error}") from None


def _moment(text: str, default_ns: int) -> int:
    if not text:
        return default_ns
    moment = datetime.fromisoformat(text)
    return clamped(to_ns(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))
