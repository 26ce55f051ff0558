"""What parts of a visit's segment, or of a dwell, make together, and how a dwell is cut. Pure.

Somebody who was between two parts of a segment in neither was away then, so that is an absence of the whole. Nobody is away during a dwell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import NamedTuple

from footfall.units import NS_PER_MS
from gateway.fold.absences import from_text, to_text
from gateway.fold.store import DwellRow, VisitRow
from gateway.points import key_base, record_key_ns


class Extent(NamedTuple):
    """From when to when a segment or a part of it lasts, its zones, a bit each, and when its subject was away."""

    start_ns: int
    last_ns: int
    zones: int
    absences: tuple[tuple[int, int], ...]


def together(parts: Iterable[Extent]) -> Extent:
    """Return the extent of the segment that parts, one at least, make together."""
    ordered = sorted(parts)
    between = [(one.last_ns, other.start_ns) for one, other in pairwise(ordered) if other.start_ns > one.last_ns]
    absences = tuple(sorted({*between, *(away for each in ordered for away in each.absences)}))
    return Extent(ordered[0].start_ns, ordered[-1].last_ns, reduce(or_, (each.zones for each in ordered)), absences)


def whole_visit(parts: Sequence[VisitRow]) -> VisitRow:
    """Return the row of the segment that rows make together: one alone that is no part is a whole one."""
    last = max(parts, key=lambda row: (row.start_ns, row.last_ns))
    if not last.part_of_ns:
        return last
    whole = together(Extent(row.start_ns, row.last_ns, row.zones, from_text(row.absences)) for row in parts)
    absences = to_text(whole.absences)
    return last._replace(key_ns=last.part_of_ns, start_ns=whole.start_ns, zones=whole.zones, absences=absences, part_of_ns=0)


def whole_dwell(parts: Sequence[DwellRow]) -> DwellRow:
    """Return the row of the dwell that rows make together: one alone that is no part is a whole one."""
    last = max(parts, key=lambda row: (row.start_ns, row.last_ns))
    if not last.part_of_ns:
        return last
    return last._replace(key_ns=last.part_of_ns, start_ns=min(row.start_ns for row in parts), part_of_ns=0)


def spans_between(start_ns: int, last_ns: int, absences: Iterable[tuple[int, int]], handovers_ns: Iterable[int]) -> list[tuple[int, int]]:
    """Return when the parts of what lasted from a start to its last evidence begin and end, in order: one if its subject did not pass on.

    Where the subject was away at a handover, one part ends with the last row before it, and the next begins with the first after it. What
    is handed on when it was heard last had no visit, and no dwell, after that.
    """
    spans, away_of = [], list(absences)
    for time_ns in handovers_ns:
        if not start_ns < time_ns < last_ns // NS_PER_MS * NS_PER_MS:
            continue
        end_ns, begin_ns = next((away for away in away_of if away[0] < time_ns <= away[1]), (time_ns, time_ns))
        spans.append((start_ns, end_ns))
        start_ns = begin_ns
    return [*spans, (start_ns, last_ns)]


def cut_dwell(whole: DwellRow, handovers_ns: Iterable[int], fan_of: Callable[[DwellRow], str]) -> list[DwellRow]:
    """Return the parts of a whole dwell whose subject passed on at these times, in order, each with its fan: itself if it did not.

    `fan_of` gives the fan of a dwell as of its start. Handed to the same fan again it is one dwell. The first part has the dwell's key.
    """
    parts: list[DwellRow] = []
    for start_ns, last_ns in spans_between(whole.start_ns, whole.last_ns, (), handovers_ns):
        part = whole._replace(start_ns=start_ns, last_ns=last_ns, open=0)
        part = part._replace(fan=fan_of(part))
        if parts and part.fan == parts[-1].fan != "":
            parts[-1] = parts[-1]._replace(last_ns=last_ns)
        else:
            parts.append(part)
    if len(parts) > 1:
        base = key_base(whole.subject, str(whole.key_ns))
        keys = [whole.key_ns, *(record_key_ns(part.start_ns, base) for part in parts[1:])]
        parts = [part._replace(key_ns=key_ns, part_of_ns=whole.key_ns) for key_ns, part in zip(keys, parts, strict=True)]
    return [*parts[:-1], parts[-1]._replace(open=whole.open)]
