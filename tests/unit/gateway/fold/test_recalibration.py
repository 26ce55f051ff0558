"""A calibration holds for who is being heard already as for who comes: offsets, margin and confirm time at once."""

from __future__ import annotations

from tests.support.shop_stories import Shop, seen

HEARD = (seen("ann", "a", 0), seen("ann", "a", 20), seen("ann", "a", 40))
"""At -60 dBm: 12 dB less once the shop is calibrated."""


def test_margin_and_confirm_time_hold_for_a_person_who_is_there_when_the_shop_is_calibrated() -> None:
    """-70 dBm in b is 2 dB more than -72 in a: more than the calibrated margin of 1 dB, less than the profile's."""
    there = Shop().hear(*HEARD).calibrate().hear(seen("ann", "b", 44, dbm=-70), seen("ann", "b", 50, dbm=-70)).close()
    assert there.zones_of("ann") == ["a", "b"]
    plain = Shop().hear(*HEARD).hear(seen("ann", "b", 44, dbm=-70), seen("ann", "b", 50, dbm=-70)).close()
    assert plain.zones_of("ann") == ["a"]


def test_the_owners_level_of_before_has_the_new_offset_too() -> None:
    """Else -60 without and -70 with an offset would be compared."""
    shop = Shop().hear(*HEARD).calibrate()
    tracks, estate = shop._fold.state.tracks, shop.hear(seen("ben", "b", 41))._fold.state.estate
    slot = tracks.find(5, estate.stores.of("s1"))
    assert tracks.level_dbm[slot] == -72
    assert estate.profiles.names[tracks.profile[slot]] == "s1/ibeacon"


def test_a_calibration_that_is_taken_back_leaves_levels_as_they_were_heard() -> None:
    shop = Shop().hear(*HEARD).calibrate()
    shop._story.site(0)
    fold = shop.hear(seen("ben", "b", 41))._fold
    slot = fold.state.tracks.find(5, fold.state.estate.stores.of("s1"))
    assert fold.state.tracks.level_dbm[slot] == -60
    assert fold.state.estate.profiles.names[fold.state.tracks.profile[slot]] == "ibeacon"
