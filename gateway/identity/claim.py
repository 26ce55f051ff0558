"""A claim: one statement that an identifier is a fan's."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.identity.facts import Link, Mention


@dataclass(slots=True)
class Claim:
    """One statement that an identifier is a fan's. `to_ns` and `from_ns` change as others end it."""

    fact: Link | Mention
    person: str
    from_ns: int
    to_ns: int
    began_ns: int
    """Its `from`, or the time of the touch."""
    moment_ns: int
    """When it was made: as `began_ns`, but when it was learned for a link without a `from`; -FOR_EVER_NS if neither is known."""
    seen_ns: int
    """When a link was learned, if that is stated and in its span: it was seen with its fan then. -FOR_EVER_NS if not, and of touches."""
    states_from: bool
    has_end: bool
    """Whether somebody stated its end."""
    strength: int
