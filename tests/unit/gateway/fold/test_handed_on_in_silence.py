"""What is handed on while nobody hears it, for no longer than a visit lasts over, was the fan's until then: knowing more loses nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import IDLE_S, Shop, seen

EVER_S = 10.0**8
Loan = tuple[float, float, str]
HANDED: list[Loan] = [(90, 300, "fan-1"), (300, EVER_S, "fan-2")]
"""Of a tag that is heard up to 200 s, and from 400 s on."""


def lend(shop: Shop, spans: Sequence[Loan] = HANDED, returned: Sequence[float] = ()) -> Shop:
    """Lend the tag for spans; somebody stated the return of those that begin at `returned`."""
    lent = [from_s for from_s, _, fan in spans if fan and from_s not in returned]
    return shop.stands("ben", *spans, lent=lent, given_back=returned)


def scanned(shop: Shop, *at_s: float) -> Shop:
    """The tag is scanned at some times at which nobody hears it."""
    for each in at_s:
        shop.wait(each - shop.now_s).touch("scan", "ben", event_id=f"at-{each}")
    return shop


def until_200(shop: Shop) -> Shop:
    return shop.hear(*[seen("ben", "a", at_s) for at_s in (100, 150, 200)])


def from_400(shop: Shop) -> Shop:
    return shop.hear(*[seen("ben", "a", at_s) for at_s in (400, 450)])


def told(*at_s: float, spans: Sequence[Loan] = HANDED, returned: Sequence[float] = ()) -> list[str]:
    """Return whose scans are, whether the loans are known before or only after all."""
    before = from_400(scanned(until_200(lend(Shop(), spans, returned)), *at_s)).close()
    after = lend(from_400(scanned(until_200(Shop()), *at_s)).close(), spans, returned)
    found = [[touch.fan for touch in shop.touches()] for shop in (before, after)]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    "known", ["at once", "at the handover", "once it is heard again", "when its visit is over", "when its track is gone"]
)
def test_it_is_the_first_one_s_up_to_the_handover_whenever_that_becomes_known(known: str) -> None:
    shop = until_200(lend(Shop(), HANDED if known == "at once" else [(90, EVER_S, "fan-1")]))
    scanned(shop, 250, 290, 310)
    if known == "at the handover":
        lend(shop)
    from_400(shop)
    if known == "once it is heard again":
        lend(shop)
    shop.close()
    if known == "when its visit is over":
        lend(shop)
    if known == "when its track is gone":
        lend(shop.wait(2000))
    assert [touch.fan for touch in shop.touches()] == ["fan-1", "fan-1", "fan-2"]
    assert [(visit.fan, visit.begin_s, visit.seconds) for visit in shop.standing()] == [("fan-1", 100, 100), ("fan-2", 400, 50)]
    assert {(dwell.fan, dwell.begin_s) for dwell in shop.dwells()} == {("fan-1", 100), ("fan-2", 400)}


def test_whoever_has_it_next() -> None:
    assert told(250, 310, spans=[(90, 300, "fan-1"), (300, EVER_S, "")]) == ["fan-1", ""], "somebody without consent"
    assert told(250, 310, spans=[(90, 300, "fan-1"), (300, EVER_S, "fan-1")]) == ["fan-1", "fan-1"], "the same fan"


def test_each_of_several_who_have_it_in_one_silence_has_it_up_to_the_next() -> None:
    spans = [(90.0, 230.0, "fan-1"), (230.0, 300.0, "fan-2"), (300.0, 350.0, "fan-3"), (350.0, EVER_S, "fan-4")]
    assert told(210, 240, 310, 360, spans=spans) == ["fan-1", "fan-2", "fan-3", "fan-4"]


def test_after_its_return_it_is_nobody_s() -> None:
    assert told(230, 270, 310, spans=[(90, 250, "fan-1"), HANDED[1]], returned=[90]) == ["fan-1", "", "fan-2"]


def test_who_withdrew_consent_and_granted_it_again_in_the_silence_has_it_up_to_the_handover() -> None:
    spans = [(90.0, 150.0, "fan-1"), (150.0, 250.0, ""), (250.0, 300.0, "fan-1"), HANDED[1]]
    assert told(230, 270, spans=spans) == ["", "fan-1"]


@pytest.mark.parametrize(("next_s", "fan"), [(200 + IDLE_S, "fan-1"), (201 + IDLE_S, "")])
def test_a_silence_that_ends_the_visit_ends_the_loan(next_s: float, fan: str) -> None:
    for is_known_before in (True, False):
        shop = scanned(until_200(lend(Shop()) if is_known_before else Shop()), 250).hear(seen("ben", "a", next_s)).close()
        assert [touch.fan for touch in (shop if is_known_before else lend(shop)).touches()] == [fan]


def test_late_evidence_of_the_next_one_may_lengthen_the_visit_and_so_the_first_one_s_loan() -> None:
    shop = scanned(until_200(lend(Shop())), 250).wait(320).hear(seen("ben", "a", 590)).close()
    assert [touch.fan for touch in shop.touches()] == [""]
    assert [touch.fan for touch in shop.late(seen("ben", "a", 450, agent="y")).close().touches()] == ["fan-1"]


def test_a_handover_in_the_silence_that_is_taken_back_leaves_all_with_the_first() -> None:
    shop = lend(from_400(scanned(until_200(lend(Shop())), 250, 310)).close(), [(90, EVER_S, "fan-1")])
    assert [touch.fan for touch in shop.touches()] == ["fan-1", "fan-1"]


def test_a_restart_between_goes_on_so() -> None:
    shop = scanned(until_200(lend(Shop(MemoryStore()))), 250).checkpoint()
    assert [touch.fan for touch in from_400(shop).checkpoint().close().touches()] == ["fan-1"]
