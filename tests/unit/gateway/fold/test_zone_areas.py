"""Areas: a zone between two receivers is told from theirs by both levels together."""

from __future__ import annotations

from collections.abc import Sequence

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
