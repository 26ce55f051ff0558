"""A simulated store's truth as courses: one for each visit of somebody who carries something with a lasting identifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from footfall.units import NS_PER_S
from simulators.accuracy.course import NO_LEADS, Course, DecidedDwell, Lead, Span, TrueStay
from simulators.accuracy.stays import of_people
from simulators.score import IDLE_NS
from simulators.stored_rows import Stored, StoredDwell, StoredVisit
from simulators.true_figures import WholeVisit, whole_visits
from simulators.truth import Truth, Visit
from simulators.visit_score import subjects_of

AROUND_NS: Final = 60 * NS_PER_S
"""What is stored so long before and after a visit still belongs to it."""
IDLE_S: Final = IDLE_NS / NS_PER_S
"""Idle timeout of simulated stores: who comes back earlier is on the same visit."""


def courses_of_truth(
    truth: Truth, brand_secret: bytes, dwells: Mapping[str, Sequence[DecidedDwell]], visits: Mapping[str, Sequence[Span]], until_ns: int,
    leads: Mapping[str, Sequence[Lead]] = NO_LEADS, idle_ns: int | Mapping[str, int] = IDLE_NS,
) -> list[Course]:  # fmt: skip
    """Return the courses of visitors that left by `until_ns`, of what is stored by subject. Every second in a zone is judged.

    `idle_ns`: the idle timeout of all stores, or of each.
    """
    visitors = [visit for visit in truth.visits if not visit.staff_id]
    entries: dict[tuple[str, str], list[Visit]] = {}
    for visit in visitors:
        entries.setdefault((visit.store, visit.person), []).append(visit)
    found = []
    for whole in whole_visits(visitors, idle_ns):
        subjects = subjects_of(whole.carried, brand_secret)
        if subjects and whole.stays and whole.leave_ns <= until_ns:
            own = [each for each in entries[whole.store, whole.person] if whole.enter_ns <= each.enter_ns <= whole.leave_ns]
            found.append(_course(whole, own, subjects, dwells, visits, leads))
    return found


def stored_by_subject(stored: Stored) -> tuple[dict[str, list[DecidedDwell]], dict[str, list[Span]]]:
    """Return what is stored, by subject, without visits of staff. What several devices of a fan are heard of is one dwell, of the first."""
    dwells: dict[str, list[DecidedDwell]] = {}
    visits: dict[str, list[Span]] = {}
    for dwell in of_people(stored.dwells):
        dwells.setdefault(dwell.subject, []).append(_decided(dwell))
    for visit in stored.visits:
        if not visit.is_staff:
            visits.setdefault(visit.subject, []).append(_span(visit))
    return dwells, visits


def _decided(dwell: StoredDwell) -> DecidedDwell:
    decided_ns = dwell.from_ns if dwell.decided_ns is None else dwell.decided_ns
    return DecidedDwell(dwell.zone, dwell.from_ns, dwell.to_ns, decided_ns, dwell.quality)


def _span(visit: StoredVisit) -> Span:
    return Span(visit.from_ns, visit.to_ns, visit.open)


def _course(
    whole: WholeVisit, entries: Sequence[Visit], subjects: Sequence[str],
    dwells: Mapping[str, Sequence[DecidedDwell]], visits: Mapping[str, Sequence[Span]], leads: Mapping[str, Sequence[Lead]],
) -> Course:  # fmt: skip
    around = Span(whole.enter_ns - AROUND_NS, whole.leave_ns + AROUND_NS)
    passes = [one for visit in entries for one in visit.passes]
    moments = sorted((t_ns, one.zone) for one in (*whole.stays, *passes) for t_ns in range(one.from_ns, one.to_ns, NS_PER_S))
    own = [dwell for subject in subjects for dwell in dwells.get(subject, ()) if around.from_ns <= dwell.from_ns <= around.to_ns]
    seen = [one for subject in subjects for one in visits.get(subject, ()) if one.to_ns >= around.from_ns and one.from_ns <= around.to_ns]
    return Course(
        whole.person,
        np.array([t_ns for t_ns, _ in moments], np.int64),
        tuple(zone for _, zone in moments),
        tuple(TrueStay(stay.zone, stay.from_ns, stay.to_ns) for stay in whole.stays),
        tuple(sorted(own, key=lambda dwell: dwell.from_ns)),
        (Span(whole.enter_ns, whole.leave_ns),),
        tuple(sorted(seen)),
        passes=tuple(TrueStay(one.zone, one.from_ns, one.to_ns) for one in passes),
        leads=tuple(lead for subject in subjects for lead in leads.get(subject, ()) if around.from_ns <= lead.since_ns <= around.to_ns),
    )
