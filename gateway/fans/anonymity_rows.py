"""Visits and orders as the question `anonymity` counts them: why each is nobody's, and which remedies are about it. Pure.

An order is judged with all touches that have its reference: what was shown at the till, and what paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from footfall.compact_json import decoded
from gateway.fans.profile import STORE
from gateway.fold.store import TouchRow
from gateway.identity.naming import StandingOf, fan_at, held_in, named_by
from gateway.identity.nobody import PAYS, Nobody, Row, Shown, why_nobody
from gateway.site.identifier_types import IdentifierClass

ClassOf = Callable[[str, str], IdentifierClass]
"""The class of an identifier by its type, "" if its touch has none, and its subject."""
PAYMENT: Final = "payment"
_AT_TILL: Final = frozenset({"", STORE, "own_store"})
"""Channels of orders at which somebody can ask the guest: tills of the brand's own stores. Any other name is taken for a shop elsewhere."""
_TYPED: Final[frozenset[IdentifierClass]] = frozenset({"contact"})
"""Classes of what guests say and somebody types: in its place junk stands."""


class Among(StrEnum):
    """What rows are counted among."""

    VISITS = "visits"
    ORDERS = "orders"


class Remedy(StrEnum):
    """What makes fewer rows anonymous."""

    ASK = "ask_at_the_till"
    LINK = "link_payments"
    REGISTER = "register_beacons"
    LEND = "state_who_borrows"
    CLEAN = "refuse_junk_at_the_till"
    RESOLVE = "resolve_conflicts"
    DECIDE = "decide_households"


class Counted(NamedTuple):
    """One visit or order. `why` is None if its fan is known.

    `about`: the remedies whose base it is part of, known or not; `done`: those that were applied to it.
    """

    store: str
    among: Among
    why: Nobody | None
    about: frozenset[Remedy] = frozenset()
    done: frozenset[Remedy] = frozenset()
    waits_for: tuple[Shown, ...] = ()
    """The identifiers that name nobody until somebody decides whose they are."""
    fan: str = ""
    """Whose it is; "" of nobody known."""


Rows = Mapping[Counted, int]
"""How many rows there are of each that are alike in all that is asked of them."""
_OF_REASON: Final = {
    Nobody.CONFLICT: Remedy.RESOLVE,
    Nobody.TWO_PERSONS: Remedy.RESOLVE,
    Nobody.HOUSEHOLD: Remedy.DECIDE,
}


def visit_of(store: str, shown: Shown | None, fan: str, standing_of: StandingOf, time_ns: int) -> Counted:
    """Return a visit of a fan, "" of nobody known; `shown` is what was heard, None of a phone whose address changes."""
    standing_of = held_in(store, standing_of)
    why = None if fan else why_nobody(Row(time_ns, [shown] if shown else []), standing_of)
    about = set[Remedy]()
    if shown is not None:
        about.add(Remedy.LEND if shown.klass == "lent" else Remedy.REGISTER)
    done = {Remedy.LEND} if fan and Remedy.LEND in about else set[Remedy]()
    waits_for = _waiting(why, [shown] if shown else [], standing_of) if why in _OF_REASON else ()
    return Counted(store, Among.VISITS, why, frozenset(about | _by_reason(why)), frozenset(done), waits_for, fan)


def _by_reason(why: Nobody | None) -> set[Remedy]:
    return {_OF_REASON[why]} if why in _OF_REASON else set()


def _waiting(why: Nobody | None, shown: Iterable[Shown], standing_of: StandingOf) -> tuple[Shown, ...]:
    """Return the identifiers that several fans have, where that is why a row is nobody's; of two persons all of them."""
    if why is Nobody.TWO_PERSONS:
        return tuple(shown)
    labelled = ((each, standing) for each in shown if (standing := standing_of(each.subject)) is not None)
    return tuple(each for each, standing in labelled if standing.label == why)


class Order(NamedTuple):
    """What the touches of an order name: at the till, and otherwise."""

    till: Sequence[Shown]
    rest: Sequence[Shown]
    fan: str
    ref: str
    time_ns: int
    has_junk: bool
    is_linked: bool
    """Whether a payment names something beside the account."""
    is_at_till: bool


def order_of(store: str, touches: Sequence[TouchRow], fan: str, standing_of: StandingOf, class_of: ClassOf) -> Counted:
    """Return an order of a fan, "" of nobody known; `touches` has the order's own first, then others of its reference."""
    order, standing_of = _order(touches, class_of), held_in(store, standing_of)
    has_ref = bool(order.ref)
    at_till = _names(standing_of, order.till, has_ref) or bool(order.fan and fan_at(standing_of, order.fan, order.time_ns))
    otherwise = _names(standing_of, order.rest, has_ref)
    row = Row(order.time_ns, [*order.till, *order.rest], order.fan, order.ref, order.has_junk)
    why = None if fan else why_nobody(row, standing_of)
    about, done = _by_reason(why), set[Remedy]()
    if order.is_at_till and not otherwise:
        about.add(Remedy.ASK)
        done |= {Remedy.ASK} if order.till or order.fan or order.has_junk else set()
        done |= {Remedy.CLEAN} if order.till and all(each.klass in _TYPED for each in order.till) else set()
    if order.rest and not at_till:
        about.add(Remedy.LINK)
        done |= {Remedy.LINK} if order.is_linked else set()
    if order.is_at_till and why is Nobody.JUNK:
        about.add(Remedy.CLEAN)
    waits_for = _waiting(why, row.shown, standing_of) if why in _OF_REASON else ()
    return Counted(store, Among.ORDERS, why, frozenset(about), frozenset(done), waits_for, fan)


def _names(standing_of: StandingOf, shown: Sequence[Shown], has_ref: bool) -> bool:
    return bool(shown) and bool(named_by(((standing_of(each.subject), each.from_ns) for each in shown), has_ref).person)


def _order(touches: Sequence[TouchRow], class_of: ClassOf) -> Order:
    till, rest, is_linked, has_junk = list[Shown](), list[Shown](), False, False
    for nth, touch in enumerate(touches):
        values = decoded(touch.body)
        shown = _shown(touch, values, class_of)
        for each in shown:
            (till if nth == 0 and each.klass not in PAYS else rest).append(each)
        is_linked |= values["what"] == PAYMENT and len(shown) > 1
        has_junk |= bool(values.get("blocked"))
    own = decoded(touches[0].body)
    return Order(till, rest, touches[0].given_fan, own["ref"], touches[0].time_ns, has_junk, is_linked, own.get("channel", "") in _AT_TILL)


def _shown(touch: TouchRow, values: dict[str, Any], class_of: ClassOf) -> list[Shown]:
    types = values.get("types") or [""] * len(values["subjects"])
    pairs = zip(values["subjects"], types, strict=True)
    return [Shown(subject, class_of(id_type, subject), touch.time_ns, touch.time_ns) for subject, id_type in pairs]


def names_a_device(touch: TouchRow, class_of: ClassOf) -> bool:
    """Return whether a touch, such as a registration, names something that can be heard."""
    return any(each.klass == "device" for each in _shown(touch, decoded(touch.body), class_of))
