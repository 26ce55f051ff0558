"""Links: "this subject is that fan" for a span of time, and how a record of the journal spells them. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FOR_EVER_NS: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Link:
    """`from_ns <= time < to_ns`, to the millisecond; `subject` in hex."""

    subject: str
    fan: str
    from_ns: int
    to_ns: int
    source: str
    confidence: float


def encode_links(links: Sequence[Link]) -> bytes:
    """Return the body of a LINKS record."""
    return json.dumps([[ln.subject, ln.fan, ln.from_ns, ln.to_ns, ln.source, ln.confidence] for ln in links], ensure_ascii=False).encode()


def decode_links(body: bytes) -> list[Link]:
    """Return the links of a LINKS record, their times clamped to what a store can hold."""
    return [
        Link(subject, fan, clamped(from_ns), clamped(to_ns), source, confidence)
        for subject, fan, from_ns, to_ns, source, confidence in json.loads(body)
    ]


def clamped(time_ns: int) -> int:
    """Return a time as a store can hold it: a CRM spells `for ever` as the year 9999."""
    return time_ns if -FOR_EVER_NS <= time_ns <= FOR_EVER_NS else FOR_EVER_NS if time_ns > 0 else -FOR_EVER_NS
