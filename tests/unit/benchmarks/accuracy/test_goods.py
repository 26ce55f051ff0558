"""Moves of tagged goods, scored."""

from __future__ import annotations

from benchmarks.accuracy.goods import PlayedGoods, goods_portal, goods_shelf, pair_moves
from simulators.accuracy.decisions import MovedItem

S = 10**9


def test_moves_pair_by_item_way_and_time() -> None:
    true = [MovedItem("a", "back", "shop", 0), MovedItem("b", "back", "shop", 0)]
    assert pair_moves(true, [MovedItem("a", "back", "shop", 4 * S), MovedItem("b", "back", "shop", 6 * S)]) == 1
    assert pair_moves(true, [MovedItem("a", "shop", "back", 0), MovedItem("a", "back", "shop", 0), MovedItem("a", "back", "shop", S)]) == 1


def test_goods_are_added_up_over_seeds() -> None:
    seeds = [PlayedGoods(10, 9, 1, 0.5), PlayedGoods(10, 8, 2, 0.5)]
    assert goods_portal(seeds).rows[0].value == 0.85
    assert goods_shelf(seeds).rows[0].value == 3.0
