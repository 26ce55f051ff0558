"""Which receivers are named to be looked at."""

from __future__ import annotations

from collections import Counter

from gateway.calibration.advice import ReceiverHeard, advice

WALKED = {"floor": 100, "fitting": 100}
Levels = dict[str, float]


def heard(receiver: str, zone: str, levels: Levels, seconds: dict[str, int] | None = None) -> ReceiverHeard:
    return ReceiverHeard(
        receiver, zone, {at: [dbm] for at, dbm in levels.items()}, dict.fromkeys(levels, 90) if seconds is None else seconds
    )


def lines(*receivers: ReceiverHeard, confused: float = 0.0) -> list[str]:
    moments = Counter(
        {("floor", "floor"): 100, ("fitting", "fitting"): round(100 - 100 * confused), ("fitting", "floor"): round(100 * confused)}
    )
    return advice(receivers, WALKED, moments)


GOOD = heard("gw-1", "floor", {"floor": -55, "fitting": -75}), heard("gw-2", "fitting", {"floor": -75, "fitting": -55})


def test_receivers_that_hear_their_own_zones_best_are_left_alone() -> None:
    assert lines(*GOOD) == []


def test_the_receiver_that_hears_a_confused_zone_as_loud_as_its_own_is_named_with_what_to_do() -> None:
    (line,) = lines(heard("gw-1", "floor", {"floor": -58, "fitting": -60}), GOOD[1], confused=0.2)
    assert line == (
        "fitting is taken for floor for 20 % of its time: gw-1 hears fitting as loud as floor (-60 and -58 dBm):"
        " hang it further from fitting, or lower."
    )


def test_of_a_zone_that_is_not_confused_levels_alike_are_no_reason_to_climb_a_ladder() -> None:
    assert lines(heard("gw-1", "floor", {"floor": -58, "fitting": -60}), GOOD[1], confused=0.05) == []


def test_zones_that_are_confused_though_no_receiver_hears_them_alike_name_both() -> None:
    assert lines(*GOOD, confused=0.2) == ["fitting is taken for floor for 20 % of its time: hang their receivers further apart, or lower."]


def test_a_receiver_that_heard_nothing_is_named() -> None:
    assert lines(*GOOD, heard("gw-3", "fitting", {})) == ["gw-3 (fitting) heard nothing on the walk: look whether it is alive."]


def test_a_receiver_that_is_deaf_in_its_own_zone_alone_may_hang_elsewhere() -> None:
    (line,) = lines(GOOD[0], heard("gw-2", "fitting", {"floor": -55, "fitting": -90}, {"floor": 90, "fitting": 3}))
    assert line.startswith("gw-2 hardly heard the carrier in its own zone fitting, but did elsewhere")


def test_a_receiver_that_hears_nothing_better_than_its_neighbour_is_named_and_that_neighbour_is_not() -> None:
    (line,) = lines(*GOOD, heard("gw-3", "fitting", {"floor": -85, "fitting": -70}))
    assert line == "gw-3 hears nothing that gw-2 of the same zone does not hear better: hang it elsewhere in fitting."
