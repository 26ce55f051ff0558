"""Health that fits a packet: the least important parts are left out first; and what of it is cut to the most important. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from footfall.health import MAX_HEALTH_BYTES, MOST_REASONS, Health, SourceHealth, encode_health

WILL_BYTES: Final = 2048
"""A last will is sent in the first packet, before the broker's limit is known."""
_SHORT_CHARS: Final = 60


def reasons_of(dropped: Mapping[str, int], by_spool: int) -> dict[str, int]:
    """Return the commonest reasons, with those rows that a full spool dropped."""
    totals = Counter(dict(dropped)) + Counter({"spool.full": by_spool})  # a copy, since another thread counts on
    return dict(totals.most_common(MOST_REASONS))


def _without_details(health: Health) -> Health:
    return health.model_copy(update={"sources": {name: _plain(source) for name, source in health.sources.items()}})


def _plain(source: SourceHealth) -> SourceHealth:
    return source.model_copy(update={"detail": ""})


def _without_reasons(health: Health) -> Health:
    return health.model_copy(update={"dropped": {}})


def _without_sources(health: Health) -> Health:
    return health.model_copy(update={"sources": {}})


def _with_short_problems(health: Health) -> Health:
    return health.model_copy(update={"problems": {code: text[:_SHORT_CHARS] for code, text in health.problems.items()}})


def _with_bare_problems(health: Health) -> Health:
    return health.model_copy(update={"problems": dict.fromkeys(health.problems, ""), "journals": {}})


_CUTS: Final[Sequence[Callable[[Health], Health]]] = (
    _without_details,
    _without_reasons,
    _without_sources,
    _with_short_problems,
    _with_bare_problems,
)


def fitted(health: Health, max_bytes: int | None) -> bytes:
    """Return health of at most `max_bytes`. Left out in turn: sources' details, reasons, sources, ends of problems' texts, the texts."""
    room = MAX_HEALTH_BYTES if max_bytes is None else min(max_bytes, MAX_HEALTH_BYTES)
    data = encode_health(health)
    for cut in _CUTS:
        if len(data) <= room:
            break
        health = cut(health)
        data = encode_health(health)
    return data
