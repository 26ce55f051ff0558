"""What the corrections of an event come to: in which order its amends apply, and which of them fit it. Pure.

An amend may come before its event, or before another one that it does not fit: so it is checked when it applies, by the rules of accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from footfall.compact_json import decoded
from footfall.event_corrections import why_unfit
from gateway.fold.store import CorrectionRow
from gateway.identity.facts_json import HANDBACK, RETURN

VOID: Final = "void"
TOUCH: Final = "touch"
COUNT: Final = "count"
WAITS: Final = 1
UNFIT: Final = 2
"""What `CorrectionRow.waits` has of one whose event has not come, and of one that does not fit it, and changes nothing."""


class Amend(NamedTuple):
    """An amend, and the keys that it replaces."""

    row: CorrectionRow
    changes: Mapping[str, Any]


class Amends(NamedTuple):
    """The amends of an event, in their order. All that apply fit the event as it was sent."""

    fitting: Sequence[Amend]
    """Those that fit the event as it was sent: accept takes them whenever they come."""
    applied: Sequence[Amend]
    """Those of them that fit it with those before them, too."""
    unfit: Sequence[tuple[CorrectionRow, str]]
    """All others, each with why."""

    @property
    def values(self) -> dict[str, Any]:
        """Return the keys that are replaced."""
        return {key: value for _, changes in self.applied for key, value in changes.items()}


def in_turn(corrections: Iterable[CorrectionRow]) -> list[CorrectionRow]:
    """Return corrections in the order in which they apply, which does not depend on when they came: by their own times, then ids."""
    return sorted(corrections, key=_turn)


def amends_of(kind: str, sent: Mapping[str, Any], corrections: Iterable[CorrectionRow]) -> Amends:
    """Return what the amends among an event's corrections come to; `sent` has its values as they were sent, as records have them."""
    if sent.get("what") == HANDBACK:  # as it is stored; nobody sends one
        sent = {**sent, "what": RETURN}
    now, fitting, applied, unfit = dict(sent), list[Amend](), list[Amend](), list[tuple[CorrectionRow, str]]()
    for row in in_turn(corrections):
        if row.kind == VOID:
            continue
        amend = Amend(row, decoded(row.body)["set"])
        never = why_unfit(kind, sent, amend.changes)
        if not never:
            fitting.append(amend)
        if why := never or why_unfit(kind, now, amend.changes):
            unfit.append((row, why))
        else:
            applied.append(amend)
            now |= amend.changes
    return Amends(fitting, applied, unfit)


def id_of(row: CorrectionRow) -> str:
    """Return the own id of a correction, as the ledger knows it; of one whose record has none, its place."""
    own: str = decoded(row.body).get("id") or f"{row.store}/{row.agent}/{row.row}"
    return own


def _turn(row: CorrectionRow) -> tuple[int, str, str, str, str, str, int]:
    """Two that one publisher calls alike in two stores differ by the id that the ledger knows them by; rows are numbered as they come."""
    values = decoded(row.body)
    return row.time_ns, values.get("own_id") or "", id_of(row), row.body, row.store, row.agent, row.row
