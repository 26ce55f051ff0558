"""Visits and dwells cut where their subject passes on by standings that are not the fold's: of then, or of what may be stated. Pure.

The store has their parts as they are now. So they are made whole first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from footfall.units import NS_PER_MS
from gateway.fold.absences import from_text
from gateway.fold.handovers import dwell_ends_of, handovers_of
from gateway.fold.store import DwellRow, VisitRow, is_visit
from gateway.fold.visit_parts import own_part
from gateway.fold.wholes import cut_dwell, spans_between, whole_dwell, whole_visit
from gateway.identity.facts import Standing


def wholes_of(rows: Iterable[VisitRow]) -> list[VisitRow]:
    """Return the whole segments that rows of one subject are, or are parts of."""
    found: defaultdict[tuple[str, str, int], list[VisitRow]] = defaultdict(list)
    for row in rows:
        found[row.store, row.agent, row.part_of_ns or row.key_ns].append(row)
    return [whole_visit(parts) for parts in found.values()]


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


def recut_dwells(rows: Iterable[DwellRow], standing: Standing | None, fan_of: Callable[[DwellRow], str]) -> list[DwellRow]:
    """Return the parts that the dwells of one subject come to by its standing, of whatever parts they are kept in, each with its fan."""
    found: defaultdict[tuple[str, str, int], list[DwellRow]] = defaultdict(list)
    for row in rows:
        found[row.store, row.zone, row.part_of_ns or row.key_ns].append(row)
    wholes = map(whole_dwell, found.values())
    return [part for whole in wholes for part in cut_dwell(whole, _ends_of(whole, standing), fan_of)]


def _ends_of(whole: DwellRow, standing: Standing | None) -> list[int]:
    return dwell_ends_of(standing, whole.store) if standing and not whole.staff else []
