"""Why a name means whom it means, by a gateway's files, and as JSON has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from footfall.units import NS_PER_MS
from gateway.fans.desk import Desk
from gateway.fans.reading import AllRows, timeouts
from gateway.fans.whose_then import WhoseThen
from gateway.fold.store import TouchRow
from gateway.fold.touch_names import names_of
from gateway.identity.around import facts_around
from gateway.identity.facts import Fact, fan_name
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
    if not gives_back(values):
        return answers
    before_ns = row.time_ns - NS_PER_MS
    return [answer_of(files, each.name, before_ns, row.store) if each.because.lent else each for each in answers]


def owners_of(files: Desk, fan: str, time_ns: int) -> list[tuple[Fact, bool]]:
    """Return what is stated of whose a fan is to care for, each with whether it is what counts at a time."""
    owners = Owners(facts_of_owners(files.known(), files.person(fan).ids))
    counts = owners.stated(fan, time_ns)
    return [(fact, fact is counts) for fact in owners.all_stated(fan)]


def answer_object(answer: NameAnswer, owners: Sequence[tuple[Fact, bool]] | None = None) -> dict[str, Any]:
    """Return it as JSON has it; of a fan with what is stated of whose it is to care for."""
    because = answer.because
    stated = {} if owners is None else {"owners": [{"counts": counts, **values_of(fact)} for fact, counts in owners]}
    return {
        "name": answer.name, "fan": because.fan, "label": because.label, "path": [values_of(fact) for fact in because.path],
        "refused": [{"rule": each.rule, **values_of(each.fact)} for each in because.refused],
        **stated,
    }  # fmt: skip


def why_fan(files: Desk, fan: str) -> dict[str, Any] | None:
    """Return why a fan id means whom it means now, as JSON has it; None if nothing is known of it."""
    if not files.is_known(fan):
        return None
    return answer_object(answer_of(files, fan_name(fan), files.now_ns), owners_of(files, fan, files.now_ns))
