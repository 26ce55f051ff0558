"""Health that fits a packet: the least important parts are left out first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from footfall.health import MAX_HEALTH_BYTES, Health, SourceHealth, encode_health

WILL_BYTES: Final = 2048
"""A last will is sent in the first packet, before the broker's limit is known."""
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
    """Return health of at most `max_bytes`. Left out, in this order: sources' details, sources, the ends of problems' texts, the texts."""
    room = MAX_HEALTH_BYTES if max_bytes is None else min(max_bytes, MAX_HEALTH_BYTES)
    data = encode_health(health)
    for cut in _CUTS:
        if len(data) <= room:
            break
        health = cut(health)
        data = encode_health(health)
    return data
