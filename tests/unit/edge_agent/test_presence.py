"""Presence on small stories with known ends."""

from __future__ import annotations

import pytest

from device_profiles.profile import Presence
from edge_agent.presence import EvidenceRow, PresenceLimits, Presences
from footfall.frames import Kind

S = 1_000_000_000
SETTINGS = Presence(enter_dbm=-80, exit_dbm=-90, tau_s=2, timeout_min_s=5, timeout_max_s=60, stay_s=5)


def presences() -> Presences:
    return Presences([], {"p": PresenceLimits.of(SETTINGS)}, lambda profile, identifier: 7)


def hear(found: Presences, *sightings: tuple[float, int]) -> list[EvidenceRow]:
    for t_s, rssi_dbm in sightings:
        found.hear("hall", "p", "x", round(t_s * S), rssi_dbm)
    return found.rows


def kinds(rows: list[EvidenceRow]) -> list[tuple[str, float]]:
    return [(row.kind.name, row.t_ns / S) for row in rows]


def test_approach_is_followed_at_once() -> None:
    rows = hear(presences(), (0, -95), (1, -81), (2, -80))
    assert kinds(rows) == [("ENTER", 2.0)]
    assert rows[0] == EvidenceRow(Kind.ENTER, 2 * S, 7, "hall", "p", -80, 1)


def test_retreat_decays_and_hysteresis_keeps_a_weak_one_in() -> None:
    rows = hear(presences(), (0, -60), *((t / 10, -88) for t in range(1, 49)))
    assert kinds(rows) == [("ENTER", 0.0)], "-88 is below enter and above exit"
    found = presences()
    rows = hear(found, (0, -60), (1, -100), (2, -100), (3, -100), (4, -100))
    levels = [-60.0]
    for _ in range(4):
        levels.append(-100 + (levels[-1] + 100) * 0.6065306597)
    gone = next(i for i, level in enumerate(levels) if level < -90)
    assert kinds(rows) == [("ENTER", 0.0), ("EXIT", float(gone))]


def test_a_stay_is_the_mean_and_number_of_what_was_heard_since() -> None:
    rows = hear(presences(), (0, -60), (1, -60), (2, -61), (3, -62), (4, -63), (5, -64), (6, -70))
    assert rows[1] == EvidenceRow(Kind.STAY, 5 * S, 7, "hall", "p", -62, 5, 5.0)


def test_an_exit_bears_the_last_sighting_and_the_rest_of_the_count() -> None:
    found = presences()
    hear(found, (0, -60), (1, -60), (2, -64))
    found.expire(61 * S)
    assert kinds(found.rows) == [("ENTER", 0.0)], "nothing was learned yet: the longest timeout"
    found.expire(64 * S)
    assert found.rows[-1] == EvidenceRow(Kind.EXIT, 2 * S, 7, "hall", "p", -62, 2, 2.0)


@pytest.mark.parametrize(("period_s", "timeout_s"), [(0.1, 5.0), (1.0, 5.0), (4.0, 12.0), (30.0, 60.0)])
def test_the_timeout_is_three_of_its_own_longest_gaps_within_bounds(period_s: float, timeout_s: float) -> None:
    found = presences()
    hear(found, *((i * period_s, -60) for i in range(20)))
    last_ns = round(19 * period_s * S)
    found.expire(last_ns + round((timeout_s - 0.3) * S))
    assert found.rows[-1].kind != Kind.EXIT
    found.expire(last_ns + round((timeout_s + 1.3) * S))
    assert found.rows[-1].kind == Kind.EXIT


def test_one_who_returns_before_being_forgotten_teaches_a_longer_timeout() -> None:
    found = presences()
    hear(found, *((float(i), -60) for i in range(20)), (40.0, -60))
    assert kinds(found.rows)[-2:] == [("EXIT", 19.0), ("ENTER", 40.0)]
    found.expire(90 * S)
    assert kinds(found.rows)[-1] == ("ENTER", 40.0), "21 s of silence were no absence, so 50 s may not be"


def test_late_sightings_count_but_turn_no_time_back() -> None:
    rows = hear(presences(), (10, -60), (9, -60), (8, -60), (15, -60))
    assert [(row.kind, row.t_ns) for row in rows] == [(Kind.ENTER, 10 * S), (Kind.STAY, 15 * S)]
    assert rows[1].n == 3


def test_close_leaves_the_others() -> None:
    found = Presences([], {"p": PresenceLimits.of(SETTINGS)}, lambda profile, identifier: int(identifier))
    for identifier in ("1", "2"):
        found.hear("hall", "p", identifier, 0, -60)
    found.close(lambda subject: subject == 1)
    assert [(row.kind, row.subject) for row in found.rows[2:]] == [(Kind.EXIT, 1)]
    assert len(found) == 1


def test_levels_fit_a_byte() -> None:
    rows = hear(presences(), (0, 300))
    assert rows[0].rssi_dbm == 127
