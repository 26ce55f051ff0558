"""When goods have moved: the one place of the rule, for one row and for columns of rows alike. It uses operators only.

A tag that lies is heard by each antenna at a level of its own, which strays. So of each zone its usual level is learned: the mean over
some minutes of the levels that hold between rows. An item has moved when another zone is ahead of its owner by the margin *and* the two
differ by SHIFT_DB from what they usually differ by. If the owner fell silent, a zone has the item that was hardly heard before, or whose
own level rose by WALK_DB: who is heard as ever lies where it lay, whatever stands before the other antenna. Only after MEMORY_NS does
such a zone have it, if the owner's antennas read others meanwhile: one that reads nothing is no evidence.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from footfall.units import NS_PER_S
from gateway.fold.zone_rules import exceeds

SHIFT_DB: Final = 15
"""Levels in rows of a tag that lies stray by 4 dB, the difference of two by 5 to 6, of which this is nearly three: it has to be so twice,
one row after the other."""
MEMORY_NS: Final = 300 * NS_PER_S
"""A usual level is the mean of so long: some ten rows, by which it strays by less than 2 dB. So it is known after that time."""
HELD_NS: Final = 120 * NS_PER_S
"""The longest time for which a level counts as held: rows that are further apart have a gap between them."""
HARDLY_NS: Final = 60 * NS_PER_S
"""A zone that was heard for less than this when the owner was heard last was hardly heard before."""
KNOWN_NS: Final = 30 * NS_PER_S
"""A usual level that was learned for less is none: until then a zone that comes back after an EXIT is heard for the first time."""
WALK_DB: Final = 12
"""A level that rose by so much, since the item came or above its usual one, is that of an item on its way, not of one that lies: three
times what it strays by."""
SURE_SIGHTINGS: Final = 2
"""One sighting alone may be a reflection."""


class Usual(NamedTuple):
    """A zone's level now, its usual one, and how long that was learned: numbers, or columns."""

    dbm: Any
    mean_dbm: Any
    learned_ns: Any


def learned_after(before: Usual, since_ns: Any) -> tuple[Any, Any]:
    """Return the usual level, and how long it was learned, after the zone's level held for so long."""
    held_ns = _smaller(since_ns, HELD_NS)
    learned_ns = before.learned_ns + held_ns
    share = held_ns / _larger(_smaller(learned_ns, MEMORY_NS), 1)
    return before.mean_dbm + share * (before.dbm - before.mean_dbm), learned_ns


def is_ahead(other: Usual, owner: Usual, margin_db: Any) -> Any:
    """Return whether another zone is ahead of the owner by the margin, as it is not usually."""
    ahead_db = other.dbm - owner.dbm
    usual_db = other.mean_dbm - owner.mean_dbm
    return exceeds(other.dbm, owner.dbm, margin_db) & ((other.learned_ns <= KNOWN_NS) | (ahead_db - usual_db >= SHIFT_DB))


def is_usually_ahead(other: Usual, owner: Usual, margin_db: Any) -> Any:
    """Return whether another zone is ahead of the owner by the margin, now and on average over the minutes that are remembered."""
    are_known = (other.learned_ns >= MEMORY_NS) & (owner.learned_ns >= MEMORY_NS)
    return are_known & exceeds(other.dbm, owner.dbm, margin_db) & exceeds(other.mean_dbm, owner.mean_dbm, margin_db)


def is_silent(is_gone: Any, silent_ns: Any, stale_ns: Any) -> Any:
    """Return whether an owner fell silent: by an EXIT, or because its rows fail to come."""
    return is_gone | (silent_ns > stale_ns)


def _smaller(value: Any, other: Any) -> Any:
    return value - (value > other) * (value - other)


def _larger(value: Any, other: Any) -> Any:
    return value + (other > value) * (other - value)
