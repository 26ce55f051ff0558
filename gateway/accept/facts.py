"""Facts made ready to be journaled: identifiers as subjects, times in ns, defaults that do not depend on when the fact came. Pure."""

from __future__ import annotations

from typing import Any, Final

from footfall.errors import ContractError
from footfall.event_facts import AnyFact, ConsentFact, DistinctFact, LinkFact, MergeFact, OwnerFact, RevokeFact, SameFact, SplitFact
from gateway.accept.pseudonymiser import Identified
from gateway.identity.facts import Identifier
from gateway.identity.facts_json import ALSO, OF_LINK
from gateway.identity.links import clamped

SECOND: Final = "~national"
"""What the id of the fact ends with that states that both spellings of a number are one."""
SPELLINGS: Final = "spellings"
NO_IDENTIFIER: Final = "event.identifier"
Values = dict[str, Any]


def fact_values(fact: AnyFact, publisher: str, taken_ns: int, identified: Identified) -> tuple[Values, frozenset[str]]:
    """Return what the journal has of a fact, and which keys its publisher left out that depend on who sent it when.

    Raise ContractError if an identifier that it needs is none.
    """
    stated_ns = fact.moments_ns
    values: Values = {
        "fact": fact.fact,
        "id": fact.id,
        "learned_ns": stated_ns.get("learned", 0),
        "source": fact.source,
        "actor": fact.actor or publisher,
        "reason": fact.reason or "",
    }
    values |= {f"{key}_ns": clamped(stated_ns[key]) for key in ("from", "to") if key in stated_ns}
    default = _DEFAULTS.get(type(fact))
    left_out = {"actor"} if fact.actor is None else set()
    if default and default not in values and (default != "to_ns" or _ends_a_link(fact)):
        values[default] = stated_ns.get("learned", taken_ns)
        left_out |= {default} - ({default} if "learned" in stated_ns else set())
    values |= _MORE[type(fact)](fact, identified)
    spellings = values.pop(SPELLINGS, ())
    if len(spellings) > 1:
        common = {key: values[key] for key in ("learned_ns", "source", "actor", "reason")}
        values[ALSO] = [common | {"fact": "same", "id": f"{fact.id}{SECOND}", "identifiers": [list(each) for each in spellings]}]
    return values, frozenset(left_out)


_DEFAULTS: Final[dict[type, str]] = {ConsentFact: "from_ns", OwnerFact: "from_ns", RevokeFact: "to_ns"}
"""What begins, or ends, when it was learned, else when it was taken in, if it states no moment."""


def _ends_a_link(fact: AnyFact) -> bool:
    return isinstance(fact, RevokeFact) and fact.of is None


def _one(fact: AnyFact, identifier: str, identified: Identified) -> list[Identifier]:
    """Return the spellings of an identifier, the present one first."""
    if not (found := identified.of([identifier])):
        raise ContractError(
            NO_IDENTIFIER, f"the identifier of this {fact.fact} is none: it stands for an unknown one, or everybody gives it"
        )
    return found


def _link(fact: LinkFact, identified: Identified) -> Values:
    if why := identified.types.why_never_lent((fact.identifier or "").partition(":")[0], not (fact.since is None and fact.until is None)):
        raise ContractError("event.invalid", why)
    found = _one(fact, fact.identifier or "", identified)
    return {"identifier": list(found[0]), "fan": fact.fan, **({"store": fact.store} if fact.store else {}), SPELLINGS: found}


def _same(fact: SameFact, identified: Identified) -> Values:
    found = identified.of(fact.identifiers)
    if len(found) < 2:
        raise ContractError(
            NO_IDENTIFIER, "fewer than two of the identifiers are any: others stand for unknown ones, or are one in two spellings"
        )
    return {"identifiers": [list(each) for each in found]}


def _revoke(fact: RevokeFact, identified: Identified) -> Values:
    if fact.of_link is None:
        return {"of": fact.of}
    identifier, fan = fact.of_link
    found = _one(fact, identifier, identified)
    return {OF_LINK: [list(found[0]), fan], SPELLINGS: found}


def _consent(fact: ConsentFact, identified: Identified) -> Values:
    return {"fan": fact.fan, "purpose": fact.purpose, "granted": fact.granted, "version": fact.version or ""}


def _owner(fact: OwnerFact, identified: Identified) -> Values:
    return {"fan": fact.fan, "staff_id": fact.staff_id or "", "store": fact.store or ""}


_MORE: Final[dict[type, Any]] = {
    LinkFact: _link,
    SameFact: _same,
    MergeFact: lambda fact, identified: {"fans": fact.fans},
    DistinctFact: lambda fact, identified: {"fans": fact.fans},
    SplitFact: lambda fact, identified: {"of": fact.of},
    RevokeFact: _revoke,
    ConsentFact: _consent,
    OwnerFact: _owner,
}
