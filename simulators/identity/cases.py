"""Cases of identity resolution: a JSON object a line, run through the resolver in every order that the case allows.

    python -m simulators.identity.cases tests/golden/identity/rules.jsonl

A case has `steps`. A step is `["touch", minute, event]`, and behind these its store if it matters, `["link", identifier, fan,
from_minute, to_minute]` or `["fact", {…}]`.
`want` has for a touch's `ref` the fan's id, "" for nobody whom the brand knows, or a list of these. An event of kind `void` takes back
the touch with the `id` in its `of`. A fact has the keys of a plain event of kind `fact`, with its times in minutes: `from_min`, `to_min`,
`at_min` (of a consent), `learned_min`. Minutes are counted from any moment; null is open.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, permutations
from pathlib import Path
from typing import Any, Final

from footfall.pseudonyms import lasting_subject, to_hex
from footfall.units import NS_PER_MINUTE
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Identifier, Mention, Standing, is_registered
from gateway.identity.facts_json import fact_of
from gateway.identity.identity import Identity
from gateway.identity.naming import held_in, name_of_touch
from gateway.identity.types import IdentifierTypes

MINUTE_0_NS: Final = 1_790_000_000_000_000_000
ALL_ORDERS: Final = 5
"""Up to so many steps every order is tried."""
ORDERS: Final = 500
_KEY: Final = bytes(32)
_LEAST_SAME: Final = 2
_DEFAULTS: Final = {"consent": "from_ns", "owner": "from_ns"}
"""What begins when it was learned if it states no moment, as at accept; so does the end of a revoked link."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case, read; `steps` has what each step states."""

    name: str
    why: str
    in_any_order: bool
    steps: Sequence[Sequence[Fact]]
    touches: Sequence[Mention]
    blocked: frozenset[str]
    """References of touches of which every identifier is a value that is none."""
    want: Mapping[str, Sequence[str]]
    """By reference, the fans that are right."""


def read_case(values: Mapping[str, Any], types: IdentifierTypes) -> Case:
    """Return a case of one line. Raise ValueError or KeyError if it is none."""
    reader = _Reader(types)
    steps = [reader.step(f"{values['case']}-{nth}", step) for nth, step in enumerate(values["steps"])]
    want = {ref: [each] if isinstance(each, str) else each for ref, each in values["want"].items()}
    in_any_order = values.get("orders", "any") == "any"
    return Case(values["case"], values.get("why", ""), in_any_order, steps, reader.touches, frozenset(reader.blocked), want)


@dataclass(slots=True)
class _Reader:
    types: IdentifierTypes
    touches: list[Mention] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)

    def step(self, fact_id: str, step: Sequence[Any]) -> list[Fact]:
        kind, *rest = step
        if kind == "touch":
            minute, event, *store = rest
            return self._touch(fact_id, minute, event, *store)
        if kind == "link":
            identifier, fan, from_min, to_min = rest
            return self._facts(fact_id, {"fact": "link", "identifier": identifier, "fan": fan, "from_min": from_min, "to_min": to_min})
        if kind == "fact":
            return self._facts(fact_id, rest[0])
        raise ValueError(f"a step is touch, link or fact, and not {kind!r}")

    def _touch(self, fact_id: str, minute: float, event: Mapping[str, Any], store: str = "") -> list[Fact]:
        if event.get("kind") == "void":
            return self._facts(fact_id, {"fact": "revoke", "of": event["of"]})
        time_ns, given = _at(minute), event.get("identifiers", ())
        is_of_goods = any(event.get(key) for key in ("items", "amount", "ref"))
        mention = Mention(
            id=event.get("id", fact_id),
            learned_ns=time_ns,
            from_ns=time_ns,
            to_ns=time_ns,
            source="touch",
            identifiers=tuple(dict.fromkeys(found for each in given for found in self._identifiers(each))),
            fan=event.get("fan", ""),
            ref=event.get("ref", ""),
            returned=event.get("what") == "return" and len(given) == 1 and not is_of_goods,
            store=store,
        )
        if given and not mention.identifiers and not mention.fan:
            self.blocked.add(mention.ref)
        self.touches.append(mention)
        return [mention]

    def _facts(self, fact_id: str, stated: Mapping[str, Any]) -> list[Fact]:
        """Return what a statement comes to at accept: nothing of one that it refuses, since an identifier that it needs is none."""
        values: dict[str, Any] = {"id": fact_id, "source": "crm", "learned_ns": MINUTE_0_NS, **stated}
        for key, made in (("from_min", "from_ns"), ("to_min", "to_ns"), ("at_min", "from_ns"), ("learned_min", "learned_ns")):
            if values.get(key) is not None:
                values[made] = _at(values[key])
        if default := "to_ns" if "of_link" in values else _DEFAULTS.get(values["fact"]):
            values.setdefault(default, values["learned_ns"])
        if "identifiers" in values:
            values["identifiers"] = [found for each in values["identifiers"] for found in self._identifiers(each)]
            if len(values["identifiers"]) < _LEAST_SAME:
                return []
        if "of_link" in values:
            identifier, fan = values["of_link"]
            if not (spelled := self._identifiers(identifier)):
                return []
            values["of_link"] = [spelled[0], fan]
        if "identifier" not in values:
            return [fact_of(values)]
        if not (spelled := self._identifiers(values.pop("identifier"))):
            return []
        link = fact_of(values | {"identifier": spelled[0]})
        if len(spelled) == 1:
            return [link]
        same = {"fact": "same", "id": values["id"] + "~spelling", "learned_ns": MINUTE_0_NS, "identifiers": spelled}
        return [link, fact_of(same)]  # as accept does it

    def _identifiers(self, text: str) -> list[Identifier]:
        """Return an identifier as accept does: in its one form, and in another that was stored before; nothing if its value is none."""
        name, _, value = text.partition(":")
        of_type = self.types.of(name)
        value = of_type.normalised(value)
        if of_type.is_blocked(value):
            return []
        return [Identifier(each, to_hex(lasting_subject(_KEY, each, form))) for each, form in self.types.spellings(name, value)]


def _at(minute: float) -> int:
    return MINUTE_0_NS + round(minute * NS_PER_MINUTE)


def orders_of(case: Case, seed: int = 0) -> Iterator[Sequence[Sequence[Fact]]]:
    """Return the orders in which a case is tried: as it is written, then all others or 500 random ones."""
    if not case.in_any_order:
        yield case.steps
    elif len(case.steps) <= ALL_ORDERS:
        yield from permutations(case.steps)
    else:
        yield case.steps
        random_order = random.Random(seed)
        for _ in range(ORDERS):
            yield random_order.sample(case.steps, len(case.steps))


def names_after(case: Case, steps: Iterable[Sequence[Fact]], types: IdentifierTypes) -> tuple[dict[str, set[str]], dict[str, Standing]]:
    """Return the fans of the touches of every reference once its steps were taken one by one, and all standings that shards were given."""
    identity, told = Identity(MemoryFactStore(), types, _KEY), dict[str, Standing]()
    for facts in steps:
        for standing in identity.take(facts):
            if standing.number <= told.get(standing.name, standing._replace(number=0)).number:
                raise AssertionError(f"{standing} does not count on")
            told[standing.name] = standing
    names: dict[str, set[str]] = {}
    for touch in case.touches:
        subjects = [each.subject for each in touch.identifiers]
        names.setdefault(touch.ref, set()).add(name_of_touch(held_in(touch.store, told.get), subjects, touch.fan, touch.ref, touch.from_ns))
    return names, told


def mistakes(case: Case, types: IdentifierTypes, orders: int | None = None) -> list[str]:
    """Return what a case comes to that it does not want, and orders that end otherwise; nothing if it holds. `orders`: try no more."""
    found: list[str] = []
    first = None
    for order in islice(orders_of(case), orders):
        names, told = names_after(case, order, types)
        ended = (names, {name: each[2:] for name, each in told.items() if each[2:] != Standing(name, 0)[2:]})
        if first is None:
            first = ended
            found += _unwanted(case, names, told)
        elif ended != first:
            return [
                *found,
                f"{case.name}: the order {[each.id for facts in order for each in facts]} ends otherwise: {ended} instead of {first}",
            ]
    return found


def _unwanted(case: Case, names: Mapping[str, set[str]], told: Mapping[str, Standing]) -> Iterator[str]:
    for ref, want in case.want.items():
        for name in names.get(ref, {"no such touch"}):
            is_nobody = not is_registered(name)
            if name not in want and not (is_nobody and "" in want):
                yield f"{case.name}: {ref} is {name!r}, not {' or '.join(map(repr, want))}: {case.why}"
            elif name and is_nobody and ref in _must_be_empty(case, told):
                yield f"{case.name}: {ref} is {name!r}, but what is blocked or shared has no provisional fan either"


def _must_be_empty(case: Case, told: Mapping[str, Standing]) -> set[str]:
    """Return the references of touches of which every identifier is blocked or shared."""
    shared = {
        touch.ref
        for touch in case.touches
        if touch.identifiers and all(each.subject in told and told[each.subject].label for each in touch.identifiers)
    }
    return shared | case.blocked


def main(arguments: Sequence[str] | None = None) -> int:
    """Run files of cases; print what does not hold. Return 1 if anything does not."""
    parser = argparse.ArgumentParser(prog="python -m simulators.identity.cases", description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, help="files of cases, a JSON object a line")
    wrong = cases = 0
    types = IdentifierTypes()
    for path in parser.parse_args(arguments).files:
        for line in filter(None, path.read_text("utf-8").splitlines()):
            case = read_case(json.loads(line), types)
            found = mistakes(case, types)
            cases, wrong = cases + 1, wrong + bool(found)
            print(f"{'wrong' if found else 'right'}  {case.name}", *found, sep="\n       ")
    print(f"cases={cases} wrong={wrong}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
