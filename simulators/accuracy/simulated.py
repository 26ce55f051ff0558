"""A simulated store's truth as courses: one for each visitor who carries something with a lasting identifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from footfall.units import NS_PER_S
from simulators.accuracy.course import Course, DecidedDwell, Span, TrueStay
from simulators.score import Stored, StoredDwell, StoredVisit
from simulators.truth import Truth, Visit, subject_hex

AROUND_NS = 60 * NS_PER_S
"""What is stored so long before and after a visit still belongs to it."""


def courses_of_truth(
    truth: Truth, brand_secret: bytes, dwells: Mapping[str, Sequence[DecidedDwell]], visits: Mapping[str, Sequence[Span]], until_ns: int
) -> list[Course]:
    """Return the courses of visitors that left by `until_ns`, of what is stored by subject. Every second of a stay is judged."""
    found = []
    for visit in truth.visits:
        subjects = [subject_hex(brand_secret, one.id_type, one.identifier) for one in visit.carried if one.lasting]
        if subjects and visit.stays and not visit.staff_id and visit.leave_ns <= until_ns:
            found.append(_course(visit, subjects, dwells, visits))
    return found


def stored_by_subject(stored: Stored) -> tuple[dict[str, list[DecidedDwell]], dict[str, list[Span]]]:
    """Return what a database holds, by subject. When it was decided is not stored: it counts as known from its beginning on."""
    dwells: dict[str, list[DecidedDwell]] = {}
    visits: dict[str, list[Span]] = {}
    for dwell in stored.dwells:
        dwells.setdefault(dwell.subject, []).append(_decided(dwell))
    for visit in stored.visits:
        if not visit.is_staff:
            visits.setdefault(visit.subject, []).append(_span(visit))
    return dwells, visits


def _decided(dwell: StoredDwell) -> DecidedDwell:
    return DecidedDwell(dwell.zone, dwell.from_ns, dwell.to_ns, dwell.from_ns)


def _span(visit: StoredVisit) -> Span:
    return Span(visit.from_ns, visit.to_ns)


def _course(
    visit: Visit, subjects: Sequence[str], dwells: Mapping[str, Sequence[DecidedDwell]], visits: Mapping[str, Sequence[Span]]
) -> Course:
    whole = Span(visit.enter_ns - AROUND_NS, visit.leave_ns + AROUND_NS)
    moments = [(t_ns, stay.zone) for stay in visit.stays for t_ns in range(stay.from_ns, stay.to_ns, NS_PER_S)]
    own = [dwell for subject in subjects for dwell in dwells.get(subject, ()) if whole.from_ns <= dwell.from_ns <= whole.to_ns]
    seen = [one for subject in subjects for one in visits.get(subject, ()) if one.to_ns >= whole.from_ns and one.from_ns <= whole.to_ns]
    return Course(
        visit.person,
        np.array([t_ns for t_ns, _ in moments], np.int64),
        tuple(zone for _, zone in moments),
        tuple(TrueStay(stay.zone, stay.from_ns, stay.to_ns) for stay in visit.stays),
        tuple(sorted(own, key=lambda dwell: dwell.from_ns)),
        (Span(visit.enter_ns, visit.leave_ns),),
        tuple(sorted(seen)),
    )
