"""The questions of `footfall query` by HTTP: `/api/query/traffic?store=s1&from=today&interval=1h`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from footfall.errors import ConfigError, Unreadable
from gateway.config import load_gateway, load_site
from gateway.query.explain import every_measure
from gateway.query.groups import groups_of
from gateway.query.measures import measures_of
from gateway.query.options import EXPLAINS, request_of, takes
from gateway.query.questions import QUESTIONS, ask
from gateway.query.reading import read_estate
from gateway.query.show import as_json
from gateway.query.source import open_reader
from gateway.sinks.reader import PointReader
from gateway.site import Site


def answer(gateway: Path, what: str, given: Mapping[str, str]) -> str:
    """Return the JSON of `footfall query WHAT --format json`.

    Raise ConfigError: what is wrong with the question. Raise Unreadable, or SinkUnavailable: no question can be answered now.

    `given` has the options of gateway/query/options.py. A reader is opened for each question and only reads.
    """
    if what == EXPLAINS:
        return as_json(every_measure())
    request = request_of(what, given)
    site, opened = _sources(gateway)
    with closing(opened) as reader:
        found = ask(reader, request, read_estate(reader, site), time.time_ns())
    return as_json(found)


def _sources(gateway: Path) -> tuple[Site, PointReader]:
    """Return the estate and the database of a gateway.toml; Unreadable: one of them cannot be read, whatever is asked."""
    try:
        return load_site(load_gateway(gateway).site), open_reader(None, None, "", None, gateway)
    except ConfigError as error:
        raise Unreadable(str(error)) from None


def listed() -> dict[str, dict[str, object]]:
    """Return every question with what it answers, which options it takes, its measures and its groups."""
    return {
        name: {
            "meaning": question.meaning,
            "takes": takes(name),
            "measures": {measure.id: measure.means for measure in measures_of(name).values()},
            "groups": groups_of(name),
        }
        for name, question in QUESTIONS.items()
    }
