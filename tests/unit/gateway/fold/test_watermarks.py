"""Watermarks: up to when a store's agents have reported what they heard. Times are seconds."""

from __future__ import annotations

from footfall.units import NS_PER_S
from gateway.fold.watermarks import GIVEN_UP_NS, GRACE_NS, HEARD_WITHIN_NS, NEVER_NS, OWES_NS, Watermarks

STORE, X, Y = 0, 0, 1
BOTH = frozenset({X, Y})
GRACE_S, SILENT_S, OWES_S, GIVEN_UP_S = (each // NS_PER_S for each in (GRACE_NS, HEARD_WITHIN_NS, OWES_NS, GIVEN_UP_NS))


class Store:
    """One store's watermarks in seconds, with the agents that its site names."""

    def __init__(self, expected: frozenset[int] = BOTH) -> None:
        self.marks = Watermarks()
        self.marks.grow(1)
        self.expected = expected

    def hear(self, agent: int, at_s: float, progress_s: float | None = None, owes: bool = False, is_recording: bool = False) -> float:
        progress_ns = round((at_s if progress_s is None else progress_s) * NS_PER_S)
        before = self.marks.hear(STORE, agent, round(at_s * NS_PER_S), progress_ns, self.expected, owes, is_recording)
        return max(before) / NS_PER_S

    def play(self, agent: int, at_s: float, progress_s: float) -> None:
        self.hear(agent, at_s, progress_s, is_recording=True)

    def leave(self, agent: int, at_s: float) -> None:
        self.marks.leave(STORE, agent)
        self.marks.tick(round(at_s * NS_PER_S), {STORE: self.expected})

    def held_back(self, at_s: float) -> list[tuple[list[int], list[int], float]]:
        return [(held.further, held.awaited, held.until_ns / NS_PER_S) for held in self.marks.held_back(round(at_s * NS_PER_S))]

    def hear_every_minute(self, agent: int, from_s: int, to_s: int) -> None:
        for at_s in range(from_s, to_s + 1, 60):
            self.hear(agent, at_s)

    @property
    def watermark_s(self) -> float | None:
        watermark_ns = int(self.marks.by_store[STORE])
        return None if watermark_ns == NEVER_NS else watermark_ns / NS_PER_S


def test_the_watermark_is_the_least_progress_of_the_agents() -> None:
    store = Store()
    store.hear(X, 100, progress_s=90)
    store.hear(Y, 101, progress_s=70)
    assert store.watermark_s == 70


def test_an_agent_that_was_never_heard_is_waited_for_during_the_grace_only() -> None:
    store = Store()
    store.hear(X, 100)
    store.hear(X, 100 + GRACE_S - 1)
    assert store.watermark_s is None
    store.hear(X, 100 + GRACE_S)
    assert store.watermark_s == 100 + GRACE_S


def test_it_never_goes_back() -> None:
    store = Store(frozenset({X}))
    store.hear(X, 100, progress_s=90)
    store.hear(X, 101, progress_s=50)
    store.hear(Y, 102, progress_s=50)
    assert store.watermark_s == 90


def test_a_silent_agent_holds_it_back_for_ten_minutes_while_the_other_is_heard() -> None:
    store = Store()
    store.hear(X, 0)
    store.hear(Y, 0)
    store.hear_every_minute(X, 60, SILENT_S)
    assert store.watermark_s == 0
    store.hear(X, SILENT_S + 60)
    assert store.watermark_s == SILENT_S + 60


def test_an_outage_of_all_is_no_silence_of_one() -> None:
    """The first agent that comes back does not drive the watermark past what the other has yet to report."""
    store = Store()
    store.hear(X, 0)
    store.hear(Y, 0)
    store.hear(X, 3 * 3600)
    assert store.watermark_s == 0


def test_an_agent_that_owes_a_backlog_is_waited_for_longer() -> None:
    store = Store()
    store.hear(X, 0)
    store.hear(Y, 0, owes=True)
    store.hear_every_minute(X, 60, OWES_S)
    assert store.watermark_s == 0
    store.hear_every_minute(X, OWES_S + 60, OWES_S + 60)
    assert store.watermark_s == OWES_S + 60


def test_all_agents_silent_for_a_day_have_reported_all_there_was() -> None:
    store = Store()
    store.hear(X, 0, progress_s=0)
    store.hear(Y, 0, progress_s=-50)
    store.marks.tick((GIVEN_UP_S + 1) * NS_PER_S, {STORE: BOTH})
    assert store.watermark_s == 0


def test_rows_are_placed_not_before_what_their_agent_had_reported_already() -> None:
    store = Store()
    store.hear(X, 100, progress_s=90)
    assert store.hear(X, 101, progress_s=95) == 90
    store.hear(Y, 102, progress_s=40)
    assert store.hear(Y, 103, progress_s=41) == 40


def test_people_leave_a_store_in_which_everybody_is_silent() -> None:
    store = Store(frozenset({X}))
    store.hear(X, 0)
    early, later = SILENT_S * NS_PER_S, (SILENT_S + 1) * NS_PER_S
    assert store.marks.closing_ns(early)[STORE] == 0
    assert store.marks.closing_ns(later)[STORE] == later


def test_a_clock_that_was_set_back_leaves_no_store_waiting_for_the_future() -> None:
    store = Store(frozenset({X}))
    store.hear(X, 10_000)
    store.marks.set_back(100 * NS_PER_S)
    store.hear(X, 101)
    assert store.watermark_s == 101


def test_it_goes_on_after_a_restart_where_it_was() -> None:
    store, again = Store(), Store()
    store.hear(X, 100, progress_s=90)
    store.hear(Y, 101, progress_s=70, owes=True)
    again.marks.load(store.marks.dump(), 1)
    assert again.watermark_s == 70
    again.hear_every_minute(X, 160, 160 + SILENT_S + 60)
    assert again.watermark_s == 70, "what the other agent owes is waited for still"


def test_a_recording_that_has_ended_is_not_waited_for() -> None:
    store = Store()
    store.play(X, 10_000, progress_s=100)
    store.leave(X, 10_001)
    store.play(Y, 10_002, progress_s=500)
    assert store.watermark_s == 500
    store.leave(Y, 10_003)
    assert store.watermark_s == 500


def test_a_recording_that_goes_on_after_its_goodbye_is_waited_for_again() -> None:
    store = Store()
    store.play(X, 10_000, progress_s=100)
    store.play(Y, 10_000, progress_s=100)
    store.leave(X, 10_001)
    store.play(X, 10_002, progress_s=200)
    store.play(Y, 10_003, progress_s=500)
    assert store.watermark_s == 200


def test_an_agent_that_runs_is_waited_for_whatever_it_says() -> None:
    store = Store()
    store.hear(X, 100)
    store.hear(Y, 100)
    store.leave(X, 101)
    store.hear(Y, 102)
    assert store.watermark_s == 100


def test_a_recording_s_goodbye_holds_after_a_restart() -> None:
    store, again = Store(), Store()
    store.play(X, 10_000, progress_s=100)
    store.leave(X, 10_001)
    again.marks.load(store.marks.dump(), 1)
    again.play(Y, 10_002, progress_s=500)
    assert again.watermark_s == 500


def test_who_waits_for_whom_is_known_after_a_minute() -> None:
    store = Store()
    store.play(X, 10_000, progress_s=100)
    store.play(Y, 10_001, progress_s=100)
    store.marks.tick(10_499 * NS_PER_S, {STORE: BOTH})
    store.play(Y, 10_500, progress_s=500)
    assert store.held_back(10_501) == [], "while nobody was further nobody waited"
    store.marks.tick(10_558 * NS_PER_S, {STORE: BOTH})
    assert store.held_back(10_558) == []
    assert store.held_back(10_559) == [([Y], [X], 100)]
    store.leave(X, 10_561)
    assert store.held_back(10_622) == []
