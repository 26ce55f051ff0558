"""How close what was stored comes to the truth. Pure: rows and truth in, figures out. Times in ns since 1970.

Only people who carry something with a lasting identifier can be distinguished in the truth and in the database; they make the visits
scored here. Pseudonyms of a day cannot be matched by anybody, by design: they are only counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from footfall.pseudonyms import is_day_subject
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from simulators.stored_rows import Stored, StoredDwell, StoredMinute, StoredVisit
from simulators.true_figures import InZone, WholeVisit, is_pass, whole_visits
from simulators.truth import Truth, subject_hex
from simulators.visit_score import VisitFigures, visit_figures

_S: Final = 1e9
IDLE_NS: Final = 1800 * NS_PER_S
"""The idle timeout of stores that state none."""


@dataclass(frozen=True, slots=True)
class Zones:
    """Seconds that people truly were in zones; for which a dwell in that zone, in any zone is stored. Changes of zone."""

    true_s: float
    right_s: float
    heard_s: float
    transitions_true: int
    transitions_stored: int

    @property
    def accuracy(self) -> float:
        return _share(self.right_s, self.true_s)

    @property
    def flapping(self) -> float:
        """Changes of zone stored for each true one, those of passes left out; 1 is best."""
        return _share(self.transitions_stored, self.transitions_true)


@dataclass(frozen=True, slots=True)
class Counts:
    """People through doors: how many there were, how many the counters saw, how many are stored.

    `hours` counts hours of a store and direction, `hours_exact` those stored just as counted; `error` sums the differences.
    """

    hours: int
    hours_exact: int
    people: int
    counted: int
    stored: int
    error: int
    sales_true: int
    sales_stored: int


@dataclass(frozen=True, slots=True)
class Score:
    """`nan` where there was nothing to judge."""

    visits_true: int
    visits_stored: int
    visits_matched: int
    dwell_error_median_s: float
    dwell_error_p90_s: float
    fans_right: int
    staff_true: int
    staff_right: int
    anonymous_true: int
    anonymous_stored: int
    zones: Zones
    counts: Counts
    people: VisitFigures

    @property
    def precision(self) -> float:
        """Share of stored visits that match a true one."""
        return _share(self.visits_matched, self.visits_stored)

    @property
    def recall(self) -> float:
        """Share of true visits that a stored one matches."""
        return _share(self.visits_matched, self.visits_true)

    @property
    def identity(self) -> float:
        """Share of matched visits with the right fan, or rightly with none."""
        return _share(self.fans_right, self.visits_matched)


class _Span(NamedTuple):
    """When an identifier was a visitor's; `visit` is the visit's number in the truth."""

    from_ns: int
    to_ns: int
    visit: int


class Match(NamedTuple):
    """A stored visit and the true one it stands for, by their numbers."""

    visit: int
    stored: int


def score(
    truth: Truth, stored: Stored, brand_secret: bytes, from_ns: int, until_ns: int, idle_ns: int | Mapping[str, int] = IDLE_NS
) -> Score:
    """Judges the span from `from_ns` until `until_ns`; visits that were not over by then are matched, but not timed.

    Whoever comes back within `idle_ns`, the idle timeout of all stores or of each, is on the same visit.
    """
    entries = [visit for visit in truth.visits if visit.enter_ns < until_ns and visit.leave_ns > from_ns]
    visits = whole_visits(entries, idle_ns)
    carriers = [visit for visit in visits if any(carried.lasting for carried in visit.carried)]
    visitors, staff = [v for v in carriers if not v.staff_id], [v for v in carriers if v.staff_id]
    spans = _spans(visitors, brand_secret)
    shown = [v for v in stored.visits if not v.is_staff and not is_day_subject(int(v.subject, 16))]
    matches = match(visitors, shown, spans)
    errors_s = [
        abs((shown[m.stored].to_ns - shown[m.stored].from_ns) - (visitors[m.visit].leave_ns - visitors[m.visit].enter_ns)) / _S
        for m in matches
        if visitors[m.visit].leave_ns <= until_ns and not shown[m.stored].open
    ]
    return Score(
        visits_true=len(visitors),
        visits_stored=len(shown),
        visits_matched=len(matches),
        dwell_error_median_s=_quantile(errors_s, 0.5),
        dwell_error_p90_s=_quantile(errors_s, 0.9),
        fans_right=sum(shown[m.stored].fan == visitors[m.visit].fan for m in matches),
        staff_true=len(staff),
        staff_right=len(match(staff, [v for v in stored.visits if v.is_staff], _spans(staff, brand_secret))),
        anonymous_true=len({(v.person, c.identifier) for v in visits for c in v.carried if not c.lasting}),
        anonymous_stored=sum(is_day_subject(int(v.subject, 16)) for v in stored.visits),
        zones=_zones(visitors, stored.dwells, spans, until_ns),
        counts=_counts(truth, stored.minutes, from_ns, until_ns),
        people=visit_figures(visitors, staff, truth.others, shown, stored.dwells, brand_secret),
    )


def match(visits: Sequence[WholeVisit], stored: Sequence[StoredVisit], spans: Mapping[str, Sequence[_Span]]) -> list[Match]:
    """One to one, by subject and store, the longest overlaps first."""
    pairs = []
    for number, row in enumerate(stored):
        for span in spans.get(row.subject, ()):
            overlap_ns = min(row.to_ns, span.to_ns) - max(row.from_ns, span.from_ns)
            if overlap_ns >= 0 and visits[span.visit].store == row.store:
                pairs.append((-overlap_ns, span.visit, number))
    found, taken_visits, taken_rows = [], set(), set()
    for _, visit, number in sorted(pairs):
        if visit not in taken_visits and number not in taken_rows:
            taken_visits.add(visit)
            taken_rows.add(number)
            found.append(Match(visit, number))
    return found


def _spans(visits: Sequence[WholeVisit], brand_secret: bytes) -> dict[str, list[_Span]]:
    """By subject: whose it was, and when."""
    found: dict[str, list[_Span]] = {}
    for number, visit in enumerate(visits):
        for carried in visit.carried:
            if carried.lasting:
                subject = subject_hex(brand_secret, carried.id_type, carried.identifier)
                found.setdefault(subject, []).append(_Span(carried.from_ns, carried.to_ns, number))
    return found


def _zones(visits: Sequence[WholeVisit], dwells: Sequence[StoredDwell], spans: Mapping[str, Sequence[_Span]], until_ns: int) -> Zones:
    heard: dict[int, list[StoredDwell]] = {}
    for dwell in sorted((row for row in dwells if row.from_ns < until_ns), key=lambda row: (row.from_ns, row.to_ns, row.zone)):
        for span in spans.get(dwell.subject, ()):
            if min(dwell.to_ns, span.to_ns) > max(dwell.from_ns, span.from_ns) and visits[span.visit].store == dwell.store:
                rows = heard.setdefault(span.visit, [])
                rows += [] if rows and rows[-1] is dwell else [dwell]  # in two entries of one visit
    true_ns = right_ns = heard_ns = transitions_true = transitions_stored = 0
    for number, visit in enumerate(visits):
        rows = heard.get(number, [])
        for stay in visit.stays:
            to_ns = min(stay.to_ns, until_ns)
            true_ns += max(0, to_ns - stay.from_ns)
            right_ns += _covered([row for row in rows if row.zone == stay.zone], stay.from_ns, to_ns)
            heard_ns += _covered(rows, stay.from_ns, to_ns)
        if rows:
            transitions_true += _changes(stay for stay in visit.stays if stay.from_ns < until_ns)
            transitions_stored += _changes(row for row in rows if not is_pass(row, visit.passes))
    return Zones(true_ns / _S, right_ns / _S, heard_ns / _S, transitions_true, transitions_stored)


def _changes(spans: Iterable[InZone]) -> int:
    return sum(a.zone != b.zone for a, b in pairwise(spans))


def _covered(rows: Iterable[StoredDwell], from_ns: int, to_ns: int) -> int:
    """How much of the span the rows (in the order of their begin) cover together."""
    covered, at = 0, from_ns
    for row in rows:
        begin, end = max(row.from_ns, at), min(row.to_ns, to_ns)
        if end > begin:
            covered += end - begin
            at = end
    return covered


def _counts(truth: Truth, minutes: Sequence[StoredMinute], from_ns: int, until_ns: int) -> Counts:
    """Crossings by store, direction and hour. Traffic is stored by the minute, so only whole minutes are compared."""
    from_ns, until_ns = from_ns // NS_PER_MINUTE * NS_PER_MINUTE, until_ns // NS_PER_MINUTE * NS_PER_MINUTE
    people: Counter[tuple[str, str, int]] = Counter()
    counted: Counter[tuple[str, str, int]] = Counter()
    found: Counter[tuple[str, str, int]] = Counter()
    for visit in truth.visits:
        ways = (("in", visit.enter_ns), ("out", visit.leave_ns))
        for (what, t_ns), seen, extra in zip(ways, visit.counted, visit.extra, strict=True):
            if from_ns <= t_ns < until_ns:
                people[visit.store, what, t_ns // NS_PER_HOUR] += 1
                counted[visit.store, what, t_ns // NS_PER_HOUR] += seen + extra
    minutes = [minute for minute in minutes if from_ns <= minute.t_ns < until_ns]
    for minute in minutes:
        found[minute.store, "in", minute.t_ns // NS_PER_HOUR] += minute.entered
        found[minute.store, "out", minute.t_ns // NS_PER_HOUR] += minute.left
    keys = sorted(key for key in people.keys() | found.keys() if people[key] or found[key])
    return Counts(
        hours=len(keys),
        hours_exact=sum(found[key] == counted[key] for key in keys),
        people=people.total(),
        counted=counted.total(),
        stored=found.total(),
        error=sum(abs(found[key] - counted[key]) for key in keys),
        sales_true=sum(visit.sale is not None and from_ns <= visit.sale.t_ns < until_ns for visit in truth.visits),
        sales_stored=sum(minute.transactions for minute in minutes),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _quantile(values: Sequence[float], q: float) -> float:
    return float(np.quantile(values, q)) if values else float("nan")
