"""What is remembered of an event: enough to know another one under its id, and to show both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.accept.contents import DIGEST_BYTES, contradicts, remembered
from gateway.accept.outcome import Outcome
from tests.support.accept_inputs import EVENTS, NOW, Memory, acceptor

SALE = {"kind": "touch", "what": "transaction", "id": "t1", "amount": 10.0, "time": "2026-09-21T10:00:00Z"}
COUNT = {"kind": "count", "id": "c1", "door": "d", "in": 2}


def take(value: Any, memory: Memory) -> Outcome:
    return acceptor(memory).events(EVENTS, json.dumps(value).encode(), NOW + 10**13)


def test_both_contents_are_shown() -> None:
    memory = Memory()
    take(SALE, memory)
    (refused,) = take(SALE | {"amount": 12.0}, memory).refused
    assert "The first: " in refused.message
    assert '"amount":10.0' in refused.message
    assert '"amount":12.0' in refused.message
    assert '"time":"2026-09-21 10:00:00Z"' in refused.message


def test_where_the_words_that_are_kept_are_the_same_what_else_this_one_has_is_shown() -> None:
    for first, other, rest in (
        (SALE, SALE | {"fan": "F2"}, '{"fan":"F2"}'),
        ({"kind": "touch", "what": "service", "id": "t2", "fan": "F1"}, {"kind": "touch", "what": "service", "id": "t2"}, "{}"),
    ):
        memory = Memory()
        take(first, memory)
        (refused,) = take(other, memory).refused
        assert refused.message.endswith(f"They differ in what is not remembered in words: of that this one has {rest}.")


def test_what_an_earlier_release_kept_is_a_digest_alone() -> None:
    memory = Memory()
    take(COUNT, memory)
    memory.contents = {key: content[:DIGEST_BYTES] for key, content in memory.contents.items()}
    assert take(COUNT, memory).dropped == ("duplicate_event", 1)
    (refused,) = take(COUNT | {"in": 3}, memory).refused
    assert "The first" not in refused.message
    (known,) = memory.contents.values()
    assert remembered(known) == ({}, 0)


def test_what_nobody_remembers_contradicts_nothing() -> None:
    assert not contradicts(b"", b"12345678")
    assert not contradicts(b"12345678{}", b"12345678")
    assert contradicts(b"12345678", b"12345679")


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (COUNT | {"seconds": 60}, {"door": "d", "in": 2, "out": 0, "seconds": 60}),
        ({"kind": "occupancy", "id": "o1", "people": 0, "sensor": "left"}, {"people": 0, "counted": True, "sensor": "left"}),
        ({"kind": "void", "id": "v1", "of": "c1", "reason": "twice", "actor": "kim"}, {"of_id": "c1", "reason": "twice", "actor": "kim"}),
        (SALE | {"ref": "T-9"}, {"what": "transaction", "amount": 10.0}),
    ],
)
def test_what_was_stated_is_remembered_but_of_a_touch_a_few_words(event: dict[str, Any], kept: dict[str, Any]) -> None:
    memory = Memory()
    take(event, memory)
    (known,) = memory.contents.values()
    values = dict(remembered(known).values)
    assert values.pop("kind") == event["kind"]
    assert values.pop("time_ns") > 0
    assert values == kept
