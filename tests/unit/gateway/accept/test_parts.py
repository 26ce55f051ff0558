"""Frames in parts: whole or not at all, in bounded memory, receipted once they are durable."""

from __future__ import annotations

import random
import zlib

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.frames import Kind, decode_frame, encode_body, encode_frame
from gateway.accept.accept import Acceptor
from gateway.accept.outcome import Outcome
from gateway.accept.parts import MAX_AGENTS, MAX_UNDER_WAY, MAX_WHOLE_BYTES, Parts
from gateway.records import RecordKind
from tests.support.accept_inputs import NOW, TOPIC, Memory, acceptor, body, frame, header

WHOLE = encode_body(body(*[Kind.STAY] * 50))


def parts_of(data: bytes, n: int, seq: int = 1, crc32: int | None = None, **more: object) -> list[bytes]:
    size = -(-len(data) // n)
    crc = zlib.crc32(data) if crc32 is None else crc32
    return [encode_frame(header(seq, part=at, parts=n, **more), data[at * size : (at + 1) * size], crc) for at in range(n)]


def sent(accept: Acceptor, payloads: list[bytes]) -> list[Outcome]:
    return [accept.frame(TOPIC, payload, NOW) for payload in payloads]


def test_a_frame_in_parts_is_taken_when_the_last_came_and_not_receipted_before() -> None:
    *first, last = sent(acceptor(), parts_of(WHOLE, 5))
    assert all((each.entries, each.receipt, each.units_in, each.dropped) == ([], None, 0, None) for each in first)
    assert [(entry.kind, entry.rows, entry.body) for entry in last.entries] == [(RecordKind.FRAME, 50, WHOLE)]
    assert (last.receipt, last.units_in) == (("e", 1), 50)


@given(st.integers(2, 9), st.integers(0, 2**32))
def test_parts_come_in_any_order_and_more_than_once_and_between_those_of_others(n: int, seed: int) -> None:
    rng = random.Random(seed)
    accept, other = acceptor(), encode_body(body(Kind.STAY, first_row=50))
    wanted = parts_of(WHOLE, n)
    mixed = wanted + rng.choices(wanted[1:], k=3) + parts_of(other, 3, epoch="f")
    rng.shuffle(mixed)
    taken = [entry for outcome in sent(accept, mixed) for entry in outcome.entries]
    assert sorted(entry.rows for entry in taken) == [1, 50]


def test_after_a_restart_of_the_gateway_all_parts_are_wanted_again() -> None:
    memory, payloads = Memory(), parts_of(WHOLE, 4)
    assert not any(each.entries for each in sent(acceptor(memory), payloads[:3]))
    again = acceptor(memory)
    assert not any(each.entries for each in sent(again, payloads[3:]))
    assert [entry.rows for each in sent(again, payloads[:3]) for entry in each.entries] == [50]


def test_parts_of_what_is_durable_are_receipted_again() -> None:
    accept = acceptor()
    sent(accept, parts_of(WHOLE, 2))
    assert [(each.receipt, each.units_in) for each in sent(accept, parts_of(WHOLE, 2))] == [(("e", 1), 0)] * 2


def test_parts_that_are_not_what_their_header_announces_are_refused_once_and_move_nothing() -> None:
    memory = Memory()
    accept = acceptor(memory)
    *_, last = sent(accept, parts_of(WHOLE, 3, crc32=5))
    assert ([each.reason for each in last.refused], last.receipt, last.units_in) == (["frame.crc"], None, 1)
    assert memory.mark("x", "e").seq == 0
    assert sent(accept, parts_of(WHOLE, 3))[-1].receipt == ("e", 1), "sent again as a whole they are taken"


def test_a_whole_that_cannot_be_read_moves_the_mark_as_such_a_frame_does() -> None:
    accept = acceptor()
    *_, last = sent(accept, parts_of(b"\xc1" * 90, 3))
    (refused,) = last.refused
    assert (refused.reason, last.receipt, last.units_in) == ("body.msgpack", ("e", 1), 1)
    again, data = decode_frame(refused.payload)
    assert (again.parts, data) == (1, b"\xc1" * 90), "it lies in quarantine as one frame, which can be replayed"
    assert sent(accept, [frame(2, body(Kind.STAY))])[0].receipt == ("e", 2)


def test_one_part_cannot_be_replayed() -> None:
    with pytest.raises(ContractError, match="without the others"):
        acceptor().frame(TOPIC, parts_of(WHOLE, 3)[1], NOW, replayed=True)


def test_what_an_agent_may_have_under_way_is_bounded() -> None:
    parts = Parts()
    half = bytes(MAX_WHOLE_BYTES // 2 + 1)
    parts.join(header(1, part=0, parts=3), half, 1)
    with pytest.raises(ContractError) as refused:
        parts.join(header(1, part=1, parts=3), half, 1)
    assert refused.value.reason == "frame.size"
    for seq in range(1, MAX_UNDER_WAY + 2):
        assert parts.join(header(seq, part=0, parts=2), b"a", zlib.crc32(b"ab")) is None
    assert parts.join(header(1, part=1, parts=2), b"b", zlib.crc32(b"ab")) is None, "the first was given up"
    assert parts.join(header(MAX_UNDER_WAY + 1, part=1, parts=2), b"b", zlib.crc32(b"ab")) == b"ab"
    for number in range(MAX_AGENTS + 1):
        parts.join(header(1, agent=f"a{number}", part=0, parts=2), b"a", 1)
    assert len(parts._agents) == MAX_AGENTS


def test_the_largest_whole_is_a_frame_again() -> None:
    whole = bytes(MAX_WHOLE_BYTES)
    payload = encode_frame(header(1, store="s" * 64, agent="a" * 64, epoch="e" * 64, boot="b" * 64, journal="j" * 64), whole)
    assert decode_frame(payload)[1] == whole
    assert len(msgpack.unpackb(payload)) == 2
