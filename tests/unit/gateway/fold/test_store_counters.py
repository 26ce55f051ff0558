"""Counters of stores as of now: sums of the day so far, and up to when all is known. `tests/property` holds the sums to the rows."""

from __future__ import annotations

import json

from footfall.frames import Kind
from gateway.fold.fold import Fold
from gateway.fold.store_counters import LatestCounters
from gateway.records import RecordKind
from tests.support.journal_stories import MINUTE, T0, Row, Story, new_fold, pairs, site_of
from tests.support.memory_fold_store import MemoryStore
from tests.support.shop_stories import Shop, seen

COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 4, "out": 1}


def counted(fold: Fold) -> dict[str, LatestCounters]:
    return {each.store: each for each in fold.counters.take()}


def folded(story: Story) -> Fold:
    fold = new_fold()
    fold.apply(pairs(story.wait(2).tick().records))
    return fold


def moved(story: Story, site_json: str) -> Story:
    return story.add(RecordKind.SITE, site_json.encode())


def test_a_store_of_plain_events_alone_is_known_up_to_the_latest() -> None:
    found = counted(folded(Story().wait(10).event(0, COUNT)))
    assert {*found} == {"s1"}, "s2 was never heard"
    mine = found["s1"]
    assert (mine.as_of_ns, mine.day, mine.today["in"], mine.today["occupancy"]) == (T0 + 10 * 10**9, "2026-05-29", 4, 3)
    assert (mine.time_ns, mine.fields["in"]) == (T0 // MINUTE * MINUTE, 4)


def test_a_store_is_known_up_to_the_agent_that_reported_least() -> None:
    story = Story().frame(0, []).frame(1, []).wait(20).frame(0, []).event(0, COUNT).wait(5).frame(1, [], lag_s=9)
    assert counted(folded(story))["s1"].as_of_ns == T0 + 16 * 10**9


def test_a_store_without_a_row_has_no_minute_and_nobody() -> None:
    mine = counted(folded(Story().frame(0, []).frame(1, []).wait(20).frame(0, []).frame(1, [])))["s1"]
    assert (mine.time_ns, mine.fields, {*mine.today.values()}) == (0, {}, {0})


def test_zones_have_those_who_are_there_and_those_who_probably_are() -> None:
    shop = Shop().hear(*[seen(who, "a", at, sightings=5) for at in range(30) for who in ("ann", "ben", "clerk")])
    assert shop.crowds() == {"a": {"decided": 2, "probable": 2}}, "the clerk is staff"
    shop.hear(seen("ann", "b", 40, dbm=-50))
    assert shop.crowds() == {"a": {"decided": 2, "probable": 1}, "b": {"decided": 0, "probable": 1}}
    assert shop.close().crowds() == {}


def test_it_changes_once_a_minute_though_nothing_happens() -> None:
    fold, story = new_fold(), Story().frame(0, []).frame(1, [])
    fold.apply(pairs(story.wait(30).tick().records))
    fold.counters.take()
    changes = []
    for _ in range(8):
        before = len(story.records)
        story.wait(30).frame(0, []).frame(1, []).wait(2).tick()
        fold.apply(pairs(story.records[before:]))
        changes += [(store, each.as_of_ns or 0) for store, each in counted(fold).items()]
    assert [store for store, _ in changes] == ["s1"] * 5, "of eight times in 284 s from second 40 on"
    assert len({as_of_ns // MINUTE for _, as_of_ns in changes}) == 5


def test_a_void_takes_its_count_back() -> None:
    story = Story().event(0, COUNT).wait(70).event(0, {"kind": "void", "id": "v1", "of": "c1", "reason": "wrong", "actor": "kim"})
    assert {*counted(folded(story))["s1"].today.values()} == {0}


def test_people_who_are_still_there_are_open_as_of_the_last_whole_minute() -> None:
    story = Story().frame(0, []).frame(1, []).wait(1).frame(0, [Row(Kind.ENTER, 100)])
    for _ in range(4):
        story.wait(30).frame(0, [Row(Kind.STAY, 100)]).frame(1, [])
    mine = counted(folded(story))["s1"]
    assert (mine.today["visits_started"], mine.today["visits_open"], mine.today["visits_closed"]) == (1, 1, 0)
    gone = counted(folded(story.end(1.0)))["s1"]
    assert (gone.today["visits_started"], gone.today["visits_open"], gone.today["visits_closed"]) == (1, 0, 1)
    assert gone.fields["visits_open"] == 1, "the latest minute that has a row is long past"


def test_what_another_gateway_made_is_not_counted_and_since_when_is_stated() -> None:
    story = Story().event(0, COUNT).wait(130)
    story.add(RecordKind.HISTORY, json.dumps({"until_ns": story.now_ns}).encode(), "s1")
    until_ns = story.now_ns
    for agent in (0, 1):
        story.frame(agent, [])
    story.wait(70).event(0, COUNT | {"id": "c2", "in": 7})
    mine = counted(folded(story))["s1"]
    assert (mine.today["in"], mine.since_ns) == (7, (until_ns // MINUTE + 1) * MINUTE)


def test_another_time_zone_makes_another_day_whose_minutes_are_added_up() -> None:
    story = Story().event(0, COUNT).wait(8_000)
    here, there = site_of().model_dump_json(), "America/St_Johns"
    assert counted(folded(moved(story, here)))["s1"].today["in"] == 4
    mine = counted(folded(moved(story, here.replace("Asia/Shanghai", there))))["s1"]
    assert (mine.day, mine.today["in"]) == ("2026-05-28", 4)
    mine = counted(folded(moved(story, here.replace("Asia/Shanghai", "Asia/Tokyo").replace("04:00:00", "06:00:00"))))["s1"]
    assert (mine.day, mine.today["in"]) == ("2026-05-29", 0), "it was counted at 05:26, the day before"


def test_after_a_restart_every_store_is_to_be_published_with_the_same_counters() -> None:
    ledger = MemoryStore()
    fold = new_fold(ledger)
    fold.apply(pairs(Story().event(0, COUNT).frame(2, []).wait(20).frame(2, []).wait(2).tick().records))
    before = counted(fold)
    assert {*before} == {"s1", "s2"}
    assert counted(fold) == {}
    fold.checkpoint({})
    again = new_fold(ledger)
    again.load(dict(fold.parts()))
    assert counted(again) == before
