"""The questions of `footfall query` by HTTP: `/api/query/traffic?store=s1&from=today&interval=1h`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from footfall.errors import ConfigError, Unreadable
from gateway.cli.query import open_reader
from gateway.config import load_gateway, load_site
from gateway.query.options import request_of, takes
from gateway.query.questions import QUESTIONS, ask, check
from gateway.query.reading import read_estate
from gateway.query.show import as_json
from gateway.sinks.reader import PointReader
from gateway.site import Site


def answer(gateway: Path, what: str, given: Mapping[str, str]) -> str:
    """Return the JSON of `footfall query WHAT --format json`.

    Raise ConfigError: what is wrong with the question, or that there is no data. Raise Unreadable, or SinkUnavailable: no question can
    be answered now.

    `given` has the options that `listed` names. A reader is opened for each question and only reads.
    """
    request = request_of(what, given)
    check(request)
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
    """Return every question with what it answers and which options it takes."""
    return {name: {"meaning": question.meaning, "takes": takes(question)} for name, question in QUESTIONS.items()}
