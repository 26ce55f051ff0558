"""Why a row is nobody known's: one reason for each, by rules in a stated order. Pure.

why_nobody(Row(shown=[Shown(subject, "payment", time_ns, time_ns)], ref="T-991"), standing_of) -> Nobody.PAYMENT

It asks standings alone, by the rules that name touches (`gateway.identity.naming`); whoever asks knows that the row has no known fan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from gateway.identity.facts import is_registered, ref_name
from gateway.identity.naming import StandingOf, fan_at, named_by
from gateway.site.identifier_types import IdentifierClass

PAYS: Final[frozenset[IdentifierClass]] = frozenset({"payment", "event"})
"""Classes of identifiers that a payment or a receipt has, and that nobody shows to be known."""


class Nobody(StrEnum):
    """Why nobody is known, in the order in which the reasons are looked for."""

    WITHDRAWN = "consent_withdrawn"
    TWO_PERSONS = "two_persons"
    CONFLICT = "conflict"
    HOUSEHOLD = "household"
    SHARED = "shared"
    JUNK = "junk_identifier"
    LENT = "lent_to_nobody"
    UNREGISTERED = "identifier_of_nobody"
    PAYMENT = "payment_without_link"
    NOTHING = "no_identifier"
    PENDING = "named_meanwhile"


MEANS: Final[Mapping[Nobody, str]] = {
    Nobody.WITHDRAWN: "the fan has withdrawn consent to be identified",
    Nobody.TWO_PERSONS: "identifiers of one rank name two persons",
    Nobody.CONFLICT: "fans contradict each other on an identifier, until somebody decides",
    Nobody.HOUSEHOLD: "a household has an identifier in common",
    Nobody.SHARED: "an identifier is in too many hands, such as a shop's own number",
    Nobody.JUNK: "what stands in place of an identifier is none, such as 13800138000",
    Nobody.LENT: "something lent, and nobody stated to whom",
    Nobody.UNREGISTERED: "an identifier that no fan is known of, such as a beacon that was never registered",
    Nobody.PAYMENT: "paid with what no fan is known of, and nothing else was shown",
    Nobody.NOTHING: "nothing that could name anybody: no identifier, or a phone whose address changes",
    Nobody.PENDING: "named by what became known meanwhile: the row follows",
}


class Shown(NamedTuple):
    """An identifier that a row has, of a class, and when: a moment, or from when to when it was heard."""

    subject: str
    klass: IdentifierClass
    from_ns: int
    to_ns: int


@dataclass(frozen=True)
class Row:
    """What a visit, or an order with all touches of its reference, names."""

    time_ns: int
    shown: Sequence[Shown] = ()
    fan: str = ""
    ref: str = ""
    has_junk: bool = False


class _Case:
    """A row with what its names stand for."""

    def __init__(self, row: Row, standing_of: StandingOf) -> None:
        self.row: Final = row
        self._standing_of: Final = standing_of
        self.standings: Final = [(each, standing) for each in row.shown if (standing := standing_of(each.subject)) is not None]
        of_ref = standing_of(ref_name(row.ref)) if row.ref else None
        self.labels: Final = {standing.label for _, standing in self.standings} | ({of_ref.label} if of_ref else set())

    @cached_property
    def named(self) -> str | None:
        shown = self.row.shown
        return named_by(((self._standing_of(each.subject), each.from_ns) for each in shown), bool(self.row.ref)).person if shown else None

    @property
    def has_withdrawn(self) -> bool:
        """Whether somebody whom it names has withdrawn consent, or does so before it ends."""
        spans = ((each, span) for each, standing in self.standings for span in standing.spans)
        if any(not span.fan and span.from_ns <= each.to_ns and each.from_ns < span.to_ns for each, span in spans):
            return True
        return bool(self.row.fan) and not fan_at(self._standing_of, self.row.fan, self.row.time_ns)

    def is_all(self, classes: frozenset[IdentifierClass]) -> bool:
        return bool(self.row.shown) and all(each.klass in classes for each in self.row.shown)


_LENT: Final[frozenset[IdentifierClass]] = frozenset({"lent"})
_RULES: Final[Sequence[tuple[Nobody, Callable[[_Case], bool]]]] = (
    (Nobody.WITHDRAWN, lambda case: case.has_withdrawn),
    (Nobody.TWO_PERSONS, lambda case: case.named == ""),
    (Nobody.CONFLICT, lambda case: "conflict" in case.labels),
    (Nobody.HOUSEHOLD, lambda case: "household" in case.labels),
    (Nobody.SHARED, lambda case: "shared" in case.labels),
    (Nobody.JUNK, lambda case: case.row.has_junk),
    (Nobody.LENT, lambda case: case.is_all(_LENT)),
    (Nobody.PENDING, lambda case: is_registered(case.named or "")),
    (Nobody.PAYMENT, lambda case: case.is_all(PAYS)),
    (Nobody.UNREGISTERED, lambda case: bool(case.row.shown)),
    (Nobody.NOTHING, lambda case: True),
)
"""The first that holds is the reason."""


def why_nobody(row: Row, standing_of: StandingOf) -> Nobody:
    """Return why a row that has no known fan has none."""
    case = _Case(row, standing_of)
    return next(reason for reason, holds in _RULES if holds(case))
