"""The agent's side of the protocol with its gateway: when hellos and frames are sent, and what is wrong.

    talk = Conversation(store, agent, spool, clock, on_key, substitute, window, notice_ns)
    talk.begin(publish, is_busy, announced_bytes)       # a connection is there; see edge_agent/sender.py
    talk.hear(payload, boot_ns) -> bool            # a receipt came; whether it counts
    talk.turn()                                    # what is due now
    talk.end(largest_bytes)                        # the connection is lost
    talk.problems(now_ns) -> dict[str, str]

Before the first receipt of a run no frame is sent. A gateway that does not know the clock of this boot would date a frame without echo by
its arrival. On later connections frames wait for the hello's receipt, which contains where to continue, but only for a limited time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from edge_agent.binding import Stopwatch, Word
from edge_agent.bodies import Terms
from edge_agent.clock import Clock
from edge_agent.hearing import Hearing
from edge_agent.parts import body_bytes
from edge_agent.sender import Publish, Sender
from edge_agent.spool import Spool, SpooledFrame
from edge_agent.window import Window
from footfall.frames import MAX_FRAME_BYTES, Body
from footfall.receipts import DayKey
from footfall.topics import WIRE_VERSION
from footfall.units import NS_PER_S

log = logging.getLogger("footfall.agent.publisher")

HELLO_S: Final = 10.0
OTHERS_S: Final = 60.0
"""How often the gateway is asked for its marks of earlier epochs: its state may be restored from a backup while nothing is sent."""
FEW_OTHERS: Final = 4
MANY_OTHERS: Final = 100
"""Earlier epochs asked for at once, where the gateway may have changed. An agent that restarts often has more than are worth asking for."""
ASKED_IN_SILENCE: Final = 4
"""Unanswered hellos before the gateway's silence is reported."""


class Conversation:
    """`refused`: what the gateway refuses, in words; "" while it refuses nothing."""

    def __init__(
        self,
        store: str,
        agent: str,
        spool: Spool,
        clock: Clock,
        on_key: Callable[[DayKey, int], None],
        substitute: Callable[[SpooledFrame], Body],
        window: Window,
        notice_ns: int,
    ) -> None:
        self.refused = ""
        self.hearing: Final = Hearing(spool, clock.boot, notice_ns, on_key)
        self.sender: Final = Sender(store, agent, spool, clock, self.hearing, substitute, window)
        self._spool: Final = spool
        self._clock: Final = clock
        self._notice_ns: Final = notice_ns
        self._hold_until_ns = 0
        self._others_due_ns, self._others = 0, MANY_OTHERS
        self._paused = False
        self._deaf = ""
        self._stalled: Final = Stopwatch()
        self._stalled_at: tuple[str, int] = ("", -1)

    def terms(self, now_ns: int) -> Terms:
        """Return the terms of a body that is made now."""
        limit = self.sender.limit.bytes(now_ns)
        max_bytes = MAX_FRAME_BYTES if limit is None else body_bytes(self.sender.topic, limit)
        return Terms(self.hearing.clock.offset(now_ns), min(max_bytes, MAX_FRAME_BYTES))

    def begin(self, publish: Publish, is_busy: Callable[[], bool], announced_bytes: int | None, deaf: str = "") -> None:
        """Begin on a new connection. `deaf`: why no receipts will come, where that is known."""
        self._deaf = deaf
        self._others_due_ns, self._others = 0, MANY_OTHERS
        self.hearing.begin()
        self.sender.begin(publish, is_busy, announced_bytes)
        self._hold(HELLO_S)
        self.sender.hello()

    def end(self, largest_bytes: int) -> None:
        now_ns = self._clock.boot_ns()
        self.hearing.binding.lost(now_ns)
        self._stalled.stop(now_ns)
        self.sender.lost(largest_bytes)

    def hear(self, payload: bytes, boot_ns: int) -> bool:
        word = self.hearing.hear(payload, boot_ns)
        if word is None:
            return False
        if self.hearing.is_lower:
            self._others_due_ns, self._others = 0, MANY_OTHERS
        self.sender.receipted()
        self._obey()
        if word is Word.CHANGE and not self._paused:
            self._hold(HELLO_S)
            self.sender.hello()
        return True

    def turn(self) -> None:
        now_ns = self._clock.boot_ns()
        self._watch(now_ns)
        if now_ns < self._hold_until_ns or not self.hearing.clock.echo.gateway_ns:
            if not self._paused and now_ns >= self.sender.hello_due_ns:
                self.sender.hello()
        elif self._paused:
            self._paused = False
            self._hold(HELLO_S)
            self.sender.hello()
        else:
            if self._asks_again(now_ns):
                self.sender.hello()
            self._ask_for_others(now_ns)
            self.sender.frames()

    def _ask_for_others(self, now_ns: int) -> None:
        if now_ns >= self._others_due_ns:
            self.sender.hello_of_others(self._others)
            self._others_due_ns, self._others = now_ns + round(OTHERS_S * NS_PER_S), FEW_OTHERS

    def _asks_again(self, now_ns: int) -> bool:
        """Return whether the gateway has been silent for so long that a hello should ask whether it, or another, is back."""
        every_ns = self._notice_ns // ASKED_IN_SILENCE
        return self.hearing.binding.silent_ns(now_ns) >= every_ns and now_ns - self.sender.hello_due_ns >= every_ns

    def problems(self, now_ns: int) -> dict[str, str]:
        found = self.hearing.problems(now_ns)
        if self.sender.too_large:
            found["packet_limit"] = self.sender.too_large
        if self._stalled.read_ns(now_ns) >= self._notice_ns:
            found["agent_stuck"] = (
                f"no receipt for {self._stalled.read_ns(now_ns) / NS_PER_S:.0f} s for frames that wait: {self._why(now_ns)}"
            )
        return found

    def _obey(self) -> None:
        receipt = self.hearing.last
        is_readable = WIRE_VERSION in receipt.versions
        self.refused = "" if is_readable else f"the gateway reads wire versions {receipt.versions}, not {WIRE_VERSION}: frames are kept"
        if receipt.pause_s:
            self._paused = True
            self._hold(receipt.pause_s)
        elif not self._paused:
            self._hold_until_ns = 0

    def _hold(self, seconds: float) -> None:
        self._hold_until_ns = self._clock.boot_ns() + round(seconds * NS_PER_S)

    def _watch(self, now_ns: int) -> None:
        """Measure for how long, while connected, frames have waited without progress."""
        epoch = self._spool.sending()
        at = (epoch.name, epoch.mark)
        if at != self._stalled_at or epoch.last <= epoch.mark:
            self._stalled_at = at
            self._stalled.reset()
        self._stalled.start(now_ns)

    def _why(self, now_ns: int) -> str:
        binding = self.hearing.binding
        if self._paused:
            return "the gateway asks to wait, its disk is at its quota"
        if known := self._deaf or self.refused or self.sender.too_large:
            return known
        if binding.silent_ns(now_ns) >= self._notice_ns or not self.hearing.clock.echo.gateway_ns:
            silent = f"the gateway with journal {binding.journal_id} is silent" if binding.journal_id else "no gateway answers"
            return f"{silent}; the broker answers: {self.sender.broker_answer}" if self.sender.broker_answer else silent
        last = self.hearing.last
        return f"the gateway reports again and again that it has epoch {last.epoch} up to {last.upto}"
