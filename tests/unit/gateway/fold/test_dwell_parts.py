"""A dwell during which its subject passes from one to another ends there, and another begins; nothing else cuts one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from footfall.frames import Kind
from gateway.fold.dwell_fans import ALWAYS
from gateway.fold.rebuilt import dwells_of_rows
from gateway.state.ledger import Ledger
from tests.support.journal_stories import T0, Link, Row, S, Story, expected_zone_traffic, new_fold, of, pairs, store, stored_minutes
from tests.support.shop_stories import IDLE_S, PEOPLE, Seen, Shop, left, seen

EVER_S = 10.0**8
Told = list[tuple[str, str, float, float]]
Hand = Callable[..., Shop]


def told(shop: Shop) -> Told:
    """Where dwells that stand are, whose, when they begin, and how long they last; the minutes count these."""
    found = [(dwell.zone, dwell.fan, dwell.begin_s, dwell.seconds) for dwell in shop.dwells()]
    assert stored_minutes(shop.rows, "zone_traffic") == expected_zone_traffic(shop.rows)
    return found


def stay(who: str, zone: str, from_s: int, to_s: int, dbm: int = -60) -> list[Seen]:
    return [seen(who, zone, at_s, dbm) for at_s in range(from_s, to_s + 1, 30)]


def own(shop: Shop, *spans: tuple[float, float, str]) -> Shop:
    """A beacon is one member's, then another's: it ends with no visit, so nothing but its handovers cuts."""
    return shop.stands("ben", *spans)


def lend(shop: Shop, *spans: tuple[float, float, str], ends: Sequence[float] = ()) -> Shop:
    """Tags are lent: spans that begin at `ends` have a return that somebody stated."""
    return shop.stands("ben", *spans, lent=[each[0] for each in spans if each[0] not in ends], given_back=ends)


HANDED = (90.0, 400.0, "fan-1"), (400.0, EVER_S, "fan-2")
TWO = [("a", "fan-1", 100.0, 300.0), ("a", "fan-2", 400.0, 300.0)]


@pytest.mark.parametrize("hand", [own, lend])
def test_whenever_a_handover_becomes_known_the_dwell_is_cut_there(hand: Hand) -> None:
    rows = stay("ben", "a", 100, 700)
    before, meanwhile, after = hand(Shop(), *HANDED), hand(Shop().hear(*rows[:15]), *HANDED), hand(Shop().hear(*rows).close(), *HANDED)
    hours_later = hand(Shop().hear(*rows).wait(3 * 3600), *HANDED)
    assert told(before.hear(*rows).close()) == told(meanwhile.hear(*rows[15:]).close()) == told(after) == told(hours_later) == TWO


@pytest.mark.parametrize("hand", [own, lend])
def test_the_dwell_that_goes_on_is_the_next_one_s_from_the_handover_on(hand: Hand) -> None:
    shop = hand(Shop(), *HANDED).hear(*stay("ben", "a", 100, 430))
    assert [(dwell.fan, dwell.begin_s, dwell.is_open) for dwell in shop.dwells()] == [("fan-1", 100, False), ("fan-2", 400, True)]
    assert shop.minute(430, "a") == {"present": 1, "known_present": 1}


def test_a_handover_that_is_taken_back_was_none_and_one_that_was_at_another_time_moves() -> None:
    for is_over in (True, False):
        shop = lend(Shop().hear(*stay("ben", "a", 100, 700)), *HANDED)
        if is_over:
            shop.close()
        lend(shop, (90, 550, "fan-1"), (550, EVER_S, "fan-2"))
        assert [(dwell.fan, dwell.begin_s) for dwell in shop.dwells()] == [("fan-1", 100), ("fan-2", 550)]
        assert told(lend(shop, (90, EVER_S, "fan-1")).close()) == [("a", "fan-1", 100.0, 600.0)]


def test_between_its_return_and_the_next_handover_it_is_nobody_known_s() -> None:
    shop = lend(Shop().hear(*stay("ben", "a", 100, 700)).close(), (90, 300, "fan-1"), (500, 600, "fan-2"), ends=[90, 500])
    parts = [("a", "fan-1", 100.0, 200.0), ("a", "", 300.0, 200.0), ("a", "fan-2", 500.0, 100.0), ("a", "", 600.0, 100.0)]
    assert told(shop) == parts


def test_lent_to_the_same_fan_again_it_is_one_dwell() -> None:
    shop = lend(Shop().hear(*stay("ben", "a", 100, 700)).close(), (90, 400, "fan-1"), (400, EVER_S, "fan-1"))
    assert told(shop) == [("a", "fan-1", 100.0, 600.0)]


@pytest.mark.parametrize("is_known_before", [True, False])
def test_who_withdraws_consent_has_the_dwell_until_then_and_again_since_it_is_granted(is_known_before: bool) -> None:
    rows, spans = stay("ben", "a", 100, 700), ((90.0, 300.0, "fan-1"), (300.0, 550.0, ""), (550.0, EVER_S, "fan-1"))
    shop = own(Shop(), *spans).hear(*rows).close() if is_known_before else own(Shop().hear(*rows).close(), *spans)
    assert told(shop) == [("a", "fan-1", 100.0, 200.0), ("a", "", 300.0, 250.0), ("a", "fan-1", 550.0, 150.0)]
    assert [visit.fan for visit in shop.standing()] == [""]


def test_a_member_s_beacon_handed_to_somebody_without_consent_is_the_member_s_until_then() -> None:
    shop = own(Shop().hear(*stay("ben", "a", 100, 700)).close(), (90, 400, "fan-1"), (400, EVER_S, ""))
    assert told(shop) == [("a", "fan-1", 100.0, 300.0), ("a", "", 400.0, 300.0)]


def test_a_dwell_of_the_staff_is_not_cut_and_one_outside_is() -> None:
    for who, zone, dwells in (("clerk", "a", 1), ("ben", "street", 2)):
        assert len(told(Shop().stands(who, *HANDED, lent=[90, 400]).hear(*stay(who, zone, 100, 700)).close())) == dwells


def test_a_zone_that_is_decided_to_have_changed_before_a_handover_that_was_reached_already() -> None:
    """Where the subject was does not follow from whose it was: changes are stamped back by two seconds."""
    rows = [*stay("ben", "a", 100, 400), seen("ben", "a", 420.5), *[seen("ben", "b", at_s, -40) for at_s in (421, 423, 425, 430, 440, 470)]]
    handed = (90.0, 420.0, "fan-1"), (420.0, EVER_S, "fan-2")
    known, late = own(Shop().calibrate(), *handed), Shop().calibrate()
    for row in rows:
        known, late = known.hear(row), late.hear(row)
    found = [told(known.close()), told(own(late.close(), *handed))]
    assert found[0] == found[1] == [("a", "fan-1", 100.0, 316.0), ("b", "fan-1", 419.0, 1.0), ("b", "fan-2", 420.0, 50.0)]


def test_what_comes_at_once_after_an_outage_is_cut_in_each_of_its_zones() -> None:
    shop = own(Shop(), HANDED[0], (400, 600, "fan-2"), (600, EVER_S, "fan-3")).hear(seen("ann", "a", 90)).wait(700)
    shop.late(*stay("ben", "a", 100, 520), *stay("ben", "b", 550, 700, -40)).close()
    assert [each for each in told(shop) if each[1]] == [
        ("a", "fan-1", 100.0, 300.0), ("a", "fan-2", 400.0, 120.0), ("b", "fan-2", 550.0, 50.0), ("b", "fan-3", 600.0, 100.0),
    ]  # fmt: skip


@pytest.mark.parametrize("known_before", [True, False])
def test_an_exit_that_comes_late_lengthens_the_dwell_before_over_a_handover(known_before: bool) -> None:
    handed = (90.0, 405.0, "fan-1"), (405.0, EVER_S, "fan-2")
    shop = own(Shop(), *handed) if known_before else Shop()
    shop.hear(*stay("ben", "a", 100, 400), *stay("ben", "b", 420, 600, -40)).late(left("ben", "a", 415)).close()
    if not known_before:
        own(shop, *handed)
    assert told(shop)[:2] == [("a", "fan-1", 100.0, 305.0), ("a", "fan-2", 405.0, 10.0)]


def test_what_another_device_of_the_fan_counts_for_it_counts_for_that_part_alone() -> None:
    """Ben's tag is fan-1's, as Ann's beacon is, and then fan-2's: until then both are one stay."""
    rows = [*stay("ben", "a", 100, 700), *stay("ann", "a", 110, 500)]
    for shop in (
        lend(Shop().link("ann", "fan-1"), *HANDED).hear(*rows).close(),
        lend(Shop().link("ann", "fan-1").hear(*rows).close(), *HANDED),
    ):
        assert [each for each in told(shop) if each[1] == "fan-2"] == TWO[1:]
        assert shop.total("entries", "a") == shop.total("dwells", "a") == 2


def test_a_restart_goes_on_with_the_part() -> None:
    shop = lend(Shop(), *HANDED).hear(*stay("ben", "a", 100, 490)).checkpoint()
    assert told(shop.hear(*stay("ben", "a", 520, 700)).wait(2 * IDLE_S)) == TWO


def test_a_rebuild_compares_a_dwell_that_was_cut_as_a_whole_one() -> None:
    found = []
    for spans in ((), HANDED):
        ledger = Ledger(":memory:")
        lend(Shop(ledger).hear(*stay("ben", "a", 100, 700)).close(), *spans).checkpoint()
        rows = ledger.dwells_touching(f"{PEOPLE['ben']:016x}", *ALWAYS)
        found.append((len(rows), dwells_of_rows(rows)))
    assert [parts for parts, _ in found] == [1, 2]
    assert found[0][1] == found[1][1]


def test_while_an_arrival_is_awaited_a_dwell_is_cut_between_batches_too() -> None:
    """A second is a batch. In the one in which the beacon reaches its handover a look settles what was heard, long before its end."""
    handed_ns, ben, fan = T0 + 30 * S, PEOPLE["ben"], 100
    spans = ((f"{ben:016x}", "fan-1", 0, handed_ns), (f"{ben:016x}", "fan-2", handed_ns, 1 << 62), (f"{fan:016x}", "fan-3", 0, 1 << 62))
    story = Story().links([Link(*span, "crm", 1.0) for span in spans]).frame(0, []).frame(1, [])
    for at_s in (5, 10, 15, 20, 25):
        story.wait(at_s - (story.now_ns - T0) / S).frame(0, [Row(Kind.STAY, ben)]).frame(1, [])
    story.wait(29 - (story.now_ns - T0) / S).frame(0, [Row(Kind.ENTER, fan)]).frame(1, [])
    story.wait(32 - (story.now_ns - T0) / S).frame(0, [Row(Kind.STAY, ben)]).wait(0.1).frame(0, []).frame(1, []).wait(0.3).tick()
    fold, rows = new_fold(), {}
    store(fold.apply(pairs(story.records)), rows)
    found = [(row["fan"], row["open"]) for row in of(rows, "dwell") if row["subject"] == f"{ben:016x}"]
    assert found == [("fan-1", False), ("fan-2", True)]
