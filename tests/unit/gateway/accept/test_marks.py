"""Frames in their order: taken once, rewound where one is missing, skipped where the agent's spool had to drop."""

from __future__ import annotations

import json

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.frames import Kind, encode_body
from footfall.topics import Topic
from gateway.accept.memory import Mark
from gateway.records import RecordKind
from tests.support.accept_inputs import NOW, TOPIC, Memory, S, acceptor, body, frame

STAYS = (Kind.STAY, Kind.STAY, Kind.STAY)


def test_the_next_frame_is_taken_and_receipted() -> None:
    memory = Memory()
    outcome = acceptor(memory).frame(TOPIC, frame(1, body(*STAYS)), NOW)
    assert [(entry.kind, entry.seq, entry.rows) for entry in outcome.entries] == [(RecordKind.FRAME, 1, 3)]
    assert (outcome.receipt, outcome.units_in, outcome.dropped, outcome.refused) == (("e", 1), 3, None, [])
    assert memory.mark("x", "e").seq == 1
    assert memory.mark("x", "e").next_row == 3


def test_a_frame_again_is_dropped_counted_by_rows_and_receipted_again() -> None:
    accept = acceptor()
    accept.frame(TOPIC, frame(1, body(*STAYS)), NOW)
    accept.frame(TOPIC, frame(2, body(*STAYS, first_row=3)), NOW + S)
    again = accept.frame(TOPIC, frame(1, body(*STAYS)), NOW + 400 * 86_400 * S)
    assert (again.entries, again.receipt, again.dropped, again.units_in) == ([], ("e", 2), ("duplicate", 3), 3)


def test_a_frame_further_ahead_makes_the_agent_rewind() -> None:
    accept = acceptor()
    accept.frame(TOPIC, frame(1, body(*STAYS)), NOW)
    ahead = accept.frame(TOPIC, frame(3, body(*STAYS, first_row=6)), NOW)
    assert (ahead.entries, ahead.receipt, ahead.units_in) == ([], ("e", 1), 0)
    assert accept.frame(TOPIC, frame(2, body(*STAYS, first_row=3)), NOW).receipt == ("e", 2)


def test_what_the_spool_dropped_is_a_gap_of_exactly_its_rows() -> None:
    accept = acceptor()
    accept.frame(TOPIC, frame(1, body(*STAYS)), NOW)
    outcome = accept.frame(TOPIC, frame(5, body(*STAYS, first_row=17), oldest=5), NOW)
    gap, taken = outcome.entries
    assert (gap.kind, taken.kind) == (RecordKind.GAP, RecordKind.FRAME)
    assert json.loads(gap.body)["rows"] == 14
    assert json.loads(gap.body)["from_ns"] <= json.loads(gap.body)["to_ns"]
    assert outcome.receipt == ("e", 5)


def test_a_dropped_beginning_is_a_gap_too() -> None:
    outcome = acceptor().frame(TOPIC, frame(4, body(*STAYS, first_row=12), oldest=4), NOW)
    assert json.loads(outcome.entries[0].body)["rows"] == 12


def test_the_same_gap_is_the_same_point_whichever_gateway_finds_it_whenever() -> None:
    found = []
    for received_ns, epoch in ((NOW, "e"), (NOW + 7 * S, "e"), (NOW, "f")):
        outcome = acceptor().frame(TOPIC, frame(4, body(*STAYS, first_row=12), oldest=4, epoch=epoch), received_ns)
        found.append(outcome.entries[0].key_base)
    assert found[0] == found[1] != found[2]


def test_what_a_state_that_is_gone_had_receipted_is_no_gap() -> None:
    """The agent keeps receipted frames for some days only; a gateway that begins with nothing misses what none has lost."""
    payload = frame(40, body(*STAYS, first_row=120), oldest=40, receipted=60, receipted_ns=NOW - 60 * S)
    outcome = acceptor().frame(TOPIC, payload, NOW)
    assert [entry.kind for entry in outcome.entries] == [RecordKind.HISTORY, RecordKind.FRAME]


def test_of_a_gap_behind_what_another_receipted_nobody_knows_the_rows() -> None:
    payload = frame(40, body(*STAYS, first_row=120), oldest=40, receipted=30, receipted_ns=NOW - 60 * S)
    gap = acceptor().frame(TOPIC, payload, NOW).entries[1]
    assert (gap.kind, json.loads(gap.body)["rows"]) == (RecordKind.GAP, 0)


def test_frames_of_no_rows_that_were_dropped_leave_no_gap() -> None:
    outcome = acceptor().frame(TOPIC, frame(4, body(*STAYS), oldest=4), NOW)
    assert [entry.kind for entry in outcome.entries] == [RecordKind.FRAME]


def test_what_is_behind_the_oldest_and_ahead_of_it_waits_for_the_oldest() -> None:
    accept = acceptor()
    assert accept.frame(TOPIC, frame(6, body(*STAYS, first_row=15), oldest=5), NOW).receipt == ("e", 0)
    assert accept.frame(TOPIC, frame(5, body(*STAYS, first_row=12), oldest=5), NOW).receipt == ("e", 5)


def test_hello_is_answered_with_the_mark_and_leaves_nothing() -> None:
    accept = acceptor()
    accept.frame(TOPIC, frame(1, body(*STAYS)), NOW)
    outcome = accept.frame(TOPIC, frame(0, b""), NOW)
    assert (outcome.entries, outcome.receipt, outcome.units_in) == ([], ("e", 1), 0)
    assert accept.frame(TOPIC, frame(0, b"", epoch="new"), NOW).receipt == ("new", 0)


def test_each_epoch_counts_on_its_own() -> None:
    accept = acceptor()
    accept.frame(TOPIC, frame(1, body(*STAYS)), NOW)
    assert accept.frame(TOPIC, frame(1, body(*STAYS), epoch="f"), NOW).receipt == ("f", 1)
    assert accept.frame(TOPIC, frame(2, body(*STAYS, first_row=3)), NOW).receipt == ("e", 2)


def test_a_frame_from_quarantine_is_taken_past_the_marks_and_moves_none() -> None:
    memory = Memory()
    accept = acceptor(memory)
    for seq in (1, 2, 3):
        accept.frame(TOPIC, frame(seq, body(*STAYS, first_row=3 * seq - 3)), NOW)
    outcome = accept.frame(TOPIC, frame(2, body(*STAYS, first_row=3)), NOW, replayed=True)
    assert [(entry.kind, entry.seq) for entry in outcome.entries] == [(RecordKind.FRAME, 2)]
    assert (outcome.receipt, memory.mark("x", "e").seq) == (None, 3)


def test_a_body_that_cannot_be_read_is_refused_receipted_and_no_longer_in_the_way() -> None:
    accept = acceptor()
    bad = accept.frame(TOPIC, frame(1, b"\xc1"), NOW)
    assert ([each.reason for each in bad.refused], bad.receipt, bad.units_in) == (["body.msgpack"], ("e", 1), 1)
    good = accept.frame(TOPIC, frame(2, body(*STAYS, first_row=50)), NOW)
    assert [entry.kind for entry in good.entries] == [RecordKind.FRAME], "how many rows the bad one had nobody knows: no gap"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (body(*STAYS, zones=("cellar", "d")), "site.zone"),
        (body(Kind.IN, Kind.IN, Kind.IN, zones=("a", "back-door")), "site.door"),
        (body(Kind.IN, Kind.IN, Kind.IN, zones=("a", "b")), "site.door"),
        (body(*STAYS, zones=("d", "a")), "site.zone"),
    ],
)
def test_places_that_the_store_lacks_are_refused_with_all_their_rows(bad: object, reason: str) -> None:
    outcome = acceptor().frame(TOPIC, frame(1, bad), NOW)  # type: ignore[arg-type] # a Body
    assert [(each.reason, each.rows, each.key) for each in outcome.refused] == [(reason, 3, "x/e/1")]
    assert (outcome.entries, outcome.receipt, outcome.units_in) == ([], ("e", 1), 3)


def test_names_that_no_row_stands_at_do_not_matter() -> None:
    assert not acceptor().frame(TOPIC, frame(1, body(*STAYS, zones=("a", "cellar"))), NOW).refused


def test_another_store_s_zone_is_no_zone() -> None:
    assert acceptor().frame(TOPIC, frame(1, body(*STAYS, zones=("c", "d"))), NOW).refused[0].reason == "site.zone"


@pytest.mark.parametrize(
    ("payload", "topic", "reason"),
    [
        (frame(1, body(*STAYS), v=2), TOPIC, "frame.version"),
        (frame(1, body(*STAYS))[:-1], TOPIC, "frame.msgpack"),
        (frame(1, body(*STAYS)), Topic("s1", "till", "frames"), "frame.topic"),
        (frame(1, body(*STAYS)), Topic("s2", "x", "frames"), "frame.topic"),
        (frame(0, body(*STAYS)), TOPIC, "frame.hello"),
        (frame(1, body(*STAYS), epoch="-"), TOPIC, "frame.epoch"),
    ],
)
def test_a_message_that_cannot_be_read_as_a_whole_moves_nothing(payload: bytes, topic: Topic, reason: str) -> None:
    memory = Memory()
    with pytest.raises(ContractError) as refused:
        acceptor(memory).frame(topic, payload, NOW)
    assert refused.value.reason == reason
    assert (memory.marks, memory.clocks) == ({}, {})


def test_a_spoiled_body_is_not_receipted() -> None:
    values, data = msgpack.unpackb(frame(1, body(*STAYS)))
    spoiled = msgpack.packb([values, data[:-1] + bytes([data[-1] ^ 1])])
    with pytest.raises(ContractError, match="crc32"):
        acceptor().frame(TOPIC, spoiled, NOW)


@pytest.mark.parametrize(("store", "agent", "reason"), [("nowhere", "x", "site.store"), ("s1", "y", "site.agent")])
def test_who_is_not_in_the_estate_is_refused(store: str, agent: str, reason: str) -> None:
    outcome = acceptor().frame(Topic(store, agent, "frames"), frame(1, body(*STAYS), store=store, agent=agent), NOW)
    assert [each.reason for each in outcome.refused] == [reason]


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 3)), max_size=60))
def test_whatever_is_sent_every_row_is_taken_once_or_in_a_gap(sent: list[tuple[int, int]]) -> None:
    """Frames 1 to 8 of two rows each, in any order and repetition, the spool's beginning moving up: nothing twice, nothing lost."""
    memory = Memory()
    accept, taken, lost, oldest, units = acceptor(memory), [], 0, 1, 0
    for seq, drop in sent:
        oldest = max(oldest, min(drop, memory.mark("x", "e").seq + 2))
        if seq < oldest:
            continue
        outcome = accept.frame(TOPIC, frame(seq, body(Kind.STAY, Kind.STAY, first_row=2 * seq - 2), oldest=oldest), NOW)
        units += outcome.units_in
        taken += [entry.seq for entry in outcome.entries if entry.kind == RecordKind.FRAME]
        lost += sum(json.loads(entry.body)["rows"] for entry in outcome.entries if entry.kind == RecordKind.GAP)
        dropped = outcome.dropped[1] if outcome.dropped else 0
        assert outcome.units_in == sum(entry.rows for entry in outcome.entries) + dropped
        assert outcome.receipt == ("e", memory.mark("x", "e").seq)
    mark: Mark = memory.mark("x", "e")
    assert taken == sorted(set(taken))
    assert 2 * len(taken) + lost == 2 * mark.seq == mark.next_row


def test_bodies_are_journaled_as_they_were_sent() -> None:
    data = encode_body(body(*STAYS))
    assert acceptor().frame(TOPIC, frame(1, data), NOW).entries[0].body == data
