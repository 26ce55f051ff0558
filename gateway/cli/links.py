"""`footfall links`: who is who, imported from the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from gateway.cli.fan_access import ActorOption, Desk, DryRunOption, ReasonOption, checked, desk, zone_of
from gateway.cli.fan_decisions import effect_lines
from gateway.cli.import_report import ImportReport
from gateway.cli.importing import Importing
from gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from gateway.fans.columns import COLUMNS
from gateway.fans.fact_lines import FactLines, are_facts
from gateway.fans.fact_plan import FactPlan
from gateway.fans.import_plan import ImportPlan, Stamp
from gateway.fans.lent import LentRule
from gateway.fans.link_lines import DEFAULT_SOURCE, Defaults, check_source
from gateway.fans.link_table import Asked, open_links
from gateway.fans.preview import Preview
from gateway.fans.sheet import lines_of
from gateway.fans.sheet_dates import DayOrder
from gateway.site.index import Places

app = typer.Typer(help="Links: which identifier is which fan, and when.", no_args_is_help=True)


@app.callback()
def _links() -> None:
    """Links: which identifier is which fan, and when."""


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help=f"CSV with the columns {', '.join(COLUMNS)}, of which the last four may be left out; or a fact a line.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    source: Annotated[str, typer.Option(help="The source of rows that state none.")] = DEFAULT_SOURCE,
    id_type: Annotated[str, typer.Option("--type", help="The type of identifiers, where the rows state none.")] = "",
    column: Annotated[list[str] | None, typer.Option(help="COLUMN=HEADING, where the file's heading is another.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a file that is neither UTF-8, UTF-16 nor GB18030, such as cp1252.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Of times without an offset; else that of all stores, if they have one.")] = None,
    dates: Annotated[DayOrder | None, typer.Option(help="How days such as 5/6/2026 are written.")] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="The file is all that its sources have: other links of theirs end.")] = False,
    as_of: Annotated[str, typer.Option("--as-of", help="When a snapshot was true; else now.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Let a snapshot end many links without asking.")] = False,
    actor: ActorOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Import links from a CSV file, or facts from a file of lines of JSON, beside the gateway or while it does not run.

    Every visit, dwell and touch within a link's span gets its fan, also those of the past. The same file again changes nothing.
    Commas, semicolons or tabs stand between cells; UTF-8, UTF-16 and GB18030 are read as they are.
    Lines that cannot be read are listed with their number, and the others are imported; the exit code is then 1.

    [bold]Example:[/] footfall links import crm.csv --config gateway.toml
    """
    with desk(config) as files:
        stamp = files.stamp(actor, reason or checked("--reason", f"import of {file.name}"[:128]))
        preview = files.preview() if dry_run else None
        notes: list[str] = []
        if are_facts(file):
            if snapshot:
                raise ConfigError(f"{file}: --snapshot is for tables of links: facts take back by id what is no longer true")
            run = _import_facts(files, file, stamp, preview, quiet)
        else:
            lent = LentRule(files.types, Places(files.site))
            asked = Asked(
                encoding=encoding,
                renamed=dict(_pair(each) for each in column or ()),
                zone=zone_of(timezone, files.site),
                order=dates,
                defaults=Defaults(_source(source), id_type, files.settings.profiles.registry().consent, stamp.learned_ns, lent),
            )
            plan = ImportPlan(files.known(), files.pseudonyms.identified, stamp, snapshot, files.types)
            run = Importing(files, plan, preview, held=[] if snapshot else None)
            with open_links(file, asked) as table, _progress(file, quiet) as on_line:
                run.take(table.read(), on_line)
                notes = table.notes()
            if snapshot:
                run.end_others(plan, stamp.learned_ns if not as_of else files.moment("--as-of", as_of), file, yes)
        notes += _undescribed(files, run.plan.id_types)
        ImportReport(file, run.plan, run.refused, notes, "facts" if are_facts(file) else "links").print(quiet, dry_run)
        if preview is not None and not quiet:
            for line in effect_lines(preview.effect(), dry_run):
                typer.echo(line)
    if run.refused.total:
        raise typer.Exit(1)


def _import_facts(files: Desk, file: Path, stamp: Stamp, preview: Preview | None, quiet: bool) -> Importing:
    """Import a file of lines of JSON, each a fact."""
    lines = FactLines(files.pseudonyms, stamp, files.settings.profiles.registry().consent, Places(files.site))
    run = Importing(files, FactPlan(files.known(), files.types), preview)
    with file.open("rb") as content, _progress(file, quiet) as on_line:
        run.take(lines.read(content), on_line)
    return run


def _undescribed(files: Desk, id_types: Iterable[str]) -> list[str]:
    """Return a note of types of identifiers that nobody described, which are of the weakest class, behind the nearest type of each."""
    unknown = sorted(name for name in id_types if not files.types.of(name).is_known)
    near = [f"type {name!r}{meant}" for name in unknown if (meant := did_you_mean(name, files.types.names))]
    text = "types of identifiers that nobody described, and that join nothing strongly ([[identifier_types]] of site.toml describes one)"
    return [*near, f"{text}: {', '.join(unknown)}"] if unknown else []


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
