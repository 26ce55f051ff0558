"""Boot clocks: how well an agent's clock is known, and how fast it drifts, as its frames show."""

from __future__ import annotations

import math

from footfall.frames import Body, decode_body
from gateway.fold.boot_clocks import DRIFT_AFTER_NS, BootClocks
from gateway.records import Record
from tests.support.journal_stories import Story

MS = 1_000_000


def frame(boot: str = "boot-1", made_boot_ns: int = 0, offset_ns: int = 0, width_ns: int = 3 * MS) -> tuple[Record, Body]:
    (record,) = Story().frame(0, []).records[-1:]
    body = decode_body(record.body)
    body.boot, body.made_boot_ns = boot, made_boot_ns
    return record._replace(agent="a1", offset_ns=offset_ns, clock_width_ns=width_ns), body


def learnt(*frames: tuple[Record, Body]) -> BootClocks:
    clocks = BootClocks()
    for record, body in frames:
        clocks.learn(record, body)
    return clocks


def test_before_its_first_frame_a_clock_is_unknown() -> None:
    assert learnt().width_ms("a1") == math.inf
    assert (learnt().of("a1").width_ns, learnt().of("a1").drift_ppm) == (0, 0.0)


def test_the_width_is_that_of_the_latest_frame() -> None:
    assert learnt(frame(width_ns=8 * MS), frame(width_ns=2 * MS)).width_ms("a1") == 2


def test_drift_is_measured_from_the_first_frame_once_enough_time_has_passed() -> None:
    assert learnt(frame(), frame(made_boot_ns=DRIFT_AFTER_NS, offset_ns=MS)).of("a1").drift_ppm == 0.0
    later_ns = DRIFT_AFTER_NS + 1
    assert learnt(frame(), frame(made_boot_ns=later_ns, offset_ns=6 * MS)).of("a1").drift_ppm == 10.0


def test_another_boot_begins_anew() -> None:
    clocks = learnt(frame(), frame("boot-2", made_boot_ns=0, offset_ns=10**15), frame("boot-2", 2 * DRIFT_AFTER_NS, 10**15))
    assert clocks.of("a1").drift_ppm == 0.0


def test_what_is_dumped_is_loaded() -> None:
    clocks, other = learnt(frame(), frame(made_boot_ns=2 * DRIFT_AFTER_NS, offset_ns=MS)), BootClocks()
    other.load(clocks.dump())
    assert other.of("a1") == clocks.of("a1")
