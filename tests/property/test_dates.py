"""Any number of gateways with lost or old state, delays, lost receipts, restarts and boots of the agent: what has a date keeps it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.gateway_clock import GatewayClock
from edge_agent.own_dates import OwnDates
from edge_agent.spool import SpooledFrame
from footfall.frames import Body, DecidedTime, Kind, encode_body
from footfall.receipts import MAX_TIME_RUNS, Receipt, Times
from gateway.accept.accept import Acceptor
from gateway.accept.outcome import Outcome
from gateway.records import RECEIVED, RecordKind
from tests.support.accept_inputs import NOW, TOPIC, Memory, S, acceptor, body, frame

MS = 1_000_000
SKEWS_NS = (0, 150 * MS, -150 * MS)
"""Clocks of gateways differ."""
TOLERATED_NS = S


@dataclass
class Epoch:
    name: str
    boot: int
    bodies: list[Body] = field(default_factory=list)
    mark: int = 0
    receipted: int = 0


class World:
    """One agent, and the gateway that is there now. Time is nanoseconds of the truth."""

    def __init__(self) -> None:
        self.now_ns = NOW
        self.memory, self.saved, self.skew = Memory(), Memory(), 0
        self.gateway: Acceptor = acceptor(self.memory)
        self.began: list[int] = [NOW - 40 * S]
        self.lengths: list[int] = [0]
        self.epochs: list[Epoch] = []
        self.decided: dict[tuple[str, int], DecidedTime] = {}
        self.times_n = self.receipted_ns = 0
        self.dates: dict[tuple[str, int], DecidedTime] = {}
        self.of_their_boot: set[tuple[str, int]] = set()
        """Frames that were taken in the boot in which they were made."""
        self.restart()

    def restart(self) -> None:
        self.epochs.append(Epoch(f"e{len(self.epochs)}", len(self.began) - 1))
        self.hear_nobody()

    def hear_nobody(self) -> None:
        self.clock = GatewayClock(self.boot)
        self.own = OwnDates(self.boot, self.clock)

    def reboot(self, off_s: int) -> None:
        self.now_ns += off_s * S
        self.began.append(self.now_ns)
        self.lengths.append(0)
        self.restart()

    @property
    def boot(self) -> str:
        return f"boot-{len(self.began) - 1}"

    def boot_ns(self) -> int:
        return self.now_ns - self.began[-1]

    def make(self) -> None:
        epoch, boot_ns = self.epochs[-1], self.boot_ns()
        self.lengths[-1] = max(self.lengths[-1], boot_ns)
        offset = self.clock.offset(boot_ns)
        epoch.bodies.append(body(Kind.STAY, first_row=len(epoch.bodies), boot=self.boot, made_boot_ns=boot_ns, offset=offset))

    def talk(self, up_ms: int, down_ms: int, is_lost: bool) -> None:
        """A hello if nothing was heard in this run, else the next frame."""
        epoch = next((each for each in self.epochs if each.mark < len(each.bodies)), self.epochs[-1])
        seq = epoch.mark + 1 if self.clock.echo.gateway_ns and epoch.mark < len(epoch.bodies) else 0
        data: Body | bytes = epoch.bodies[seq - 1] if seq else b""
        if isinstance(data, Body):
            self.date(epoch, seq, data)
        sent_boot_ns = self.boot_ns()
        header: dict[str, Any] = {
            "epoch": epoch.name,
            "boot": self.boot,
            "sent_boot_ns": sent_boot_ns,
            "gateway_ns": self.clock.echo.gateway_ns,
            "heard_boot_ns": self.clock.echo.heard_boot_ns,
            "receipted": epoch.receipted,
            "receipted_ns": self.receipted_ns,
            "times_n": self.times_n,
            "boots_apart_ns": sum(self.lengths[epoch.boot : len(self.began) - 1]),
            "decided": self.decided.get((epoch.name, seq)),
        }
        self.now_ns += up_ms * MS
        received_ns = self.now_ns + SKEWS_NS[self.skew]
        outcome = self.gateway.frame(TOPIC, frame(seq, data, **header), received_ns)
        self.check(outcome)
        times = self.gateway.times("x", MAX_TIME_RUNS)
        assert outcome.receipt is not None
        receipt = Receipt(*outcome.receipt, received_ns, "j", (1,), None, None, self.boot, sent_boot_ns, True, times)
        self.now_ns += down_ms * MS
        if not is_lost:
            self.hear(receipt)

    def date(self, epoch: Epoch, seq: int, made: Body) -> None:
        """As the agent's sender does before a frame goes out."""
        decided = self.decided.get((epoch.name, seq))
        spooled = SpooledFrame(seq, made.boot, made.made_boot_ns, made.first_row, len(made), 0, encode_body(made), decided)
        if self.own.lacks(spooled):
            self.decided |= {(epoch.name, seq): time for seq, time in self.own.give([spooled])}

    def hear(self, receipt: Receipt) -> None:
        epoch = next(each for each in self.epochs if each.name == receipt.epoch)
        epoch.mark = min(receipt.upto, len(epoch.bodies))
        epoch.receipted = max(epoch.receipted, epoch.mark)
        self.receipted_ns = max(self.receipted_ns, receipt.gateway_ns)
        self.clock.hear(receipt, self.boot_ns())
        if receipt.times is not None:
            self.store(receipt.times)

    def store(self, times: Times) -> None:
        self.times_n = times.n
        for run in times.runs:
            self.decided |= {(run.epoch, seq): run.decided for seq in range(run.first_seq, run.last_seq + 1)}

    def check(self, outcome: Outcome) -> None:
        """A date that was sent, or that the body holds, never changes. Nor does any other of the boot in which the frame was first sent.
        No date is further off than its bound."""
        for entry in outcome.entries:
            if entry.kind != RecordKind.FRAME or entry.frame is None:
                continue
            epoch = next(
                each for each in self.epochs for made in each.bodies if made.boot == entry.frame.boot and self.is_of(each, entry.frame)
            )
            key, date = (epoch.name, entry.seq), DecidedTime(entry.offset_ns, entry.clock_width_ns, entry.time_quality)
            if key in self.decided:
                assert date == self.decided[key], f"{key} was told another date"
            elif entry.frame.offset is not None and key in self.dates:
                assert date == self.dates[key], f"{key} says its date itself"
            if key in self.of_their_boot:
                assert date == self.dates[key], f"{key} was sent before"
            elif key not in self.dates and entry.frame.boot == self.boot:
                self.of_their_boot.add(key)
            self.dates[key] = date
            if date.quality != RECEIVED:
                assert abs(date.offset_ns - self.began[epoch.boot]) <= date.width_ns + TOLERATED_NS

    @staticmethod
    def is_of(epoch: Epoch, made: Body) -> bool:
        return made.first_row < len(epoch.bodies) and epoch.bodies[made.first_row].made_boot_ns == made.made_boot_ns

    def wipe(self) -> None:
        self.use(Memory())

    def restore(self) -> None:
        self.use(copy.deepcopy(self.saved))

    def save(self) -> None:
        self.saved = copy.deepcopy(self.memory)

    def use(self, memory: Memory) -> None:
        self.memory, self.skew = memory, (self.skew + 1) % len(SKEWS_NS)
        self.gateway = acceptor(memory)

    def wait(self, seconds: int) -> None:
        self.now_ns += seconds * S


Step = Callable[[World], None]
delays = st.sampled_from([1, 20, 700, 40_000])
talks = st.builds(
    lambda up, down, lost: lambda world: world.talk(up, down, lost), delays, delays, st.sampled_from([False, False, False, True])
)


def lose_state_before_it_is_heard(world: World) -> None:
    world.make()
    world.talk(700, 20, True)
    world.wipe()


steps: st.SearchStrategy[Step] = st.one_of(
    talks,
    st.just(lose_state_before_it_is_heard),
    talks,
    talks,
    st.just(World.make),
    st.just(World.make),
    st.builds(lambda seconds: lambda world: world.wait(seconds), st.sampled_from([1, 60, 7200])),
    st.sampled_from([World.wipe, World.restore, World.save, World.restart]),
    st.builds(lambda off_s: lambda world: world.reboot(off_s), st.sampled_from([5, 600, 200_000])),
)


@given(st.lists(steps, max_size=60))
@settings(max_examples=200, deadline=None)
def test_what_has_a_date_keeps_it(story: list[Step]) -> None:
    world = World()
    for step in story:
        world.wait(1)
        step(world)
    for _ in range(4):  # a gateway that knows nothing gets all again
        world.wipe()
        for epoch in world.epochs:
            epoch.mark = 0
        world.hear_nobody()
        for _ in range(3 + sum(len(epoch.bodies) for epoch in world.epochs)):
            world.wait(1)
            world.talk(20, 20, False)
        assert all(epoch.mark == len(epoch.bodies) for epoch in world.epochs)


def test_after_it_was_dated_all_that_was_ever_sent_is_the_same_from_any_gateway() -> None:
    """Frames from before the first receipt, an earlier life, one that has its own date: a new gateway gives each its old one."""
    world = World()
    for step in (World.make, World.make, lambda each: each.reboot(30), World.make):
        step(world)
        world.wait(60)
    for _ in range(8):
        world.talk(700, 20, False)
        world.wait(1)
    world.make()
    world.talk(20, 20, False)
    first = dict(world.dates)
    assert len(first) == 4
    world.wipe()
    for epoch in world.epochs:
        epoch.mark = 0
    for _ in range(8):
        world.talk(1, 700, False)
    assert world.dates == first
