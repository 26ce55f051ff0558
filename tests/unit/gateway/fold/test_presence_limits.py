"""What a calibration changes of a profile's limits."""

from __future__ import annotations

import pytest

from device_profiles.profile import Presence
from footfall.units import NS_PER_S
from gateway.fold.decision_rules import WEAK_CONFIRMS, Sighted, confirms_ns
from gateway.fold.presence_limits import AREA_MARGIN_DB, decision_limits_of, limits_of
from gateway.site.recorded import RecordedCalibration

PRESENCE = Presence(confirm_min_s=2.0, confirm_max_s=8.0)


def confirm_s(confirm_s: float | None, interval_s: float) -> float:
    """Of a carrier that is heard so often, with a row for each sighting."""
    heard = Sighted(round(100 * interval_s * NS_PER_S), 100, 100)
    return float(confirms_ns(heard, decision_limits_of(PRESENCE, RecordedCalibration(profile="p", confirm_s=confirm_s)))) / NS_PER_S


@pytest.mark.parametrize(("interval_s", "plain_s"), [(0.1, 2.0), (0.5, 4.0), (5.0, 8.0)])
def test_a_calibration_states_the_shortest_confirm_time_and_longer_intervals_are_followed_still(interval_s: float, plain_s: float) -> None:
    assert confirm_s(None, interval_s) == pytest.approx(plain_s)
    assert confirm_s(1.0, interval_s) == pytest.approx(plain_s / 2)
    assert confirm_s(3.0, interval_s) == pytest.approx(plain_s * 1.5)


def test_areas_are_told_by_clear_odds_and_confirmed_in_half_the_time_unless_a_calibration_states_otherwise() -> None:
    plain, stated = RecordedCalibration(profile="p"), RecordedCalibration(profile="p", margin_db=1.0, confirm_s=2.0)
    assert limits_of(PRESENCE, plain, has_areas=True).margin_db == AREA_MARGIN_DB > limits_of(PRESENCE, plain).margin_db
    assert decision_limits_of(PRESENCE, plain, has_areas=True).confirm_percent == 50
    assert limits_of(PRESENCE, stated, has_areas=True).margin_db == 1.0
    assert decision_limits_of(PRESENCE, stated, has_areas=True).confirm_percent == 100


def test_areas_have_weighed_a_body_in_the_way_already_and_levels_have_not() -> None:
    plain = RecordedCalibration(profile="p", confirm_s=1.0)
    assert [decision_limits_of(PRESENCE, plain, has_areas).weak_confirms for has_areas in (False, True)] == [WEAK_CONFIRMS, 1]
