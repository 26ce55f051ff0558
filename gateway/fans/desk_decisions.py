"""Decisions about who is who, by what is known: what is mistyped is refused, what waits for something else is noted.

decided = merge(files, Deciding(stamp), ["f-1", "f-2"])
effect_of_facts(files, decided.facts)       # what it changes
files.state(decided.facts)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from footfall.purposes import IDENTIFY
from gateway.fans.decisions import Deciding
from gateway.fans.desk import Desk
from gateway.fans.effect import Effect
from gateway.identity.claims import STRENGTHS, strength_of
from gateway.identity.facts import FOR_EVER_NS, Fact, Merge, Revoke, Split, fact_name
from gateway.identity.facts_json import values_of
from gateway.identity.ownership import Owner


class Decided(NamedTuple):
    """The facts of a decision, and what whoever decides must know of it."""

    facts: list[Fact]
    notes: tuple[str, ...] = ()


def merge(files: Desk, deciding: Deciding, fans: Sequence[str], force: bool = False) -> Decided:
    """Return that fans are one person. Raise ValueError, or ConfigError for one of whom nothing is known unless it is forced."""
    facts = deciding.merge(fans)
    if not force:
        files.check_known(fans)
    return Decided(facts)


def distinct(files: Desk, deciding: Deciding, fans: Sequence[str], force: bool = False) -> Decided:
    """Return that two fans are not one person. Raise as `merge`."""
    facts = deciding.distinct(fans)
    if not force:
        files.check_known(fans)
    return Decided(facts)


def split(files: Desk, deciding: Deciding, of: str, force: bool = False) -> Decided:
    """Return that a merge is undone. Raise ValueError for a fact that is none, ConfigError as `merge`."""
    facts, known = deciding.split(of), facts_of_id(files, of)
    if not force:
        files.check_stated(of)
    if not known:
        return Decided(facts, (f"no fact {of} is known yet: the split waits for its merge",))
    if not any(isinstance(fact, Merge) for fact in known):
        raise ValueError(f"{of} is no merge: footfall fan revoke takes other facts back")
    return Decided(facts)


def revoke(files: Desk, deciding: Deciding, of: str, force: bool = False) -> Decided:
    """Return that a fact is taken back. Raise ValueError for one that takes a fact back itself, ConfigError as `merge`."""
    facts, known = deciding.revoke(of), facts_of_id(files, of)
    if not force:
        files.check_stated(of)
    if not known:
        return Decided(facts, (f"no fact {of} is known yet: what takes it back waits for it",))
    if all(isinstance(fact, Split | Revoke) for fact in known):
        raise ValueError(f"{of} takes a fact back itself, which cannot be undone: state that fact again under an id of its own")
    return Decided(facts)


def link(
    files: Desk, deciding: Deciding, identifier: str, fan: str, from_: str = "", to: str = "", store: str = ""
) -> Decided:  # fmt: skip
    """Return that an identifier is a fan's, for a span of times as people write them; of what is lent they are needed.

    `store`: that which lent it, where others have one of the same name. Raise ValueError, ConfigError.
    """
    from_ns = files.moment("--from", from_) if from_ else -FOR_EVER_NS
    identifiers = files.identified(identifier)
    files.check_lent(identifiers[0].type, bool(from_ or to), store)
    facts = deciding.link(identifiers, fan, from_ns, files.moment("--to", to) if to else FOR_EVER_NS, store)
    new = "" if files.is_known(fan) else f"{fan} is a new fan id, of which nothing is known yet{files.meant(fan)}"
    return Decided(facts, tuple(f"note: {each}" for each in (files.types.undescribed(identifiers[0].type), new) if each))


def unlink(files: Desk, deciding: Deciding, identifier: str, fan: str, to: str = "", force: bool = False) -> Decided:
    """Return that an identifier is a fan's no longer from a time on, else from now on. Raise ValueError, ConfigError as `merge`."""
    to_ns = files.moment("--to", to) if to else deciding.stamp.learned_ns
    facts = deciding.unlink(files.identified(identifier), fan, to_ns)
    if not force:
        files.check_named(identifier)
        files.check_known([fan])
    return Decided(facts)


def consent(
    files: Desk, deciding: Deciding, fan: str, granted: bool, purpose: str = IDENTIFY, version: str = "", from_: str = "",
    force: bool = False,
) -> Decided:  # fmt: skip
    """Return that a fan grants a purpose, or withdraws it, from a time on, else from now on. Raise ValueError, ConfigError as `merge`."""
    from_ns = files.moment("--from", from_) if from_ else deciding.stamp.learned_ns
    facts = deciding.consent(fan, granted, from_ns, purpose, version)
    if not force:
        files.check_known([fan])
    return Decided(facts)


def own(
    files: Desk, deciding: Deciding, fan: str, staff: str = "", store: str = "", from_: str = "", to: str = "", force: bool = False
) -> Decided:  # fmt: skip
    """Return whose a fan is to care for, for a time, else from now on. Raise ValueError, ConfigError as `merge`."""
    from_ns = files.moment("--from", from_) if from_ else deciding.stamp.learned_ns
    facts = deciding.own(fan, Owner(staff, store), from_ns, files.moment("--to", to) if to else FOR_EVER_NS)
    if not force:
        files.check_known([fan])
    files.check_owner(staff, store, from_ns)
    return Decided(facts)


def effect_of_facts(files: Desk, facts: Sequence[Fact]) -> Effect:
    """Return what facts would change, by all that is known."""
    preview = files.preview()
    preview.take(facts)
    return preview.effect()


def facts_object(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """Return facts as JSON has them."""
    return [values_of(fact) for fact in facts]


def facts_of_id(files: Desk, fact_id: str) -> list[Fact]:
    """Return the facts of an id; several if somebody used it twice, none if nobody has stated one yet."""
    return [fact for fact in files.known().facts_naming([fact_name(fact_id)]) if fact.id == fact_id]


def is_of_desk(source: str) -> bool:
    """Return whether a source of facts is the desk, which stands above all others: what people decide."""
    return strength_of(source) >= STRENGTHS["desk"]


def stated_by_desk(files: Desk, ids: Iterable[str]) -> str:
    """Return the first of these ids under which the desk stated a fact; "" if there is none."""
    wanted = frozenset(ids)
    found = files.known().facts_naming([fact_name(each) for each in wanted])
    return min((fact.id for fact in found if fact.id in wanted and is_of_desk(fact.source)), default="")


def effect_object(effect: Effect) -> dict[str, Any]:
    """Return an effect as JSON has it."""
    values = asdict(effect) | {"rows": effect.rows, "fans": sorted(effect.fans)}
    return values | {"moved": [{"old": old, "new": new, "rows": rows} for (old, new), rows in sorted(effect.moved.items())]}
