"""What the outcome of a store's day is made of: touches as one reads them, visits with what happened in them, sales with what led to them.

Pure: `act_of` reads a touch of the ledger, `contributed` finds which touches of a fan led to a sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from footfall.campaigns import campaigns_of
from gateway.identity.facts_json import HANDBACK
from gateway.site.staff import NOBODY, Member

SALE: Final = "transaction"
RETURN: Final = "return"
BACK: Final = frozenset({RETURN, HANDBACK})
"""Touches that bring something back: they lead to no sale."""
TILL: Final = BACK | {SALE, "payment", "pickup"}
"""Touches of a purchase or a loan itself: a guest whom nobody did more for was not touched."""
HUNDREDTHS: Final = 100


class Act(NamedTuple):
    """A touch. `cents`: its amount in hundredths of the currency; what a till states in finer parts is rounded."""

    time_ns: int
    store: str
    fan: str
    what: str
    zone: str
    staff_id: str
    department: str
    squad: str
    channel: str
    campaigns: tuple[str, ...]
    ref: str
    cents: int


def act_of(time_ns: int, store: str, fan: str, values: Mapping[str, Any], member: Member = NOBODY) -> Act:
    """Return a touch of these values, as a touch's body has them; what it leaves out of department and squad `member` has, its staff."""
    return Act(
        time_ns, store, fan, values["what"], values["zone"], values["staff_id"], values["department"] or member.department,
        values.get("squad") or member.squad,
        values["channel"], tuple(campaigns_of(values)), values["ref"], round(values["amount"] * HUNDREDTHS),
    )  # fmt: skip


class OwnedBy(NamedTuple):
    """Whose a fan is; "" where nobody knows. `department` and `squad` are those of the staff."""

    staff_id: str = ""
    store: str = ""
    department: str = ""
    squad: str = ""


UNOWNED: Final = OwnedBy()


class GuestVisit(NamedTuple):
    """A visit of somebody of whom more than a device is known. `zones`: where they stayed."""

    start_ns: int
    last_ns: int
    fan: str
    known: bool
    zones: frozenset[str]
    acts: tuple[Act, ...]
    """The touches of the fan in it, by time."""
    owner: OwnedBy = UNOWNED


class Sale(NamedTuple):
    """A sale, or a return where `act` is one: `before` are the contributions to the sale, by time, itself the last."""

    act: Act
    known: bool
    before: tuple[Act, ...]
    owner: OwnedBy = UNOWNED
    sold_ns: int = 0
    """When the sale was: of a return, of that which it takes back."""


def contributed(sale: Act, acts: Iterable[Act], day_begin_ns: int, window_ns: int) -> tuple[Act, ...]:
    """Return the touches that led to a sale: those of its fan in its store within the window before it, and itself.

    Not what led to an earlier sale: only those after the fan's last sale of an earlier day. Returns and handbacks lead to nothing.
    """
    there = sorted(act for act in acts if sale.time_ns - window_ns <= act.time_ns <= sale.time_ns and act.what not in BACK)
    after_ns = max((act.time_ns for act in there if act.what == SALE and act.time_ns < day_begin_ns), default=-1)
    led = [act for act in there if act.time_ns > after_ns and act != sale]
    return (*led, sale)


def of_visit(acts: Sequence[Act], start_ns: int, last_ns: int, timeout_ns: int) -> tuple[Act, ...]:
    """Return the touches of a visit: from its begin until the store's idle timeout after its last evidence."""
    return tuple(act for act in acts if start_ns <= act.time_ns <= last_ns + timeout_ns)
