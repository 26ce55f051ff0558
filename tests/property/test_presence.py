"""Laws of presence, whatever is heard in whatever order."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from device_profiles.profile import Presence
from edge_agent.levels import ReceiverLimits, ZoneRule
from edge_agent.presence import EvidenceRow, Presences
from edge_agent.presence_slots import PresenceLimits
from footfall.frames import Kind

S = 1_000_000_000
LIMITS = {"p": PresenceLimits.of(Presence(enter_dbm=-80, exit_dbm=-90, timeout_min_s=2, timeout_max_s=20, stay_s=3))}
ZONES, IDENTIFIERS = {"r1": "z1", "r2": "z1", "r3": "z2"}, ("a", "b", "c")

Heard = tuple[int, str, str, int]
steps_ms = st.one_of(st.integers(0, 1500), st.integers(0, 60_000))


def sightings_of(lowest_dbm: int) -> st.SearchStrategy[list[Heard]]:
    return st.lists(
        st.tuples(steps_ms, st.sampled_from(list(ZONES)), st.sampled_from(IDENTIFIERS), st.integers(lowest_dbm, 20)), max_size=120
    )


heard = sightings_of(-127)


def timed(steps: list[Heard]) -> list[Heard]:
    """Gaps as times since zero."""
    t_ns, found = 0, []
    for step_ms, receiver, identifier, rssi_dbm in steps:
        t_ns += step_ms * 1_000_000
        found.append((t_ns, receiver, identifier, rssi_dbm))
    return found


def play(sightings: list[Heard], ticks_s: list[float] | None = None, **options: Any) -> list[EvidenceRow]:
    """All rows until everybody has been gone for long; `expire` at the times given only."""
    rows: list[EvidenceRow] = []
    presences = Presences(rows, ZONES, LIMITS, lambda profile, identifier: ord(identifier), **options)
    ticks = sorted(round(tick * S) for tick in ticks_s or [])
    for t_ns, receiver, identifier, rssi_dbm in sightings:
        while ticks and ticks[0] < t_ns:
            presences.expire(ticks.pop(0))
        presences.hear(receiver, "p", identifier, t_ns, rssi_dbm)
    presences.expire(10**18)
    assert len(presences) == 0
    assert presences.scheduled_expiries == 0, "nothing is left behind in memory"
    return rows


def times_of(sightings: list[Heard], subject: int, zone: str) -> list[int]:
    return [t_ns for t_ns, receiver, identifier, _ in sightings if (ord(identifier), ZONES[receiver]) == (subject, zone)]


def by_subject(rows: list[EvidenceRow]) -> dict[tuple[int, str], list[EvidenceRow]]:
    found = defaultdict(list)
    for row in rows:
        found[row.subject, row.zone].append(row)
    return found


@given(heard, st.lists(st.floats(0, 600), max_size=200))
def test_ticks_change_when_an_exit_is_emitted_never_what(steps: list[Heard], ticks_s: list[float]) -> None:
    sightings = timed(steps)
    assert by_subject(play(sightings, ticks_s)) == by_subject(play(sightings))


@given(heard)
def test_an_enter_then_stays_then_one_exit(steps: list[Heard]) -> None:
    sightings = timed(steps)
    for (_, zone), rows in by_subject(play(sightings)).items():
        times = {t_ns for t_ns, receiver, _, _ in sightings if ZONES[receiver] == zone}
        inside = False
        for row in rows:
            assert row.t_ns in times, "every row bears the time of a sighting"
            assert (row.kind == Kind.ENTER) != inside
            if row.kind == Kind.ENTER:
                entered_ns = last_ns = row.t_ns
            assert row.t_ns >= last_ns
            assert row.kind == Kind.ENTER or row.value == (row.t_ns - entered_ns) / S
            last_ns, inside = row.t_ns, row.kind != Kind.EXIT
        assert not inside


@given(sightings_of(-90))
def test_every_sighting_that_counts_while_present_is_counted_once(steps: list[Heard]) -> None:
    sightings = timed(steps)
    rows = play(sightings)
    for subject, zone in by_subject(rows):
        mine = times_of(sightings, subject, zone)
        counted = sum(row.n for row in by_subject(rows)[subject, zone])
        spans, entered_ns = [], 0
        for row in by_subject(rows)[subject, zone]:
            if row.kind == Kind.ENTER:
                entered_ns = row.t_ns
            elif row.kind == Kind.EXIT:
                spans.append((entered_ns, row.t_ns))
        strictly_inside = sum(any(low < t_ns < high for low, high in spans) for t_ns in mine)
        within = sum(any(low <= t_ns <= high for low, high in spans) for t_ns in mine)
        assert strictly_inside <= counted <= within + len(spans)


@given(heard)
def test_silence_longer_than_the_bounds_always_ends_a_presence_and_shorter_never(steps: list[Heard]) -> None:
    sightings = timed(steps)
    for (subject, zone), rows in by_subject(play(sightings)).items():
        mine = times_of(sightings, subject, zone)
        spans = zip([r.t_ns for r in rows if r.kind == Kind.ENTER], [r.t_ns for r in rows if r.kind == Kind.EXIT], strict=True)
        for low, high in spans:
            within = [t_ns for t_ns in mine if low <= t_ns <= high]
            assert all(b - a <= 20 * S for a, b in itertools.pairwise(within))


@given(st.lists(st.integers(-79, 20), min_size=2, max_size=50))
def test_a_strong_steady_signal_never_leaves(levels: list[int]) -> None:
    rows = play([(i * S, "r1", "a", level) for i, level in enumerate(levels)])
    assert [row.kind for row in rows].count(Kind.ENTER) == 1
    assert rows[-1].t_ns == (len(levels) - 1) * S
    assert all(row.rssi_dbm >= -79 for row in rows)


@given(st.lists(st.integers(-99, -84), min_size=12, max_size=80))
def test_a_weak_signal_of_which_every_other_sighting_is_above_enter_is_one_presence(levels: list[int]) -> None:
    levels[::2] = [-75] * len(levels[::2])
    rows = play([(i * S, "r1", "a", level) for i, level in enumerate(levels)])
    assert [row.kind for row in rows].count(Kind.ENTER) == 1


@given(heard, st.sampled_from(["strongest", "mean_power"]), st.integers(-20, 20))
def test_a_zones_level_is_within_what_its_receivers_heard(steps: list[Heard], rule: ZoneRule, offset_db: int) -> None:
    sightings = timed(steps)
    options = {"rules": {"z1": rule}, "receivers": {"r1": ReceiverLimits(offset_db)}}
    for row in play(sightings, **options):
        heard_dbm = [
            dbm + (offset_db if receiver == "r1" else 0)
            for t_ns, receiver, identifier, dbm in sightings
            if t_ns <= row.t_ns and (ord(identifier), ZONES[receiver]) == (row.subject, row.zone)
        ]
        assert min([-90, *heard_dbm]) - 1 <= row.rssi_dbm <= max([-90, *heard_dbm]) + 1
        levels = (row.extra or {}).get("levels", {})
        assert set(levels) <= {receiver for receiver, zone in ZONES.items() if zone == row.zone}
        if rule == "strongest" and levels:
            assert row.rssi_dbm == max(levels.values())


@given(st.integers(1, 5), heard)
def test_slots_are_bounded(most: int, steps: list[Heard]) -> None:
    presences = Presences([], ZONES, LIMITS, lambda profile, identifier: ord(identifier), max_slots=most)
    for t_ns, receiver, identifier, rssi_dbm in timed(steps):
        presences.hear(receiver, "p", identifier, t_ns, rssi_dbm)
        assert len(presences) <= most
        assert presences.scheduled_expiries <= most
