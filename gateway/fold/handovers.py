"""When something passes from one to another, as its standing has it: a visit that goes on then ends, and the next one's begins.

What is lent passes on with each handover and each return; to the same fan once more, too, since the first loan may have ended with a visit
before. Then both parts are one visit of the fan if that loan had not ended. All else passes where one registered fan follows another, as
with a member's beacon that is handed on: a device whose owner becomes known has been the owner's before, and what was one visit stays one.
Nobody hands anything over by withdrawing consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from footfall.units import NS_PER_MS
from gateway.identity.facts import FOR_EVER_NS, Span, Standing, is_registered


def handovers_of(standing: Standing, store: str) -> list[int]:
    """Return when what a standing is of passes on in a store (a name), each as the begin of a millisecond, ns, in order."""
    here = standing.within(store)
    lent = {*here.lent, *here.given_back}
    return _ordered(_of_lent(here.spans, lent) if lent else _of_owned(here.spans))


def dwell_ends_of(standing: Standing, store: str) -> list[int]:
    """Return when dwells of what a standing is of end in a store, and others begin, as `handovers_of` returns when visits do.

    That is also where consent is withdrawn, or granted again: such a visit is nobody's, but its dwells are the fan's until then.
    """
    consents = (time_ns for each in standing.within(store).spans if not each.fan for time_ns in (each.from_ns, each.to_ns))
    return _ordered([*handovers_of(standing, store), *consents])


def _ordered(times_ns: Iterable[int]) -> list[int]:
    return sorted({time_ns // NS_PER_MS * NS_PER_MS for time_ns in times_ns if abs(time_ns) < FOR_EVER_NS})


def may_pass(standing: Standing) -> bool:
    """Return whether `handovers_of` may find any; for most it certainly does not."""
    return len(standing.spans) > 1 or standing.is_lent


def _of_lent(spans: Sequence[Span], lent: set[int]) -> Iterator[int]:
    begun, ended = {each.from_ns: each.fan for each in spans}, {each.to_ns: each.fan for each in spans}
    for time_ns in begun.keys() | ended.keys():
        before, after = ended.get(time_ns), begun.get(time_ns)
        is_consent = "" in (before, after) and time_ns not in lent and time_ns in begun
        is_again = before == after != "" and time_ns in lent
        if is_again or (before != after and not is_consent):
            yield time_ns


def _of_owned(spans: Sequence[Span]) -> Iterator[int]:
    for one, other in pairwise(each for each in spans if is_registered(each.fan or each.withdrawn)):
        if (one.fan or one.withdrawn) != (other.fan or other.withdrawn):
            yield from (one.to_ns, other.from_ns)
