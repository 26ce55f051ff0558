"""The questions of `footfall query` by HTTP: `/api/query/traffic?store=s1&from=today&interval=1h`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from footfall.errors import ConfigError, FootfallError, Unreadable
from footfall.whole_numbers import whole_number
from gateway.config import load_gateway, load_site
from gateway.fans.alias import by_standing_fan
from gateway.fans.anonymity import anonymity_of
from gateway.query.answer import Answer, Request
from gateway.query.comparison import parsed
from gateway.query.explain import every_measure
from gateway.query.groups import groups_of
from gateway.query.measures import measures_of
from gateway.query.options import ANONYMITY, EXPLAINS, MEANINGS, OF_LEDGER, request_of, takes
from gateway.query.questions import ask
from gateway.query.reading import read_estate
from gateway.query.show import as_json
from gateway.query.source import open_reader
from gateway.sinks.reader import PointReader
from gateway.site import Site

MOST_ROWS: Final = 10_000
"""Of one page."""
MOST_UNPAGED: Final = 100_000
"""Of an answer that is asked for without a page."""
LAST_OFFSET: Final = 10_000_000


class BeyondScope(FootfallError):
    """A question is about stores that its token is not for."""


class Page(NamedTuple):
    """Which rows of an answer are wanted; `limit` None: all."""

    limit: int | None = None
    offset: int = 0


def page_of(given: dict[str, str]) -> Page:
    """Take `limit` and `offset` out of the options of a question. Raise ConfigError if they are no page."""
    limit, offset = given.pop("limit", None), given.pop("offset", "0")
    return Page(None if limit is None else _number("limit", limit, 1, MOST_ROWS), _number("offset", offset, 0, LAST_OFFSET))


def _number(name: str, text: str, least: int, most: int) -> int:
    if (number := whole_number(text, least, most)) is None:
        raise ConfigError(f"{name} {text[:40]!r}: a number of {least} to {most:,}; the next page begins at offset + limit")
    return number


class Paged(NamedTuple):
    """A page of an answer as JSON, and how many rows the whole has."""

    text: str
    rows: int


def answer(gateway: Path, what: str, given: Mapping[str, str]) -> str:
    """Return the JSON of `footfall query WHAT --format json`.

    Raise ConfigError: what is wrong with the question. Raise Unreadable, or SinkUnavailable: no question can be answered now.

    `given` has the options of gateway/query/options.py. A reader is opened for each question and only reads.
    """
    return as_json(asked(gateway, what, given, None))


def page(gateway: Path, what: str, given: Mapping[str, str], wanted: Page, reach: frozenset[str] | None, site: Site | None = None) -> Paged:
    """Return a page of what `answer` has, of the stores of `reach` alone (None: all). Raise as `answer`, and BeyondScope."""
    found = asked(gateway, what, given, reach, site)
    rows = len(found.rows)
    if wanted.limit is None and rows > MOST_UNPAGED:
        raise ConfigError(f"the answer has {rows:,} rows: add limit={MOST_ROWS} and offset=0, then offset={MOST_ROWS}, and so on")
    some = found.rows[wanted.offset :][: wanted.limit]
    return Paged(as_json(replace(found, rows=some)), rows)


def asked(gateway: Path, what: str, given: Mapping[str, str], reach: frozenset[str] | None, site: Site | None = None) -> Answer:
    """Return an answer of the stores of `reach` alone (None: all). Raise as `answer`, and BeyondScope.

    `site`: what site.toml has, where that is known; a chain's takes seconds to read.
    """
    if what == EXPLAINS:
        return every_measure()
    request = request_of(what, given)
    if reach is not None:
        request = narrowed(request, reach)
    if what == ANONYMITY:
        return anonymity_of(gateway, request, time.time_ns())
    request, note = by_standing_fan(gateway, request)
    site, opened = _sources(gateway, site)
    with closing(opened) as reader:
        found = ask(reader, request, read_estate(reader, site), time.time_ns())
    return replace(found, notes=(*found.notes, note)) if note else found


def narrowed(request: Request, reach: frozenset[str]) -> Request:
    """Return a request about the stores of a reach alone. Raise BeyondScope if it asks for others, also to compare with them."""
    if beyond := next((name for name in request.stores if name not in reach), ""):
        raise BeyondScope(f"store {beyond[:80]!r} is beyond this token")
    if not reach:
        raise BeyondScope("this token is for no store that site.toml has now")
    compared = parsed(request.compare) if request.compare is not None else None
    if compared is not None and (compared.kind == "group" or (compared.kind == "store" and compared.store not in reach)):
        raise BeyondScope(f"compare {(request.compare or '')[:80]!r} has numbers of stores that are beyond this token")
    return request if request.stores else replace(request, stores=tuple(sorted(reach)))


def _sources(gateway: Path, site: Site | None) -> tuple[Site, PointReader]:
    """Return the estate and the database of a gateway.toml; Unreadable: one of them cannot be read, whatever is asked."""
    try:
        return site or load_site(load_gateway(gateway).site), open_reader(None, None, "", None, gateway)
    except ConfigError as error:
        raise Unreadable(str(error)) from None


def listed() -> dict[str, dict[str, object]]:
    """Return every question with what it answers, which options it takes, its measures and its groups."""
    return {
        name: {
            "meaning": meaning,
            "takes": takes(name),
            "measures": {measure.id: measure.means for measure in measures_of(name).values()},
            "groups": OF_LEDGER[name].by if name in OF_LEDGER else groups_of(name),
        }
        for name, meaning in MEANINGS.items()
    }
