"""Goods of the RFID scenes: what was carried through the portal is in the truth, what was only near is not, and a shelf lies still."""

from __future__ import annotations

from collections import Counter
from pathlib import Path as File

import numpy as np
import pytest

from edge_agent.sources.source import Sighting
from footfall.pseudonyms import lasting_subject, type_key
from simulators.feed import Feed
from simulators.paths import Path
from simulators.rfid import Tag, TaggedGoods
from simulators.scenes import scene
from simulators.tagged_goods import WAYS, home, moves, portal, portal_plan
from simulators.truth import Truth, collect, read_truth, truth_of, write_truth
from simulators.world import World

S = 10**9


@pytest.fixture(scope="module")
def world() -> World:
    return scene("goods-portal", 1)


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return collect(truth_of(world))


def test_a_move_is_where_the_tag_crossed_the_border(world: World) -> None:
    assert world.goods is not None
    tags = {tag.epc: tag for tag in world.goods.tags}
    for t_ns, epc, from_zone, to_zone in moves(world.goods, world.plan):
        path = tags[epc].path
        _, y_m, _ = path.at(np.array([t_ns - S // 10, t_ns + S // 10]))
        assert (y_m[0] > 10, y_m[1] > 10) == ((True, False) if from_zone == "stock" else (False, True))
        assert {from_zone, to_zone} == {"stock", "shop"}
        assert home(tags[epc], world.plan) == from_zone


def test_a_tag_that_leaves_a_zone_and_comes_back_has_not_moved() -> None:
    way = Path(np.array([0, 10, 20]) * S, np.array([6.0, 20.0, 6.0]), np.full(3, 5.0), np.zeros(3), ())
    assert list(moves(TaggedGoods((Tag("e", way),), ()), portal_plan("s"))) == []


def test_ways_have_their_shares_and_only_those_through_are_moves() -> None:
    plan = portal_plan("s")
    goods = portal(5, 0, plan, 20 * 3600 * S, walks=1000)
    found = list(moves(goods, plan))
    share = Counter(from_zone for _, _, from_zone, _ in found)
    assert share["stock"] / len(goods.tags) == pytest.approx(WAYS["in"], abs=0.05)
    assert share["shop"] / len(goods.tags) == pytest.approx(WAYS["out"], abs=0.05)
    assert len({epc for _, epc, _, _ in found}) == len(found)


def test_what_is_only_near_the_portal_is_read_by_both_antennas_too(world: World, truth: Truth) -> None:
    moved = {move.epc for move in truth.moves}
    heard: dict[str, set[str]] = {}
    for item in world.heard():
        assert isinstance(item, Sighting)
        heard.setdefault(item.identifier, set()).add(item.receiver)
    assert sum(len(receivers) == 2 for epc, receivers in heard.items() if epc not in moved) > 20


def test_the_shelf_lies_still_and_the_neighbour_reads_strays() -> None:
    shelf = scene("goods-shelf", 1)
    found = collect(truth_of(shelf))
    assert (len(found.items), found.moves) == (500, [])
    assert {item.zone for item in found.items} == {"shelf-a"}
    first = [item for item, _ in zip(shelf.heard(), range(20_000), strict=False)]
    receivers = Counter(item.receiver for item in first if isinstance(item, Sighting))
    assert receivers["r-shelf-b"] > 0.1 * receivers["r-shelf-a"] > 0


def test_a_truth_with_goods_reads_back(tmp_path: File, truth: Truth, world: World) -> None:
    write_truth(tmp_path / "truth.jsonl", truth_of(world))
    assert read_truth(tmp_path / "truth.jsonl") == truth
    assert truth.moves


def test_the_agent_names_the_goods_under_the_brands_own_subjects(world: World, truth: Truth) -> None:
    bodies = [body for _, body in Feed(world, "store-0-reader", b"secret", until_ns=600 * S).bodies()]
    named = {extra["epc"] for body in bodies for extra in body.extra.values() if "epc" in extra}
    assert named <= {item.epc for item in truth.items}
    subjects = {lasting_subject(type_key(b"secret", "epc"), "epc", epc) for epc in named}
    assert subjects == {subject for body in bodies for subject in body.subject.tolist() if subject}
    assert len(named) > 20
