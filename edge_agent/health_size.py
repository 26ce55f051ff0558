"""Health that fits its way: what is least worth goes first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from footfall.health import MAX_HEALTH_BYTES, Health, SourceHealth, encode_health

WILL_BYTES: Final = 2048
"""A last will travels in the first packet, before anybody knows what the broker takes."""
_SHORT_CHARS: Final = 60


def _without_details(health: Health) -> Health:
    return health.model_copy(update={"sources": {name: _plain(source) for name, source in health.sources.items()}})


def _plain(source: SourceHealth) -> SourceHealth:
    return source.model_copy(update={"detail": ""})


def _without_sources(health: Health) -> Health:
    return health.model_copy(update={"sources": {}})


def _with_short_problems(health: Health) -> Health:
    return health.model_copy(update={"problems": {code: text[:_SHORT_CHARS] for code, text in health.problems.items()}})


def _with_bare_problems(health: Health) -> Health:
    return health.model_copy(update={"problems": dict.fromkeys(health.problems, ""), "journals": {}})


_CUTS: Final[Sequence[Callable[[Health], Health]]] = (_without_details, _without_sources, _with_short_problems, _with_bare_problems)


def fitted(health: Health, max_bytes: int | None) -> bytes:
    """The message in at most `max_bytes`: without its sources' details, then without sources, then with short problems, then bare ones."""
    room = MAX_HEALTH_BYTES if max_bytes is None else min(max_bytes, MAX_HEALTH_BYTES)
    data = encode_health(health)
    for cut in _CUTS:
        if len(data) <= room:
            break
        health = cut(health)
        data = encode_health(health)
    return data
