"""The questions of `footfall query` by HTTP: `/api/query/traffic?store=s1&from=today&interval=1h`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from footfall.errors import ConfigError
from gateway.cli.query import open_reader
from gateway.config import load_gateway, load_site
from gateway.query.questions import QUESTIONS, Filters, ask
from gateway.query.show import as_json
from gateway.query.spans import INTERVALS, time_zone


def answer(gateway: Path, what: str, given: Mapping[str, str]) -> str:
    """Return the JSON of `footfall query WHAT --format json`. ConfigError: what is wrong with the question, or that there is no data.

    `given` has the options `store`, `from`, `to`, `interval`, `zone`, `fan` and `by`. A reader is opened for each question and only reads.
    """
    question = QUESTIONS[what]
    takes = {"store", "from", "to", *question.takes}
    if unknown := sorted(given.keys() - takes):
        raise ConfigError(f"{unknown[0][:80]}: means nothing for {what}; it takes {', '.join(sorted(takes))}")
    interval = given.get("interval", question.interval)
    if interval is not None and interval not in INTERVALS:
        raise ConfigError(f"interval: one of {', '.join(INTERVALS)}")
    filters = Filters(
        given.get("from"), given.get("to"), INTERVALS[interval] if interval else None, given.get("zone"), given.get("fan"), given.get("by")
    )
    site = load_site(load_gateway(gateway).site)
    with closing(open_reader(None, None, "", None, gateway)) as reader:
        there = reader.stores()
        stores = [given["store"]] if "store" in given else there
        if not set(stores) <= set(there) or not there:
            raise ConfigError("store: the database has nothing of it")
        zones = {name: time_zone(site.by_name[name].timezone if name in site.by_name else "UTC") for name in stores}
        found, _ = ask(reader, question, zones, filters, time.time_ns(), lambda rows: None)
    return as_json(found)
