"""Who is in a zone whose receiver fell silent: whom all others hear more weakly than those who come to them."""

from __future__ import annotations

import pytest

from footfall.frames import Kind
from gateway.fold import deaf_zones, zone_rules
from gateway.fold.usual_levels import FLOOR_DB, LEAST
from tests.support.shop_stories import Dwell, Shop, left, seen

DOWN_S = 780
"""From then on nobody is heard in a."""
KNOWN_S = DOWN_S + 60
"""From then on that is known."""
THERE_DBM, FLOOR_DBM = -45, -45 - FLOOR_DB
"""How loud people are in b when they come there, and how loud at least."""


@pytest.fixture(autouse=True)
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people are enough to know which zones hear them, and one to miss."""
    monkeypatch.setattr(deaf_zones, "LEAST_KNOWN", 2)
    monkeypatch.setattr(deaf_zones, "MISSED", 1)


def shop_without_a(ann_dbm: int, until_s: int = KNOWN_S + 300, from_s: int = DOWN_S) -> Shop:
    """Ann, often in b and in a before, is in a when its receiver fails; b, and more weakly w, hear her on."""
    shop = Shop()
    for turn in range(2 * LEAST):
        here, there, dbm = ("b", "a", THERE_DBM) if turn % 2 else ("a", "b", -50)
        times = (30 * turn, 30 * turn + 10, 30 * turn + 20)
        shop.hear(*[seen("ann", here, at_s, dbm=dbm) for at_s in times], *[seen("ann", there, at_s + 1, dbm=-80) for at_s in times])
    for at_s in range(60 * LEAST, DOWN_S, 5):
        shop.hear(seen("ann", "a", at_s, dbm=-50), seen("ann", "b", at_s + 1, dbm=-80))
    for at_s in range(from_s, until_s, 5):
        shop.hear(seen("ann", "b", at_s, dbm=ann_dbm))
    return shop


def last(shop: Shop, many: int = 1) -> list[tuple[str, float, float]]:
    """Return zone, begin and end of the last dwells."""
    return [(dwell.zone, dwell.begin_s, dwell.begin_s + dwell.seconds) for dwell in shop.close().dwells()[-many:]]


def dwells_in(shop: Shop, zone: str) -> list[Dwell]:
    return [dwell for dwell in shop.close().dwells() if dwell.zone == zone]


def test_who_was_in_a_zone_that_went_deaf_and_is_heard_weakly_elsewhere_is_there_still() -> None:
    """From before anybody knew that it is deaf, in one dwell."""
    ((zone, begin_s, end_s),) = last(shop_without_a(FLOOR_DBM - 6))
    assert (zone, begin_s < DOWN_S, end_s) == ("a", True, KNOWN_S + 295)


def test_who_is_heard_elsewhere_as_people_are_who_come_there_has_gone_there() -> None:
    assert last(shop_without_a(THERE_DBM))[0][::2] == ("b", KNOWN_S + 295)


def test_who_goes_to_a_deaf_zone_is_there_once_all_others_hear_them_weakly() -> None:
    shop = shop_without_a(THERE_DBM)
    for at_s in range(KNOWN_S + 300, KNOWN_S + 500, 5):
        shop.hear(seen("ann", "b", at_s, dbm=FLOOR_DBM - 10), seen("ann", "w", at_s + 1, dbm=FLOOR_DBM - 20))
    (_, before_s, gone_s), (zone, _, end_s) = last(shop, 2)
    assert (zone, before_s < KNOWN_S, gone_s <= KNOWN_S + 300, end_s) == ("a", True, True, KNOWN_S + 495)


def test_who_leaves_is_heard_ever_more_weakly_and_is_not_in_the_deaf_zone() -> None:
    shop = shop_without_a(THERE_DBM)
    for at_s in range(KNOWN_S + 300, KNOWN_S + 325, 5):
        shop.hear(seen("ann", "b", at_s, dbm=FLOOR_DBM - 10))
    assert last(shop.hear(left("ann", "b", KNOWN_S + 321)))[0][0] == "b"


def test_a_zone_that_hears_again_has_whom_it_hears_and_no_others() -> None:
    shop = shop_without_a(FLOOR_DBM - 6)
    for at_s in range(KNOWN_S + 300, KNOWN_S + 500, 5):
        shop.hear(seen("ann", "b", at_s, dbm=FLOOR_DBM - 6), seen("ann", "a", at_s + 1, dbm=-50))
    for at_s in range(KNOWN_S + 500, KNOWN_S + 700, 5):
        shop.hear(seen("ann", "b", at_s, dbm=THERE_DBM), seen("ann", "a", at_s + 1, dbm=-80))
    (first, _, _), (second, _, end_s) = last(shop, 2)
    assert (first, second, end_s) == ("a", "b", KNOWN_S + 695)


def test_where_nobody_knows_how_loud_people_are_in_the_zone_that_hears_them_nobody_is_supposed_elsewhere() -> None:
    shop = shop_without_a(THERE_DBM, until_s=KNOWN_S + 60)
    for at_s in range(KNOWN_S + 60, KNOWN_S + 260, 5):
        shop.hear(seen("ann", "w", at_s, dbm=-90))
    assert len(dwells_in(shop, "a")) == LEAST + 1


def test_an_exit_elsewhere_is_no_evidence_of_the_deaf_zone() -> None:
    shop = shop_without_a(FLOOR_DBM - 6)
    assert last(shop.hear(seen("ann", "b", KNOWN_S + 310, kind=Kind.EXIT, dbm=-90)))[0][2] == KNOWN_S + 295


def shop_without_a_and_b() -> Shop:
    """Neither a nor b hears anybody any more: Ann is heard in w, for minutes."""
    shop = shop_without_a(THERE_DBM, until_s=KNOWN_S + 60)
    for at_s in range(KNOWN_S + 60, KNOWN_S + 360, 5):
        shop.hear(seen("ann", "w", at_s, dbm=-90))
    return shop


@pytest.fixture(params=[0, 10**9], ids=["as columns", "alone"])
def taken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row at a time is taken as columns, or alone."""
    monkeypatch.setattr(zone_rules, "FEW", request.param)


@pytest.mark.usefixtures("taken")
def test_of_several_deaf_zones_one_that_hears_again_has_whom_it_hears_however_weakly() -> None:
    shop = shop_without_a_and_b()
    for at_s in range(KNOWN_S + 360, KNOWN_S + 420, 5):
        shop.hear(seen("ann", "w", at_s, dbm=-90), seen("ann", "b", at_s + 1, dbm=FLOOR_DBM - 10))
    assert last(shop) == [("b", KNOWN_S + 361, KNOWN_S + 416)]


@pytest.mark.usefixtures("taken")
def test_who_was_supposed_in_a_deaf_zone_for_a_moment_is_not_there_when_another_is_deaf_too() -> None:
    """Ann is heard weakly for two seconds, and then no more; Ben, in w, is heard on. So b is deaf too before she is gone."""
    began_s = KNOWN_S + 357
    shop = shop_without_a(THERE_DBM, until_s=began_s)
    shop.hear(*[seen("ann", "b", began_s + turn, dbm=FLOOR_DBM - 10) for turn in range(3)])
    for at_s in range(began_s + 8, began_s + 200, 10):
        shop.hear(seen("ben", "w", at_s, dbm=-90))
    assert shop.close().zones_of("ann")[-1] == "b"


def test_where_several_zones_were_deaf_the_one_that_is_left_has_whom_all_others_hear_weakly() -> None:
    shop = shop_without_a_and_b()
    for at_s in range(KNOWN_S + 360, KNOWN_S + 660, 5):
        shop.hear(seen("ann", "b", at_s, dbm=FLOOR_DBM - 10))
    assert last(shop)[0][::2] == ("a", KNOWN_S + 655)
