"""Visits cut where their subject passes from one to another by standings that are not the fold's: of then, or of what may be stated. Pure.

The store has the parts of a visit as they are now. So they are made whole first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_

from footfall.units import NS_PER_MS
from gateway.fold.absences import from_text, to_text
from gateway.fold.handovers import handovers_of
from gateway.fold.store import DwellRow, VisitRow, is_visit
from gateway.fold.visit_parts import own_part, spans_between
from gateway.identity.facts import Standing


def wholes_of(rows: Iterable[VisitRow]) -> list[VisitRow]:
    """Return the whole segments that rows of one subject are, or are parts of."""
    found: defaultdict[tuple[str, str, int], list[VisitRow]] = defaultdict(list)
    for row in rows:
        found[row.store, row.agent, row.part_of_ns or row.key_ns].append(row)
    return [_whole(parts) for parts in found.values()]


def recut(whole: VisitRow, standing: Standing | None) -> list[VisitRow]:
    """Return the parts of a whole segment by the standing of its subject, in order: itself where that did not pass on."""
    handovers_ns = handovers_of(standing, whole.store) if standing and is_visit(whole) and not whole.staff else []
    spans = spans_between(whole.start_ns, whole.last_ns, from_text(whole.absences), handovers_ns)
    if len(spans) == 1:
        return [whole]
    own = own_part(spans, whole.key_ns)
    keys = [whole.key_ns if nth == own else start_ns // NS_PER_MS * NS_PER_MS for nth, (start_ns, _) in enumerate(spans)]
    parts = [
        whole._replace(key_ns=key_ns, start_ns=start_ns, last_ns=last_ns, open=0, absences="", part_of_ns=whole.key_ns)
        for key_ns, (start_ns, last_ns) in zip(keys, spans, strict=True)
    ]
    return [*parts[:-1], parts[-1]._replace(open=whole.open)]


def dwells_within(parts: Sequence[VisitRow], own: Iterable[DwellRow], all_there: Iterable[DwellRow]) -> list[DwellRow]:
    """Return the dwells of a fan: `own`, but during parts of visits what lies within them of `all_there`, whosever.

    A stored dwell is whose it was at its start. One that spans a handover is each one's who had the subject, for that time.
    """
    kept = [row for row in own if not any(_overlap(row, part) for part in parts)]
    cut = [_within(row, part) for row in all_there for part in parts if _overlap(row, part)]
    return [*kept, *cut]


def _overlap(row: DwellRow, part: VisitRow) -> bool:
    is_there = (row.subject, row.store) == (part.subject, part.store) and row.start_ns <= part.last_ns and row.last_ns >= part.start_ns
    return is_there and (row.start_ns == row.last_ns or min(row.last_ns, part.last_ns) > max(row.start_ns, part.start_ns))


def _within(row: DwellRow, part: VisitRow) -> DwellRow:
    last_ns = min(row.last_ns, part.last_ns)
    return row._replace(start_ns=max(row.start_ns, part.start_ns), last_ns=last_ns, open=row.open if last_ns == row.last_ns else 0)


def _whole(parts: Sequence[VisitRow]) -> VisitRow:
    ordered = sorted(parts, key=lambda row: (row.start_ns, row.last_ns))
    last = ordered[-1]
    if not last.part_of_ns:
        return last
    between = [(one.last_ns, other.start_ns) for one, other in pairwise(ordered) if other.start_ns > one.last_ns]
    absences = sorted({*between, *(away for row in ordered for away in from_text(row.absences))})
    zones = reduce(or_, (row.zones for row in ordered))
    return last._replace(key_ns=last.part_of_ns, start_ns=ordered[0].start_ns, zones=zones, absences=to_text(absences), part_of_ns=0)
