"""Which segments are one visit: touches of the fan bridge a silence in which its device was not heard."""

from __future__ import annotations

from typing import Final

import pytest

from gateway.fold.fan_touches import VOUCHES
from gateway.fold.store import TouchRow
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import IDLE_S, Shop, seen

BACK_S = IDLE_S + 100


def bridged(what: str, fan: str = "fan-1", at_s: float = 200) -> Shop:
    """Heard, then silent for longer than the timeout with a touch in between, then heard again."""
    shop = Shop().link("ann", "fan-1").hear(seen("ann", "a", 0), seen("ann", "a", 20)).wait(at_s - 20)
    shop.touch(what, fan=fan, amount=20.0 if what == "transaction" else 0.0)
    return shop.hear(seen("ann", "a", BACK_S), seen("ann", "a", BACK_S + 30))


@pytest.mark.parametrize("what", ["try_on", "scan", "transaction"])
def test_a_touch_of_the_fan_in_the_silence_keeps_a_visit_one(what: str) -> None:
    (visit,) = bridged(what).close().standing()
    assert (visit.begin_s, visit.seconds, visit.touches, visit.entries) == (0, BACK_S + 30, 1, 1)
    assert what in VOUCHES


def test_what_may_come_from_anywhere_and_others_touches_bridge_nothing() -> None:
    assert len(bridged("voucher").close().standing()) == 2
    assert len(bridged("transaction", fan="fan-2").close().standing()) == 2


def test_a_touch_that_is_taken_back_bridges_no_more() -> None:
    shop = bridged("transaction").close()
    assert len(shop.standing()) == 1
    assert [(visit.begin_s, visit.seconds) for visit in shop.void("t1").standing()] == [(0, 20), (BACK_S, 30)]


def test_touches_bridge_from_one_to_the_next_and_all_fall_apart_without_the_first() -> None:
    far_s = 2 * IDLE_S + 150
    shop = Shop().link("ann", "fan-1").hear(seen("ann", "a", 0), seen("ann", "a", 20)).wait(250)
    shop.touch("try_on", fan="fan-1", event_id="t1").wait(IDLE_S - 10).touch("transaction", fan="fan-1", amount=1.0, event_id="t2")
    shop.hear(seen("ann", "a", far_s), seen("ann", "a", far_s + 30)).close()
    assert [visit.begin_s for visit in shop.standing()] == [0]
    assert [visit.begin_s for visit in shop.void("t1").standing()] == [0, far_s]


def test_a_link_that_comes_later_bridges_all_the_same() -> None:
    shop = Shop().hear(seen("ann", "a", 0), seen("ann", "a", 20)).wait(180).touch("scan", fan="fan-1")
    shop.hear(seen("ann", "a", BACK_S), seen("ann", "a", BACK_S + 30)).close()
    assert len(shop.standing()) == 2
    assert len(shop.link("ann", "fan-1").standing()) == 1


def test_a_touch_alone_makes_no_visit_and_none_lasts_longer_for_it() -> None:
    assert Shop().touch("transaction", fan="fan-1", amount=1.0).close().visits() == []
    (visit,) = (
        Shop().link("ann", "fan-1").hear(seen("ann", "a", 0), seen("ann", "a", 20)).wait(100).touch("scan", fan="fan-1").close().visits()
    )
    assert visit.seconds == 20


OUTCOMES: Final = 4
"""So often the outcome of a day is worked out at most in what these tests play, a few hours; each time it reads a touch twice at most."""


class CountingStore(MemoryStore):
    """Counts the touches that are read by fan."""

    read = 0

    def touches_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[TouchRow]:
        rows = super().touches_of_fan(fan, store, from_ns, to_ns)
        self.read += len(rows)
        return rows


def sales(shop: Shop, number: int) -> Shop:
    """A sale of the fan every 100 s."""
    for n in range(number):
        shop.wait(100).touch("transaction", fan="fan-1", amount=1.0, event_id=f"sale-{n}")
    return shop


def test_touches_of_a_fan_without_a_device_are_read_for_outcomes_alone_once_an_hour() -> None:
    kept, number = CountingStore(), 60
    assert sales(Shop(kept), number).close().visits() == []
    assert kept.read <= OUTCOMES * number


def test_each_touch_of_a_long_chain_is_read_a_few_times_at_most_and_bridges_all_the_same() -> None:
    kept, number = CountingStore(), 120
    shop = sales(Shop(kept).link("ann", "fan-1").hear(seen("ann", "a", 0), seen("ann", "a", 20)), number)
    assert kept.read < (3 + OUTCOMES) * number
    end_s = number * 100 + 100
    (visit,) = shop.hear(seen("ann", "a", end_s)).close().standing()
    assert (visit.begin_s, visit.seconds, visit.touches) == (0, end_s, number)
    assert kept.read < 15 * number


def test_the_sales_of_a_fan_who_is_heard_all_day_are_read_once() -> None:
    kept, number = CountingStore(), 120
    shop = Shop(kept).link("ann", "fan-1").hear(seen("ann", "a", 0))
    for n in range(number):
        shop.wait(30).hear(seen("ann", "a", 30 * n + 20)).touch("transaction", fan="fan-1", amount=1.0, event_id=f"sale-{n}")
    (visit,) = shop.close().standing()
    assert visit.touches == number
    assert kept.read <= (1 + OUTCOMES) * number


def test_a_sale_before_the_device_is_heard_again_reads_the_chain_once() -> None:
    kept, number = CountingStore(), 120
    shop = sales(Shop(kept).link("ann", "fan-1").hear(seen("ann", "a", 0)), number)
    shop.hear(seen("ann", "a", number * 100 + 100))
    before = kept.read
    shop.touch("transaction", fan="fan-1", amount=1.0)
    assert kept.read - before < 4 * number


def test_a_late_touch_that_closes_a_gap_in_a_chain_makes_one_visit() -> None:
    shop = Shop().link("ann", "fan-1").hear(seen("ann", "a", 0)).wait(250).touch("scan", fan="fan-1")
    shop.wait(IDLE_S + 200).touch("scan", fan="fan-1").hear(seen("ann", "a", 1000)).close()
    assert [visit.begin_s for visit in shop.standing()] == [0, 1000]
