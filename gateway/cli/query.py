"""`footfall query`: what the gateway stored, as a table, CSV, JSON or a picture."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import typer

from footfall.errors import ConfigError
from gateway.cli import query_options as options
from gateway.cli.query_output import OutputFormat, draw_answer, print_answer, print_explanation, progress
from gateway.query.chart_file import check_chart_file
from gateway.query.fitting import SCREEN_ROWS
from gateway.query.options import ANONYMITY, EXPLAINS, request_of
from gateway.query.questions import ask
from gateway.query.reading import read_estate
from gateway.query.source import open_reader, site_of


def query(
    what: options.QuestionArgument,
    db: options.DbOption = None,
    influx: options.AddressOption = None,
    bucket: options.BucketOption = "footfall",
    token_file: options.TokenFileOption = None,
    config: options.ConfigSourceOption = None,
    site: options.SiteOption = None,
    store: options.StoreOption = None,
    from_: options.FromOption = None,
    to: options.ToOption = None,
    zone: options.ZoneOption = None,
    fan: options.FanOption = None,
    measures: options.MeasuresOption = None,
    by: options.ByOption = None,
    interval: options.IntervalOption = None,
    day: options.DayOption = None,
    timezone: options.TimezoneOption = None,
    top: options.TopOption = None,
    compare: options.CompareOption = None,
    align: options.AlignOption = None,
    as_of: options.AsOfOption = None,
    rule: options.RuleOption = None,
    format_: options.FormatOption = OutputFormat.TABLE,
    wide: options.WideOption = False,
    explain: options.ExplainOption = False,
    chart: options.ChartOption = None,
) -> None:
    """Ask: traffic, zones, doors, sales, outcome, dwell, items, repurchase, referral, visitors, visits, touches, occupancy, stock, inferred, together, gaps, anonymity."""  # noqa: E501 # the list of commands shows one line
    if what == EXPLAINS:
        from gateway.query.explain import every_measure

        print_explanation(every_measure(), format_)
        return
    given = {
        "store": ",".join(store) if store else None, "from": from_, "to": to, "zone": zone, "fan": fan, "timezone": timezone,
        "measures": measures, "by": by, "interval": interval, "day": day, "top": None if top is None else str(top), "compare": compare,
        "align": align, "as-of": as_of, "rule": rule,
    }  # fmt: skip
    request = request_of(what, given)
    if what == ANONYMITY:
        from gateway.cli.anonymity import ASKED_OF, print_anonymity

        if config is None or db is not None or influx is not None or chart is not None:
            raise ConfigError(ASKED_OF)
        print_anonymity(request, config, site, format_, wide=wide, explain=explain)
        return
    if request.fan:
        from gateway.fans.alias import by_standing_fan, unknown_fan

        missing = unknown_fan(config, request.fan)
        request, note = by_standing_fan(config, request)
        for each in filter(None, (note, missing)):
            typer.echo(f"note: {each}", err=True)
    if chart is not None:
        check_chart_file(chart)
    most_rows = SCREEN_ROWS if format_ is OutputFormat.TABLE else None
    known = site_of(site, config)
    with _without_collector():
        with closing(open_reader(db, influx, bucket, token_file, config)) as reader, progress() as on_page:
            answer = ask(reader, request, read_estate(reader, known), time.time_ns(), on_page, most_rows)
        if explain:
            from gateway.query.explain import explained

            print_explanation(explained(answer), format_)
        else:
            print_answer(answer, format_, request, wide)
    if chart is not None:
        draw_answer(answer, chart, request.measures)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows of an answer are no cycles, and the collector of cycles would look through all of them again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


query.__doc__ = f"{query.__doc__}\n\n{options.EXAMPLES}"
