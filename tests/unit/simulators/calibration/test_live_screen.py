"""What an installer sees while they walk."""

from __future__ import annotations

from rich.console import Console

from footfall.units import NS_PER_S
from simulators.calibration.live_screen import KEYS, WIDTH, keyed, pages, screen
from simulators.calibration.live_walk import HeardNow, LiveWalk

ZONES = ["hall", "yard", "fitting"]


def shown(walk: LiveWalk, now_s: float = 100, zones: list[str] = ZONES, page: int = 0, trouble: str = "") -> str:
    console = Console(width=WIDTH, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 # as long as the test
    console.print(screen(walk, zones, page, round(now_s * NS_PER_S), trouble))
    return console.export_text()


def test_each_zone_has_its_key_and_every_receiver_its_level_and_age() -> None:
    walk = LiveWalk(5)
    walk.now["hall", "x", ""] = HeardNow("hall", "x", "", -60, 98 * NS_PER_S)
    walk.now["hall", "x", "r2"] = HeardNow("hall", "x", "r2", -75, 98 * NS_PER_S)
    walk.now["yard", "y", ""] = HeardNow("yard", "y", "", -70, 10 * NS_PER_S)
    lines = shown(walk).splitlines()
    assert any(line.split()[:4] == ["1", "hall", "x", "-60"] and "█" in line for line in lines)
    assert any("x r2" in line and "-75" in line for line in lines)
    assert any("yard" in line and "silent" in line for line in lines)
    assert any("fitting" in line and "nothing heard yet" in line for line in lines)
    assert KEYS in "\n".join(lines)
    assert max(map(len, lines)) <= WIDTH


def test_where_one_is_and_what_is_left_to_walk_is_stated() -> None:
    walk = LiveWalk(5)
    assert "tap the zone that you are in" in shown(walk)
    walk.state("hall", 50 * NS_PER_S)
    walk.state("yard", 80 * NS_PER_S)
    found = shown(walk, now_s=90)
    assert "in yard for 10 s" in found
    assert "still to walk, 20 s each: yard, fitting" in found
    assert "cross again: hall and yard" in found
    walk.cross(90 * NS_PER_S)
    assert "crossing: which zone are you in now?" in shown(walk)
    walk.pause(91 * NS_PER_S)
    assert "paused" in shown(walk, trouble="the broker is gone")
    assert "the broker is gone" in shown(walk, trouble="the broker is gone")


def test_more_than_nine_zones_have_their_keys_page_by_page() -> None:
    many = [f"z{number}" for number in range(11)]
    assert keyed(many, 0)["9"] == "z8"
    assert keyed(many, 1) == {"1": "z9", "2": "z10"}
    assert (pages(many), pages([])) == (2, 1)
