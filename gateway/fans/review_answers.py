"""Why a name means whom it means, by a gateway's files, and as JSON has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from footfall.units import NS_PER_MS
from gateway.fans.desk import Desk
from gateway.fans.fact_text import owner, when
from gateway.fans.owners import first_registration
from gateway.fans.reading import AllRows, timeouts
from gateway.fans.whose_then import WhoseThen
from gateway.fold.store import TouchRow
from gateway.fold.touch_names import names_of
from gateway.identity.around import facts_around
from gateway.identity.ended import End
from gateway.identity.facts import Fact, Merge, fan_name, is_registered
from gateway.identity.facts_json import gives_back, values_of
from gateway.identity.in_force import Refused
from gateway.identity.ownership import Owners, facts_of_owners
from gateway.identity.why import Because, why

ENDED: Final = "what is lent, and not given back, is the fan's until the visit ends in which that began"


class NameAnswer(NamedTuple):
    """Why one name means whom it means."""

    name: str
    because: Because


def answer_of(files: Desk, name: str, time_ns: int, store: str = "") -> NameAnswer:
    """Return why a name means whom it means at a time, by all facts, also those that are not folded yet; what is lent, in a store."""
    facts = facts_around(files.known(), files.types, names=[name]).facts
    because = why(facts, files.types, files.key, name, time_ns, store)
    if because.lent is not None:
        whose = WhoseThen(AllRows(files.ledger).visits_of, {name: because.lent}.get, timeouts(files.ledger))
        if whose.is_over(name, time_ns, store):
            ended = [Refused(fact, ENDED) for fact in because.path]
            because = because._replace(fan=None, path=(), refused=[*ended, *because.refused])
    return NameAnswer(name, because)


def answers_of_touch(files: Desk, row: TouchRow) -> list[NameAnswer]:
    """Return why each name of a touch means whom it means then; what is lent, and comes back with it, is whoever's had it just before."""
    values = json.loads(row.body)
    answers = [answer_of(files, name, row.time_ns, row.store) for name in names_of(values)]
    answers += _split_persons(files, answers, row.time_ns)
    if not gives_back(values):
        return answers
    before_ns = row.time_ns - NS_PER_MS
    return [answer_of(files, each.name, before_ns, row.store) if each.because.lent else each for each in answers]


def _split_persons(files: Desk, answers: Sequence[NameAnswer], time_ns: int) -> list[NameAnswer]:
    """Return why fans are not one person that a touch names beside each other, where somebody took back that they are."""
    fans = sorted({fan for each in answers if is_registered(fan := each.because.fan or "")})
    found = [answer_of(files, fan_name(fan), time_ns) for fan in fans] if len(fans) > 1 else []
    return [
        each for each in found if any(isinstance(end.fact, Merge) and not {*fans}.isdisjoint(end.fact.fans) for end in each.because.ends)
    ]


class OwnersAnswer(NamedTuple):
    """Whose a fan is to care for: what is stated, each with whether it counts at a time, and who registered the fan."""

    stated: Sequence[tuple[Fact, bool]] = ()
    registration: TouchRow | None = None

    @property
    def is_by_registration(self) -> bool:
        """Whether the registration decides: no fact does."""
        return self.registration is not None and not any(counts for _, counts in self.stated)


def owners_of(files: Desk, fan: str, time_ns: int) -> OwnersAnswer:
    """Return what decides whose a fan is to care for at a time, and what would."""
    person = files.person(fan)
    owners = Owners(facts_of_owners(files.known(), person.ids))
    counts = owners.stated(fan, time_ns)
    stated = [(fact, fact is counts) for fact in owners.all_stated(fan)]
    return OwnersAnswer(stated, first_registration(files.ledger.all_touches_of_fan(person.fan)))


def registration_line(row: TouchRow) -> str:
    """Return a registration as a line for people."""
    staff_id = json.loads(row.body)["staff_id"]
    return f"registered on {when(row.time_ns)}, sent by {row.agent} of {row.store}: {owner(staff_id, row.store)} to care for"


def _registration_object(row: TouchRow) -> dict[str, Any]:
    return {
        "kind": "touch", "what": "registration", "store": row.store, "publisher": row.agent,
        "time_ns": row.time_ns, "staff_id": json.loads(row.body)["staff_id"],
    }  # fmt: skip


def owners_object(owners: OwnersAnswer) -> list[dict[str, Any]]:
    """Return it as JSON has it: facts, the one that began last first, and the registration, which decides where none of them does."""
    found = [{"counts": counts, **values_of(fact)} for fact, counts in owners.stated]
    row = owners.registration
    return found if row is None else [*found, {"counts": owners.is_by_registration, **_registration_object(row)}]


def _end_object(end: End) -> dict[str, Any]:
    by = None if end.by is None else values_of(end.by)
    return {"fan": end.fan or None, "until_ns": end.until_ns, "of": end.fact.id, "rule": end.rule, "by": by}


def answer_object(answer: NameAnswer, owners: OwnersAnswer | None = None) -> dict[str, Any]:
    """Return it as JSON has it; of a fan with whose it is to care for, and why."""
    because = answer.because
    return {
        "name": answer.name, "fan": because.fan, "label": because.label, "path": [values_of(fact) for fact in because.path],
        "refused": [{"rule": each.rule, **values_of(each.fact)} for each in because.refused],
        "ends": [_end_object(each) for each in because.ends],
        **({} if owners is None else {"owners": owners_object(owners)}),
    }  # fmt: skip


def why_fan(files: Desk, fan: str) -> dict[str, Any] | None:
    """Return why a fan id means whom it means now, as JSON has it; None if nothing is known of it."""
    if not files.is_known(fan):
        return None
    return answer_object(answer_of(files, fan_name(fan), files.now_ns), owners_of(files, fan, files.now_ns))
