"""Before a frame is first sent it has a date, by the agent's own bounds where neither its body nor a gateway has one."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.gateway_clock import GatewayClock
from edge_agent.own_dates import MEASURE_NS, OwnDates
from edge_agent.spool import SpooledFrame
from footfall.dates import AGENT, BOUNDED, MEASURED
from footfall.frames import DecidedTime, Kind, Offset, encode_body
from footfall.receipts import Receipt
from tests.support.accept_inputs import S, body

OFFSET = 1_800_000_000 * S


def spooled(seq: int = 1, boot: str = "boot", made_boot_ns: int = 100 * S, decided: DecidedTime | None = None, **more: Any) -> SpooledFrame:
    data = encode_body(body(Kind.STAY, boot=boot, made_boot_ns=made_boot_ns, **more))
    return SpooledFrame(seq, boot, made_boot_ns, 0, 1, 0, data, decided)


def heard(under_way_ns: int, at_boot_ns: int = 100 * S) -> GatewayClock:
    """A hello waited for so long in the broker, its receipt did not."""
    clock = GatewayClock("boot")
    clock.hear(Receipt("e", 0, OFFSET + at_boot_ns, "j", (1,), None, None, "boot", at_boot_ns - under_way_ns), at_boot_ns)
    return clock


@pytest.mark.parametrize(
    ("frame", "lacks"),
    [
        (spooled(), True),
        (spooled(offset=Offset(OFFSET, 5)), False),
        (spooled(decided=DecidedTime(1, 2, MEASURED)), False),
        (spooled(boot="another"), False),
        (spooled(made_boot_ns=0), False),
        (spooled(extra={0: {"epc": "offset_ns"}}), True),
    ],
)
def test_it_is_for_frames_of_this_boot_of_which_nothing_gives_the_time(frame: SpooledFrame, lacks: bool) -> None:
    assert OwnDates("boot", heard(S)).lacks(frame) == lacks


def test_quality_and_width_are_those_of_the_bounds_at_the_time_of_making() -> None:
    ((seq, time),) = OwnDates("boot", heard(S)).give([spooled(7)])
    assert (seq, time.quality) == (7, MEASURED)
    assert abs(time.offset_ns - OFFSET) <= time.width_ns <= S + S // 1000
    ((_, old),) = OwnDates("boot", heard(S, 100_000 * S)).give([spooled(made_boot_ns=2 * S)])
    assert old.quality == BOUNDED
    assert old.width_ns == pytest.approx(S + 2 * 100_000 * S // 10_000, rel=0.01)
    ((_, by_ntp),) = OwnDates("boot", heard(30 * S)).give([spooled(made_wall_ns=OFFSET + 101 * S, wall_synced=True)])
    assert (by_ntp.offset_ns, by_ntp.quality) == (OFFSET + S, AGENT)


def test_frames_that_follow_each_other_have_one_date_as_long_as_it_is_true() -> None:
    dates = OwnDates("boot", heard(S, 4000 * S))
    given = dates.give([spooled(seq, made_boot_ns=seq * S) for seq in range(1, 4000, 10)])
    assert len({time for _, time in given}) == 1
    given = dates.give([spooled(seq, made_boot_ns=seq * S) for seq in range(4001, 100_000, 1000)])
    assert len({time for _, time in given}) < 6
    for seq, time in given:
        assert abs(time.offset_ns - OFFSET) <= time.width_ns, f"frame {seq}"


def test_frames_wait_for_bounds_that_measure_but_not_for_ever_and_not_for_a_gateway_that_never_echoes() -> None:
    dates = OwnDates("boot", heard(30 * S))
    assert not dates.can_wait(False, 100 * S)
    assert dates.can_wait(True, 100 * S)
    assert dates.can_wait(True, 100 * S + MEASURE_NS - 1)
    assert not dates.can_wait(True, 100 * S + MEASURE_NS)
    assert not OwnDates("boot", heard(S)).can_wait(True, 100 * S)


def test_nothing_is_reported_of_a_clock_that_no_receipt_bounds() -> None:
    assert OwnDates("boot", GatewayClock("boot")).give([spooled()]) == []
