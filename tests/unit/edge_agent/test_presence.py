"""Presence on small stories with known ends."""

from __future__ import annotations

from typing import Any

import pytest

from device_profiles.profile import Presence
from edge_agent.levels import ReceiverLimits
from edge_agent.presence import EvidenceRow, Presences
from edge_agent.presence_slots import PresenceLimits
from footfall.frames import Kind

S = 1_000_000_000
SETTINGS = Presence(enter_dbm=-80, exit_dbm=-90, tau_s=2, timeout_min_s=5, timeout_max_s=60, stay_s=5, step_db=4, step_s=1)
ZONES = {"r": "hall", "ceiling": "big", "shelf": "big"}


def presences(**options: Any) -> Presences:
    return Presences([], ZONES, {"p": PresenceLimits.of(SETTINGS)}, lambda profile, identifier: 7, **options)


def hear(found: Presences, *sightings: tuple[float, int], receiver: str = "r") -> list[EvidenceRow]:
    for t_s, rssi_dbm in sightings:
        found.hear(receiver, "p", "x", round(t_s * S), rssi_dbm)
    return found.rows


def kinds(rows: list[EvidenceRow]) -> list[tuple[str, float]]:
    return [(row.kind.name, row.t_ns / S) for row in rows]


def test_a_presence_begins_when_its_level_reaches_enter() -> None:
    rows = hear(presences(), (0, -95), (1, -75), (2, -70), (3, -70))
    assert kinds(rows)[0] == ("ENTER", 2.0), "-85 after the second sighting, their mean"
    assert rows[0] == EvidenceRow(Kind.ENTER, 2 * S, 7, "hall", "p", -78, 1)


def test_one_between_the_two_levels_stays_and_one_below_is_silent() -> None:
    rows = hear(presences(), (0, -60), *((t, -88) for t in range(1, 49)))
    assert [row.kind for row in rows].count(Kind.ENTER) == 1
    assert rows[-1].kind == Kind.STAY, "-88 is below enter and above exit"
    found = presences()
    hear(found, (0, -60), (1, -60), *((float(t), -120) for t in range(2, 80)))
    assert kinds(found.rows)[-1] == ("EXIT", 3.0), "what is too weak to count ends a presence as silence does"


def test_a_weak_steady_signal_is_not_cut_into_pieces() -> None:
    around_exit = [-87, -93, -91, -86, -94, -92, -89, -95, -88, -93] * 20
    rows = hear(presences(), (0, -70), *((1 + t, dbm) for t, dbm in enumerate(around_exit)))
    assert [row.kind for row in rows if row.kind != Kind.STAY] == [Kind.ENTER]


def test_a_stay_is_the_level_and_the_number_of_what_was_heard_since() -> None:
    rows = hear(presences(), (0, -60), (1, -60), (2, -61), (3, -62), (4, -63), (5, -64), (6, -64), (7, -70))
    assert rows[2] == EvidenceRow(Kind.STAY, 6 * S, 7, "hall", "p", -62, 5, 6.0)


def test_a_row_follows_the_enter_with_the_level_of_more_than_one_sighting() -> None:
    rows = hear(presences(), (0, -60), (0.5, -60), (1.5, -63), (2.5, -62))
    assert [(row.kind, row.t_ns / S, row.rssi_dbm, row.n) for row in rows] == [(Kind.ENTER, 0.0, -60, 1), (Kind.STAY, 1.5, -61, 2)]


def test_a_stay_comes_early_when_the_level_moved_but_not_too_often() -> None:
    rows = hear(presences(), (0, -60), (0.5, -50), (1, -50), (1.5, -40), (2, -40), (2.5, -30), (3, -30))
    assert [(kind, t_s) for kind, t_s in kinds(rows)] == [("ENTER", 0.0), ("STAY", 1.0), ("STAY", 2.0), ("STAY", 3.0)]
    still = hear(presences(), *((t / 2, -60 + t % 2) for t in range(11)))
    assert kinds(still) == [("ENTER", 0.0), ("STAY", 1.0)]


def test_an_exit_bears_the_last_sighting_and_the_rest_of_the_count() -> None:
    found = presences()
    hear(found, (0, -60), (1, -60), (2, -64))
    found.expire(61 * S)
    assert kinds(found.rows) == [("ENTER", 0.0), ("STAY", 1.0)], "nothing was learned yet: the longest timeout"
    found.expire(64 * S)
    assert found.rows[-1] == EvidenceRow(Kind.EXIT, 2 * S, 7, "hall", "p", -60, 1, 2.0)


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


def test_sightings_of_several_receivers_count_as_the_mean_of_all_and_of_the_one_that_had_most_since_they_hear_the_same_messages() -> None:
    found = presences()
    for t_s in range(6):
        hear(found, (t_s, -60), receiver="shelf")
        if t_s % 2:
            hear(found, (t_s, -65), receiver="ceiling")
    hear(found, (6, -65), (7, -65), receiver="ceiling")
    assert [(row.t_ns / S, row.n) for row in found.rows] == [(0, 1), (1, 1), (6, 6)]


def test_late_sightings_count_but_turn_no_time_back() -> None:
    rows = hear(presences(), (10, -60), (9, -60), (8, -60), (15, -60))
    assert [(row.kind, row.t_ns) for row in rows] == [(Kind.ENTER, 10 * S), (Kind.STAY, 15 * S)]
    assert rows[1].n == 3


def test_close_leaves_the_others() -> None:
    found = Presences([], ZONES, {"p": PresenceLimits.of(SETTINGS)}, lambda profile, identifier: int(identifier))
    for identifier in ("1", "2"):
        found.hear("r", "p", identifier, 0, -60)
    found.close(lambda subject: subject == 1)
    assert [(row.kind, row.subject) for row in found.rows[2:]] == [(Kind.EXIT, 1)]
    assert len(found) == 1


def test_levels_fit_a_byte() -> None:
    rows = hear(presences(), (0, 300))
    assert rows[0].rssi_dbm == 127


def test_a_zone_of_several_receivers_has_one_presence_and_reports_the_level_of_each() -> None:
    found = presences()
    for t in range(7):
        hear(found, (t, -60), receiver="ceiling")
        hear(found, (t, -70), receiver="shelf")
    assert kinds(found.rows) == [("ENTER", 0.0), ("STAY", 1.0), ("STAY", 6.0)]
    assert found.rows[0].extra == {"levels": {"ceiling": -60}}
    assert (found.rows[2].rssi_dbm, found.rows[2].extra) == (-60, {"levels": {"ceiling": -60, "shelf": -70}})
    assert len(found) == 1


def test_the_mean_power_of_a_zone_is_over_all_its_receivers() -> None:
    found = presences(rules={"big": "mean_power"})
    for t in range(6):
        hear(found, (t, -60), receiver="ceiling")
    assert found.rows[-1].rssi_dbm == -63, "half the power: the other receiver hears nothing"


def test_a_receiver_that_falls_silent_decays_while_the_other_goes_on() -> None:
    found = presences()
    hear(found, *((t, -60) for t in range(5)), receiver="ceiling")
    hear(found, *((t, -75) for t in range(5, 40)), receiver="shelf")
    assert found.rows[-1].extra == {"levels": {"shelf": -75}}
    assert found.rows[-1].rssi_dbm == -75
    assert [row.kind for row in found.rows].count(Kind.EXIT) == 0


def test_an_offset_is_added_and_what_is_out_of_a_receivers_range_does_not_count() -> None:
    rows = hear(presences(receivers={"r": ReceiverLimits(offset_db=5.0)}), (0, -60))
    assert rows[0].rssi_dbm == -55
    found = presences(receivers={"r": ReceiverLimits(min_dbm=-65.0)})
    assert hear(found, (0, -70), (1, -70)) == []
    assert kinds(hear(found, (2, -60), (3, -50), *((float(t), -70) for t in range(4, 90))))[-1] == ("EXIT", 7.0)


def test_an_identifier_in_two_zones_has_its_pseudonym_made_once() -> None:
    asked: list[str] = []

    def subject_of(profile: str, identifier: str) -> int:
        asked.append(identifier)
        return 7

    found = Presences([], ZONES, {"p": PresenceLimits.of(SETTINGS)}, subject_of)
    hear(found, (0, -60), receiver="r")
    hear(found, (1, -60), receiver="shelf")
    assert [(row.zone, row.subject) for row in found.rows] == [("hall", 7), ("big", 7)]
    assert asked == ["x"]


def test_a_slot_that_was_closed_is_over_for_its_check_of_the_timeout_though_another_took_its_place() -> None:
    found = presences()
    hear(found, (0, -60))
    found.close()
    hear(found, (1, -60))
    found.expire(100 * S)
    assert kinds(found.rows) == [("ENTER", 0.0), ("EXIT", 0.0), ("ENTER", 1.0), ("EXIT", 1.0)]
    assert len(found) == 0
    assert found.scheduled_expiries == 0


def test_nothing_expires_before_it_is_due() -> None:
    found = presences()
    hear(found, (0, -60), (1, -60))
    while len(found):
        due_ns, rows, slots = found.due_ns, len(found.rows), len(found)
        found.expire(due_ns)
        assert (found.due_ns, len(found.rows), len(found)) == (due_ns, rows, slots)
        found.expire(due_ns + 1)
        assert found.due_ns > due_ns
    assert kinds(found.rows)[-1] == ("EXIT", 1.0)
