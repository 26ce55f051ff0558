"""The heading of an answer: what was asked of which stores, and over which span of local time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gateway.query.answer import Request, StoreSpan
from gateway.query.asked import DEFAULT_COUNTS, default_interval
from gateway.query.estate import UTC
from gateway.query.spans import iso

MOST_NAMED: Final = 4
"""Stores named in a heading; more are counted."""
MOST_SPANS: Final = 2
"""Spans of local time that have a line each."""
_WORDS: Final = {"1d": "days", "1w": "weeks", "month": "months", "quarter": "quarters", "year": "years"}


def title_of(request: Request, asked: Sequence[StoreSpan], titles: Mapping[str, str]) -> str:
    """Return the heading; `titles` has the title of each store that has one.

    A line for each span of local time that stores have, if these are few; else one line of the moments that they share, or of all spans.
    """
    spans: dict[str, list[StoreSpan]] = {}
    for one in asked:
        spans.setdefault(_span(one.zone, one.from_ns, one.to_ns), []).append(one)
    lines = [(_of_all(asked), list(asked))] if len(spans) > MOST_SPANS else [(f"{span} {_clock(of)}", of) for span, of in spans.items()]
    return "\n".join(", ".join(_parts(request, span, of, titles)) for span, of in lines)


def by_default(request: Request, interval: str | None, shape: str) -> str:
    """Return a line of what was not asked for: the span, where neither end is given, and `shape`, what a row is of. "" of neither."""
    name = default_interval(interval)
    span = [] if request.from_ or request.to else [f"by default the last {DEFAULT_COUNTS[name]} {_WORDS[name]} with data"]
    return "; ".join([*span, *([shape] if shape else [])])


def _parts(request: Request, span: str, asked: Sequence[StoreSpan], titles: Mapping[str, str]) -> Iterator[str]:
    named = [f"{one.store} ({titles[one.store]})" if titles.get(one.store) else one.store for one in asked]
    yield f"{request.question} of {' and '.join(named)}" if len(named) <= 2 else _of_many(request.question, named)
    for word, value in (("zone", request.zone), ("fan", request.fan)):
        if value:
            yield f"{word} {value}"
    yield span


def _clock(asked: Sequence[StoreSpan]) -> str:
    zones = list(dict.fromkeys(one.zone.key for one in asked))
    return zones[0] if len(zones) == 1 else "local time of each store"


def _of_many(question: str, named: Sequence[str]) -> str:
    listed = f" ({', '.join(named)})" if len(named) <= MOST_NAMED else ""
    return f"{question} of {len(named):,} stores{listed}"


def _of_all(asked: Sequence[StoreSpan]) -> str:
    """The moments that all stores share, in UTC; else from the first to the last that any clock shows."""
    moments = {(one.from_ns, one.to_ns) for one in asked}
    if len(moments) == 1:
        return f"{_span(UTC, *moments.pop())} UTC"
    spans = {_span(one.zone, one.from_ns, one.to_ns) for one in asked}
    begin, end = min(span.partition(_TO)[0] for span in spans), max(span.partition(_TO)[2] for span in spans)
    return f"{len(spans):,} spans within {begin}{_TO}{end} {_clock(asked)}"


_TO: Final = " to "


@lru_cache(maxsize=1024)
def _span(zone: ZoneInfo, from_ns: int, to_ns: int) -> str:
    begin, end = (iso(time_ns, zone)[:16].replace("T", " ") for time_ns in (from_ns, to_ns))
    return f"{begin}{_TO}{end}"
