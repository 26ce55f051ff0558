"""Goods: what is emitted of an item, by hand; and of ten thousand in one store."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from dataclasses import replace
from typing import Any

import msgpack
import numpy as np
import pytest

from footfall.frames import COLUMNS, Body, Kind, encode_body
from gateway.fold.state_version import READ_VERSIONS, STATE_VERSION
from gateway.records import Record, RecordKind
from gateway.state.ledger import Ledger
from tests.support import journal_stories as made
from tests.support.journal_stories import GOODS, Row, S, Story, folded, goods, new_fold, of, pairs, store
from tests.support.whole import small_or_whole

SHIRT, SHOE, COAT = list(GOODS)[:3]
A, FITTING, STREET, WINDOW = 0, 1, 2, 4  # places of agent 0; agent 1 has the first two the other way round


def row(kind: Kind, place: int, rssi_dbm: int = -60, subject: int = SHIRT, age_s: float = 0.0, sku: str = "sku-1") -> Row:
    extra = () if kind == Kind.STAY else goods(subject, sku)
    return Row(kind, subject, place, age_s, rssi_dbm, profile=5, extra=extra)


def story() -> Story:
    """All agents are there."""
    told = Story()
    for agent in range(3):
        told.frame(agent, [])
    return told


def heard(told: Story, *rows: Row, wait_s: float = 1.0, agent: int = 0) -> Story:
    """A frame of one agent, and signs of life of the others."""
    told.wait(wait_s).frame(agent, rows)
    for other in {0, 1, 2} - {agent}:
        told.frame(other, [])
    return told


def said(told: Story, *columns: str) -> list[tuple[Any, ...]]:
    """Of every item point in the order of time, as it happened."""
    order = ("arrived", "moved", "tried", "left")
    rows = sorted(of(folded(told.end().records), "item"), key=lambda item: (item["time_ns"] // 10**6, order.index(item["kind"])))
    return [tuple(item[name] for name in columns or ("kind", "from_zone", "zone", "seconds")) for item in rows]


def test_an_item_arrives_moves_is_tried_and_leaves() -> None:
    told = heard(story(), row(Kind.ENTER, A))
    for _ in range(3):
        heard(told, row(Kind.STAY, A), wait_s=5)
    heard(told, row(Kind.EXIT, A), wait_s=2)
    heard(told, row(Kind.ENTER, FITTING), wait_s=3)
    for _ in range(4):
        heard(told, row(Kind.STAY, FITTING), wait_s=5)
    heard(told, row(Kind.EXIT, FITTING))
    heard(told, row(Kind.ENTER, A), wait_s=4)
    heard(told, row(Kind.EXIT, A), wait_s=2)
    assert said(told) == [
        ("arrived", "", "a", 0.0),
        ("moved", "a", "b", 17.0),
        ("tried", "a", "b", 21.0),
        ("moved", "b", "a", 21.0),
        ("left", "b", "a", 47.0),
    ]
    assert set(said(told, "epc", "sku", "agent", "store")) == {("epc-1", "sku-1", "x", "s1")}


def test_too_short_a_time_in_the_fitting_room_is_no_try() -> None:
    told = heard(heard(story(), row(Kind.ENTER, FITTING)), row(Kind.EXIT, FITTING), wait_s=9.9)
    assert [kind for (kind,) in said(told, "kind")] == ["arrived", "left"]
    told = heard(heard(story(), row(Kind.ENTER, FITTING)), row(Kind.EXIT, FITTING), wait_s=10)
    assert [kind for (kind,) in said(told, "kind")] == ["arrived", "tried", "left"]


def test_the_same_item_read_by_two_antennas_is_one_that_moves_when_the_other_is_stronger() -> None:
    told = heard(story(), row(Kind.ENTER, A, -55), row(Kind.ENTER, FITTING, -70))
    for _ in range(40):  # the second agent calls zone b the first of its places
        heard(told, row(Kind.STAY, A, -55), wait_s=0.5)
        heard(told, row(Kind.STAY, 0, -70), agent=1, wait_s=0.5)
    heard(told, row(Kind.STAY, 0, -45), agent=1)
    heard(told, row(Kind.STAY, 0, -45), agent=1)
    heard(told, row(Kind.STAY, A, -68))
    assert [kind for kind, *_ in said(told)] == ["arrived", "moved", "left"]


def test_one_stray_read_by_another_antenna_is_no_move_however_strong() -> None:
    told = heard(story(), row(Kind.ENTER, A, -65))
    for _ in range(10):
        heard(told, row(Kind.STAY, A, -65), wait_s=2)
    heard(told, row(Kind.ENTER, FITTING, -45))
    heard(told, row(Kind.STAY, A, -65))
    assert [kind for kind, *_ in said(told)] == ["arrived", "left"]


def test_antennas_that_flicker_are_no_moves() -> None:
    """A thousand times the one, then the other is louder, by less than the margin of 6 dB."""
    told = heard(story(), row(Kind.ENTER, A), row(Kind.ENTER, FITTING))
    for n in range(1000):
        heard(told, row(Kind.STAY, A, -60 + 5 * (n % 2)), row(Kind.STAY, FITTING, -55 - 5 * (n % 2)), wait_s=2)
    assert [kind for kind, *_ in said(told)] == ["arrived", "left"]


def moves(told: Story) -> list[tuple[str, str, int]]:
    """(from zone, zone, seconds since the story began)"""
    found = said(told, "kind", "from_zone", "zone", "time_ns")
    return [(a, b, round((time_ns - told.records[1].received_ns) / S)) for kind, a, b, time_ns in found if kind == "moved"]


def test_what_is_carried_away_has_moved_when_the_other_zone_first_heard_it() -> None:
    """Alike loud, and long before the next STAY: the EXIT means that it hangs there no more."""
    told = heard(heard(story(), row(Kind.ENTER, A)), row(Kind.STAY, A), wait_s=30)
    heard(told, row(Kind.ENTER, FITTING), row(Kind.STAY, FITTING), wait_s=4)
    heard(told, row(Kind.EXIT, A, age_s=7), wait_s=6)
    assert moves(told) == [("a", "b", 35)]


def test_what_two_zones_heard_has_moved_when_the_first_heard_it_last() -> None:
    told = heard(heard(story(), row(Kind.ENTER, A)), row(Kind.ENTER, FITTING, -62), wait_s=30)
    heard(told, row(Kind.EXIT, A, age_s=5), wait_s=20)
    heard(told, row(Kind.STAY, FITTING, -62), wait_s=20)
    assert moves(told) == [("a", "b", 46)]


def test_a_stray_antenna_gets_nothing_that_it_did_not_hear_afterwards() -> None:
    told = heard(heard(story(), row(Kind.ENTER, A)), row(Kind.ENTER, FITTING, -70), wait_s=30)
    heard(told, row(Kind.EXIT, A, age_s=5), wait_s=20)
    heard(told, row(Kind.EXIT, FITTING, -70, age_s=30), wait_s=20)
    assert said(told) == [("arrived", "", "a", 0.0), ("left", "", "a", 45.0)]


@pytest.mark.parametrize(("fitting_dbm", "window_dbm", "zone"), [(-70, -64, "w"), (-64, -70, "b")])
def test_of_several_zones_the_strongest_has_it(fitting_dbm: int, window_dbm: int, zone: str) -> None:
    told = heard(heard(story(), row(Kind.ENTER, A)), row(Kind.ENTER, FITTING, fitting_dbm), row(Kind.ENTER, WINDOW, window_dbm), wait_s=30)
    heard(told, row(Kind.STAY, FITTING, fitting_dbm), row(Kind.STAY, WINDOW, window_dbm), wait_s=5)
    heard(told, row(Kind.EXIT, A, age_s=12), wait_s=6)
    assert moves(told) == [("a", zone, 31)]


def test_what_is_heard_outside_is_not_in_the_store() -> None:
    assert said(heard(heard(story(), row(Kind.ENTER, STREET)), row(Kind.EXIT, STREET), wait_s=40)) == []


def test_an_item_without_a_name_is_counted_and_known_as_soon_as_it_is_named() -> None:
    told = heard(heard(story(), row(Kind.STAY, A)), row(Kind.STAY, A))
    named = replace(row(Kind.STAY, A), extra=goods(SHIRT, ""))
    heard(heard(told, named, row(Kind.STAY, A), wait_s=3600), wait_s=10)
    heard(heard(told, wait_s=10), row(Kind.EXIT, A, sku="sku-2"), wait_s=10)
    fold = new_fold()
    rows = store(fold.apply(pairs(told.end().records)), {})
    assert [(item["kind"], item["sku"]) for item in of(rows, "item")] == [("arrived", ""), ("left", "sku-2")]
    assert fold.state.counts["item_rows_unnamed_total"] == 2


def test_under_another_key_it_is_the_same_item() -> None:
    """Its subject changes with the key of the day; two agents may be under different ones for a while."""
    other = next(subject for subject in GOODS if subject != SHIRT and GOODS[subject] == GOODS[SHIRT])
    told = heard(story(), row(Kind.ENTER, A))
    heard(told, row(Kind.ENTER, 1, subject=other), agent=1)
    for subject, agent in ((SHIRT, 0), (other, 1)) * 4:
        heard(told, row(Kind.STAY, agent, subject=subject), agent=agent, wait_s=20)
    assert said(told) == [("arrived", "", "a", 0.0), ("left", "", "a", 161.0)]


def test_nothing_leaves_while_the_agent_that_reads_it_is_away() -> None:
    """Its backlog shows that the item was there all the time. The other agents go on."""
    told = heard(story(), row(Kind.ENTER, A))
    for _ in range(40):
        told.wait(60).frame(1, []).frame(2, [])
    for minute in range(40, 0, -1):
        told.frame(0, [row(Kind.STAY, A)], lag_s=60 * minute - 30)
    heard(told, row(Kind.EXIT, A))
    assert [kind for kind, *_ in said(told)] == ["arrived", "left"]


def test_an_agent_that_stays_away_for_a_day_is_not_waited_for() -> None:
    told, fold, rows, done = heard(story(), row(Kind.ENTER, A)), new_fold(), {}, 0
    for hour in range(26):
        for _ in range(59):  # the gateway is there all the time
            told.wait(60).tick()
        told.wait(60).frame(1, []).frame(2, []).wait(6).tick()
        store(fold.apply(pairs(told.records[done:])), rows)
        done = len(told.records)
        kinds = [item["kind"] for item in of(rows, "item")]
        assert kinds == (["arrived"] if hour < 23 else ["arrived", "left"]), hour


def test_it_comes_again_after_it_left() -> None:
    told = heard(heard(story(), row(Kind.ENTER, A)), row(Kind.EXIT, A), wait_s=30)
    heard(heard(told, row(Kind.ENTER, FITTING), wait_s=1000), row(Kind.EXIT, FITTING), wait_s=5)
    assert said(told) == [("arrived", "", "a", 0.0), ("left", "", "a", 30.0), ("arrived", "", "b", 0.0), ("left", "", "b", 5.0)]


def test_assets_are_no_goods() -> None:
    told = heard(story(), row(Kind.ENTER, A), row(Kind.ENTER, A, subject=SHOE))
    fold = new_fold()
    fold.apply(pairs(told.records[:1]))
    fold.state.assets = frozenset({SHIRT})
    rows = store(fold.apply(pairs(told.end().records[1:])), {})
    assert {item["epc"] for item in of(rows, "item")} == {GOODS[SHOE]}


def test_forgotten_items_leave_nothing_behind() -> None:
    fold = new_fold()
    fold.apply(pairs(heard(story(), row(Kind.ENTER, A), row(Kind.ENTER, A, subject=COAT)).records))
    stock = fold._item_events.table
    assert len(stock) == 2
    told = heard(story(), row(Kind.ENTER, A), row(Kind.ENTER, A, subject=COAT)).end()
    fold = new_fold()
    fold.apply(pairs(told.records))
    stock = fold._item_events.table
    assert (len(stock), stock.slot_of(0, SHIRT), stock.by_subject) == (0, -1, {})


def test_a_state_of_before_there_were_items_is_read() -> None:
    told, ledger = heard(story()), Ledger(":memory:")
    fold = new_fold(ledger)
    fold.apply(pairs(told.records))
    fold.checkpoint({})
    old = {name: value for name, value in ledger.state().items() if not name.startswith("items")}
    old["fold"] = old["fold"].replace(b"\xa7version" + bytes([STATE_VERSION]), b"\xa7version\x01")
    assert (STATE_VERSION, READ_VERSIONS) == (6, (1, 2, 3, 4, 5, 6))
    fold = new_fold(ledger)
    fold.load(old)
    more = heard(told, row(Kind.ENTER, A)).end().records[fold.pos :]
    assert [item["kind"] for item in of(store(fold.apply(pairs(more)), {}), "item")] == ["arrived", "left"]


def test_rows_that_wait_in_a_state_of_before_rows_waited_with_names_are_about_their_items() -> None:
    told = story().wait(5).frame(0, [row(Kind.ENTER, A), row(Kind.STAY, A)])
    ledger = Ledger(":memory:")
    fold = new_fold(ledger)
    fold.apply(pairs(told.records))
    fold.checkpoint({})
    parts = dict(ledger.state())
    n = len(parts["items.waiting.kind"])
    assert n == 2
    slot = fold._item_events.table.expect(0, 0, GOODS[SHIRT])
    for name in ("items.waiting.mention", "items.waiting.profile", "items.stock.heard_ns", "items.stock.found"):
        del parts[name]
    parts["items.waiting.slot"] = np.full(n, slot, np.int32).tobytes()
    parts["items"] = msgpack.packb(n)
    old = new_fold(ledger)
    old.load(parts)
    rows = store(old.apply(pairs(told.end().records[fold.pos :])), {})
    assert sorted(item["kind"] for item in of(rows, "item")) == ["arrived", "left"]


# Thousands

TAGS = small_or_whole(2_000, 10_000)
ZONES = ("a", "b", "street", "d")


def frame(kind: Kind, made_s: float, number: int, first_row: int, tags: np.ndarray[Any, Any], zones: np.ndarray[Any, Any]) -> Record:
    n = len(tags)
    columns = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items()}
    columns["kind"][:], columns["t_boot_ns"][:], columns["rssi_dbm"][:] = kind, round(made_s * S) + np.arange(n), -60
    columns["subject"][:], columns["zone"][:], columns["profile"][:], columns["count"][:] = tags, zones, 5, 1
    extra = {} if kind == Kind.STAY else {i: {"epc": f"{tag:024x}", "sku": f"sku-{tag % 50}"} for i, tag in enumerate(tags.tolist())}
    body = Body("boot", round((made_s + 0.5) * S), 0, True, first_row, 1, ZONES, made.PROFILES, extra=extra, **columns)
    received_ns = made.T0 + round((made_s + 0.6) * S)
    return Record(number, received_ns, RecordKind.FRAME, "s1", "x", number, made.T0, 0, 10**6, encode_body(body))


@pytest.mark.no_cover  # the same lines thousands of times
def test_thousands_of_garments_in_a_store_never_open_a_visit() -> None:
    """All arrive, hang for some minutes, one in a hundred goes to the fitting room, and in the evening all are gone."""
    site = Story().records[0]
    tags, records, row_number = np.arange(1, TAGS + 1), [site], 0
    tried = tags % 100 == 0

    def say(kind: Kind, made_s: float, which: np.ndarray[Any, Any], zone: int) -> None:
        nonlocal row_number
        records.append(frame(kind, made_s, len(records) + 1, row_number, tags[which], np.full(int(which.sum()), zone)))
        row_number += int(which.sum())

    every = np.ones(TAGS, np.bool_)
    say(Kind.ENTER, 1, every, A)
    for second in range(6, 200, 48):
        say(Kind.STAY, second, every, A)
    say(Kind.EXIT, 200, tried, A)
    say(Kind.ENTER, 205, tried, FITTING)
    for second in range(210, 240, 10):
        say(Kind.STAY, second, ~tried, A)
        say(Kind.STAY, second + 0.1, tried, FITTING)
    say(Kind.EXIT, 240, tried, FITTING)
    say(Kind.EXIT, 241, ~tried, A)
    for second in range(300, 900, 60):
        say(Kind.STAY, second, ~every, A)

    decoded, fold, rows = pairs(records), new_fold(), {}
    tracemalloc.start()
    for pair in decoded:
        store((points for points in fold.apply([pair]) if points.measurement != "presence"), rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = of(rows, "item")
    assert Counter(item["kind"] for item in found) == {"arrived": TAGS, "moved": TAGS // 100, "tried": TAGS // 100, "left": TAGS}
    tries = {(item["from_zone"], item["zone"], item["seconds"]) for item in found if item["kind"] == "tried"}
    assert tries == {("a", "b", 35.0)}
    assert {item["seconds"] for item in found if item["kind"] == "left"} == {239.0, 240.0}
    assert len({item["epc"] for item in found}) == TAGS
    assert {name for name, *_ in rows} == {"item", "store", "coverage"}
    assert len(fold.state.tracks) == 0
    assert peak < 4000 * TAGS, f"{peak / TAGS:.0f} bytes a garment, with what is said of it"


def test_columns_and_rows_agree_about_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty rows at a time under two antennas whose levels cross: taken as columns, or one by one."""
    rng, told = np.random.default_rng(7), story()
    subjects = list(GOODS)
    for _ in range(200):
        rows = [row(Kind(kind), int(place), int(level), subjects[int(which)]) for kind, place, level, which in
                zip(rng.integers(1, 4, 20), rng.integers(0, 2, 20), rng.integers(-75, -50, 20), rng.integers(0, len(subjects), 20),
                    strict=True)]  # fmt: skip
        heard(told, *rows, wait_s=float(rng.choice([0.3, 5, 100])))
    found = []
    for few in (1, 10**9):
        monkeypatch.setattr("gateway.fold.zone_rules.FEW", few)
        found.append(sorted(said(told, "time_ns", "kind", "epc", "zone", "from_zone", "seconds")))
    assert found[0] == found[1]
    assert len(found[0]) > 50


def test_an_item_that_was_there_before_our_history_began_does_not_arrive_again() -> None:
    """Its agent sends again from the middle of its stay: what it was before, another gateway has stored."""
    told = story()
    named = replace(row(Kind.STAY, A), extra=goods(SHIRT))
    lag_s = 500.0
    told.wait(lag_s).add(RecordKind.HISTORY, json.dumps({"until_ns": told.now_ns - 300 * S}).encode(), "s1", "x")
    for _ in range(12):
        told.frame(0, [named], lag_s)
        lag_s -= 40
    heard(told, named)
    assert said(told, "kind", "zone") == [("left", "a")]


def test_an_item_that_came_since_arrives_as_ever() -> None:
    told = story()
    told.wait(100).add(RecordKind.HISTORY, json.dumps({"until_ns": told.now_ns}).encode(), "s1", "x")
    heard(heard(told, row(Kind.STAY, A)), replace(row(Kind.STAY, A), extra=goods(SHIRT)))
    assert [kind for kind, *_ in said(told)] == ["arrived", "left"]


# What is over by a row's place is over, whether the fold had looked in between or not


def made_at(told: Story, made_s: float, *rows: Row) -> Story:
    """A frame of agent 0, made so many seconds after the story began."""
    return told.frame(0, rows, (told.now_ns - made.T0) / S - made_s)


def looked_at(first: tuple[float, Row, float], *late: Row, looks: bool) -> list[tuple[Any, ...]]:
    """Return what is emitted of a row, heard and reported by a frame at these seconds, and of rows of the frame that follows at once.

    The watermark stands where the first frame was made. If the fold looks, it works out there what has left, before the other frame.
    """
    at_s, row_of, made_s = first
    told = story().wait(3000).frame(1, []).frame(2, [])
    made_at(told, made_s, replace(row_of, age_s=made_s - at_s))
    if looks:
        told.wait(6).tick().wait(6).tick()
    made_at(told, made_s + 0.01, *late)
    return said(told, "kind", "sku", "seconds")


@pytest.mark.parametrize("looks", [True, False])
def test_an_exit_names_no_item_whose_arrival_was_settled_before_it_was_reported(looks: bool) -> None:
    found = looked_at((30, replace(row(Kind.ENTER, A), count=2), 50), row(Kind.EXIT, A, age_s=10, sku="sku-2"), looks=looks)
    assert found == [("arrived", "sku-1", 0.0), ("left", "sku-2", 10.01)]


@pytest.mark.parametrize("looks", [True, False])
def test_an_exit_that_comes_after_its_item_has_left_changes_nothing(looks: bool) -> None:
    """The timeout is 120 s, a STAY comes every 60 s, and 15 s are for the EXIT itself."""
    in_time = looked_at((2, row(Kind.ENTER, A), 196), row(Kind.EXIT, A, age_s=16), looks=looks)
    assert in_time == [("arrived", "sku-1", 0.0), ("left", "sku-1", 178.01)]
    too_late = looked_at((2, row(Kind.ENTER, A), 198), row(Kind.EXIT, A, age_s=18), looks=looks)
    assert too_late == [("arrived", "sku-1", 0.0), ("left", "sku-1", 0.0)]


@pytest.mark.parametrize("few", [1, 10**9])
@pytest.mark.parametrize("looks", [True, False])
def test_an_item_heard_before_its_place_after_it_left_comes_anew(looks: bool, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.fold.zone_rules.FEW", few)
    late = (row(Kind.STAY, A, age_s=48), row(Kind.STAY, A, age_s=47.5))
    found = looked_at((2, row(Kind.ENTER, A), 198), *late, looks=looks)
    assert [kind for kind, *_ in found] == ["arrived", "left", "arrived", "left"]


@pytest.mark.parametrize("looks", [True, False])
def test_a_name_is_forgotten_by_the_place_of_a_row_not_by_its_time(looks: bool) -> None:
    """A quarter of an hour after the timeout its slot may have been freed."""
    known = looked_at((2, row(Kind.ENTER, A), 1096), row(Kind.STAY, A, age_s=200), looks=looks)
    assert [kind for kind, *_ in known] == ["arrived", "left", "arrived", "left"]
    forgotten = looked_at((2, row(Kind.ENTER, A), 1098), row(Kind.STAY, A, age_s=200), looks=looks)
    assert [kind for kind, *_ in forgotten] == ["arrived", "left"]


@pytest.mark.parametrize("looks", [True, False])
def test_what_is_named_after_its_slot_may_have_been_freed_is_a_new_item(looks: bool) -> None:
    """Not even what was heard of it later counts then: here a row that is older than the last one."""
    found = looked_at((1000, row(Kind.ENTER, A), 2098), row(Kind.ENTER, A, age_s=1200, sku="sku-2"), looks=looks)
    assert [(kind, sku) for kind, sku, _ in found] == [("arrived", "sku-2"), ("left", "sku-2"), ("arrived", "sku-1"), ("left", "sku-1")]


def test_a_backlog_later_than_the_watermark_is_one_stay_and_arrives_where_it_was_loudest() -> None:
    """Its rows stand where their own agent had got: at the watermark of the others the item would leave after each of them."""
    told = story()
    for _ in range(60):
        told.wait(60).frame(1, []).frame(2, [])
    made_at(told, 102, row(Kind.ENTER, A, -75, age_s=2), row(Kind.ENTER, WINDOW, -55))
    for made_s in range(160, 460, 60):
        made_at(told, made_s, row(Kind.STAY, WINDOW, -55), row(Kind.EXIT, A, age_s=20))
    assert said(told, "kind", "zone", "seconds") == [("arrived", "w", 0.0), ("left", "w", 300.0)]


@pytest.mark.parametrize("few", [1, 10**9])
def test_the_name_in_a_row_of_another_zone_counts_in_a_crowd_too(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.fold.zone_rules.FEW", few)
    told = heard(heard(story(), row(Kind.ENTER, A), row(Kind.ENTER, FITTING, -62)), row(Kind.STAY, A), wait_s=140)
    named = replace(row(Kind.STAY, FITTING, -62), extra=goods(SHIRT, "sku-2"))
    heard(told, row(Kind.STAY, A), named, row(Kind.STAY, A), wait_s=30)
    assert said(told, "kind", "sku") == [("arrived", "sku-1"), ("left", "sku-2")]


def test_whom_a_row_names_counts_from_its_own_time_on() -> None:
    """What came first does not matter: rows that are older than the name are about nobody."""
    found = []
    for first in (0, 1):
        told = story().wait(100)
        for agent in (first, 1 - first):
            rows = [row(Kind.STAY, A, age_s=50)] if agent else [row(Kind.ENTER, A, age_s=40), row(Kind.STAY, A, age_s=20)]
            told.wait(0.1).frame(agent, rows)
        fold = new_fold()
        rows_of = store(fold.apply(pairs(told.end().records)), {})
        found.append((of(rows_of, "item"), fold.state.counts["item_rows_unnamed_total"]))
    assert [count for _, count in found] == [1, 1]
