"""Voids and amends: what an event is in the end depends on the set of its corrections, not on the order in which all of it came."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from gateway.fold.unmet import MET_WITHIN_S
from gateway.identity.facts import Mention, Revoke
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
    told = [record._replace(pos=pos, received_ns=story.now_ns + pos) for pos, record in enumerate(told, 1)]
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
