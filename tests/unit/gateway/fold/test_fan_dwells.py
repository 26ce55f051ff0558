"""Dwells of one fan's several devices: one stay of a zone's minutes."""

from __future__ import annotations

import msgpack
import pytest

from gateway.fold.fan_dwells import FanDwells
from gateway.fold.store import DwellRow
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import Seen, Shop, seen


def day(shop: Shop, zone: str = "a") -> dict[str, float]:
    """What the zone's minutes count of the first ten minutes, added up."""
    minutes = [shop.minute(60 * minute, zone) for minute in range(10)]
    return {
        name: round(sum(cell.get(name, 0) for cell in minutes)) for name in ("entries", "exits", "present", "known_present", "dwell_sum_s")
    }


TOGETHER = (
    seen("ann", "a", 0),
    seen("ben", "a", 10),
    seen("ann", "a", 50),
    seen("ann", "a", 90),
    seen("ben", "a", 55),
    seen("ben", "a", 110),
)
ONE_STAY = {"entries": 1, "exits": 1, "present": 2, "known_present": 2, "dwell_sum_s": 110}
TWO_STAYS = {"entries": 2, "exits": 2, "present": 4, "known_present": 0, "dwell_sum_s": 190}


def test_two_devices_of_one_fan_in_a_zone_are_one_stay_and_one_who_is_present() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1").hear(*TOGETHER).close()
    assert day(shop) == ONE_STAY
    assert [dwell.seconds for dwell in shop.dwells()] == [90, 100]  # each device has its own row


def test_while_they_are_there_they_are_one_who_is_present() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1").hear(*TOGETHER).wait(5)
    assert day(shop) == ONE_STAY | {"exits": 0, "dwell_sum_s": 0}


def test_devices_of_nobody_and_of_two_fans_are_two_stays() -> None:
    assert day(Shop().hear(*TOGETHER).close()) == TWO_STAYS
    assert day(Shop().link("ann", "fan-1").link("ben", "fan-2").hear(*TOGETHER).close()) == TWO_STAYS | {"known_present": 4}


def test_a_link_that_comes_hours_later_makes_their_stays_one_and_one_that_is_taken_back_two_again() -> None:
    shop = Shop().hear(*TOGETHER).wait(3 * 3600).link("ann", "fan-1").link("ben", "fan-1", confidence=0.5)
    assert day(shop) == ONE_STAY
    assert day(shop.link("ben", "fan-2", confidence=0.9)) == TWO_STAYS | {"known_present": 4}


def test_devices_that_are_in_a_zone_one_after_the_other_are_two_stays() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    shop.hear(seen("ann", "a", 0), seen("ann", "a", 20), seen("ben", "a", 30), seen("ben", "a", 50)).close()
    assert day(shop) == {"entries": 2, "exits": 2, "present": 2, "known_present": 2, "dwell_sum_s": 40}


def test_a_third_device_that_overlaps_both_makes_one_stay_of_two() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1").link("cat", "fan-1")
    shop.hear(
        seen("ann", "a", 0), seen("ann", "a", 20), seen("ben", "a", 30), seen("ben", "a", 50), seen("cat", "a", 10), seen("cat", "a", 40)
    )
    assert day(shop.close()) == {"entries": 1, "exits": 1, "present": 1, "known_present": 1, "dwell_sum_s": 50}


def test_one_who_stays_while_the_other_moves_on_is_in_both_zones() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    shop.hear(
        seen("ann", "a", 0), seen("ben", "a", 0), seen("ann", "a", 40), seen("ben", "b", 30, dbm=-40), seen("ben", "b", 45, dbm=-40)
    ).close()
    assert day(shop) == {"entries": 1, "exits": 1, "present": 1, "known_present": 1, "dwell_sum_s": 40}
    assert day(shop, "b")["entries"] == 1


def test_a_dwell_within_one_of_the_other_device_elsewhere_is_no_stay_once_it_is_over() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1")
    story = elsewhere_for_a_while()
    shop.hear(*[row for row in story if row.at_s < 40])
    assert (day(shop)["entries"], day(shop, "b")["entries"]) == (1, 1)
    shop.hear(*[row for row in story if row.at_s >= 40]).close()
    assert day(shop) == {"entries": 1, "exits": 1, "present": 2, "known_present": 2, "dwell_sum_s": 90}
    assert set(day(shop, "b").values()) == {0}
    assert [dwell.zone for dwell in shop.dwells()] == ["a", "a", "b", "a"]  # each device has its rows


def test_a_link_that_is_taken_back_makes_it_one_again() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1", confidence=0.5).hear(*elsewhere_for_a_while()).close()
    assert day(shop, "b")["entries"] == 0
    assert day(shop.link("ben", "fan-2", confidence=0.9), "b")["entries"] == 1


def test_a_device_heard_in_a_late_frame_takes_back_what_the_other_one_counts_elsewhere() -> None:
    shop = Shop().link("ann", "fan-1").link("ben", "fan-1").hear(*[row for row in elsewhere_for_a_while() if row.who == "ben"]).wait(3600)
    assert day(shop, "b")["entries"] == 1
    shop.late(*[seen("ann", "a", at_s, agent="y") for at_s in range(0, 95, 5)]).wait(3600)
    assert (day(shop)["entries"], set(day(shop, "b").values())) == (1, {0})


def test_what_an_earlier_release_counted_elsewhere_counts_on(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = MemoryStore()
    shop = Shop(memory).link("ann", "fan-1").link("ben", "fan-1").hear(*[row for row in elsewhere_for_a_while() if row.at_s < 40])
    shop._fold.checkpoint({})
    values = msgpack.unpackb(memory.kept["state"]["fold"], strict_map_key=False)
    del values["state"]["one_place_from_ns"]
    upgraded = shop._fold.fresh(memory)
    upgraded.load(memory.state() | {"fold": msgpack.packb(values)})
    monkeypatch.setattr(shop, "_fold", upgraded)
    shop.hear(*[row for row in elsewhere_for_a_while() if row.at_s >= 40]).close()
    assert (day(shop)["entries"], day(shop, "b")["entries"], day(shop, "b")["exits"]) == (1, 1, 1)


def elsewhere_for_a_while() -> list[Seen]:
    """Ann's device is in `a` for 90 s, and Ben's is so but for some seconds in `b`."""
    ann = [seen("ann", "a", at_s) for at_s in range(0, 95, 5)]
    ben = [seen("ben", "a", at_s) for at_s in range(5, 85, 5)]
    beside = [seen("ben", "b", at_s, dbm=-40 if at_s < 45 else -90) for at_s in range(21, 66, 5)]
    return sorted([*ann, *ben, *beside], key=lambda row: row.at_s)


def test_what_an_earlier_release_counted_one_by_one_it_ends_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = MemoryStore()
    shop = Shop(memory).link("ann", "fan-1").link("ben", "fan-1")
    with monkeypatch.context() as patch:
        patch.setattr(FanDwells, "is_shared", lambda self, *dwell: False)
        assert day(shop.hear(*TOGETHER))["entries"] == 2
        shop._fold.checkpoint({})
    values = msgpack.unpackb(memory.kept["state"]["fold"], strict_map_key=False)
    del values["state"]["fan_dwells_from_ns"]
    upgraded = shop._fold.fresh(memory)
    upgraded.load(memory.state() | {"fold": msgpack.packb(values)})
    monkeypatch.setattr(shop, "_fold", upgraded)
    assert day(shop.close()) == TWO_STAYS | {"known_present": 4}
    later = [seen(who, "b", 3600 + at_s) for who, at_s in (("ann", 0), ("ben", 10), ("ann", 50), ("ben", 55))]
    assert shop.hear(*later).close().minute(3600, "b")["entries"] == 1


def test_a_device_heard_for_the_first_time_in_a_late_frame_counts_from_then_on() -> None:
    shop = Shop().link("ann", "fan-1", confidence=0.5).link("ben", "fan-1")
    shop.hear(seen("ann", "a", 0), seen("ann", "a", 50), seen("ann", "a", 90)).wait(3 * 3600)
    assert day(shop)["entries"] == 1
    shop.late(*[seen("ben", "a", at_s, agent="y") for at_s in (10, 60, 110)]).wait(3 * 3600)
    assert day(shop) == ONE_STAY
    assert day(shop.link("ann", "fan-2", confidence=0.9)) == TWO_STAYS | {"known_present": 4}


def test_a_card_that_is_never_heard_costs_no_look_up_a_minute() -> None:
    memory = Counting()
    shop = Shop(memory).link("ann", "fan-1").link("ben", "fan-1")
    shop.hear(*[seen("ann", "a", 30 * n) for n in range(20)]).close()
    assert day(shop)["present"] == 10
    assert memory.look_ups == []


class Counting(MemoryStore):
    """Counts how often the dwells of a span are looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.look_ups: list[str] = []

    def dwells(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        self.look_ups.append(subject)
        return super().dwells(subject, store, from_ns, to_ns)
