"""Voids and amends: what an event is in the end depends on the set of its corrections, not on the order in which all of it came."""

from __future__ import annotations

import hashlib
import json
from itertools import permutations
from typing import Any

import pytest

from gateway.fold.amends import TOUCH, UNFIT, amends_of, in_turn
from gateway.fold.store import CorrectionRow, TouchRow
from gateway.fold.touch_facts import amended
from gateway.fold.unmet import MET_WITHIN_S
from gateway.identity.facts import Mention, Revoke
from gateway.identity.types import IdentifierTypes
from gateway.records import Record, RecordKind
from gateway.state.ledger import Ledger
from tests.support.journal_stories import S, Story, new_fold, of, pairs, pseudonym, store
from tests.support.memory_fold_store import MemoryStore

SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 12.0, "identifiers": ["member:m1"], "ref": "r1"}
COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 3, "out": 1}


def void(of_: str, event_id: str = "v1") -> dict[str, Any]:
    return {"kind": "void", "id": event_id, "of": of_, "reason": "mistyped", "actor": "till"}


class Corrected:
    """A journal of events and corrections; amends are journaled as accept does, with the values that replace others."""

    def __init__(self) -> None:
        self.story = Story()

    def event(self, value: dict[str, Any]) -> Corrected:
        self.story.wait(1).event(0, value)
        return self

    def amend(self, of_: str, number: int, event_id: str = "", **values: Any) -> Corrected:
        """`number`: of two amends the one with the higher one is later by its own time."""
        self.event(void(of_, event_id or f"a{number}"))
        record = self.story.records[-1]
        body = json.loads(record.body) | {"kind": "amend", "set": values, "time_ns": number}
        self.story.records[-1] = record._replace(body=json.dumps(body).encode())
        return self

    def events(self) -> list[Record]:
        return [record for record in self.story.records if record.kind == RecordKind.EVENT]


def outcome(records: list[Record]) -> tuple[list[Any], set[str], dict[tuple[Any, ...], Any]]:
    """Return the touches and doors that are stored, the mentions in force, and what minutes count."""
    story = Story()
    told = [story.records[0], *records]
    told = [record._replace(pos=pos, seq=pos, received_ns=story.now_ns + pos) for pos, record in enumerate(told, 1)]
    later = told[-1]._replace(pos=len(told) + 1, kind=RecordKind.TICK, body=b"", received_ns=told[-1].received_ns + 10**10)
    fold = new_fold()
    facts: list[Any] = []

    class Recorder:
        def take(self, some: Any) -> list[Any]:
            facts.extend(some)
            return []

    fold.identity = Recorder()
    rows = store(fold.apply(pairs([*told, later, later._replace(pos=later.pos + 1, received_ns=later.received_ns + 10**10)])), {})
    revoked = {fact.of for fact in facts if isinstance(fact, Revoke)}
    stated = {
        json.dumps([[each.subject for each in fact.identifiers], fact.fan, fact.ref, fact.id])
        for fact in facts
        if isinstance(fact, Mention) and fact.id not in revoked
    }
    points = [{name: value for name, value in row.items() if name != "time_ns"} for kind in ("touch", "door") for row in of(rows, kind)]
    counted = ("in", "out", "revenue", "transactions", "returns", "touches")
    minutes = {(row["time_ns"], name): row[name] for row in of(rows, "traffic") for name in counted}
    return points, stated, minutes


def in_every_order(corrected: Corrected) -> tuple[list[Any], set[str], dict[tuple[Any, ...], Any]]:
    first, *others = [outcome(list(order)) for order in permutations(corrected.events())]
    assert all(other == first for other in others)
    return first


def test_a_void_may_come_before_its_event() -> None:
    points, stated, minutes = in_every_order(Corrected().event(SALE).event(void("t1")))
    assert [point["void"] for point in points] == [True]
    assert stated == set()
    assert set(minutes.values()) <= {0}


def test_a_void_of_a_count_may_come_before_it() -> None:
    points, _, minutes = in_every_order(Corrected().event(COUNT).event(void("c1")))
    assert [(point["in"], point["out"]) for point in points] == [(0, 0)]
    assert set(minutes.values()) <= {0}


def test_amends_apply_in_the_order_of_their_own_times() -> None:
    told = Corrected().event(SALE).amend("t1", 1, amount=10.0, staff_id="ann").amend("t1", 2, amount=9.0)
    points, stated, minutes = in_every_order(told)
    assert [(point["amount"], point["staff_id"], point["void"]) for point in points] == [(9.0, "ann", False)]
    assert sum(value for (_, name), value in minutes.items() if name == "revenue") == 9.0
    assert len(stated) == 1


def test_what_an_amended_touch_states_has_one_id_whichever_amend_came_first() -> None:
    told = Corrected().event(SALE).amend("t1", 1, fan="fan-1").amend("t1", 2, ref="r2").amend("t1", 3, amount=1.0)
    _, stated, _ = in_every_order(told)
    ((_, fan, ref, fact_id),) = map(json.loads, stated)
    assert (fan, ref, "#" in fact_id) == ("fan-1", "r2", True)
    _, as_before, _ = in_every_order(Corrected().event(SALE).amend("t1", 1, fan="fan-1").amend("t1", 2, ref="r2"))
    assert stated == as_before, "an amend of the amount states nothing"


def test_what_an_earlier_release_stated_of_an_amended_touch_keeps_its_id() -> None:
    sale = {"what": "transaction", "time_ns": 10, "subjects": [], "types": [], "fan": "", "ref": "r1", "amount": 5.0}
    amends = [CorrectionRow("t1", "s1", "till", row, "amend", row, 0, json.dumps({"id": f"a{row}", "set": values}))
              for row, values in ((7, {"ref": "r2"}), (8, {"amount": 6.0}))]  # fmt: skip
    touch = TouchRow("s1", "till", 1, 10, 10, "t1", "", "", "", 0, "")
    named = f"t1#{hashlib.blake2b(b's1/till/7', digest_size=8).hexdigest()}"
    stored = sale | {"ref": "r2", "mention": named, "was": {"ref": "r1", "mention": None}}
    assert amended(touch, stored, amends_of(TOUCH, sale, amends), IdentifierTypes())["mention"] == named
    assert amended(touch, sale, amends_of(TOUCH, sale, amends), IdentifierTypes())["mention"] not in (named, "t1")


def test_an_amend_that_was_made_first_and_journaled_last_is_the_earlier_one() -> None:
    points, _, _ = in_every_order(Corrected().event(SALE).amend("t1", 2, amount=9.0).amend("t1", 1, amount=10.0, staff_id="ann"))
    assert [(point["amount"], point["staff_id"]) for point in points] == [(9.0, "ann")]


def test_amends_of_one_moment_apply_in_the_order_of_their_ids() -> None:
    told = Corrected().event(SALE).amend("t1", 1, "a2", amount=12.0, fan="fan-2").amend("t1", 1, "a1", amount=11.0, fan="fan-1")
    points, _, _ = in_every_order(told)
    assert [(point["amount"], point["fan"]) for point in points] == [(12.0, "fan-2")]


def test_an_amended_count_is_counted_as_it_is_now() -> None:
    points, _, minutes = in_every_order(Corrected().event(COUNT).amend("c1", 1, **{"in": 5}))
    assert [(point["in"], point["out"]) for point in points] == [(5, 1)]
    assert sum(value for (_, name), value in minutes.items() if name == "in") == 5


def test_a_void_wins_over_amends() -> None:
    points, stated, minutes = in_every_order(Corrected().event(SALE).amend("t1", 5, amount=10.0, fan="fan-1").event(void("t1")))
    assert [point["void"] for point in points] == [True]
    assert (stated, set(minutes.values()) <= {0}) == (set(), True)


def test_a_void_wins_over_an_amend_that_is_later_by_its_own_time() -> None:
    points, stated, _ = in_every_order(Corrected().event(SALE).event(void("t1")).amend("t1", 1 << 62, amount=10.0))
    assert ([point["void"] for point in points], stated) == ([True], set())


def test_an_amended_reference_replaces_what_the_touch_states() -> None:
    _, stated, _ = in_every_order(Corrected().event(SALE).amend("t1", 1, ref="r2"))
    assert [ref for _, _, ref, _ in map(json.loads, stated)] == ["r2"]


def test_a_handback_that_is_amended_to_state_goods_is_their_return() -> None:
    handback = {"kind": "touch", "what": "return", "id": "t1", "identifiers": ["tag:17"]}
    points, _, minutes = in_every_order(Corrected().event(handback).amend("t1", 1, amount=9.0))
    assert [(point["what"], point["amount"], point["void"]) for point in points] == [("handback", 0.0, True), ("return", 9.0, False)]
    assert sum(value for (_, name), value in minutes.items() if name == "returns") == 1


def test_a_handback_that_is_taken_back_never_counted_as_a_return() -> None:
    handback = {"kind": "touch", "what": "return", "id": "t1", "identifiers": ["tag:17"]}
    points, _, minutes = in_every_order(Corrected().event(handback).event(void("t1")))
    assert [(point["what"], point["void"]) for point in points] == [("handback", True)]
    assert set(minutes.values()) <= {0}


def test_amends_of_who_it_was_replace_what_the_touch_states() -> None:
    other = pseudonym("member:m2")
    told = Corrected().event(SALE).amend("t1", 1, subjects=[other], types=["member"]).amend("t1", 2, fan="fan-1")
    points, stated, _ = in_every_order(told)
    assert [(point["subject"], point["fan"]) for point in points] == [(other, "fan-1")]
    ((subjects, fan, ref, _),) = map(json.loads, stated)
    assert (subjects, fan, ref) == ([other], "fan-1", "r1")


GIVEN_BACK = {"kind": "touch", "what": "return", "id": "t1", "amount": 10.0, "ref": "r1"}


def waits_of(told: Corrected, of_: str = "t1") -> list[int]:
    """Return what is kept of whether the corrections of an event wait, or do not fit it, by their ids; the same in every order."""
    found = []
    for order in permutations(told.events()):
        kept, story = MemoryStore(), Story()
        records = [story.records[0], *order]
        new_fold(kept).apply(pairs([each._replace(pos=pos, received_ns=story.now_ns + pos) for pos, each in enumerate(records, 1)]))
        of_id = next(body["of"] for each in order if "of" in (body := json.loads(each.body)) and body["of_id"] == of_)
        found.append([row.waits for row in in_turn(kept.corrections_of(of_id))])
    assert all(each == found[0] for each in found)
    return found[0]


@pytest.mark.parametrize(
    ("sent", "changes"),
    [
        (GIVEN_BACK, {"amount": -50.0}),
        (SALE, {"what": "promotion", "amount": -1.0}),
        (GIVEN_BACK, {"items": '[{"sku": "A1", "n": -1}]'}),
        (SALE, {"in": 5}),
        (SALE, {"what": "missed"}),
    ],
)
def test_an_amend_that_does_not_fit_its_event_changes_nothing_whichever_came_first(sent: dict[str, Any], changes: dict[str, Any]) -> None:
    told = Corrected().event(sent).amend("t1", 1, **changes)
    assert in_every_order(told) == in_every_order(Corrected().event(sent))
    assert waits_of(told) == [UNFIT]


def test_of_two_amends_that_do_not_fit_together_the_earlier_one_applies() -> None:
    told = Corrected().event(SALE).amend("t1", 1, what="return").amend("t1", 2, amount=-5.0)
    for order in permutations(told.events()):
        points, _, minutes = outcome(list(order))
        assert [(point["what"], point["amount"]) for point in points if not point["void"]] == [("return", 12.0)]
        assert sum(value for (_, name), value in minutes.items() if name == "revenue") == -12.0
    assert waits_of(told) == [0, UNFIT]


def test_what_does_not_fit_its_event_is_counted_once() -> None:
    told = Corrected().event(SALE).amend("t1", 1, what="return").amend("t1", 2, amount=-5.0).amend("t1", 3, fan="fan-1")
    told.event(void("v9", "v8")).event(void("t2", "v9"))
    fold = new_fold()
    fold.apply(pairs(told.story.records))
    assert fold.state.counts["corrections_unfit_total"] == 2, "the negative return, and the void of a void"


def test_an_amend_that_no_longer_fits_states_nothing_and_states_it_again_once_it_fits_again() -> None:
    told = Corrected().event(SALE).amend("t1", 3, amount=-5.0, fan="fan-1")
    for number, what, fan in ((0, "", "fan-1"), (1, "return", ""), (2, "transaction", "fan-1")):
        told = told.amend("t1", number, what=what) if what else told
        stated = [outcome(list(order))[1] for order in permutations(told.events())]
        assert [json.loads(each)[1] for each in stated[0]] == [fan]
        assert all(each == stated[0] for each in stated)


def test_an_amend_of_a_touch_does_not_fit_a_count() -> None:
    told = Corrected().event(COUNT).amend("c1", 1, amount=5.0)
    assert in_every_order(told) == in_every_order(Corrected().event(COUNT))
    assert waits_of(told, "c1") == [UNFIT]


@pytest.mark.parametrize("last", [void("t1"), {"kind": "occupancy", "id": "v1", "people": 3}])
def test_nothing_waits_for_what_nothing_takes_back(last: dict[str, Any]) -> None:
    told = Corrected().event(void("v1", "v2")).event(last)
    kept = MemoryStore()
    new_fold(kept).apply(pairs(told.story.records))
    assert [(row.of, row.waits) for row in kept.waiting_corrections()] == ([(kept_of(told, 1), 1)] if last["kind"] == "void" else [])
    assert [row.waits for row in kept.corrections_of(kept_of(told, 0))] == [UNFIT]


def kept_of(told: Corrected, nth: int) -> str:
    """Return the id of the event that a correction is of, as the ledger has it."""
    found: str = json.loads(told.events()[nth].body)["of"]
    return found


@pytest.mark.parametrize("kind", ["ledger", "memory"])
def test_what_waits_is_listed_and_outlives_a_restart(kind: str) -> None:
    kept = Ledger(":memory:") if kind == "ledger" else MemoryStore()
    told = Corrected().event(void("t1")).event(SALE)
    fold = new_fold(kept)
    *before, last = told.story.records
    fold.apply(pairs(before))
    assert [(row.kind, row.agent) for row in kept.waiting_corrections()] == [("void", "x")]
    assert fold.state.unknown_voids.recent(before[-1].received_ns + MET_WITHIN_S * S) == ["s1/x (1)"]
    fold.checkpoint({})
    again = new_fold(kept)
    again.load(kept.state())
    rows = store(again.apply(pairs([last])), {})
    assert [row["void"] for row in of(rows, "touch")] == [True]
    assert kept.waiting_corrections() == []
