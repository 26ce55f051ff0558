"""Limits: when an identifier has more persons, or more identifiers of one type beside it, than its type allows (rule 3). Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.identity.claims import Piece
from gateway.identity.joins import Join, TypeOf
from gateway.identity.spans import Interval, united
from gateway.identity.types import IdentifierType

DISTINCT: Final = 5
"""So many identifiers of one type may stand beside one, or as many as a fan may have."""
_HOUSEHOLD: Final = 4
"""More persons than these are no household."""


class Passed(NamedTuple):
    """When an identifier is over a limit, and by how many persons, as far as they count."""

    over: Sequence[Interval]
    persons: int


class _Change(NamedTuple):
    time_ns: int
    is_begin: bool
    """Ends sort before begins: a span does not hold at its end."""
    of: str


def persons_passed(of_type: IdentifierType, pieces: Sequence[Piece]) -> Passed | None:
    """Return when more persons hold an identifier than its type allows; None if never."""
    if len({piece.claim.person for piece in pieces}) <= of_type.fans_per_identifier:
        return None
    over, most = _over(((each.from_ns, each.to_ns, each.claim.person) for each in pieces), of_type.fans_per_identifier)
    return Passed(over, most) if over else None


def neighbours_passed(subject: str, joins: Sequence[Join], types: Mapping[str, str], type_of: TypeOf) -> Passed | None:
    """Return when an identifier below a person's stands beside too many of one type; None if never. `types` has the name of each's type."""
    if len(joins) <= DISTINCT or type_of(subject).klass == "person":
        return None
    by_type = defaultdict(list)
    for each in joins:
        other = each.other(subject)
        by_type[types[other]].append((each.from_ns, each.to_ns, other))
    over: list[Interval] = []
    for spans in by_type.values():
        allowed = max(DISTINCT, type_of(spans[0][2]).identifiers_per_fan)
        if len({other for _, _, other in spans}) > allowed:
            over += _over(spans, allowed)[0]
    return Passed(united(over), 0) if over else None


def _over(spans: Iterable[tuple[int, int, str]], allowed: int) -> tuple[list[Interval], int]:
    """Return when more than so many different ones hold at once, and the most of them."""
    changes = sorted(_Change(*each) for span in spans for each in ((span[0], True, span[2]), (span[1], False, span[2])))
    held: Counter[str] = Counter()
    over, most, last_ns = [], 0, 0
    for time_ns, is_begin, name in changes:
        if len(held) > allowed:
            over.append((last_ns, time_ns))
        held[name] += 1 if is_begin else -1
        if not held[name]:
            del held[name]
        most, last_ns = max(most, len(held)), time_ns
    return united(over), most


def label_of(of_type: IdentifierType, persons: int) -> str:
    """Return what an identifier is that names nobody because of several persons, or of several identifiers beside it (0)."""
    if of_type.klass == "person":
        return "conflict"
    return "household" if of_type.klass in ("payment", "contact") and 2 <= persons <= _HOUSEHOLD else "shared"
