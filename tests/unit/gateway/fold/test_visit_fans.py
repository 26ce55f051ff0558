"""A visit is its fan's as of its opening; one during which the fan withdraws consent is nobody's, whatever is known first."""

from __future__ import annotations

import pytest

from gateway.fold import zone_rules
from gateway.fold.link_index import LinkIndex
from gateway.identity.facts import Span, Standing
from gateway.state.ledger import Ledger
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import IDLE_S, Shop, seen

EVER_S = 10.0**8
WITHDRAWN = ((0, 150, "fan-1"), (150, EVER_S, ""))
WHILE_IT_GOES_ON = ((0, 150, "fan-1"), (150, 300, ""), (300, EVER_S, "fan-1"))


def day(shop: Shop) -> Shop:
    """Ben is heard from 100 to 500 s; another visit ended long before."""
    return shop.hear(*(seen("ben", "a", at_s) for at_s in (100, 160, 220, 280, 340, 400, 460, 500))).close()


@pytest.mark.parametrize("spans", [WITHDRAWN, WHILE_IT_GOES_ON])
def test_a_visit_during_which_its_fan_withdraws_is_nobody_s_in_whatever_order_it_is_known(
    spans: tuple[tuple[float, float, str], ...],
) -> None:
    before = day(Shop().stands("ben", *spans))
    after = day(Shop().stands("ben", (0, EVER_S, "fan-1"))).stands("ben", *spans)
    for shop in (before, after):
        assert [(visit.fan, visit.begin_s, visit.seconds) for visit in shop.standing()] == [("", 100, 400)]
        assert shop.minute(100).get("known_open", 0) == shop.minute(400).get("known_open", 0) == 0
    assert before.dwells() == after.dwells()
    assert before.minute(100) == after.minute(100)


def test_it_is_so_at_once_while_the_visit_goes_on() -> None:
    shop = Shop().stands("ben", *WITHDRAWN).hear(seen("ben", "a", 100), seen("ben", "a", 140))
    assert [visit.fan for visit in shop.visits()] == ["fan-1"]
    shop.hear(seen("ben", "a", 160))
    assert [(visit.fan, visit.is_open) for visit in shop.visits()] == [("", True)]
    assert [visit.fan for visit in Shop().hear(seen("ben", "a", 100), seen("ben", "a", 160)).stands("ben", *WITHDRAWN).visits()] == [""]


@pytest.mark.parametrize("few", [0, 10**9])
@pytest.mark.parametrize("step_s", [5, 40])
def test_so_it_is_of_rows_that_are_taken_as_columns(monkeypatch: pytest.MonkeyPatch, few: int, step_s: int) -> None:
    monkeypatch.setattr(zone_rules, "FEW", few)
    shop = Shop().stands("ben", *WITHDRAWN).hear(*(seen("ben", "a", at_s) for at_s in range(100, 145, step_s)))
    assert [visit.fan for visit in shop.visits()] == ["fan-1"]
    shop.hear(*(seen("ben", "a", at_s) for at_s in range(149, 170, 4)))
    assert [visit.fan for visit in shop.visits()] == [""]


def test_visits_before_and_after_are_as_they_were() -> None:
    withdrawn_s = 100 + 2 * IDLE_S
    shop = Shop().stands("ben", (0, withdrawn_s, "fan-1"), (withdrawn_s, withdrawn_s + 60, ""), (withdrawn_s + 60, EVER_S, "fan-1"))
    shop.hear(seen("ben", "a", 100)).close().hear(seen("ben", "a", 100 + 5 * IDLE_S)).close()
    assert [visit.fan for visit in shop.visits()] == ["fan-1", "fan-1"]


def test_a_consent_that_is_granted_after_all_gives_the_visit_back() -> None:
    shop = day(Shop().stands("ben", *WITHDRAWN)).stands("ben", (0, EVER_S, "fan-1"))
    assert [visit.fan for visit in shop.visits()] == ["fan-1"]


def test_evidence_that_begins_the_visit_earlier_within_a_withdrawal_makes_it_nobody_s() -> None:
    shop = Shop().stands("ben", (0, 80, "fan-1"), (80, 110, ""), (110, EVER_S, "fan-1")).hear(seen("ben", "a", 120), seen("ann", "a", 150))
    shop.late(seen("ben", "a", 100, agent="y")).close()
    assert [(visit.fan, visit.begin_s) for visit in shop.standing() if visit.who == "ben"] == [("", 100)]


def test_two_devices_of_whom_one_is_heard_after_the_withdrawal() -> None:
    shop = Shop().stands("ann", *WITHDRAWN).stands("ben", *WITHDRAWN)
    shop.hear(seen("ann", "a", 100), seen("ben", "a", 110), seen("ann", "a", 140), seen("ben", "a", 170)).close()
    assert {(visit.who, visit.fan) for visit in shop.standing()} == {("ann", "fan-1"), ("ben", "")}


@pytest.mark.parametrize("store", [MemoryStore(), Ledger(":memory:")])
def test_who_withdrew_is_known_after_a_restart(store: MemoryStore | Ledger) -> None:
    spans = (Span(0, 150, "fan-1"), Span(150, 300, ""))
    LinkIndex(store).add([Standing(f"{9:016x}", 1, spans), Standing(f"{8:016x}", 1, spans[:1]), Standing("fan:fan-1", 1, spans)])
    assert LinkIndex(store).withdrawn == {9}
