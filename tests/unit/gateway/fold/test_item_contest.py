"""When goods have moved, told by hand: shelves whose antennas hear each other's tags, and walks past a portal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from footfall.frames import Kind
from gateway.state.ledger import Ledger
from tests.support.journal_stories import Row, S, Story, new_fold, of, pairs, store
from tests.unit.gateway.fold.test_item_events import FITTING, SHOE, WINDOW, A, heard, moves, row, said, story


def stay(place: int, dbm: int, count: int = 5) -> Row:
    return replace(row(Kind.STAY, place, dbm), count=count)


def lies(told: Story, a_dbm: int, b_dbm: int, minutes: int) -> Story:
    """Both antennas report every half minute."""
    for _ in range(2 * minutes):
        heard(told, stay(A, a_dbm), stay(FITTING, b_dbm), wait_s=30)
    return told


def shelf(a_dbm: int = -55, b_dbm: int = -68, minutes: int = 6) -> Story:
    """A tag that lies where the antenna of the next shelf hears it too."""
    return lies(heard(story(), row(Kind.ENTER, A, a_dbm), row(Kind.ENTER, FITTING, b_dbm)), a_dbm, b_dbm, minutes)


@pytest.mark.parametrize("usual_db", [0, 3, 6])
def test_a_tag_whose_levels_stray_does_not_move(usual_db: int) -> None:
    """For an hour, by 4 dB at each of two antennas: now and then the other one is louder by more than the margin of 6 dB."""
    rng, told = np.random.default_rng(5), heard(story(), row(Kind.ENTER, A, -60), row(Kind.ENTER, FITTING, -60 - usual_db))
    louder = 0
    for _ in range(180):
        a_dbm, b_dbm = np.rint(rng.normal([-60, -60 - usual_db], 4)).astype(int).tolist()
        louder += b_dbm > a_dbm + 6
        heard(told, stay(A, a_dbm), stay(FITTING, b_dbm), wait_s=20)
    assert louder > 1
    assert [kind for (kind,) in said(told, "kind") if kind == "moved"] == []


def test_what_is_put_on_the_other_shelf_has_moved_with_the_first_row_that_shows_it() -> None:
    told = lies(shelf(), -68, -55, 1)
    assert moves(told) == [("a", "b", 1 + 360 + 30)]


def test_what_moved_by_a_little_has_moved_once_the_minutes_show_it() -> None:
    """From 4 dB behind to 8 dB ahead is within what two levels stray by; that it lasts is not."""
    told = lies(shelf(-60, -64), -64, -56, 12)
    ((was, now, at_s),) = moves(told)
    assert (was, now) == ("a", "b")
    assert 361 + 180 <= at_s <= 361 + 600


def test_whoever_stands_before_an_antenna_moves_nothing() -> None:
    told = shelf()
    heard(told, row(Kind.EXIT, A, -55, age_s=33), stay(FITTING, -66), wait_s=40)
    heard(told, stay(FITTING, -67), wait_s=20)
    heard(told, row(Kind.ENTER, A, -56), wait_s=20)
    assert moves(lies(told, -55, -68, 2)) == []


@pytest.mark.parametrize("reads_on", [True, False])
@pytest.mark.parametrize("goes_on", [True, False])
def test_what_its_antenna_does_not_read_for_minutes_though_it_reads_others_is_where_another_reads_it(reads_on: bool, goes_on: bool) -> None:
    """An antenna that reads nothing at all is broken, and nothing has moved."""
    told = shelf()
    heard(told, row(Kind.EXIT, A, -55, age_s=33), stay(FITTING, -68), wait_s=40)
    for n in range(12):
        other = row(Kind.STAY if n else Kind.ENTER, A, -50, subject=SHOE)
        heard(told, stay(FITTING, -68), *([other] if reads_on else []), wait_s=30)
    if goes_on:
        ledger = Ledger(":memory:")
        fold = new_fold(ledger)
        rows = store(fold.apply(pairs(told.records[:-20])), {})
        fold.checkpoint({})
        again = new_fold(ledger)
        again.load(dict(ledger.state()))
        store(again.apply(pairs(told.end().records[fold.pos :])), rows)
        found = [(item["from_zone"], item["zone"]) for item in of(rows, "item") if item["kind"] == "moved"]
    else:
        found = [(was, now) for was, now, at_s in moves(told) if at_s == 361 + 40 - 33]
    assert found == ([("a", "b")] if reads_on else [])


def test_a_tag_that_is_louder_where_its_owner_fell_silent_has_moved_there() -> None:
    told = shelf()
    heard(told, stay(FITTING, -50), wait_s=4)
    heard(told, row(Kind.EXIT, A, -55, age_s=34), stay(FITTING, -50), wait_s=30)
    assert moves(told) == [("a", "b", 361)]


def test_an_agent_that_stops_moves_nothing() -> None:
    """It sends the EXIT of all at once, each with when it heard the tag last: that was the other antenna, of course, for half of them."""
    told = shelf()
    heard(told, stay(FITTING, -62), wait_s=5)
    heard(told, row(Kind.EXIT, A, -55, age_s=3), row(Kind.EXIT, FITTING, -62, age_s=1), wait_s=4)
    assert moves(told) == []


def walk(*rows: tuple[float, Row], until_s: float) -> Story:
    """Rows at seconds since the story began; then minutes until the EXITs, of which that of the portal's far side comes first."""
    told, now_s = story(), 0.0
    for at_s, each in rows:
        heard(told, each, wait_s=at_s - now_s)
        now_s = at_s
    heard(told, wait_s=until_s - now_s)
    return told


CAME = [(1.0, row(Kind.ENTER, A, -69)), (2.0, stay(A, -62, 1)), (4.0, stay(A, -50, 2)), (4.4, row(Kind.ENTER, FITTING, -61))]


def test_what_is_carried_through_a_portal_as_soon_as_it_came_has_moved() -> None:
    """Its level rose by 19 dB in three seconds: it did not lie where it was loudest in the end."""
    told = walk(*CAME, (5.4, stay(FITTING, -42, 1)), (9.0, stay(FITTING, -63, 3)), until_s=60)
    heard(told, row(Kind.EXIT, FITTING, -63, age_s=50))
    heard(told, replace(row(Kind.EXIT, A, -50, age_s=58), count=0), wait_s=2)
    assert moves(told) == [("a", "b", 5)]
    assert said(told, "kind", "zone")[0] == ("arrived", "a")


def test_one_sighting_on_the_far_side_of_a_portal_is_no_move() -> None:
    told = walk(*CAME, until_s=60)
    heard(told, row(Kind.EXIT, A, -50, age_s=57), replace(row(Kind.EXIT, FITTING, -61, age_s=56), count=0))
    assert moves(told) == []


def test_what_one_sighting_opened_arrived_where_it_is_heard_from_then_on() -> None:
    """The first was a reflection."""
    told = walk((1, row(Kind.ENTER, A, -68)), (40, row(Kind.ENTER, FITTING, -64)), (41, stay(FITTING, -62)), until_s=100)
    heard(told, stay(FITTING, -63), wait_s=1)
    heard(told, replace(row(Kind.EXIT, A, -68, age_s=122), count=0), wait_s=22)
    found = [row for row in said(told, "kind", "zone", "from_zone") if row[0] != "tried"]
    assert found == [("arrived", "b", ""), ("left", "b", "")]


def test_where_two_antennas_hear_what_came_it_arrived_is_where_it_is_louder_within_two_reports() -> None:
    told = heard(heard(story(), row(Kind.ENTER, FITTING, -60)), row(Kind.ENTER, A, -59), wait_s=3)
    heard(told, stay(FITTING, -66), wait_s=60)
    heard(told, stay(A, -54), wait_s=40)
    assert said(lies(told, -54, -66, 4), "kind", "zone")[0] == ("arrived", "a")
    assert moves(told) == []


def test_after_a_move_it_is_learned_anew_what_is_usual() -> None:
    told = lies(lies(shelf(), -68, -55, 6), -55, -68, 2)
    assert [(was, now) for was, now, _ in moves(told)] == [("a", "b"), ("b", "a")]


def test_a_third_zone_does_not_make_the_first_two_forgotten() -> None:
    told = shelf()
    for n in range(10):
        heard(told, stay(A, -55), stay(FITTING, -68), row(Kind.ENTER if n % 2 else Kind.STAY, WINDOW, -75), wait_s=20)
    assert moves(lies(told, -68, -55, 1)) == [("a", "b", 361 + 200 + 30)]


def test_a_state_of_before_other_zones_were_remembered_goes_on() -> None:
    ledger, told = Ledger(":memory:"), shelf()
    fold = new_fold(ledger)
    fold.apply(pairs(told.records))
    fold.checkpoint({})
    parts = dict(ledger.state())
    size = len(parts["items.stock.zone"]) // 4
    for name in [name for name in parts if name.startswith(("items.stock.heard_", "items.stock.usual_", "items.stock.lead_"))]:
        if name != "items.stock.heard_ns":
            del parts[name]
    del parts["items.stock.zone_key_ns"]
    parts["items.stock.level_dbm"] = np.full(size, -55, np.int16).tobytes()
    old = new_fold(ledger)
    old.load(parts)
    told = lies(lies(told, -55, -68, 3), -75, -50, 2)
    rows = of(store(old.apply(pairs(told.end().records[fold.pos :])), {}), "item")
    assert [(item["from_zone"], item["zone"], item["time_ns"] // S > 0) for item in rows if item["kind"] == "moved"] == [("a", "b", True)]
