"""What antennas read of tags follows the stated link budget, pattern, bodies and rate."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from edge_agent.sources.source import Sighting
from simulators.paths import Path
from simulators.rfid import Antenna, Blocking, Reader, Tag, TaggedGoods, power_dbm, reads

S = 10**9
LENGTH_NS = 300 * S
EXACT = Reader(spread_db=0.0, fading_db=0.0, reflected=0.0)
AHEAD = Antenna("r", 0.0, 0.0, np.pi / 2)


def lying(x_m: float, y_m: float, name: str = "e") -> Tag:
    return Tag(name, Path(np.array([0, LENGTH_NS]), np.full(2, x_m), np.full(2, y_m), np.zeros(2), ()))


def carried(x_m: float, y_m: float, facing_rad: float) -> Tag:
    tag = lying(x_m, y_m)
    return replace(tag, path=replace(tag.path, facing_rad=np.full(2, facing_rad)), carried=True)


def read(
    *tags: Tag, reader: Reader = EXACT, antennas: tuple[Antenna, ...] = (AHEAD,), blockings: tuple[Blocking, ...] = ()
) -> list[Sighting]:
    return list(reads(TaggedGoods(tags, antennas, blockings, reader), 1, 0, LENGTH_NS))


def power(x_m: float, y_m: float) -> float:
    return float(power_dbm(EXACT, AHEAD, np.array([x_m]), np.array([y_m]))[0])


def test_power_falls_by_distance_and_angle() -> None:
    assert power(0, 1) == pytest.approx(35 - 31.7)
    assert power(0, 10) == pytest.approx(35 - 31.7 - 22)
    assert power(np.sqrt(0.5), np.sqrt(0.5)) == pytest.approx(35 - 31.7 - 12 * (45 / 70) ** 2)
    assert power(0, -1) == pytest.approx(35 - 31.7 - 20)


def test_the_level_has_lost_the_way_twice() -> None:
    assert {sighting.rssi_dbm for sighting in read(lying(0, 4))} == {round(2 * power(0, 4) - 35 + 6 - 5)}


def test_a_tag_with_too_little_power_is_not_read() -> None:
    assert read(lying(0, 9))
    assert power(0, 10) < EXACT.tag_dbm
    assert read(lying(0, 10)) == []


def test_antennas_take_turns_and_each_reads_a_tag_at_most_once_a_turn() -> None:
    found = read(lying(0, 1), antennas=(AHEAD, replace(AHEAD, receiver="q")))
    turns = [sighting.t_boot_ns // (S // 2) for sighting in found]
    assert [sighting.receiver for sighting in found[:4]] == ["r", "q", "r", "q"]
    assert turns == list(range(600))
    assert all(a.t_boot_ns <= b.t_boot_ns for a, b in pairwise(found))


def test_many_tags_share_the_reads_of_a_second() -> None:
    many = [lying(0.002 * k, 2, f"e{k}") for k in range(500)]
    found = read(*many, reader=replace(EXACT, reads_per_s=100.0))
    assert len(found) / (LENGTH_NS / S) == pytest.approx(100, rel=0.05)


def test_who_carries_a_tag_stands_in_between_when_turned_away() -> None:
    towards, away = (read(carried(0, 3, angle))[0].rssi_dbm for angle in (-np.pi / 2, np.pi / 2))
    assert towards - away == 2 * EXACT.body_db


def test_a_customer_blocks_what_is_behind_them_for_a_time_and_for_that_antenna() -> None:
    block = Blocking("r", 100 * S, 200 * S, 0.0, half_m=0.5)
    behind = read(lying(0.4, 2), blockings=(block,))
    weak = [sighting.t_boot_ns // S for sighting in behind if sighting.rssi_dbm < max(s.rssi_dbm for s in behind)]
    assert set(weak) == set(range(100, 200))
    assert len({sighting.rssi_dbm for sighting in read(lying(0.6, 2), blockings=(block,))}) == 1
    assert len({sighting.rssi_dbm for sighting in read(lying(0.4, 2), blockings=(replace(block, receiver="q"),))}) == 1


def test_reflections_reach_past_the_pattern_and_the_carrier_in_their_share_of_turns() -> None:
    behind = lying(0, -2.5)
    assert read(behind) == []
    strays = read(behind, reader=replace(EXACT, reflected=0.1))
    assert len(strays) / 600 == pytest.approx(0.1, abs=0.04)
    assert {stray.rssi_dbm for stray in strays} == {round(2 * (35 - 31.7 - 22 * np.log10(3.75) - 6) - 34)}


def test_reads_can_begin_anywhere() -> None:
    goods = TaggedGoods((lying(0, 4), lying(1, 4, "f")), (AHEAD,))
    whole = list(reads(goods, 3, 0, LENGTH_NS))
    assert list(reads(goods, 3, 0, LENGTH_NS, from_ns=130 * S)) == [sighting for sighting in whole if sighting.t_boot_ns >= 130 * S]
    assert [s.t_boot_ns for s in reads(goods, 3, 0, LENGTH_NS, origin_ns=7)] == [s.t_boot_ns + 7 for s in whole]
