"""The identity stage: `changes = identify(facts)`, for the whole brand, beside the fold and not inside it. Pure.

A shard sees the records of its own stores only, but a person visits stores of any shard. So each shard returns what its records state
about identity, and identity returns links, which every shard is given. The effect of a link depends on its span, never on when it came;
so facts and links may travel with any delay, in any order, and more than once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from gateway.identity.links import FOR_EVER_NS, Link, decode_links

TOUCH_CONFIDENCE: Final = 0.9
"""A till that names the fan is nearly always right; a CRM import has 1.0."""


class Fact(NamedTuple):
    """What one record states: these identifiers belong together, to a fan if it names one, for a span of time."""

    subjects: tuple[str, ...]
    """16 hex digits each."""
    fan: str = ""
    ref: str = ""
    """The publisher's own reference, such as the number of a receipt."""
    from_ns: int = -FOR_EVER_NS
    to_ns: int = FOR_EVER_NS
    source: str = "touch"
    confidence: float = TOUCH_CONFIDENCE


def facts_of_touch(values: Mapping[str, Any]) -> list[Fact]:
    """Return what a touch states, by its journaled values; nothing if it has one identifier, or none, and nothing beside it."""
    subjects, fan, ref = values["subjects"], values["fan"], values["ref"]
    if len(subjects) + bool(fan) + bool(ref) < 2:
        return []
    return [Fact(tuple(subjects), fan, ref)]


def facts_of_links(body: bytes) -> list[Fact]:
    """Return what a LINKS record states."""
    return [Fact((ln.subject,), ln.fan, "", ln.from_ns, ln.to_ns, ln.source, ln.confidence) for ln in decode_links(body)]


def identify(facts: Iterable[Fact]) -> list[Link]:
    """Return the links that facts give: every identifier that came with a fan is that fan's. Others give none yet."""
    return [
        Link(subject, fact.fan, fact.from_ns, fact.to_ns, fact.source, fact.confidence)
        for fact in facts
        if fact.fan
        for subject in fact.subjects
    ]
