"""The questions of `footfall query` by HTTP: `/api/query/traffic?store=s1&from=today&interval=1h`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from footfall.errors import ConfigError, FootfallError, Unreadable
from footfall.whole_numbers import whole_number
from gateway.config import load_gateway, load_site
from gateway.fans.alias import by_standing_fan
from gateway.fans.anonymity import anonymity
from gateway.fans.desk import desk
from gateway.query.answer import Answer, Request
from gateway.query.comparison import parsed
from gateway.query.estate import QueryEstate
from gateway.query.explain import every_measure
from gateway.query.groups import groups_of
from gateway.query.measures import measures_of
from gateway.query.options import ANONYMITY, EXPLAINS, MEANINGS, OF_LEDGER, request_of, takes
from gateway.query.own_values import IsOwn, OwnValuesReader
from gateway.query.questions import ask
from gateway.query.reading import read_estate
from gateway.query.show import as_json
from gateway.query.source import TOKEN_VARIABLE
from gateway.sinks.reader import PointReader
from gateway.site import Site
from serve.estate import SettingsUnreadable
from serve.question_places import Work

MOST_ROWS: Final = 10_000
"""Of one page."""
MOST_UNPAGED: Final = 100_000
"""Of an answer that is asked for without a page."""
MOST_LISTED: Final = 200_000
"""Rows that a question may read which lists them."""
MOST_READ: Final = 2_000_000
"""Rows that others may read one by one, such as `stock` all that goods ever did."""
_LISTED: Final = frozenset({"visits", "touches", "gaps"})
LAST_OFFSET: Final = 10_000_000
_PSEUDONYMS: Final = frozenset({"subject", "with"})
"""Columns that headquarters alone sees."""
_WHERE: Final = "the database"
_OF_NO_STORE: Final = "this token is for no store that there is now"


class BeyondScope(FootfallError):
    """A question is about stores that its token is not for."""


class Sight(NamedTuple):
    """What a token sees: stores, and which fans may be named beside those of these stores; None: all."""

    reach: frozenset[str] | None = None
    is_shown: Callable[[str], bool] | None = None


EVERYTHING: Final = Sight()


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
    """A page of an answer as JSON, how many rows the whole has, and what is to be known of them."""

    text: str
    rows: int
    notes: tuple[str, ...] = ()


def answer(gateway: Path, what: str, given: Mapping[str, str]) -> str:
    """Return the JSON of `footfall query WHAT --format json`.

    Raise ConfigError: what is wrong with the question. Raise Unreadable, or SinkUnavailable: no question can be answered now.

    `given` has the options of gateway/query/options.py. A reader is opened for each question and only reads.
    """
    return as_json(asked(gateway, what, given))


def page(
    gateway: Path, what: str, given: Mapping[str, str], wanted: Page, sight: Sight = EVERYTHING, work: Work | None = None,
    site: Site | None = None,
) -> Paged:  # fmt: skip
    """Return a page of what `answer` has, as far as a token sees it. Raise as `answer`, and BeyondScope."""
    found = asked(gateway, what, given, sight, work, site)
    rows = len(found.rows)
    if wanted.limit is None and rows > MOST_UNPAGED:
        raise ConfigError(f"the answer has {rows:,} rows: add limit={MOST_ROWS} and offset=0, then offset={MOST_ROWS}, and so on")
    some = found.rows[wanted.offset :][: wanted.limit]
    notes = found.notes if sight.reach is None or not rows else ()  # notes about rows may be of fans whom a store does not know
    return Paged(as_json(replace(found, rows=some)), rows, notes)


def asked(
    gateway: Path, what: str, given: Mapping[str, str], sight: Sight = EVERYTHING, work: Work | None = None, site: Site | None = None
) -> Answer:
    """Return an answer as far as a token sees it. Raise as `answer`, and BeyondScope; QuestionEnded where `work` was stopped.

    `site`: what site.toml has, where that is known; a chain's takes seconds to read.
    """
    if what == EXPLAINS:
        return every_measure()
    request, work = request_of(what, given), work or Work()
    if sight.reach is not None:
        request = narrowed(request, sight.reach)
    request, note = by_standing_fan(gateway, request)
    site, opened = _sources(gateway, site)
    with closing(opened) as reader, work.reading(reader.interrupt):
        estate = read_estate(reader, site)
        if sight.reach is not None:
            reader.where = _WHERE  # in messages: a path is headquarters' alone
            request = replace(_there(request, reader, estate, is_stated="store" in given), is_shown=sight.is_shown)
            found = _asked(gateway, request, OwnValuesReader(reader, _are_own(sight.reach, site, estate)), estate, work)
        else:
            found = _asked(gateway, request, reader, estate, work)
    if sight.reach is not None:
        return _without_pseudonyms(found)  # nor the note: who a fan is now is of the whole brand
    return replace(found, notes=(*found.notes, note)) if note else found


def _asked(gateway: Path, request: Request, reader: PointReader, estate: QueryEstate, work: Work) -> Answer:
    now_ns = time.time_ns()
    if request.question != ANONYMITY:
        most = MOST_LISTED if request.question in _LISTED else MOST_READ
        return ask(reader, request, estate, now_ns, work.check, most_listed=most)
    with desk(gateway) as files:
        return anonymity(reader, files.ledger, files.types, files.key, request, estate, now_ns, work.check)


def _are_own(reach: frozenset[str], site: Site, estate: QueryEstate) -> Mapping[str, IsOwn]:
    """Return by the kind of a value of `outcome` that names somebody whether it is of the stores of a reach."""
    staff = {each.staff_id for each in site.staff if each.store in reach}
    return {"staff": staff.__contains__, "store": lambda store: estate.now_name(store) in reach}


def _there(request: Request, reader: PointReader, estate: QueryEstate, is_stated: bool) -> Request:
    """Return a request without stores that there are not; of one that states them raise ConfigError, which names no other store."""
    known = {estate.now_name(name) for name in (*reader.stores(), *estate.stores)}
    stores = tuple(name for name in request.stores if estate.now_name(name) in known)
    if is_stated and (missing := next((name for name in request.stores if name not in stores), "")):
        raise ConfigError(f"{_WHERE} has no store {missing[:80]!r}, nor has site.toml")
    if not stores:
        raise BeyondScope(_OF_NO_STORE)
    return replace(request, stores=stores)


def _without_pseudonyms(found: Answer) -> Answer:
    kept = [i for i, name in enumerate(found.columns) if name not in _PSEUDONYMS]
    if len(kept) == len(found.columns):
        return found
    rows, totals = ([tuple(row[i] for i in kept) for row in each] for each in (found.rows, found.totals))
    return replace(found, columns=tuple(found.columns[i] for i in kept), rows=rows, totals=totals)


def narrowed(request: Request, reach: frozenset[str]) -> Request:
    """Return a request about the stores of a reach alone. Raise BeyondScope if it asks for others, also to compare with them."""
    if beyond := next((name for name in request.stores if name not in reach), ""):
        raise BeyondScope(f"store {beyond[:80]!r} is beyond this token")
    if not reach:
        raise BeyondScope(_OF_NO_STORE)
    compared = parsed(request.compare) if request.compare is not None else None
    if compared is not None and (compared.kind == "group" or (compared.kind == "store" and compared.store not in reach)):
        raise BeyondScope(f"compare {(request.compare or '')[:80]!r} has numbers of stores that are beyond this token")
    return request if request.stores else replace(request, stores=tuple(sorted(reach)))


def _sources(gateway: Path, site: Site | None) -> tuple[Site, PointReader]:
    """Return the estate and the database of a gateway.toml. Raise SettingsUnreadable, or Unreadable for the database, whatever is asked."""
    try:
        settings = load_gateway(gateway)
        site = site or load_site(settings.site)
    except ConfigError as error:
        raise SettingsUnreadable(str(error)) from None
    try:
        return site, settings.sink.reader(os.environ.get(TOKEN_VARIABLE, ""))
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
