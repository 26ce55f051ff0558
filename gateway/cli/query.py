"""`footfall query`: what the gateway stored, as a table, CSV, JSON or a picture."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from footfall.errors import ConfigError
from gateway.config import load_gateway, load_site
from gateway.query.answer import Answer, Request
from gateway.query.intervals import INTERVALS
from gateway.query.questions import QUESTIONS, Question, ask
from gateway.query.reading import read_estate
from gateway.query.show import as_csv, as_json
from gateway.query.show_table import Line, Style, table, wrapped
from gateway.sinks.kinds import sink_settings
from gateway.sinks.reader import OnPage, PointReader
from gateway.sinks.settings import SinkSettings
from gateway.site import Site

TOKEN_VARIABLE: Final = "FOOTFALL_INFLUX_TOKEN"  # noqa: S105 # the variable's name, not a token
_LONG_READ_S: Final = 0.5

QuestionName = StrEnum("What", {name: name for name in QUESTIONS})  # type: ignore[misc] # the table of questions is the one list of them
Interval = StrEnum("Interval", {name: name for name in INTERVALS})  # type: ignore[misc] # likewise


class OutputFormat(StrEnum):
    """How the answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


_WHAT_HELP = "; ".join(f"[bold]{name}[/]: {question.meaning}" for name, question in QUESTIONS.items())
_MOMENT_HELP = "2026-11-21, 2026-11-21T10:30, today, yesterday, now, -7d, -12h; local time of the store."


def query(
    what: Annotated[QuestionName, typer.Argument(help=_WHAT_HELP)],
    db: Annotated[Path | None, typer.Option(help="The gateway's SQLite file.")] = None,
    influx: Annotated[str | None, typer.Option(help="InfluxDB's address, such as http://localhost:8086.")] = None,
    bucket: Annotated[str, typer.Option(help="InfluxDB's bucket; for 1.8 database/retention-policy.")] = "footfall",
    token_file: Annotated[
        Path | None, typer.Option(help=f"A file with InfluxDB's token (1.8: user:password); else {TOKEN_VARIABLE}.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="gateway.toml: asks the gateway's own sink, and knows its stores' time zones.")
    ] = None,
    site: Annotated[Path | None, typer.Option(help="site.toml, for the stores' time zones and titles.")] = None,
    store: Annotated[list[str] | None, typer.Option(help="A store; may be given more than once. Default: all.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help=f"The start: {_MOMENT_HELP} Default: the last seven days of data.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="The end, alike; a date is meant whole. Default: the end of the data.")] = None,
    interval: Annotated[Interval | None, typer.Option(help="Default: 1h for traffic and doors; else the whole span.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="An IANA time zone for days and hours. Default: each store's of site.toml, else UTC.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Only this zone (zones, dwell, touches, items).")] = None,
    by: Annotated[str | None, typer.Option(help="Groups, such as path:1,weekday; docs/analysing.md lists them.")] = None,
    fan: Annotated[str | None, typer.Option(help="Only this fan (visits, touches).")] = None,
    format_: Annotated[
        OutputFormat, typer.Option("--format", help="CSV and JSON have every column and exact numbers.")
    ] = OutputFormat.TABLE,
    wide: Annotated[bool, typer.Option("--wide", help="Every column, in lines as long as they must be; else 80 characters.")] = False,
    chart: Annotated[Path | None, typer.Option(help="Draw it as well: a file ending in .png, .svg or .pdf.")] = None,
) -> None:
    """Ask for foot traffic, zones, visits, dwell, doors, touches, goods or gaps.

    [bold]Examples[/]

    footfall query traffic --db footfall.db --from today

    footfall query traffic --config gateway.toml --store s1 --from 2026-11-16 --to 2026-11-22 --interval 1d --chart week.png

    footfall query zones --influx http://localhost:8086 --bucket footfall --token-file token --store s1 --from yesterday --to yesterday

    footfall query visits --db footfall.db --fan f-1042 --format csv > visits.csv

    footfall query items --db footfall.db --from yesterday --by zone --chart goods.png

    docs/analysing.md explains every number, and how to get it by SQL, InfluxQL or Flux.
    """
    question = QUESTIONS[what]
    request = Request(
        what, stores=tuple(store or ()), from_=from_, to=to, interval=interval, by=tuple(by.split(",")) if by else (), zone=zone, fan=fan,
        timezone=timezone,
    )  # fmt: skip
    _check_options(what, question, {"interval": interval, "zone": zone, "fan": fan, "by": by})
    known = _site(site, config)
    with closing(open_reader(db, influx, bucket, token_file, config)) as reader:
        estate = read_estate(reader, known)
        with _progress() as on_page:
            answer = ask(reader, request, estate, time.time_ns(), on_page)
    _print(answer, format_, wide)
    if chart is not None:
        _draw(answer, chart, request.measures)


def _check_options(what: str, question: Question, given: Mapping[str, str | None]) -> None:
    for option, value in given.items():
        if value is not None and option not in question.takes:
            able = ", ".join(name for name, other in QUESTIONS.items() if option in other.takes)
            raise ConfigError(f"--{option} means nothing for {what}; it is for {able}")


def _site(site: Path | None, config: Path | None) -> Site | None:
    if site is not None:
        return load_site(site)
    return None if config is None else load_site(config.parent / load_gateway(config).site)


def open_reader(db: Path | None, influx: str | None, bucket: str, token_file: Path | None, config: Path | None) -> PointReader:
    """Return the database that the options name. Raise ConfigError unless exactly one of `db`, `influx` and `config` is given."""
    if sum(given is not None for given in (db, influx, config)) != 1:
        raise ConfigError("say where to read: --db FILE (SQLite), --influx URL, or --config gateway.toml; one of them")
    if config is not None:
        sink: SinkSettings = load_gateway(config).sink
    elif db is not None:
        sink = sink_settings(kind="sqlite", path=db)
    else:
        sink = sink_settings(kind="influxdb", url=influx, bucket=bucket, token_file=token_file)
    return sink.reader(os.environ.get(TOKEN_VARIABLE, ""))


@contextmanager
def _progress() -> Iterator[OnPage]:
    """A bar on the terminal, once a read takes long; nothing where nobody looks."""
    bar = Progress(
        SpinnerColumn(), TextColumn("reading"), BarColumn(), TextColumn("{task.completed:,} rows"), console=_stderr(), transient=True
    )
    task, began, total = bar.add_task("reading", total=None), time.monotonic(), 0
    last = 0

    def on_page(rows: int) -> None:
        nonlocal total, last
        total += rows - last if rows > last else rows
        last = rows
        if time.monotonic() - began > _LONG_READ_S and sys.stderr.isatty():
            bar.start()
            bar.update(task, completed=total)

    try:
        yield on_page
    finally:
        if bar.live.is_started:
            bar.stop()


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def _print(answer: Answer, format_: OutputFormat, wide: bool) -> None:
    if format_ is OutputFormat.TABLE:
        console = Console(highlight=False, soft_wrap=True)
        for line in (*wrapped(answer.title, "total"), Line(""), *table(answer, wide)):
            console.print(Text(line.text, _STYLES.get(line.style, "")))
    else:
        sys.stdout.write(_WRITTEN[format_](answer))
        for note in answer.notes:
            _stderr().print(f"note: {note}", markup=False)


_STYLES: Final[Mapping[Style, str]] = {"heading": "bold", "total": "bold", "note": "dim"}
_WRITTEN: Final[Mapping[OutputFormat, Callable[[Answer], str]]] = {
    OutputFormat.CSV: as_csv,
    OutputFormat.JSON: lambda answer: as_json(answer) + "\n",
}


def _draw(answer: Answer, path: Path, measures: Sequence[str]) -> None:
    # matplotlib takes a second to import, which a table need not wait for.
    from gateway.query.chart import draw

    if not draw(answer, path, measures):
        _stderr().print("some characters of the chart's titles have no font here: install one such as Noto Sans CJK")
    _stderr().print(f"chart: {path}")
