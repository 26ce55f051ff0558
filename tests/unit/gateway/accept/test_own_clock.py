from __future__ import annotations

import pytest

from footfall.units import NS_PER_S as S
from gateway.accept.own_clock import BUILT_NS, COMMAND, ClockReading, OwnClock, Verdict

NOW_NS = BUILT_NS + 30 * 86_400 * S
HOUR_NS = 3600 * S


class Machine:
    """A gateway's machine: `passes` lets time go by, `set` changes the wall clock."""

    def __init__(self, wall_ns: int = NOW_NS, agents: int = 5, last_ns: int = 0) -> None:
        self.boot_ns, self.wall_ns, self.last_ns, self.synchronised = 100 * S, wall_ns, last_ns, False
        self.clock = OwnClock(self.reading, agents, prove_s=60)

    @property
    def reading(self) -> ClockReading:
        return ClockReading(self.wall_ns, self.boot_ns)

    def passes(self, seconds: float) -> Machine:
        self.boot_ns += round(seconds * S)
        self.wall_ns += round(seconds * S)
        return self

    def set(self, by_ns: int) -> Machine:
        self.wall_ns += by_ns
        return self

    def agents_say(self, *apart_ns: int) -> None:
        """How far each synchronised agent's clock is from the true time, which the machine's was at the beginning."""
        for n, each_ns in enumerate(apart_ns):
            self.clock.hear(f"a{n}", NOW_NS + self.boot_ns - 100 * S + each_ns, self.boot_ns)

    def judge(self) -> Verdict:
        verdict = self.clock.judge(self.reading, self.last_ns, lambda: self.synchronised)
        if not verdict.trouble:
            self.last_ns = verdict.now_ns if verdict.is_back else max(self.last_ns, verdict.now_ns)
        return verdict


def test_a_clock_that_nothing_contradicts_is_believed() -> None:
    machine = Machine()
    for _ in range(5):
        assert machine.passes(7).judge() == (machine.wall_ns, "", "", False)


@pytest.mark.parametrize("by_s", [-4, 4])
def test_small_steps_are_followed_at_once(by_s: int) -> None:
    machine = Machine()
    machine.judge()
    assert machine.set(by_s * S).judge() == (machine.wall_ns, "", "", False)


def test_a_jump_of_a_day_for_some_seconds_dates_nothing_and_stops_nothing() -> None:
    machine = Machine()
    machine.judge()
    machine.set(24 * HOUR_NS)
    for _ in range(6):
        verdict = machine.passes(1).judge()
        assert (verdict.now_ns, verdict.trouble, verdict.is_back) == (machine.wall_ns - 24 * HOUR_NS, "", False)
        assert "jumped by +24.0 h" in verdict.jumped
    verdict = machine.set(-24 * HOUR_NS).passes(1).judge()
    assert "came back after 6 s" in verdict.jumped
    assert (verdict.now_ns, verdict.trouble, verdict.is_back) == (machine.wall_ns, "", False)


@pytest.mark.parametrize("by_ns", [8 * HOUR_NS, -8 * HOUR_NS])
def test_a_clock_that_is_set_for_good_is_believed_when_it_has_proved_itself(by_ns: int) -> None:
    machine = Machine()
    machine.judge()
    machine.set(by_ns)
    assert machine.passes(59).judge().now_ns == machine.wall_ns - by_ns
    machine.passes(2).judge()
    verdict = machine.passes(60).judge()
    assert (verdict.now_ns, verdict.trouble) == (machine.wall_ns, "")
    assert "believed" in verdict.jumped
    assert machine.passes(3601).judge().jumped == ""


def test_a_clock_that_goes_back_is_noted_in_the_journal_once() -> None:
    machine = Machine()
    machine.judge()
    machine.set(-8 * HOUR_NS).judge()
    assert [machine.passes(30).judge().is_back for _ in range(4)] == [False, True, False, False]


@pytest.mark.parametrize("how", ["agents", "accepted"])
def test_a_reason_to_believe_it_saves_the_proof(how: str) -> None:
    machine = Machine(NOW_NS - 8 * HOUR_NS)
    machine.judge()
    machine.set(8 * HOUR_NS)
    if how == "agents":
        machine.agents_say(2 * S)
    if how == "accepted":
        machine.clock.accept(machine.reading.base_ns)
    assert machine.passes(1).judge().now_ns == machine.wall_ns


def test_agents_whose_clocks_stay_keep_the_time_as_it_was() -> None:
    machine = Machine()
    machine.judge()
    machine.set(8 * HOUR_NS)
    for _ in range(10):
        machine.passes(30)
        machine.agents_say(0, S, 2 * S)
        verdict = machine.judge()
        assert (verdict.now_ns, verdict.trouble) == (machine.wall_ns - 8 * HOUR_NS, "")
        assert verdict.jumped


def test_a_clock_before_the_release_takes_nothing_in_and_is_believed_as_soon_as_it_is_set() -> None:
    machine = Machine(0)
    assert COMMAND in machine.passes(5).judge().trouble
    verdict = machine.set(NOW_NS).passes(1).judge()
    assert (verdict.now_ns, verdict.trouble) == (machine.wall_ns, "")


@pytest.mark.parametrize("how", ["agents", "kernel", "accepted"])
def test_a_start_before_the_last_record_waits_for_a_reason_and_goes_on_from_there(how: str) -> None:
    machine = Machine(last_ns=NOW_NS + 8 * HOUR_NS)
    verdict = machine.passes(1000).judge()
    assert "in the past" in verdict.trouble
    assert COMMAND in verdict.trouble
    if how == "agents":
        machine.agents_say(S)
    machine.synchronised = how == "kernel"
    if how == "accepted":
        machine.clock.accept(machine.reading.base_ns)
    verdict = machine.judge()
    assert (verdict.now_ns, verdict.trouble, verdict.is_back) == (machine.wall_ns, "", True)
    assert machine.passes(1).judge() == (machine.wall_ns, "", "", False)


def test_a_start_before_the_last_record_goes_on_when_the_clock_is_put_right() -> None:
    machine = Machine(NOW_NS - HOUR_NS, last_ns=NOW_NS - 60 * S)
    assert machine.judge().trouble
    verdict = machine.passes(5).set(HOUR_NS).judge()
    assert (verdict.now_ns, verdict.trouble, verdict.is_back) == (machine.wall_ns, "", False)


@pytest.mark.parametrize(
    ("agents", "apart_ns", "held"),
    [
        (5, (-8 * HOUR_NS, -8 * HOUR_NS), True),
        (5, (-8 * HOUR_NS,), False),
        (1, (-8 * HOUR_NS,), True),
        (5, (-8 * HOUR_NS, 0), False),
        (5, (-8 * HOUR_NS, 0, -8 * HOUR_NS - S), True),
        (5, (-8 * HOUR_NS, 0, 8 * HOUR_NS), False),
        (5, (59 * S, 59 * S), False),
        (5, (), False),
    ],
)
def test_most_agents_synchronised_clocks_are_evidence_and_one_of_many_is_none(agents: int, apart_ns: tuple[int, ...], held: bool) -> None:
    machine = Machine(agents=agents)
    machine.agents_say(*apart_ns)
    verdict = machine.judge()
    assert bool(verdict.trouble) == held
    if held:
        assert "most agents' clocks" in verdict.trouble
        machine.clock.accept(machine.reading.base_ns)
        assert machine.judge().trouble == ""


def test_what_agents_sent_long_ago_is_no_evidence() -> None:
    machine = Machine()
    machine.agents_say(HOUR_NS, HOUR_NS)
    assert machine.judge().trouble
    assert machine.passes(121).judge().trouble == ""


def test_an_agent_that_contradicts_is_named_with_how_far_it_is_apart() -> None:
    machine = Machine()
    machine.agents_say(HOUR_NS, 2 * S)
    machine.judge()
    assert [machine.clock.contradicts(name) for name in ("a0", "a1", "nobody")] == [HOUR_NS, 0, 0]


def test_a_clock_is_sure_once_something_vouches_for_it_or_nobody_set_it_for_long() -> None:
    """What is done by it then, such as erasing keys, cannot be undone."""
    machine = Machine()
    machine.judge()

    def is_sure() -> bool:
        return machine.clock.is_sure(machine.reading, lambda: machine.synchronised)

    machine.synchronised = True
    assert not is_sure(), "it has not proved itself yet"
    machine.passes(61).judge()
    assert is_sure()
    machine.synchronised = False
    assert not is_sure()
    machine.agents_say(0, 1, 2)
    assert is_sure()
    machine.passes(3600).judge()
    assert is_sure()
    machine.set(24 * HOUR_NS).judge()
    assert not is_sure(), "it was just set"
    for _ in range(7):
        machine.passes(10).judge()
    assert not is_sure(), "it is believed, but nothing vouches for it"
    machine.passes(3600).judge()
    assert is_sure()
    machine.agents_say(-24 * HOUR_NS, -24 * HOUR_NS)
    assert not is_sure()
