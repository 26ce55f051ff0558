"""What a broker takes is learnt from what it announces, and from what is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.packet_limit import FIRST_PROBE_NS, LEAST_BYTES, PacketLimit

S = 1_000_000_000


def test_what_the_broker_reports_is_the_limit_of_that_connection() -> None:
    limit = PacketLimit()
    limit.connected(20_000)
    assert limit.bytes(0) == 20_000
    limit.connected(None)
    assert limit.bytes(0) is None


def test_one_lost_connection_reports_nothing_and_the_second_halves() -> None:
    limit = PacketLimit()
    limit.lost(100_000, 0)
    assert limit.bytes(0) is None
    limit.lost(100_000, 1)
    assert limit.bytes(1) == 50_000
    limit.lost(50_000, 2)
    assert limit.bytes(2) == 25_000, "one is enough while nothing has passed"


def test_losses_far_apart_or_with_a_passage_between_have_nothing_to_do_with_each_other() -> None:
    limit = PacketLimit()
    limit.lost(100_000, 0)
    limit.passed(100_000)
    limit.lost(100_000, 10 * S)
    limit.lost(100_000, 10_000 * S)
    assert limit.bytes(10_000 * S) is None


def test_small_packets_are_never_to_blame() -> None:
    limit = PacketLimit()
    for n in range(10):
        limit.lost(LEAST_BYTES - 1, n)
    assert limit.bytes(10) is None


def test_a_broker_that_takes_less_than_it_did_is_noticed() -> None:
    limit = PacketLimit()
    limit.passed(900_000)
    limit.lost(100_000, 0)
    limit.passed(30_000)
    limit.lost(100_000, 1)
    assert limit.bytes(1) == 50_000


def test_now_and_then_twice_as_much_is_tried() -> None:
    limit = PacketLimit()
    limit.refused(40_000, 0)
    assert limit.bytes(FIRST_PROBE_NS - 1) == 20_000
    assert limit.bytes(FIRST_PROBE_NS) == 40_000
    limit.lost(39_000, FIRST_PROBE_NS)
    assert limit.bytes(FIRST_PROBE_NS + 1) == 20_000
    assert limit.bytes(3 * FIRST_PROBE_NS - 1) == 20_000, "seldomer each time"
    limit.passed(39_000)
    assert limit.bytes(3 * FIRST_PROBE_NS - 1) == 39_000


@given(st.integers(LEAST_BYTES * 2, 1 << 20), st.lists(st.integers(LEAST_BYTES, 1 << 20), min_size=1, max_size=8))
def test_every_packet_gets_through_a_silent_broker_after_some_losses(broker_bytes: int, sizes: list[int]) -> None:
    limit, now_ns, losses = PacketLimit(), 0, 0
    for size in sizes:
        while True:
            now_ns += S
            now = min(size, limit.bytes(now_ns) or size)
            if now <= broker_bytes:
                limit.passed(now)
                break
            limit.lost(now, now_ns)
            losses += 1
    assert losses <= 12
    learned = limit.bytes(now_ns)
    assert learned is None or learned <= broker_bytes or max(sizes) <= learned


@pytest.mark.parametrize("outages", [20])
def test_outages_of_a_broker_without_limit_do_not_wear_the_limit_down(outages: int) -> None:
    limit = PacketLimit()
    limit.refused(40_000, 0)
    limit.passed(19_000)
    for n in range(outages):
        limit.lost(19_000, n * S)
        limit.passed(19_000)
    assert limit.bytes(outages * S) == 20_000
