"""The heading of an answer: what was asked of which stores, and over which span of local time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gateway.query.answer import Request, StoreSpan
from gateway.query.spans import iso

MOST_NAMED: Final = 4
"""Stores named in a heading; more are counted."""


def title_of(request: Request, asked: Sequence[StoreSpan], titles: Mapping[str, str]) -> str:
    """Return the heading; `titles` has the title of each store that has one. A line for each span of local time that stores have."""
    spans: dict[str, list[StoreSpan]] = {}
    for one in asked:
        spans.setdefault(_span(one.zone, one.from_ns, one.to_ns), []).append(one)
    return "\n".join(", ".join(_parts(request, span, stores, titles)) for span, stores in spans.items())


def _parts(request: Request, span: str, asked: Sequence[StoreSpan], titles: Mapping[str, str]) -> Iterator[str]:
    named = [f"{one.store} ({titles[one.store]})" if titles.get(one.store) else one.store for one in asked]
    yield f"{request.question} of {' and '.join(named)}" if len(named) <= 2 else _of_many(request.question, named)
    for word, value in (("zone", request.zone), ("fan", request.fan)):
        if value:
            yield f"{word} {value}"
    zones = list(dict.fromkeys(one.zone.key for one in asked))
    yield f"{span} {zones[0] if len(zones) == 1 else 'local time of each store'}"


def _of_many(question: str, named: Sequence[str]) -> str:
    listed = f" ({', '.join(named)})" if len(named) <= MOST_NAMED else ""
    return f"{question} of {len(named):,} stores{listed}"


@lru_cache(maxsize=1024)
def _span(zone: ZoneInfo, from_ns: int, to_ns: int) -> str:
    begin, end = (iso(time_ns, zone)[:16].replace("T", " ") for time_ns in (from_ns, to_ns))
    return f"{begin} to {end}"
