"""What touches state about identity: each a mention, which a void of the touch takes back. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from footfall.compact_json import decoded
from footfall.event_corrections import JUDGED
from footfall.fan_ids import VOIDS
from gateway.fold.amends import Amends, id_of
from gateway.fold.store import TouchRow
from gateway.identity.facts import Fact, Mention, Revoke
from gateway.identity.facts_json import HANDBACK, MENTION, RETURN, gives_back, mention_of_touch
from gateway.identity.types import IdentifierTypes

WAS: Final = "was"
"""The key of an amended touch that has what each amended key was first, null of one that it had not."""
_STATES: Final = frozenset({"subjects", "types", "fan", "ref"})


def as_meant(values: Mapping[str, Any], types: IdentifierTypes) -> Mapping[str, Any]:
    """Return a touch's values as they are stored: a return that gives back something of a type that is lent is a handback.

    A sender that gives a subject without its type means the weakest, which is not lent.
    """
    if values["what"] not in (RETURN, HANDBACK):
        return values
    is_of_lent = gives_back(values) and types.of(next(iter(values.get("types") or [""]))).klass == "lent"
    what = HANDBACK if is_of_lent else RETURN
    return values if values["what"] == what else {**values, "what": what}


def facts_of_touch(row: TouchRow, values: Mapping[str, Any]) -> list[Fact]:
    """Return what a touch of these values states, as it is now; nothing if it has neither an identifier nor a reference."""
    mention = mention_of_touch(_mention_id(row, values), values, row.agent, row.store)
    if mention is None:
        return []
    return [mention, _revoke(row, mention.id)] if row.void else [mention]


def mention_of_row(row: TouchRow) -> Mention | None:
    """Return what a stored touch states, whether it is void or not; None if it has neither an identifier nor a reference."""
    values = decoded(row.body)
    return mention_of_touch(_mention_id(row, values), values, row.agent, row.store)


def facts_of_corrected(before: TouchRow, was: Mapping[str, Any], row: TouchRow, values: Mapping[str, Any]) -> list[Fact]:
    """Return what a touch states after it was corrected, and what takes back that which it no longer states."""
    old_id, new_id = _mention_id(before, was), _mention_id(row, values)
    stated = mention_of_touch(old_id, was, before.agent, before.store)
    gone = [stated, _revoke(row, old_id)] if stated and old_id != new_id else []  # the touch as it was is nowhere else by now
    return [*gone, *facts_of_touch(row, values)]


def first_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a touch as they were before all amends; one that an earlier release amended stays amended."""
    first = values.get(WAS, {})
    return {key: first.get(key, value) for key, value in values.items() if key != WAS and first.get(key, value) is not None}


def amended(row: TouchRow, values: Mapping[str, Any], amends: Amends, types: IdentifierTypes) -> dict[str, Any]:
    """Return the values of a touch, which are `values` now, with its amends that apply, and with what those that differ were first."""
    first = first_values(values)
    made = as_meant({**first, **amends.values, **_mention(row, amends, values.get(MENTION, ""))}, types)
    changed = {key: first.get(key) for key, value in made.items() if first.get(key) != value}
    return {**made, WAS: changed} if changed else dict(made)


def _mention(row: TouchRow, amends: Amends, stored: str) -> Mapping[str, str]:
    """Return MENTION with the id of what a touch states with amends, if any of them concerns that: one for each set of amends.

    An id that was taken back never states anything again. So where what applies depends on others, these are of the set.
    """
    stating = [each for each in amends.fitting if _STATES & each.changes.keys()]
    judged = [each for each in amends.fitting if JUDGED & each.changes.keys()]
    named = {id_of(each.row) for each in stating}
    if any(JUDGED & each.changes.keys() for each in stating):
        named |= {id_of(each.row) for each in judged}
    elif stored == (before := _mention_id_of(row, [f"{each.store}/{each.agent}/{each.row}" for each, _ in stating])):
        return {MENTION: before}  # as an earlier release named it
    return {MENTION: _mention_id_of(row, named)} if named else {}


def _mention_id_of(row: TouchRow, names: Iterable[str]) -> str:
    digest = hashlib.blake2b("\0".join(sorted(names)).encode(), digest_size=8).hexdigest()
    return f"{_own_id(row)}#{digest}"


def _revoke(row: TouchRow, mention_id: str) -> Revoke:
    return Revoke(id=f"{VOIDS}{mention_id}", learned_ns=row.time_ns, source="touch", actor=row.agent, of=mention_id)


def _mention_id(row: TouchRow, values: Mapping[str, Any]) -> str:
    stated: str | None = values.get(MENTION)
    return stated or _own_id(row)


def _own_id(row: TouchRow) -> str:
    """Return the id of the touch, and of one without, which nobody can correct, its place, as earlier releases did."""
    return row.id or f"{row.store}/{row.agent}/{row.row}/{row.key_ns}"
