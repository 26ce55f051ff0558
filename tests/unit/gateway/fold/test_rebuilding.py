"""Taking a day that was folded once more: what is no more is void, what is new is counted, who is still there is left as is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from footfall.frames import Kind
from gateway.fold import dwell_parts, wholes
from gateway.fold.rebuilding import REBUILD
from gateway.fold.rebuilt import CountAdjusted, CountInner, DoorMinute, RebuiltDwell, RebuiltPart, RebuiltVisit, decode, encode
from gateway.identity.facts import Span, Standing
from gateway.records import RecordKind
from gateway.site.identifier_types import IdentifierTypeEntry
from gateway.site.recorded import record_site
from tests.support import journal_stories as made
from tests.support.journal_stories import Rows, Story, new_fold, of, pairs, store

S = made.S
ANN, BEN = f"{5:016x}", f"{7:016x}"
KEY = made.T0 + 60 * S
MINUTE = KEY // made.MINUTE
PART = RebuiltPart(
    from_ns=made.T0 - 3600 * S, to_ns=made.T0 + 3600 * S, day="2026-05-29", actor="kim", reason="a door", learned_ns=7, zones=("b", "a")
)
VISIT = RebuiltVisit(ANN, KEY, "x", KEY, KEY + 90 * S, 0b11, 0, "", "")
DWELL = RebuiltDwell(ANN, "a", KEY, "x", KEY, KEY + 30 * S, 0, 90)


class Taken:
    """A fold that takes parts one after the other; `rows` is what a database has."""

    def __init__(self) -> None:
        self.story, self.fold = Story().wait(2 * 3600), new_fold()
        self.rows: Rows = {}
        self._done = 0
        self.take()

    def take(self, *parts: RebuiltPart) -> Taken:
        for part in parts:
            self.story.add(RecordKind.REBUILT, encode(part), "s1")
        self.story.wait(2).tick().wait(2).tick()
        store(self.fold.apply(pairs(self.story.records[self._done :])), self.rows)
        self._done = len(self.story.records)
        return self

    def of(self, measurement: str) -> list[dict[str, Any]]:
        return of(self.rows, measurement)

    def minutes(self, measurement: str, *names: str) -> dict[int, list[float]]:
        """By minute after the first, what is not 0 of these fields."""
        cells = made.stored_minutes(self.rows, measurement)
        found = {key[-1] - MINUTE: [cell.get(name, 0) for name in names] for key, cell in cells.items()}
        return {minute: values for minute, values in found.items() if any(values)}


def test_a_part_is_what_was_encoded() -> None:
    part = replace(PART, visits=(VISIT,), dwells=(DWELL,), subjects=(BEN,), doors=(DoorMinute(1, 2, 3),), counts=(CountInner("c", 1),))
    assert decode(encode(part)) == part


def test_parts_have_each_subject_once_and_the_doors_in_the_first() -> None:
    visits = tuple(VISIT._replace(subject=f"{number:016x}") for number in range(7))
    whole = replace(PART, visits=visits, dwells=(DWELL,), doors=(DoorMinute(1, 2, 3),), counts=(CountInner("c", 1),), subjects=(BEN,))
    parts = list(whole.in_parts(3))
    assert sorted(row for part in parts for row in part.visits) == sorted(visits)
    assert [bool(part.doors) for part in parts] == [bool(part.counts) for part in parts] == [True, False, False]
    assert [part.part for part in parts for row in (*part.visits, *part.dwells) if not part.is_of(row.subject)] == []
    assert len(list(PART.in_parts())) == 1, "a day without rows takes out what is there"


def test_what_is_new_is_stored_and_counted() -> None:
    taken = Taken().take(replace(PART, visits=(VISIT,), dwells=(DWELL,)))
    assert [(row["subject"], row["seconds"], row["zones"], row["void"]) for row in taken.of("visit")] == [(ANN, 90.0, 2, False)]
    assert [(row["zone"], row["seconds"], row["quality"]) for row in taken.of("dwell")] == [("a", 30.0, 0.9)]
    assert taken.minutes("traffic", "visits_started", "visits_open", "visits_closed") == {0: [1, 1, 0], 1: [0, 1, 0], 2: [0, 1, 1]}
    assert taken.minutes("zone_traffic", "entries", "dwells") == {0: [1, 0], 1: [0, 1]}


def test_what_is_no_more_is_void_and_not_counted() -> None:
    taken = Taken().take(replace(PART, visits=(VISIT,), dwells=(DWELL,)), PART)
    assert [(row["void"], row["merged_into"]) for row in taken.of("visit")] == [(True, "")]
    assert [row["void"] for row in taken.of("dwell")] == [True]
    assert taken.minutes("traffic", "visits_started", "visits_open", "visits_closed", "dwell_sum_s") == {}
    assert taken.minutes("zone_traffic", "entries", "present", "dwells", "dwell_sum_s") == {}


def test_a_visit_between_two_that_goes_parts_them() -> None:
    """The timeout is 300 s."""
    parts = [VISIT._replace(key_ns=KEY + at * S, start_ns=KEY + at * S, last_ns=KEY + (at + 10) * S) for at in (0, 250, 500)]
    taken = Taken().take(replace(PART, visits=tuple(parts)))
    assert [row["seconds"] for row in taken.of("visit") if not row["void"]] == [510.0]
    taken.take(replace(PART, visits=(parts[0], parts[2])))
    assert [row["seconds"] for row in taken.of("visit") if not row["void"]] == [10.0, 10.0]
    assert sum(cell.get("visits_started", 0) for cell in made.stored_minutes(taken.rows, "traffic").values()) == 2


def test_visits_and_dwells_are_their_fans_as_of_their_time() -> None:
    taken = Taken()
    taken.fold.link([Standing(ANN, 1, (Span(KEY - S, KEY + S, "fan-1"),)), Standing(BEN, 1, (Span(KEY - S, KEY + S, "fan-1"),))])
    bens = VISIT._replace(subject=BEN, agent="y"), DWELL._replace(subject=BEN, agent="y")
    taken.take(replace(PART, visits=(VISIT, bens[0]), dwells=(DWELL, bens[1])))
    assert [(row["fan"], row["void"]) for row in taken.of("visit")] == [("fan-1", False), ("fan-1", True)], "both devices' are one visit"
    assert [row["fan"] for row in taken.of("dwell")] == ["fan-1", "fan-1"]
    assert taken.minutes("zone_traffic", "entries", "known_present") == {0: [1, 1], 1: [0, 1]}, "and one stay"


def test_the_same_day_again_writes_nothing() -> None:
    part = replace(PART, visits=(VISIT,), dwells=(DWELL,), doors=(DoorMinute(MINUTE, 2, 1),))
    taken = Taken().take(part)
    before: Rows = dict(taken.rows)
    taken.rows.clear()
    taken.take(part)
    assert before
    assert taken.rows == {}


HANDED = Standing(ANN, 1, (Span(made.T0, KEY + 10 * S, "fan-1"), Span(KEY + 10 * S, 1 << 62, "fan-2")))


def dwelled(taken: Taken) -> list[tuple[str, float]]:
    return [(row["fan"], row["seconds"]) for row in sorted(taken.of("dwell"), key=lambda row: row["time_ns"]) if not row["void"]]


def test_a_dwell_that_was_cut_is_another_or_no_more_as_a_whole() -> None:
    part = replace(PART, visits=(VISIT,), dwells=(DWELL,))
    taken = Taken().take(part)
    taken.fold.link([HANDED])
    assert dwelled(taken.take()) == dwelled(taken.take(part)) == [("fan-1", 10.0), ("fan-2", 20.0)]
    assert dwelled(taken.take(replace(part, dwells=(DWELL._replace(last_ns=KEY + 40 * S),)))) == [("fan-1", 10.0), ("fan-2", 30.0)]
    assert taken.minutes("zone_traffic", "entries", "dwells", "dwell_sum_s") == {0: [2, 1, 10.0], 1: [0, 1, 30.0]}
    assert dwelled(taken.take(PART)) == []
    assert taken.minutes("zone_traffic", "entries", "present", "dwell_sum_s") == {}


def test_a_dwell_that_an_earlier_release_did_not_cut_is_cut() -> None:
    part = replace(PART, visits=(VISIT,), dwells=(DWELL,))
    taken = Taken().take(part)
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(dwell_parts, "cut_dwell", lambda whole, handovers_ns, fan_of: wholes.cut_dwell(whole, (), fan_of))
        taken.fold.link([HANDED])
        assert dwelled(taken.take()) == [("fan-1", 30.0)]
    assert dwelled(taken.take(part)) == [("fan-1", 10.0), ("fan-2", 20.0)]
    assert taken.minutes("zone_traffic", "entries", "dwells", "dwell_sum_s") == {0: [2, 1, 10.0], 1: [0, 1, 20.0]}


def test_doors_count_what_the_part_has_and_a_later_void_takes_that_back() -> None:
    taken = Taken()
    taken.story.event(0, {"kind": "count", "id": "c1", "door": "d", "in": 4, "out": 1})
    minute = taken.story.now_ns // made.MINUTE
    taken.take()
    part = replace(PART, to_ns=taken.story.now_ns + 3600 * S)
    assert taken.minutes("traffic", "in", "out") == {minute - MINUTE: [4, 1]}
    count_id = json.loads(next(record.body for record in taken.story.records if record.kind == RecordKind.EVENT))["id"]
    taken.take(replace(part, counts=(CountInner(count_id, 1),)))
    assert taken.minutes("traffic", "in", "out") == {}
    taken.story.event(0, {"kind": "void", "id": "v1", "of": "c1", "reason": "wrong", "actor": "test"})
    taken.take()
    assert taken.minutes("traffic", "in", "out") == {}, "an inner door's count took nothing"


def test_what_an_adjustment_took_off_other_minutes_comes_back_when_its_door_is_inner() -> None:
    taken, why = Taken(), {"reason": "a class", "actor": "kim"}
    taken.story.event(0, {"kind": "count", "id": "c1", "door": "d", "in": 10, "out": 0}, age_s=7200 - 60)
    taken.story.event(0, {"kind": "adjustment", "id": "j1", "door": "d", "in": -4, "out": 0, **why}, age_s=7200 - 120)
    assert taken.take().minutes("traffic", "in", "out") == {0: [6, 0]}
    ids = [json.loads(record.body)["id"] for record in taken.story.records if record.kind == RecordKind.EVENT]
    taken.take(replace(PART, counts=tuple(CountInner(each, 1) for each in ids), doors=()))
    assert taken.minutes("traffic", "in", "out") == {}


def test_an_adjustment_that_the_day_no_longer_bears_waits_until_the_missing_counts_have_come() -> None:
    """Of fifteen people twelve are taken back; then five of them passed an inner door, and two more come later."""
    taken, why = Taken(), {"reason": "a class", "actor": "kim"}
    for nth, people in enumerate((10, 5)):
        taken.story.event(0, {"kind": "count", "id": f"c{nth}", "door": "d", "in": people, "out": 0}, age_s=7200 - 60 * nth)
    taken.story.event(0, {"kind": "adjustment", "id": "j1", "door": "d", "in": -12, "out": 0, **why}, age_s=7200 - 120)
    assert sum(people for (people,) in taken.take().minutes("traffic", "in").values()) == 3
    _, inner, adjusted = (json.loads(record.body)["id"] for record in taken.story.records if record.kind == RecordKind.EVENT)
    doors = DoorMinute(made.T0 // made.MINUTE, 10, 0)
    taken.take(replace(PART, doors=(doors,), counts=(CountInner(inner, 1),), adjusted=(CountAdjusted(adjusted, 0, 0),)))
    assert sum(people for (people,) in taken.minutes("traffic", "in").values()) == 10
    assert sorted(row["in"] for row in taken.of("door")) == [0, 5, 10]
    assert set(taken.fold.state.waiting_adjustments.values()) == {"s1/d"}
    taken.story.event(0, {"kind": "count", "id": "c9", "door": "d", "in": 2, "out": 0}, age_s=7200 - 180)
    assert (taken.take().minutes("traffic", "in"), taken.fold.state.waiting_adjustments) == ({}, {})


def test_returns_are_handbacks_by_the_types_of_now() -> None:
    taken = Taken()
    taken.story.event(0, {"kind": "touch", "what": "return", "id": "t1", "identifiers": ["skis:3"]})
    minute = taken.story.now_ns // made.MINUTE
    taken.take()
    assert taken.minutes("traffic", "touches", "returns") == {minute - MINUTE: [1, 1]}
    lent = IdentifierTypeEntry.model_validate({"type": "skis", "class": "lent"})
    taken.story.add(RecordKind.SITE, record_site(made.site_of().model_copy(update={"identifier_types": (lent,)})))
    part = replace(PART, to_ns=taken.story.now_ns + 3600 * S, keeps_rows=True)
    taken.take(part, part)
    assert [(row["what"], row["void"]) for row in taken.of("touch")] == [("return", True), ("handback", False)]
    assert taken.minutes("traffic", "touches", "returns") == {minute - MINUTE: [1, 0]}


def test_what_a_minute_lacks_by_an_adjustment_is_taken_off_the_one_before_it_after_a_rebuild_too() -> None:
    taken = Taken()
    taken.story.event(0, {"kind": "count", "id": "c1", "door": "d", "in": 10, "out": 0}, age_s=7200 - 60)
    why = {"reason": "a class", "actor": "kim"}
    taken.story.event(0, {"kind": "adjustment", "id": "j1", "door": "d", "in": -4, "out": 0, **why}, age_s=7200 - 120)
    assert taken.take().minutes("traffic", "in") == {0: [6]}
    rows = dict(taken.rows)
    stated = (DoorMinute(MINUTE, 10, 0), DoorMinute(MINUTE + 1, -4, 0))
    assert taken.take(replace(PART, doors=stated)).rows == rows
    assert taken.take(replace(PART, doors=(DoorMinute(MINUTE, 9, 0), stated[1]))).minutes("traffic", "in") == {0: [5]}


def test_who_is_in_the_store_still_is_left_as_is() -> None:
    taken = Taken()
    taken.story.frame(0, []).frame(1, []).wait(20).frame(0, [made.Row(Kind.STAY, 5)]).frame(1, [])
    taken.story.wait(5).frame(0, []).frame(1, []).wait(5).frame(0, []).frame(1, [])
    taken.take()
    before = taken.of("visit")
    assert [row["open"] for row in before] == [True]
    taken.take(replace(PART, to_ns=taken.story.now_ns + 3600 * S, visits=(VISIT._replace(subject=BEN),)))
    assert [row for row in taken.of("visit") if row["subject"] == ANN] == before
    assert [row["subject"] for row in taken.of("visit") if not row["open"]] == [BEN]


def test_who_rebuilt_a_day_and_why_is_kept() -> None:
    ledger = Taken().take(PART).fold.state.ledger
    (row,) = ledger.corrections_of(f"{REBUILD}:s1/2026-05-29")
    assert (row.kind, row.store, row.time_ns, row.waits) == (REBUILD, "s1", 7, 0)
    assert '"actor": "kim"' in row.body
