"""What the gateway decided is sent until the agent has stored it, and never taken for confirmed by a number of somebody else's."""

from __future__ import annotations

from footfall.frames import DecidedTime, Kind
from footfall.receipts import MAX_TIME_RUNS
from gateway.accept import decisions
from gateway.accept.decisions import KEEP_NS, MAX_RUNS
from tests.support.accept_inputs import NOW, TOPIC, Memory, S, acceptor, body, frame, header

FIRST, SECOND = DecidedTime(NOW - 100 * S, 5, 0), DecidedTime(NOW - 99 * S, 5, 2)


def told(memory: Memory, *dates: DecidedTime, times_n: int = 0) -> Memory:
    for seq, time in enumerate(dates, 1):
        decisions.add(memory, header(seq, times_n=times_n), time, NOW + seq)
    return memory


def test_runs_of_one_date_are_sent_as_one() -> None:
    times = decisions.for_receipt(told(Memory(), FIRST, FIRST, SECOND, FIRST), "x")
    assert times is not None
    assert [(run.epoch, run.first_seq, run.last_seq, run.decided) for run in times.runs] == [
        ("e", 1, 2, FIRST),
        ("e", 3, 3, SECOND),
        ("e", 4, 4, FIRST),
    ]


def test_what_is_confirmed_is_sent_no_more() -> None:
    memory = told(Memory(), FIRST, SECOND)
    times = decisions.for_receipt(memory, "x")
    assert times is not None
    decisions.confirm(memory, header(3, times_n=times.n))
    assert decisions.for_receipt(memory, "x") is None


def test_a_run_that_grew_since_it_was_sent_is_not_confirmed_with_its_beginning() -> None:
    memory = told(Memory(), FIRST)
    times = decisions.for_receipt(memory, "x")
    assert times is not None
    decisions.add(memory, header(2, times_n=0), FIRST, NOW + 9)
    decisions.confirm(memory, header(3, times_n=times.n))
    (run,) = memory.runs["x"]
    assert (run.first_seq, run.last_seq) == (1, 2)


def test_what_has_no_room_is_sent_after_the_first_is_confirmed() -> None:
    memory = told(Memory(), *[FIRST, SECOND] * MAX_TIME_RUNS)
    first = decisions.for_receipt(memory, "x")
    assert first is not None
    assert len(first.runs) == MAX_TIME_RUNS
    decisions.confirm(memory, header(1, times_n=first.n))
    second = decisions.for_receipt(memory, "x")
    assert second is not None
    assert second.n > first.n
    assert second.runs[0].first_seq == first.runs[-1].last_seq + 1


def test_a_number_that_another_gateway_gave_confirms_nothing_and_is_outbid() -> None:
    """An agent that takes only greater numbers hears of these, too."""
    memory = told(Memory(), FIRST, SECOND)
    decisions.confirm(memory, header(3, times_n=NOW + 10**9))
    times = decisions.for_receipt(memory, "x")
    assert times is not None
    assert len(times.runs) == 2
    assert times.n > NOW + 10**9
    new = told(Memory(), FIRST, times_n=NOW + 10**9)
    assert new.runs["x"][0].n > NOW + 10**9


def test_agents_that_store_none_are_sent_none() -> None:
    memory = told(Memory(), FIRST, times_n=-1)
    assert decisions.for_receipt(memory, "x") is None


def test_memory_is_bounded_in_number_and_time() -> None:
    memory = told(Memory(), *[FIRST, SECOND] * MAX_RUNS)
    assert len(memory.runs["x"]) == MAX_RUNS
    decisions.add(memory, header(9000, times_n=0), FIRST, NOW + KEEP_NS + S)
    assert [run.first_seq for run in memory.runs["x"]] == [9000]


def test_only_what_the_frame_does_not_hold_is_sent() -> None:
    memory = Memory()
    accept = acceptor(memory)
    accept.frame(TOPIC, frame(1, body(Kind.STAY), times_n=0), NOW)
    assert [run.first_seq for run in memory.runs["x"]] == [1]
    accept.frame(TOPIC, frame(2, body(Kind.STAY, first_row=1), times_n=0, decided=FIRST), NOW + 1)
    assert [run.last_seq for run in memory.runs["x"]] == [1]
    recorded = body(Kind.STAY, first_row=2, made_boot_ns=0)
    recorded.t_boot_ns[:] = 0
    accept.frame(TOPIC, frame(3, recorded, times_n=0), NOW + 2)
    assert [run.last_seq for run in memory.runs["x"]] == [1], "a recording has no boot clock"
