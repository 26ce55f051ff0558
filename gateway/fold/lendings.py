"""Until when something lent, such as a rented tag, is its fan's where nobody recorded its return. Pure but for the visits that it asks for.

It is the fan's until the end of the visit in which that began: the subject's visit in the store that goes on at the time, else the first
that begins within the store's visit timeout of it. A visit goes on over every silence that is no longer than the timeout, whoever is heard
behind it: what is handed on meanwhile is the fan's until then. So who has it next is nobody known. Whoever is first heard with it later, or
in another store, may be anybody: it is the fan's until then, and for a day at most. Each store cuts by the visits that it has itself, and
by the standing as it holds there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from footfall.units import NS_PER_MS
from gateway.fold.link_index import span_at
from gateway.identity.facts import Span, Standing
from gateway.identity.naming import UNHEARD_NS


class Heard(NamedTuple):
    """A visit of something lent."""

    start_ns: int
    last_ns: int
    is_open: bool


VisitsIn = Callable[[int, int], Sequence[Heard]]
"""By a span, both ends included, the visits of one subject in one store that touch it."""
EndedNs = Callable[[Span], int | None]
"""By a span of something lent in one store, see `ended_ns`."""


def among(visits: Sequence[Heard]) -> VisitsIn:
    """Return what gives those of some visits that touch a span."""
    return lambda from_ns, to_ns: [each for each in visits if each.last_ns >= from_ns and each.start_ns <= to_ns]


def is_over(standing: Standing, span: Span, time_ns: int, ended: EndedNs) -> bool:
    """Return whether a span of a standing, as it holds in one store, is lent, and ended before a time with its visit."""
    since_ns = standing.lent_since(span)
    if since_ns is None:
        return False
    ended_ns = ended(span._replace(from_ns=since_ns))
    return ended_ns is not None and time_ns // NS_PER_MS > ended_ns // NS_PER_MS


def as_given_back(standing: Standing, time_ns: int) -> Standing:
    """Return a standing as a touch finds it that gives back what is lent: whoever had it just before gives it back, not the next one."""
    before = span_at(standing, time_ns - NS_PER_MS)
    return standing._replace(spans=(before._replace(to_ns=max(before.to_ns, time_ns + NS_PER_MS)),) if before else ())


def ended_ns(span: Span, timeout_ns: int, visits_in: VisitsIn) -> int | None:
    """Return when the visit ended in which a span began; without one, until when nobody else may have it; None while it goes on.

    A visit that reaches the end of the span is followed no further: then that ends the span.
    """
    reached_ns, end_ns = None, span.from_ns
    while reached_ns != end_ns < span.to_ns:  # what lies behind the visit is not read: what is never given back has thousands
        found = visits_in(end_ns, end_ns + timeout_ns)
        if any(visit.is_open for visit in found):
            return None
        if not found:
            break
        reached_ns, end_ns = end_ns, max(end_ns, *(visit.last_ns for visit in found))
    if reached_ns is not None:
        return end_ns
    unheard_ns = span.from_ns + UNHEARD_NS - NS_PER_MS
    return min([unheard_ns, *(visit.start_ns - NS_PER_MS for visit in visits_in(span.from_ns, min(unheard_ns, span.to_ns)))])


def begun_before(standing: Standing, from_ns: int, to_ns: int) -> int:
    """Return when the first began of what is lent at any time from one to another, and by a visit's end may be over; else the latter.

    A visit that begins behind such a span may go on over its end.
    """
    spans = standing.spans
    nth = max(0, bisect_right(spans, from_ns, key=_from_ns) - 1)
    while nth < len(spans) and spans[nth].from_ns < to_ns:
        if spans[nth].to_ns > from_ns and standing.lent_since(spans[nth]) is not None:
            return spans[nth].from_ns
        nth += 1
    return to_ns


def _from_ns(span: Span) -> int:
    return span.from_ns


def without(standing: Standing, span: Span) -> Standing:
    """Return a standing that lacks a span."""
    return standing._replace(spans=tuple(each for each in standing.spans if each != span))
