"""The agent's own bounds of its clock, from receipts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gateway_clock import GatewayClock
from footfall.receipts import Receipt

S = 1_000_000_000
OFFSET = 1_800_000_000 * S
DELAYS = st.tuples(st.integers(0, 5 * S), st.integers(0, 5 * S), st.integers(0, 3600 * S))


def receipt(gateway_ns: int, echo_boot_ns: int, boot: str = "b1") -> Receipt:
    return Receipt("e1", 1, gateway_ns, "j1", (1,), echo_boot=boot, echo_boot_ns=echo_boot_ns)


@given(st.lists(DELAYS, min_size=1, max_size=30))
def test_the_true_offset_lies_within_the_bounds_whatever_the_delays(delays: list[tuple[int, int, int]]) -> None:
    clock, now_ns = GatewayClock("b1"), 100 * S
    for there_ns, back_ns, pause_ns in delays:
        clock.hear(receipt(OFFSET + now_ns + there_ns, now_ns), now_ns + there_ns + back_ns)
        now_ns += there_ns + back_ns + pause_ns
    found = clock.offset(now_ns)
    assert found is not None
    assert abs(found.offset_ns - OFFSET) <= found.width_ns // 2 + 1
    assert clock.contradiction(now_ns) == ""


def test_one_round_trip_is_as_wide_as_it_took() -> None:
    clock = GatewayClock("b1")
    assert clock.offset(0) is None
    clock.hear(receipt(OFFSET + 10 * S, 9 * S), 11 * S)
    found = clock.offset(11 * S)
    assert found is not None
    assert found.width_ns == 2 * S + 2 * S // 10_000
    assert clock.gateway_ns(12 * S) == OFFSET + 11 * S


def test_receipts_without_an_echo_of_this_boot_bound_nothing() -> None:
    clock = GatewayClock("b1")
    clock.hear(receipt(OFFSET, 1, "b0"), 2)
    clock.hear(Receipt("e1", 1, OFFSET, "j1", (1,)), 2)
    assert clock.offset(2) is None
    assert clock.echo == (OFFSET, 2)


def test_a_gateway_whose_clock_was_set_is_reported_for_an_hour_and_the_newest_counts() -> None:
    clock = GatewayClock("b1")
    clock.hear(receipt(OFFSET + 10 * S, 10 * S), 10 * S)
    clock.hear(receipt(OFFSET + 8 * 3600 * S, 20 * S), 20 * S)
    found = clock.offset(20 * S)
    assert found is not None
    assert found.offset_ns == OFFSET + 8 * 3600 * S - 20 * S
    assert "the gateway's clock was set" in clock.contradiction(21 * S)
    assert clock.contradiction(3621 * S) == ""


def test_a_gateway_whose_clock_is_drawn_along_by_ntp_is_no_problem() -> None:
    clock = GatewayClock("b1")
    for t_s in range(10, 1000, 5):
        clock.hear(receipt(OFFSET + t_s * S + t_s * S // 1000, t_s * S), t_s * S)
    assert clock.contradiction(1000 * S) == ""


def test_another_gateway_has_another_clock() -> None:
    clock = GatewayClock("b1")
    clock.hear(receipt(OFFSET + 10 * S, 10 * S), 10 * S)
    clock.begin_anew()
    clock.hear(receipt(OFFSET + 3600 * S, 20 * S), 20 * S)
    assert clock.contradiction(21 * S) == ""
