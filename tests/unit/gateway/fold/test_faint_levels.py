"""Who goes to a zone far off is heard ever more weakly by the one they left: that has them for as long as it heard them well."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.fold import zone_rules
from gateway.fold.usual_levels import FAINT_DB, LEAST
from tests.support.shop_stories import Seen, Shop, left, seen

KNOWN_S = 60 * LEAST + 60
"""From then on it is known how loud people are in b."""
THERE_DBM, FAINT_DBM = -45, -45 - FAINT_DB - 1


@pytest.fixture(params=[0, 10**9], ids=["as columns", "alone"], autouse=True)
def _taken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row at a time is taken as columns, or alone."""
    monkeypatch.setattr(zone_rules, "FEW", request.param)


def in_b(*levels_dbm: int, before: Sequence[Seen] = ()) -> Shop:
    """Ann, often in a and in b before, is in b; it hears her with these levels, a row every 5 s, the first at KNOWN_S."""
    shop = Shop().hear(*before)
    for turn in range(2 * LEAST):
        here, there, dbm = ("b", "a", THERE_DBM) if turn % 2 else ("a", "b", -50)
        times = (30 * turn, 30 * turn + 10, 30 * turn + 20)
        shop.hear(*[seen("ann", here, at_s, dbm=dbm) for at_s in times], *[seen("ann", there, at_s + 1, dbm=-80) for at_s in times])
    shop.hear(*[seen("ann", "b", at_s, dbm=THERE_DBM) for at_s in range(30 * 2 * LEAST, KNOWN_S, 5)])
    return shop.hear(*rows("b", KNOWN_S, *levels_dbm))


def rows(zone: str, from_s: int, *levels_dbm: int) -> list[Seen]:
    return [seen("ann", zone, from_s + 5 * turn, dbm=dbm) for turn, dbm in enumerate(levels_dbm)]


def ends_of_b(shop: Shop) -> list[float]:
    return [dwell.begin_s + dwell.seconds - KNOWN_S for dwell in shop.close().dwells() if dwell.zone == "b"]


def test_a_dwell_ends_where_its_zone_began_to_hear_its_subject_faintly_once_another_has_it() -> None:
    shop = in_b(THERE_DBM, THERE_DBM, *[FAINT_DBM] * 6).hear(*rows("w", KNOWN_S + 40, *[-35] * 6))
    assert ends_of_b(shop)[-1] == 10


def test_who_was_heard_well_since_was_there() -> None:
    shop = in_b(THERE_DBM, *[FAINT_DBM] * 3, THERE_DBM, *[FAINT_DBM] * 3).hear(*rows("w", KNOWN_S + 40, *[-35] * 6))
    assert ends_of_b(shop)[-1] == 25


def test_who_is_heard_faintly_and_goes_nowhere_else_is_there() -> None:
    shop = in_b(THERE_DBM, *[FAINT_DBM] * 7).hear(left("ann", "b", KNOWN_S + 36))
    assert ends_of_b(shop)[-1] == 36


def test_while_nothing_is_usual_nobody_is_heard_faintly() -> None:
    shop = Shop().hear(*rows("b", 0, -60, *[-90] * 7), *rows("w", 40, *[-50] * 6)).close()
    assert [dwell.seconds for dwell in shop.dwells() if dwell.zone == "b"] == [35]


def test_who_stands_as_far_off_as_others_begin_their_visits_is_there() -> None:
    """Only who goes out by the door of a wide entrance comes there from another zone, past its receiver."""
    begun = [seen(who, "b", 5 * turn, dbm=FAINT_DBM) for turn in range(4) for who in ("ben", "cat")]
    shop = in_b(THERE_DBM, THERE_DBM, *[FAINT_DBM] * 6, before=begun).hear(*rows("w", KNOWN_S + 40, *[-35] * 6))
    assert ends_of_b(shop)[-1] == 35
