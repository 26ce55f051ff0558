"""Areas: a zone between two receivers is told from theirs by both levels together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.shop_stories import Seen, Shop, left, seen

AREAS = 3
"""The variant of the estate in which w lies between what hears a and b: -55 and -75 dBm in a, -65 and -65 in w, -75 and -55 in b."""


def heard(since_s: int, until_s: int, a_dbm: int, b_dbm: int) -> list[Seen]:
    """Both receivers hear her every two seconds, five sightings a row."""
    return [
        seen("ann", zone, at + 0.1 * n, dbm=dbm, sightings=5)
        for at in range(since_s, until_s, 2)
        for n, (zone, dbm) in enumerate((("a", a_dbm), ("b", b_dbm)))
    ]


def shop_of(*rows: Sequence[Seen]) -> Shop:
    return Shop(variant=AREAS).hear(*[row for part in rows for row in part]).close()


def test_who_is_heard_alike_by_two_receivers_is_in_the_area_between_them() -> None:
    shop = shop_of(heard(0, 30, -64, -66))
    assert [(dwell.zone, dwell.begin_s, round(dwell.seconds)) for dwell in shop.dwells()] == [("w", 0, 28)]


def test_a_weak_transmitter_is_in_the_area_that_its_difference_shows() -> None:
    assert shop_of(heard(0, 30, -62, -82)).zones_of("ann") == ["a"]
    assert shop_of(heard(0, 30, -72, -72)).zones_of("ann") == ["w"]


def test_who_walks_on_is_in_the_next_area_since_it_became_likelier() -> None:
    before, after = shop_of(heard(0, 30, -55, -75), heard(30, 60, -65, -65)).dwells()
    assert (before.zone, after.zone) == ("a", "w")
    assert 30 <= after.begin_s <= 36


def test_one_stray_row_moves_nobody() -> None:
    assert shop_of(heard(0, 30, -55, -75), heard(30, 32, -70, -60), heard(32, 60, -55, -75)).zones_of("ann") == ["a"]


def test_a_receiver_that_goes_on_not_hearing_the_person_counts_as_the_floor() -> None:
    """-70 dBm alone is likest to w; that b hears nothing shows that it is a."""
    assert shop_of([seen("ann", "a", at, dbm=-70, sightings=5) for at in range(0, 30, 2)]).zones_of("ann") == ["w", "a"]


def test_who_leaves_is_in_no_area_when_both_receivers_have_sent_their_exit() -> None:
    shop = shop_of(heard(0, 30, -64, -66), [left("ann", "a", 28.5), left("ann", "b", 28.5)])
    assert [(dwell.zone, round(dwell.seconds), dwell.is_open) for dwell in shop.dwells()] == [("w", 28, False)]


def test_other_profiles_and_stores_without_areas_have_the_zone_of_the_strongest_receiver() -> None:
    assert Shop().hear(*heard(0, 30, -64, -66)).close().zones_of("ann") == ["a"]


def test_of_two_agents_in_a_zone_the_louder_one_is_its_level_for_areas_too() -> None:
    faint = [seen("ann", "a", at + 0.5, dbm=-88, agent="y", sightings=5) for at in range(0, 30, 2)]
    assert shop_of(sorted([*heard(0, 30, -55, -75), *faint], key=lambda row: row.at_s)).zones_of("ann") == ["a"]


# Zones of the same store that areas do not explain


def heard_on_the_street(since_s: int, until_s: int, dbm: int, agents: Sequence[str] = ("x",)) -> list[Seen]:
    return [seen("ann", "street", at + 0.5, dbm=dbm, agent=agent, sightings=5) for at in range(since_s, until_s, 2) for agent in agents]


def in_order(*parts: list[Seen]) -> list[Seen]:
    return sorted((row for part in parts for row in part), key=lambda row: row.at_s)


def test_who_goes_where_no_area_is_has_the_zone_that_hears_them_loudest_and_comes_back() -> None:
    inside, outside = heard(0, 30, -64, -66), [*heard_on_the_street(30, 60, -55), *heard(30, 60, -85, -86)]
    shop = shop_of(in_order(inside, outside, heard(60, 90, -64, -66), heard_on_the_street(60, 90, -90)))
    assert shop.zones_of("ann") == ["w", "street", "w"]
    assert [round(dwell.begin_s) for dwell in shop.dwells()] == pytest.approx([0, 30, 60], abs=3)


def test_a_zone_beside_the_areas_owns_whom_they_do_not_hear_at_all() -> None:
    assert shop_of(heard_on_the_street(0, 30, -70)).zones_of("ann") == ["street"]


def test_a_zone_that_explains_areas_owns_nobody_beside_them() -> None:
    """However loud: it is one of the areas that is heard so loud."""
    assert set(shop_of(heard(0, 30, -45, -66)).zones_of("ann")) <= {"a", "w"}


def test_the_levels_of_any_number_of_zones_and_agents_count() -> None:
    """Six of them: of the four loudest alone b would be unheard, which shows that it is a."""
    more = [
        seen("ann", zone, at + 0.3, dbm=dbm, agent="y", sightings=5) for at in range(0, 30, 2) for zone, dbm in (("a", -70), ("b", -76))
    ]
    rows = in_order(heard(0, 30, -69, -75), more, heard_on_the_street(0, 30, -71, ("x", "y")))
    shop = Shop(variant=AREAS).hear(*rows)
    state = shop._fold.state
    assert len(state.joint_places.of(state.tracks.find(5, state.estate.stores.of("s1")))) == 6
    assert shop.close().zones_of("ann") == ["w"]


# A zone whose level is the mean power of the agents that hear it


@pytest.mark.parametrize(("variant", "zone"), [(0, "b"), (5, "a")])
def test_a_zones_rule_joins_the_levels_of_its_agents(variant: int, zone: str) -> None:
    """-52 and -90 dBm are -55 dBm on average, less than -54 of both."""
    levels = (("a", "x", -54), ("a", "y", -54), ("b", "x", -90), ("b", "y", -52))
    rows = [seen("ann", name, at + 0.1 * n, dbm=dbm, agent=agent) for at in range(0, 30, 2) for n, (name, agent, dbm) in enumerate(levels)]
    assert Shop(variant=variant).hear(*rows).close().zones_of("ann") == [zone]


def test_an_agent_that_hears_nothing_any_more_is_left_out_of_the_mean() -> None:
    once, both = seen("ann", "b", 0.2, dbm=-90, agent="y"), (("a", "x", -54), ("a", "y", -54), ("b", "x", -52))
    rows = [seen("ann", zone, at + 0.1 * n, dbm=dbm, agent=agent) for at in (0.3, 2, 4) for n, (zone, agent, dbm) in enumerate(both)]
    assert Shop(variant=5).hear(once, *rows).close().zones_of("ann") == ["a"]
    assert Shop(variant=5).hear(once, left("ann", "b", 0.25, agent="y"), *rows).close().zones_of("ann") == ["b"]


def test_levels_go_on_where_a_store_begins_and_ceases_to_join_them() -> None:
    shop = Shop()
    for variant in (5, 0, 3, 5):
        at = round(shop._now_s)
        shop.hear(*[seen("ann", "a", at + 1 + n) for n in range(0, 8, 2)], seen("ann", "b", at + 8, dbm=-80))
        shop._story.site(variant)
    assert shop.hear(seen("ann", "a", shop._now_s + 1)).close().zones_of("ann") == ["a"]
