"""A gateway whose state is new or older than its agents' receipts knows up to when its stores' history is not its own."""

from __future__ import annotations

import json

from footfall.frames import Kind
from footfall.topics import Topic
from gateway.accept.accept import Acceptor
from gateway.accept.outcome import Outcome
from gateway.records import RecordKind
from tests.support.accept_inputs import NOW, TOPIC, Memory, S, acceptor, body, frame

LOST = NOW - 60 * S
"""The last receipt of the state that is gone."""


def said(outcome: Outcome) -> list[tuple[str, int]]:
    return [(entry.store, json.loads(entry.body)["until_ns"]) for entry in outcome.entries if entry.kind == RecordKind.HISTORY]


def hello(accept: Acceptor, received_ns: int = NOW, **more: object) -> list[tuple[str, int]]:
    return said(accept.frame(TOPIC, frame(0, b"", **more), received_ns))


def test_a_state_that_is_new_is_reported_at_the_first_message_of_an_agent() -> None:
    assert hello(acceptor(), receipted=9, receipted_ns=LOST) == [("s1", LOST)]


def test_it_comes_before_the_rows_and_only_once_while_they_are_sent_again() -> None:
    """The agent hears receipts of this gateway meanwhile: those prove nothing about the other one."""
    accept = acceptor()
    first = accept.frame(TOPIC, frame(1, body(Kind.STAY), receipted=9, receipted_ns=LOST), NOW)
    assert [entry.kind for entry in first.entries] == [RecordKind.HISTORY, RecordKind.FRAME]
    for seq in range(2, 9):
        more = {"receipted": 9, "receipted_ns": NOW + seq * S}
        assert not said(accept.frame(TOPIC, frame(seq, body(Kind.STAY, first_row=seq), **more), NOW + seq * S + 1))
    assert not hello(accept, NOW + 20 * S, epoch="older", receipted=30, receipted_ns=NOW + 19 * S)


def test_a_later_loss_that_another_agent_reports_grows_the_span() -> None:
    accept = acceptor()
    hello(accept, receipted=9, receipted_ns=LOST)
    payload = frame(0, b"", agent="till", epoch="t", receipted=3, receipted_ns=LOST + 5 * S)
    assert said(accept.frame(Topic("s1", "till", "frames"), payload, NOW)) == [("s1", LOST + 5 * S)]
    payload = frame(0, b"", agent="till", epoch="u", receipted=3, receipted_ns=LOST + 2 * S)
    assert said(accept.frame(Topic("s1", "till", "frames"), payload, NOW)) == []


def test_a_state_put_back_from_a_backup_reports_up_to_when_it_is_not_whole() -> None:
    memory = Memory()
    accept = acceptor(memory)
    accept.frame(TOPIC, frame(1, body(Kind.STAY)), LOST - 600 * S)
    memory.absences.append((LOST - 600 * S, NOW - S))
    assert hello(acceptor(memory), receipted=7, receipted_ns=LOST) == [("s1", LOST)]


def test_a_gateway_that_was_restarted_only_reports_nothing() -> None:
    memory = Memory()
    acceptor(memory).frame(TOPIC, frame(1, body(Kind.STAY)), NOW)
    memory.absences.append((NOW, NOW + 600 * S))
    assert hello(acceptor(memory), NOW + 601 * S, receipted=1, receipted_ns=NOW) == []


def test_frames_that_another_gateway_took_meanwhile_are_no_loss_of_this_one() -> None:
    memory = Memory()
    acceptor(memory).frame(TOPIC, frame(1, body(Kind.STAY)), NOW)
    memory.absences.append((NOW - 900 * S, NOW - 600 * S))
    assert hello(acceptor(memory), NOW + 20 * S, receipted=5, receipted_ns=NOW + 19 * S) == []


def test_a_state_put_back_knows_so_also_where_a_clock_that_was_ahead_had_set_the_time() -> None:
    """The highest time that an agent ever heard has not come: when the receipt was given, nobody knows, but before this gateway began."""
    memory = Memory()
    acceptor(memory).frame(TOPIC, frame(1, body(Kind.STAY)), LOST - 600 * S)
    memory.absences.append((LOST - 600 * S, NOW - S))
    assert hello(acceptor(memory), receipted=7, receipted_ns=NOW + 86_400 * S) == [("s1", NOW - S)]


def test_a_gateway_that_has_all_that_was_receipted_reports_nothing_whatever_its_clock_once_showed() -> None:
    memory = Memory()
    acceptor(memory).frame(TOPIC, frame(1, body(Kind.STAY)), NOW)
    memory.absences.append((NOW, NOW + 600 * S))
    assert hello(acceptor(memory), NOW + 601 * S, receipted=1, receipted_ns=NOW + 86_400 * S) == []


def test_a_stranger_proves_nothing_about_a_store() -> None:
    payload = frame(1, body(Kind.STAY), agent="nobody", receipted=9, receipted_ns=LOST)
    assert said(acceptor().frame(Topic("s1", "nobody", "frames"), payload, NOW)) == []


def test_no_clock_of_an_agent_s_memory_reaches_beyond_now() -> None:
    assert hello(acceptor(), receipted=9, receipted_ns=NOW + 86_400 * S) == [("s1", NOW)]
