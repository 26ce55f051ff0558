"""What a person is told of a fit."""

from __future__ import annotations

from gateway.calibration.contest import Settings
from gateway.calibration.findings import findings
from gateway.calibration.fit import Fit
from gateway.calibration.scoring import Score
from gateway.calibration.walks import LevelRow, Walk
from gateway.site.calibrations import Calibration

Confusion = dict[tuple[str, str], int]


def lines(*zones: str, walk: tuple[str, ...] = ("a", "b", "a"), before: Calibration | None = None, confusion: Confusion | None = None,
          after: int = 90) -> str:  # fmt: skip
    score = {"w": Score(100, 50, 50, 50, 0, 1.0)}, {"w": Score(100, after, after, after, 0, 1.0)}
    fit = Fit(Settings({"a": -6}), *score, confusion or {})
    walked = Walk("w", [LevelRow(n, zone, "x", -60) for n, zone in enumerate(walk)], list(enumerate(walk)))
    return "\n".join(findings(fit, [walked], zones, before))


def test_nothing_is_told_where_all_zones_were_walked_heard_and_told_apart() -> None:
    assert lines("a", "b", confusion={("a", "a"): 99, ("a", "b"): 1, ("b", "b"): 50}) == ""


def test_a_zone_that_nobody_walked_lowers_the_confidence_and_one_that_hears_nothing_is_named() -> None:
    told = lines("a", "b", "c", "d")
    assert "Confidence 0.50: nobody walked through c, d" in told
    assert "No receiver of c heard the carrier" in told


def test_a_border_that_was_crossed_once_is_named() -> None:
    assert lines("a", "b", walk=("a", "b")) == "The border of a and b was crossed once: cross it twice at least, in both directions."


def test_zones_that_are_confused_are_to_be_hung_further_apart() -> None:
    assert "a is taken for b for 25 % of its time" in lines("a", "b", confusion={("a", "a"): 75, ("a", "b"): 25, ("b", "b"): 50})


def test_calibrations_that_disagree_are_told_with_the_rule_and_a_shift_of_all_zones_is_none() -> None:
    other = Calibration(profile="ibeacon", offset_db={"b": -3})
    assert "disagrees by up to 9 dB: the newer one is taken" in lines("a", "b", before=other)
    assert "the older one stays" in lines("a", "b", before=other, after=50)
    assert lines("a", "b", before=Calibration(profile="ibeacon", offset_db={"b": 6})) == ""
