"""What receivers hear follows the stated losses: of bodies, crowds, windows, slow changes and receivers that fail."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulators.mountings import Outage
from simulators.paths import Path
from simulators.people import Device, Person, Worn
from simulators.plan import Plan, Receiver, Rectangle, ZonePlan
from simulators.radio import Ether, Heard, Radio

S = 10**9
RECEIVERS = (Receiver("east", "a", "z", 20, 5), Receiver("west", "a", "z", 0, 5))
PLAN = Plan("s", (ZonePlan("z", "shelf", Rectangle(0, 0, 20, 10)),), RECEIVERS, ())
EXACT = Radio(shadow_db=0.0, fading_db=0.0, loss=0.0, body_db=0.0, sensitivity_dbm=-200.0)
LONG_NS = 600 * S
ALONE_DBM = -59 - 23 * math.log10(10)


def standing(x_m: float = 10, y_m: float = 5, facing_rad: float = 0.0) -> Person:
    """Stands for ten minutes; `facing_rad` 0 looks east."""
    path = Path(np.array([0, LONG_NS]), np.full(2, x_m), np.full(2, y_m), np.full(2, facing_rad), ())
    return Person((1, 2, 3), "beacon", "", "", path, (), None, "", False, False)


def heard(radio: Radio, *, worn: Worn | None = None, who: Person | None = None, inside: int = 1, outages: tuple[Outage, ...] = ()) -> Heard:
    device = Device("ibeacon", "ibeacon", "b", 0, LONG_NS, 0, worn=worn)
    return Ether(1, 0, PLAN, radio, outages).hear(who or standing(), device, 0, LONG_NS, inside)


def levels(found: Heard, receiver: int) -> list[int]:
    return found.rssi_dbm[found.receiver == receiver].tolist()


@pytest.mark.parametrize(("facing_rad", "east_db", "west_db"), [(0.0, 0, 20), (math.pi, 20, 0), (math.pi / 2, 10, 10)])
def test_a_worn_device_is_weaker_by_the_angle_to_the_body(facing_rad: float, east_db: float, west_db: float) -> None:
    found = heard(EXACT, worn=Worn(0.0, 20.0, 0.0), who=standing(facing_rad=facing_rad))
    assert set(levels(found, 0)) == {round(ALONE_DBM - east_db)}
    assert set(levels(found, 1)) == {round(ALONE_DBM - west_db)}


def test_the_side_where_it_is_worn_and_the_cloth_count() -> None:
    found = heard(EXACT, worn=Worn(math.pi, 10.0, 3.0))
    assert (set(levels(found, 0)), set(levels(found, 1))) == ({round(ALONE_DBM - 13)}, {round(ALONE_DBM - 3)})


def test_each_body_in_the_line_costs_its_share() -> None:
    radio = replace(EXACT, crowd_db=4.0)
    weaker_db = ALONE_DBM - np.mean(levels(heard(radio, inside=80), 0))
    assert weaker_db == pytest.approx(4.0 * 80 / 200 * 0.5 * 10, abs=0.5)  # dB x people/m2 x width x distance
    assert set(levels(heard(radio, inside=0), 0)) == {round(ALONE_DBM)}


def test_glass_weakens_who_stands_outside() -> None:
    inside, outside = (np.mean(levels(heard(replace(EXACT, window_db=9.0), who=standing(y_m=y_m)), 0)) for y_m in (0.01, -0.01))
    assert inside - outside == 9


def test_drift_has_its_spread_and_is_the_same_in_every_window() -> None:
    radio = replace(EXACT, drift_db=3.0, drift_ns=S)
    ether, device = Ether(1, 0, PLAN, radio), Device("ibeacon", "ibeacon", "b", 0, LONG_NS, 0)
    whole = ether.hear(standing(), device, 0, LONG_NS)
    assert np.std(levels(whole, 0)) == pytest.approx(3.0, rel=0.15)
    assert abs(np.corrcoef(levels(whole, 0), levels(whole, 1))[0, 1]) < 0.2
    jitterless = Ether(1, 0, PLAN, replace(radio, jitter_ns=0))
    parts = [jitterless.hear(standing(), device, begin, begin + 60 * S).rssi_dbm.tolist() for begin in range(0, LONG_NS, 60 * S)]
    assert [level for part in parts for level in part] == jitterless.hear(standing(), device, 0, LONG_NS).rssi_dbm.tolist()


def test_a_receiver_is_silent_while_it_is_down_and_hears_from_elsewhere_afterwards() -> None:
    found = heard(EXACT, outages=(Outage("west", 100 * S, 200 * S, x_m=5.0, offset_db=-6.0),))
    at_s, level = found.t_ns[found.receiver == 1] / S, found.rssi_dbm[found.receiver == 1]
    assert not ((at_s >= 100) & (at_s < 200)).any()
    assert set(level[at_s < 100]) == {round(ALONE_DBM)}
    assert set(level[at_s >= 200]) == {round(-59 - 23 * math.log10(5) - 6)}
    assert len(levels(found, 0)) == 600


def test_only_what_is_hung_elsewhere_has_other_walls_around_it() -> None:
    radio = replace(EXACT, shadow_db=6.0)
    stayed = heard(radio, outages=(Outage("west", 100 * S, 200 * S),))
    moved = heard(radio, outages=(Outage("west", 100 * S, 200 * S, y_m=0.001),))
    assert len(set(levels(stayed, 1))) == 1
    assert len(set(levels(moved, 1))) == 2
    assert levels(stayed, 0) == levels(moved, 0)
    assert len(set(levels(moved, 0))) == 1


def test_a_device_with_an_interval_of_its_own_sends_as_often() -> None:
    device = Device("ibeacon", "ibeacon", "b", 0, LONG_NS, 0, interval_ns=S // 10)
    assert len(levels(Ether(1, 0, PLAN, EXACT).hear(standing(), device, 0, LONG_NS), 0)) == 6000
