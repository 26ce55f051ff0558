"""Naming: whom a touch is, by the standings of what it names, and whose the touches of one reference are. Pure."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from footfall.units import NS_PER_DAY
from gateway.identity.facts import ANONYMOUS, FOR_EVER_NS, Mention, Span, Standing, fan_name, ref_name

StandingOf = Callable[[str], Standing | None]
"""By name; None if it has none."""


class Named(NamedTuple):
    """Whom identifiers name. `person` is "" for nobody by a rule: consent withdrawn, or two persons; None if none of them names anybody."""

    person: str | None
    provisional: str


def provisional(fact_id: str, key: bytes) -> str:
    """Return the id of the provisional fan of what hangs together by facts, of which this is the smallest."""
    return ANONYMOUS + hashlib.blake2b(fact_id.encode(), key=key, digest_size=8).hexdigest()


def name_of_touch(standing_of: StandingOf, subjects: Sequence[str], fan: str, ref: str, time_ns: int) -> str:
    """Return the fan of a touch: a registered one, a provisional one, or "".

    The fan that it names itself; else what its identifiers of the highest rank name; else its reference's fan; else a provisional fan.
    """
    if fan:
        return fan_at(standing_of, fan, time_ns)
    own = named_by(((standing_of(subject), time_ns) for subject in subjects), bool(ref))
    if own.person is not None:
        return own.person
    of_ref = whom(standing_of(ref_name(ref)), time_ns) if ref else None
    if of_ref is not None and not of_ref.startswith(ANONYMOUS):
        return of_ref
    return own.provisional or of_ref or ""


def held_in(store: str, standing_of: StandingOf) -> StandingOf:
    """Return what gives standings as they hold in a store."""

    def standing(name: str) -> Standing | None:
        found = standing_of(name)
        return found.within(store) if found else None

    return standing


def fan_at(standing_of: StandingOf, fan: str, time_ns: int) -> str:
    """Return who a fan id is at a time: itself unless it was merged; "" while consent is withdrawn."""
    standing = standing_of(fan_name(fan))
    return fan if standing is None or not standing.spans else whom(standing, time_ns) or ""


def whom(standing: Standing | None, time_ns: int) -> str | None:
    """Return whom a name means at a time, "" if consent is withdrawn, None if nobody is known."""
    if standing is None or not standing.spans:
        return None
    spans = standing.spans
    nth = bisect_right(spans, (time_ns, FOR_EVER_NS + 1)) - 1
    return spans[nth].fan if nth >= 0 and time_ns < spans[nth].to_ns else None


def named_by(standings: Iterable[tuple[Standing | None, int]], has_ref: bool) -> Named:
    """Return whom identifiers name, each at its own time: those of the highest rank that name anybody decide; two persons are nobody."""
    person, provisional = _Best(), _Best()
    for standing, time_ns in standings:
        if standing is None or (standing.only_by_ref and not has_ref):
            continue
        fan = whom(standing, time_ns)
        if fan is not None:
            (provisional if fan.startswith(ANONYMOUS) else person).add(standing.rank, fan)
    return Named(person.only(), provisional.only() or "")


def standing_of_ref(standing_of: StandingOf, ref: str, mentions: Sequence[Mention]) -> Standing:
    """Return whose the touches with a reference are, by all of them, numbered 0: by their fans, else by all their identifiers.

    What is lent and not given back names no longer than it may be the fan's at most: here nobody knows of visits.
    Whoever they are is nobody while consent is withdrawn, and that alone: a touch of such a time shows whose the others are, too.
    """
    name = ref_name(ref)
    fans = {_person(standing_of, each.fan) for each in mentions if each.fan}
    if len(fans) > 1:
        return _always(name, "")._replace(label="conflict")
    if fans:
        return _while_consented(standing_of, name, fans.pop())
    consenting = {store: _with_withdrawn(_lent_for_a_visit(held_in(store, standing_of))) for store in {each.store for each in mentions}}
    shown = ((each, identifier.subject) for each in mentions for identifier in each.identifiers)
    found = named_by(((consenting[each.store](subject), each.from_ns) for each, subject in shown), True)
    if found.person is None:
        return _always(name, found.provisional) if found.provisional else Standing(name, 0)
    return _while_consented(standing_of, name, found.person)


def _person(standing_of: StandingOf, fan: str) -> str:
    """Return who a fan id is, consented or not; the id itself where nothing else is known of it."""
    standing = standing_of(fan_name(fan))
    return next((whose for span in standing.spans if (whose := span.fan or span.withdrawn)), fan) if standing else fan


def _lent_for_a_visit(standing_of: StandingOf) -> StandingOf:
    """Return what gives standings in which what is lent, and not given back, is the fan's for `UNHEARD_NS`."""

    def standing(name: str) -> Standing | None:
        found = standing_of(name)
        if found is None or not found.lent:
            return found
        return found._replace(spans=tuple(_until_unheard(found, span) for span in found.spans))

    return standing


def _until_unheard(standing: Standing, span: Span) -> Span:
    since_ns = standing.lent_since(span)
    return span if since_ns is None else span._replace(to_ns=min(span.to_ns, max(span.from_ns, since_ns + UNHEARD_NS)))


def _with_withdrawn(standing_of: StandingOf) -> StandingOf:
    """Return what gives standings of identifiers that also name whoever withdrew consent."""

    def standing(name: str) -> Standing | None:
        found = standing_of(name)
        if found is None or all(span.fan for span in found.spans):
            return found
        three = zip([_NOBODY, *found.spans], found.spans, [*found.spans[1:], _NOBODY], strict=False)
        return found._replace(
            spans=tuple(span._replace(fan=span.fan or span.withdrawn or beside(before, span, behind)) for before, span, behind in three)
        )

    def beside(before: Span, span: Span, behind: Span) -> str:
        """Return whose a span is of which an earlier release kept only that they withdrew: whoever has the one before or behind it."""
        if any(each.from_ns == span.from_ns for each in _withdrawals(standing_of, before.fan)):
            return before.fan
        return behind.fan if any(each.to_ns == span.to_ns for each in _withdrawals(standing_of, behind.fan)) else ""

    return standing


def _withdrawals(standing_of: StandingOf, fan: str) -> list[Span]:
    of_fan = standing_of(fan_name(fan)) if fan else None
    return [span for span in of_fan.spans if not span.fan] if of_fan else []


def _while_consented(standing_of: StandingOf, name: str, fan: str) -> Standing:
    of_fan = standing_of(fan_name(fan)) if fan else None
    return Standing(name, 0, of_fan.spans) if of_fan and of_fan.spans else _always(name, fan)


def _always(name: str, fan: str) -> Standing:
    return Standing(name, 0, (Span(-FOR_EVER_NS, FOR_EVER_NS, fan),))


class _Best:
    """The names of the highest rank so far."""

    def __init__(self) -> None:
        self._rank = _NONE
        self._names: set[str] = set()

    def add(self, rank: int, name: str) -> None:
        if rank > self._rank:
            self._rank, self._names = rank, set()
        if rank == self._rank:
            self._names.add(name)

    def only(self) -> str | None:
        """Return the only one, "" if there are several, None if there is none."""
        return (next(iter(self._names)) if len(self._names) == 1 else "") if self._names else None


UNHEARD_NS: Final = NS_PER_DAY
"""Something lent that no store hears is its fan's for so long: shops lend for a visit, and none lasts longer than a day."""
_NONE: Final = -1_000_000
_NOBODY: Final = Span(0, 0, "")
