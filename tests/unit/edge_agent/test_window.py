"""The window: what goes out when, and when again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.spool import Epoch
from edge_agent.window import Window
from footfall.units import NS_PER_S as S


def send(window: Window, epoch: Epoch, now_s: float) -> list[int]:
    seqs = list(window.due(epoch, round(now_s * S)))
    for seq in seqs:
        window.sent(seq)
    return seqs


def epoch(mark: int, last: int = 100, oldest: int = 1, name: str = "e1") -> Epoch:
    return Epoch(name, last, mark, oldest)


def test_no_more_than_the_window_is_outstanding() -> None:
    window = Window(size=4)
    assert send(window, epoch(0), 0) == [1, 2, 3, 4]
    assert send(window, epoch(0), 1) == []
    assert send(window, epoch(3), 2) == [5, 6, 7]
    assert send(window, epoch(3), 3) == []


def test_silence_is_answered_by_patience_that_doubles() -> None:
    window = Window(size=2, patience_s=5)
    assert send(window, epoch(0), 0) == [1, 2]
    assert send(window, epoch(0), 5) == []
    assert send(window, epoch(0), 5.1) == [1, 2]
    assert send(window, epoch(0), 15) == []
    assert send(window, epoch(0), 15.2) == [1, 2]
    assert send(window, epoch(1), 16) == [3]
    assert send(window, epoch(1), 21.2) == [2, 3], "an answer brings the patience back"


def test_a_repeated_mark_rewinds_once() -> None:
    window = Window(size=4)
    send(window, epoch(0), 0)
    for _ in range(3):
        window.repeated(epoch(0))
    assert send(window, epoch(0), 1) == [1, 2, 3, 4]
    window.repeated(epoch(0))
    assert send(window, epoch(0), 1.1) == [], "that was said of the first sending"
    assert send(window, epoch(0), 1.6) == [1, 2, 3, 4]


def test_the_answer_to_a_hello_sends_nothing_twice() -> None:
    window = Window(size=4)
    window.repeated(epoch(0))
    assert send(window, epoch(0), 0) == [1, 2, 3, 4]
    assert send(window, epoch(0), 0.001) == []
    assert send(window, epoch(4), 0.1) == [5, 6, 7, 8]
    window.restart()
    window.repeated(epoch(4))
    assert send(window, epoch(4), 0.2) == [5, 6, 7, 8]
    assert send(window, epoch(4), 0.3) == []


def test_a_mark_that_was_repeated_and_then_passed_rewinds_nothing() -> None:
    window = Window(size=4)
    send(window, epoch(0), 0)
    window.repeated(epoch(0))
    assert send(window, epoch(4), 1) == [5, 6, 7, 8]
    assert send(window, epoch(4), 2) == []


def test_a_mark_that_goes_down_goes_on_from_there() -> None:
    window = Window(size=4)
    send(window, epoch(8), 0)
    assert send(window, epoch(2), 1) == [3, 4, 5, 6]


def test_dropped_frames_are_skipped() -> None:
    window = Window(size=4)
    assert send(window, epoch(0, oldest=50), 0) == [50, 51, 52, 53]
    assert send(window, epoch(50, oldest=50), 0) == [54]


def test_a_new_epoch_and_a_new_connection_begin_after_the_mark() -> None:
    window = Window(size=2)
    assert send(window, epoch(0, last=2), 0) == [1, 2]
    assert send(window, epoch(0, last=3, name="e2"), 1) == [1, 2]
    window.restart()
    assert send(window, epoch(1, last=3, name="e2"), 2) == [2, 3]


@given(st.lists(st.sampled_from(["lose frame", "lose receipt", "fine"]), max_size=300))
def test_everything_arrives_in_order_once_the_way_is_good_again(way: list[str]) -> None:
    """A gateway that takes `mark + 1` only, over a way that loses what the example chooses."""
    window, last, known, mark, now_s = Window(size=8, patience_s=5), 40, 0, 0, 0.0
    fates = iter(way)
    for _ in range(5000):
        now_s += 0.25
        for seq in send(window, epoch(known, last), now_s):
            fate = next(fates, "fine")
            if fate == "lose frame":
                continue
            mark = max(mark, seq) if seq == mark + 1 else mark
            if fate == "fine":
                if mark == known:
                    window.repeated(epoch(known, last))
                known = mark
        if known == last:
            return
    raise AssertionError(f"stuck at {known}")
