"""The words of `footfall query`: what each option means. Their values are read by gateway/query/options.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.query_output import OutputFormat
from gateway.outcome.rules import DEFAULT_RULE, RULES
from gateway.query.intervals import INTERVALS
from gateway.query.options import EXPLAINS, MEANINGS, OPTIONS, takes
from gateway.query.source import TOKEN_VARIABLE

_WHAT_HELP: Final = "; ".join(f"[bold]{name}[/]: {meaning}" for name, meaning in MEANINGS.items())
_MOMENT_HELP: Final = "2026-11-21, 2026-11-21T10:30, today, yesterday, now, -7d, -12h; local time of the store."
_FOR: Final = {name: ", ".join(what for what in MEANINGS if name in takes(what)) for name in OPTIONS}
"""By option, the questions for which it means something."""
_SOURCE, _SCOPE, _SHAPE, _OUTPUT = "Where to read", "What to look at", "How to count", "How to show it"

EXAMPLES: Final = """\
[bold]Examples[/]

Today, hour by hour:
footfall query traffic --config gateway.toml --from today --interval 1h

A week of one store by the day, with a chart:
footfall query traffic --db footfall.db --store s1 --from 2026-11-16 --to 2026-11-22 --interval 1d --chart week.png

The chain by its first level of path, month by month:
footfall query traffic --config gateway.toml --from 2026-01-01 --interval month --by path:1

The ten stores with the most people, against the year before:
footfall query traffic --config gateway.toml --from -28d --by store --top 10 --compare year

When people come:
footfall query traffic --config gateway.toml --from -28d --by weekday,hour --measures in --chart week.png

Who sells what:
footfall query sales --config gateway.toml --from yesterday --to yesterday --by staff,department

Who contributed to what was sold, the later touch weighing more:
footfall query outcome --config gateway.toml --from -28d --by staff --rule decayed

Visits of a fan, for a spreadsheet:
footfall query visits --db footfall.db --fan f-1042 --format csv > visits.csv

docs/analysing.md explains every number, and how to get it by SQL, InfluxQL or Flux.
"""
"""What the help has after its first paragraph."""


def _questions() -> list[str]:
    return [*MEANINGS, EXPLAINS]


QuestionArgument = Annotated[
    str,
    typer.Argument(metavar="QUESTION", help=f"{_WHAT_HELP}; [bold]{EXPLAINS}[/]: what every number means.", autocompletion=_questions),
]
DbOption = Annotated[Path | None, typer.Option(help="The gateway's SQLite file.", rich_help_panel=_SOURCE)]
AddressOption = Annotated[str | None, typer.Option(help="InfluxDB's address, such as http://localhost:8086.", rich_help_panel=_SOURCE)]
BucketOption = Annotated[str, typer.Option(help="InfluxDB's bucket; for 1.8 database/retention-policy.", rich_help_panel=_SOURCE)]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(help=f"A file with InfluxDB's token (1.8: user:password); else {TOKEN_VARIABLE}.", rich_help_panel=_SOURCE),
]
ConfigSourceOption = Annotated[
    Path | None, typer.Option(help="gateway.toml: asks the gateway's own sink, and knows its stores.", rich_help_panel=_SOURCE)
]
SiteOption = Annotated[
    Path | None,
    typer.Option(help="site.toml, for what stores are; else what the database knows of them.", rich_help_panel=_SOURCE),
]
StoreOption = Annotated[list[str] | None, typer.Option(help="A store, or several with commas. Default: all.", rich_help_panel=_SCOPE)]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        help=f"The start: {_MOMENT_HELP} Default: the last 7 days with data; with their interval 8 weeks, 12 months, 8 quarters, 5 years.",
        rich_help_panel=_SCOPE,
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        help="The end, alike; a date is meant whole. Default: with the data, or their last day.",
        rich_help_panel=_SCOPE,
    ),
]
ZoneOption = Annotated[str | None, typer.Option(help=f"Only this zone ({_FOR['zone']}).", rich_help_panel=_SCOPE)]
FanOption = Annotated[str | None, typer.Option(help=f"Only this fan ({_FOR['fan']}).", rich_help_panel=_SCOPE)]
MeasuresOption = Annotated[
    str | None,
    typer.Option(help=f"Only these numbers, such as in,conversion; `footfall query {EXPLAINS}` lists them.", rich_help_panel=_SHAPE),
]
ByOption = Annotated[
    str | None,
    typer.Option(
        help=f"Groups ({_FOR['by']}), such as path:1,weekday: chain, store, path (path:N: its first N levels), ownership, zone, door,"
        " staff, department, squad, channel, campaign, owner, what, sku, weekday, hour.",
        rich_help_panel=_SHAPE,
    ),
]
IntervalOption = Annotated[
    str | None,
    typer.Option(
        help=f"{', '.join(INTERVALS)}. Default: of traffic and doors what fits a screen (CSV and JSON: 1h); else the whole span.",
        rich_help_panel=_SHAPE,
    ),
]
DayOption = Annotated[
    str | None,
    typer.Option(help="midnight (default), or store: a day begins at the store's day_start, past midnight.", rich_help_panel=_SHAPE),
]
TimezoneOption = Annotated[
    str | None, typer.Option(help="An IANA time zone for days and hours. Default: each store's own.", rich_help_panel=_SHAPE)
]
TopOption = Annotated[int | None, typer.Option(help="Only so many groups, the greatest by the first measure.", rich_help_panel=_SHAPE)]
CompareOption = Annotated[
    str | None,
    typer.Option(
        help="Beside it the same of another span or store, like for like: previous, year, 2026-10-01..2026-10-31, store:NAME, group,"
        " usual.",
        rich_help_panel=_SHAPE,
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="As it was then, without what became known later.", rich_help_panel=_SHAPE),
]
RuleOption = Annotated[
    str | None,
    typer.Option(
        help=f"How sales and visits are shared out ({_FOR['rule']}): {', '.join(RULES)}. Default: {DEFAULT_RULE}.",
        rich_help_panel=_SHAPE,
    ),
]
AlignOption = Annotated[str | None, typer.Option(help="Days are compared by weekday (default) or date.", rich_help_panel=_SHAPE)]
FormatOption = Annotated[
    OutputFormat, typer.Option("--format", help="CSV and JSON have every column and exact numbers.", rich_help_panel=_OUTPUT)
]
WideOption = Annotated[
    bool,
    typer.Option(
        "--wide",
        help="Every column, in lines as long as they must be; else as the terminal has room.",
        rich_help_panel=_OUTPUT,
    ),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Instead of the rows, what each of their columns means.", rich_help_panel=_OUTPUT)
]
ChartOption = Annotated[Path | None, typer.Option(help="Draw it as well: a file ending in .png, .svg or .pdf.", rich_help_panel=_OUTPUT)]
