"""What a person is to know of a fit."""

from __future__ import annotations

from collections import Counter

from gateway.calibration.findings import findings
from gateway.calibration.fit import Judged
from gateway.calibration.proposal import Proposal
from gateway.calibration.walks import LevelRow, Walk
from gateway.site.areas import Area
from gateway.site.calibrations import Calibration
from tests.support.calibration_walks import store_of

Confusion = dict[tuple[str, str], int]
FOUND = Calibration(profile="ibeacon", offset_db={"a": -6})
TWICE = ("a", "b", "a")


def lines(*zones: str, walk: tuple[str, ...] = TWICE, before: Calibration | None = None, confusion: Confusion | None = None,
          was: Confusion | None = None, wins: bool = True, areas: tuple[Area, ...] = (),
          receivers: dict[str, str] | None = None) -> str:  # fmt: skip
    judged = Judged({}, Counter(was or {})), Judged({}, Counter(confusion or {}))
    walked = Walk("w", [LevelRow(n, zone, "x", -60) for n, zone in enumerate(walk) if zone != "deaf"], list(enumerate(walk)))
    agents = [{"name": "x", "receivers": receivers}] if receivers else []
    store = store_of(*zones, agents=agents).model_copy(update={"calibrations": (before,) if before else ()})
    proposal = Proposal(*judged, FOUND if wins and not areas else None, areas)
    return "\n".join(findings(proposal, [walked], store, "ibeacon", [], {}))


def test_nothing_is_stated_where_all_zones_were_walked_heard_and_separated() -> None:
    assert lines("a", "b", confusion={("a", "a"): 99, ("a", "b"): 1, ("b", "b"): 50}) == ""


def test_a_zone_that_nobody_walked_lowers_the_confidence_and_one_that_hears_nothing_is_named() -> None:
    found = lines("a", "b", "c", "d")
    assert "Confidence 0.50, 2 of 4 zones could be judged: nobody walked through c, d" in found
    assert "No receiver of c heard the carrier: look" in found


def test_a_border_that_was_crossed_once_is_named_and_lowers_the_confidence() -> None:
    found = lines("a", "b", "c", walk=("a", "b", "a", "c"))
    assert "Confidence 0.33, 1 of 3 zones could be judged." in found
    assert "The border of a and c was crossed once, so they are not set off: cross it twice at least, in both directions." in found


def test_zones_that_are_confused_are_to_be_hung_further_apart() -> None:
    assert "a is taken for b for 25 % of its time" in lines("a", "b", confusion={("a", "a"): 75, ("a", "b"): 25, ("b", "b"): 50})


def test_a_fit_that_does_not_win_advises_nothing_what_is_there_does() -> None:
    found = lines("a", "b", confusion={("a", "b"): 50}, was={("b", "a"): 50}, wins=False, before=Calibration(profile="ibeacon"))
    assert "b is taken for a" in found
    assert "a is taken for b" not in found
    assert "disagrees" not in found


def test_calibrations_that_disagree_are_named_and_a_shift_of_all_zones_is_none() -> None:
    other = Calibration(profile="ibeacon", offset_db={"b": -3})
    assert "so far disagrees by up to 3 dB" not in lines("a", "b", before=other)
    other = Calibration(profile="ibeacon", offset_db={"b": -12})
    assert "disagrees by up to 18 dB: the newer one is taken" in lines("a", "b", before=other)
    assert lines("a", "b", before=Calibration(profile="ibeacon", offset_db={"b": 6})) == ""


def test_a_zone_without_a_receiver_is_no_dead_receiver() -> None:
    hears = {"r1": "a", "r2": "b"}
    assert "deaf has no receiver, and the levels of other zones do not separate it" in lines(
        "a", "b", "deaf", walk=("a", "deaf", "a"), receivers=hears
    )
    area = Area(zone="deaf", profile="ibeacon", level_dbm={"a": -70})
    found = lines("a", "b", "deaf", walk=("a", "deaf", "a", "deaf", "b", "a", "b"), receivers=hears, areas=(area,))
    assert "deaf has no receiver" not in found
