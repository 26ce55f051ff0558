"""Facts as lines for people: what a fact states, of when, by whom, learned when and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.identity.ended import OWN_END, End
from gateway.identity.facts import (
    FOR_EVER_NS,
    Consent,
    Distinct,
    Fact,
    Identifier,
    Link,
    Mention,
    Merge,
    Ownership,
    Revoke,
    RevokeLink,
    Same,
    Split,
)


def line(fact: Fact) -> str:
    """Return a fact as one line: `merge-1f: a and b are one person (desk by ann, learned 2026-11-21 10:00Z: same address)`."""
    by = " by ".join(filter(None, (fact.source, fact.actor)))
    learned = f"{'learned' if fact.learned_ns > 0 else 'taken'} {when(fact.known_ns)}" if fact.known_ns > 0 else ""
    about = ", ".join(filter(None, (by, learned)))
    reason = f": {fact.reason}" if fact.reason else ""
    return f"{fact.id}: {statement(fact)}" + (f" ({about}{reason})" if about or reason else "")


def end_line(end: End) -> str:
    """Return why something is a fan's no longer: `was a's until 2026-11-20 10:00Z: link-1 ended, since …: unlink-3: … (desk by kim, …)`."""
    if end.until_ns is None:
        return f"{end.fact.id} does not count, since {end.rule}" + (f" by {line(end.by)}" if end.by else "")
    was = f"was {end.fan}'s until {when(end.until_ns)}"
    if end.by is None:
        return f"{was}: {end.rule}: {line(end.fact)}"
    return f"{was}: {end.rule}: {line(end.by)}" if end.rule == OWN_END else f"{was}: {end.fact.id} ended, since {end.rule}: {line(end.by)}"


def statement(fact: Fact) -> str:
    """Return what a fact states."""
    return _STATED[type(fact)](fact)


def when(time_ns: int) -> str:
    """Return a time in UTC to the minute; "ever" where it is open."""
    if abs(time_ns) >= FOR_EVER_NS:
        return "ever"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)).strftime("%Y-%m-%d %H:%MZ")


def identifier(named: Identifier) -> str:
    """Return an identifier as it may be shown: its type and its subject."""
    return f"{named.type or 'identifier'} {named.subject}"


def owner(staff_id: str, store: str) -> str:
    """Return whose a fan is, such as `s12's at flagship`; "nobody's" where neither is stated."""
    return f"{staff_id}'s at {store}" if staff_id and store else f"{staff_id or store or 'nobody'}'s"


def _span(fact: Fact) -> str:
    if fact.from_ns <= -FOR_EVER_NS and fact.to_ns >= FOR_EVER_NS:
        return ""
    begin = "" if fact.from_ns <= -FOR_EVER_NS else f" from {when(fact.from_ns)}"
    return begin + ("" if fact.to_ns >= FOR_EVER_NS else f" to {when(fact.to_ns)}")


def _mention(fact: Mention) -> str:
    named = [*map(identifier, fact.identifiers), *([f"fan {fact.fan}"] if fact.fan else []), *([f"ref {fact.ref}"] if fact.ref else [])]
    return f"a touch of {when(fact.from_ns)} names {', '.join(named)}"


def _consent(fact: Consent) -> str:
    return f"{fact.fan} {'grants' if fact.granted else 'withdraws'} consent to {fact.purpose} from {when(fact.from_ns)}"


_STATED: Final[Mapping[type[Fact], Callable[[Any], str]]] = {
    Link: lambda fact: f"{identifier(fact.identifier)} is {fact.fan}'s{_span(fact)}{f' in {fact.store}' if fact.store else ''}",
    Same: lambda fact: f"{' and '.join(map(identifier, fact.identifiers))} are one person's{_span(fact)}",
    Merge: lambda fact: f"{' and '.join(fact.fans)} are one person",
    Distinct: lambda fact: f"{' and '.join(fact.fans)} are not one person",
    Split: lambda fact: f"the merge {fact.of} is undone",
    Revoke: lambda fact: f"{fact.of} is taken back",
    RevokeLink: lambda fact: f"{identifier(fact.identifier)} is {fact.fan}'s no longer from {when(fact.to_ns)} on",
    Consent: _consent,
    Ownership: lambda fact: f"{fact.fan} is {owner(fact.staff_id, fact.store)} to care for{_span(fact)}",
    Mention: _mention,
}
