"""When things happened: decided once, from what receipts and echoes bound, else from what the agent or its other boots report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.boot_clock import UNKNOWN, at, learn
from footfall.frames import TIME_QUALITIES, Body, Kind
from gateway.accept.outcome import Entry
from gateway.records import RecordKind
from tests.support.accept_inputs import NOW, TOPIC, Memory, S, acceptor, body, frame

OFFSET = NOW - 100 * S
"""The gateway's time when the boot clock read 0."""
HOUR = 3600 * S


def taken(memory: Memory, seq: int, data: Body, received_ns: int = NOW, **more: object) -> Entry:
    (entry,) = acceptor(memory).frame(TOPIC, frame(seq, data, **more), received_ns).entries
    assert entry.kind == RecordKind.FRAME
    return entry


def told(entry: Entry) -> tuple[str, float]:
    """Quality, and how far off the offset is, seconds."""
    return TIME_QUALITIES[entry.time_quality], (entry.offset_ns - OFFSET) / S


def test_nothing_known_is_the_time_of_arrival() -> None:
    assert told(taken(Memory(), 1, body(Kind.STAY), NOW + 5 * S)) == ("received", 5)


def test_a_synchronised_clock_is_believed_before_the_first_receipt() -> None:
    data = body(Kind.STAY, made_wall_ns=NOW - 3 * S, wall_synced=True)
    assert told(taken(Memory(), 1, data, NOW + 5 * S)) == ("agent", -3)


def test_an_unsynchronised_clock_is_never_believed() -> None:
    assert told(taken(Memory(), 1, body(Kind.STAY, made_wall_ns=NOW - 3 * HOUR), NOW))[0] == "received"


def test_an_echo_measures_the_clock() -> None:
    """Receipted at the gateway's NOW - 1 s, heard at boot 99.2 s; sent at 100 s, received 0.4 s later: between -0.2 and 0.4 s."""
    entry = taken(
        Memory(), 1, body(Kind.STAY, made_wall_ns=5, wall_synced=True), NOW + S * 4 // 10, gateway_ns=NOW - S, heard_boot_ns=992 * S // 10
    )
    quality, error_s = told(entry)
    assert quality == "measured"
    assert error_s == pytest.approx(0.1, abs=0.001)
    assert entry.clock_width_ns == pytest.approx(0.6 * S, rel=0.001)


def test_wide_bounds_are_no_measure_but_better_than_the_time_of_arrival() -> None:
    quality, error_s = told(taken(Memory(), 1, body(Kind.STAY), NOW + 3 * S, gateway_ns=NOW - S, heard_boot_ns=99 * S))
    assert quality == "bounded"
    assert error_s == pytest.approx(1.5, abs=0.001)


def test_a_night_in_a_queue_does_not_matter_once_an_echo_came() -> None:
    memory = Memory()
    taken(memory, 1, body(Kind.STAY), NOW + 9 * HOUR, gateway_ns=NOW - S, heard_boot_ns=99 * S)
    entry = taken(memory, 2, body(Kind.STAY, first_row=1), NOW + S // 2, gateway_ns=NOW - S, heard_boot_ns=99 * S)
    assert told(entry)[0] == "measured"


def test_another_boot_is_measured_by_its_own_bounds() -> None:
    memory = Memory()
    measured = {"gateway_ns": NOW - S, "heard_boot_ns": 99 * S}
    taken(memory, 1, body(Kind.STAY), NOW + S // 2, **measured)
    later = {"boot": "boot-2", "sent_boot_ns": 40 * S, "gateway_ns": NOW + HOUR - S, "heard_boot_ns": 39 * S}
    entry = taken(memory, 2, body(Kind.STAY, first_row=1, made_boot_ns=200 * S), NOW + HOUR, **later)
    quality, error_s = told(entry)
    assert (quality, abs(error_s) < 0.5) == ("measured", True)


def test_an_earlier_boot_that_was_bounded_long_ago_is_in_the_middle_of_its_bounds() -> None:
    memory = Memory()
    taken(memory, 1, body(Kind.STAY), NOW + S // 2, gateway_ns=NOW - S, heard_boot_ns=99 * S)
    later = {"boot": "boot-2", "sent_boot_ns": 40 * S, "gateway_ns": NOW + 9 * HOUR - S, "heard_boot_ns": 39 * S}
    entry = taken(memory, 2, body(Kind.STAY, first_row=1, made_boot_ns=100 * S + 8 * HOUR), NOW + 9 * HOUR, **later)
    quality, error_s = told(entry)
    assert quality == "bounded"
    assert abs(error_s) < 0.5


def test_a_wall_clock_outside_what_is_known_is_not_believed() -> None:
    memory = Memory()
    taken(memory, 1, body(Kind.STAY), NOW + S // 2, gateway_ns=NOW - S, heard_boot_ns=99 * S)
    later = {"boot": "boot-2", "sent_boot_ns": 40 * S, "gateway_ns": NOW + 9 * HOUR - S, "heard_boot_ns": 39 * S}
    wrong = body(Kind.STAY, first_row=1, made_boot_ns=100 * S + 8 * HOUR, made_wall_ns=NOW + 9 * HOUR, wall_synced=True)
    assert told(taken(memory, 2, wrong, NOW + 9 * HOUR, **later))[0] == "bounded"
    right = body(Kind.STAY, first_row=2, made_boot_ns=100 * S + 8 * HOUR, made_wall_ns=NOW + 8 * HOUR + S, wall_synced=True)
    assert told(taken(memory, 3, right, NOW + 9 * HOUR, **later)) == ("agent", 1)


def test_an_earlier_boot_of_which_nothing_is_known_ended_before_this_one_began() -> None:
    memory = Memory()
    now = {"sent_boot_ns": 100 * S, "gateway_ns": NOW - S, "heard_boot_ns": 99 * S}
    first = taken(memory, 1, body(Kind.STAY, boot="old", made_boot_ns=7 * S), NOW + S // 2, **now)
    second = taken(memory, 2, body(Kind.STAY, boot="old", made_boot_ns=60 * S, first_row=1), NOW + S // 2, **now)
    assert told(first)[0] == told(second)[0] == "bounded"
    assert first.offset_ns + 7 * S == pytest.approx(OFFSET, abs=S)
    assert abs(first.offset_ns - second.offset_ns) < S, "one boot has one clock"


def test_a_first_sample_contradicts_nothing() -> None:
    """What is unknown must reach beyond any real offset."""
    for received_ns in (NOW, NOW + 20 * 365 * 86_400 * S):
        assert learn(UNKNOWN, received_ns, 5, received_ns - S, 1).restarts == 0
        assert learn(UNKNOWN, received_ns, 5, 0, 0).high_ns == received_ns - 5


def test_widths_fit_the_journal() -> None:
    widest = at(UNKNOWN, (1 << 63) - 1)
    assert widest.width_ns < 1 << 63
    assert widest.low_ns >= -(1 << 63)


samples = st.tuples(st.integers(0, 86_400), st.integers(0, 900), st.integers(0, 900), st.booleans())


@given(st.integers(0, 10**6), st.floats(-90, 90), st.lists(samples, min_size=1, max_size=40))
def test_bounds_hold_the_truth_whatever_the_drift_and_the_line(
    start_s: int, drift_ppm: float, told_s: list[tuple[int, int, int, bool]]
) -> None:
    """A clock within 100 ppm never leaves its bounds, and never seems to restart."""

    def boot_ns(true_ns: int) -> int:
        return round((true_ns - NOW) * (1 + drift_ppm / 1e6)) + start_s * S

    bounds, true_ns = UNKNOWN, NOW
    for wait_s, up_ms, down_ms, with_echo in told_s:
        sent_ns = true_ns = true_ns + wait_s * S
        heard_ns = sent_ns - 1
        gateway_ns = heard_ns - down_ms * 10**6 if with_echo else 0
        bounds = learn(bounds, sent_ns + up_ms * 10**6, boot_ns(sent_ns), gateway_ns, boot_ns(heard_ns) if with_echo else 0)
        truth = sent_ns - boot_ns(sent_ns)
        if boot_ns(NOW) >= 0:
            assert bounds.low_ns - 1 <= truth <= bounds.high_ns + 1
            assert bounds.restarts == 0


def test_a_contradiction_starts_again_from_the_newest_sample() -> None:
    bounds = learn(UNKNOWN, NOW, 100 * S, NOW - S, 99 * S)
    stepped = learn(bounds, NOW + HOUR, 101 * S, NOW + HOUR - S, 100 * S)
    assert stepped.restarts == 1
    assert stepped.is_measured
    assert stepped.offset_ns == pytest.approx(NOW + HOUR - 101 * S, abs=S)


@pytest.mark.parametrize("apart_s", [3, -3])
def test_an_echo_of_another_gateway_s_receipt_proves_nothing_of_this_one_s_clock(apart_s: int) -> None:
    """Frames reach every gateway on the broker; their agent is bound to one of two, whose clocks are 3 s apart."""
    bound, other = Memory("bound"), Memory("other")
    for seq in range(1, 9):
        sent_ns = 100 * S + seq * 10 * S
        echo = {"journal": "bound", "gateway_ns": OFFSET + sent_ns - 5 * S, "heard_boot_ns": sent_ns - 5 * S}
        payload = frame(seq, body(Kind.STAY, first_row=seq, made_boot_ns=sent_ns - S), sent_boot_ns=sent_ns, **echo)
        acceptor(bound).frame(TOPIC, payload, OFFSET + sent_ns + S // 10)
        (entry,) = acceptor(other).frame(TOPIC, payload, OFFSET + sent_ns + S // 10 + apart_s * S).entries
        assert told(entry) == ("received", pytest.approx(apart_s + 0.1, abs=0.01))
    known, strange = bound.bounds("x", "boot"), other.bounds("x", "boot")
    assert (known.restarts, strange.restarts) == (0, 0)
    assert known.offset_ns == pytest.approx(OFFSET, abs=S)
    assert not strange.is_bounded


def test_an_agent_that_names_no_journal_echoes_for_whoever_hears_it() -> None:
    entry = taken(Memory("any"), 1, body(Kind.STAY), NOW + S // 10, gateway_ns=NOW - S, heard_boot_ns=99 * S)
    assert told(entry)[0] == "measured"
