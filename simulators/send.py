"""Sends a world's frames over MQTT through the real core, spool and publisher of the agents, at a chosen pace.

Events keep the world's own times, whatever the pace: to the gateway the boxes are machines that were restarted after the world, and
whose wall clocks were synchronised. What is sent is deterministic; when it is sent is not.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from device_profiles.registry import shipped
from edge_agent.clock import Clock, SystemClock
from edge_agent.core import lost_frame
from edge_agent.playback import Undelivered
from edge_agent.publisher import Publisher
from edge_agent.spool import Spool, SpooledFrame
from footfall.broker import Broker
from footfall.frames import Body
from footfall.health import Health
from simulators.feed import Feed, boot_of, epoch_of

_COMMIT_FRAMES: Final = 200
_PATIENCE_S: Final = 30.0
OnTime = Callable[[int], None]
"""Told how far the world has come, ns since its start."""


def _quiet(t_ns: int) -> None:
    """Nobody watches."""


def fill_spool(path: Path, feed: Feed, on_time: OnTime = _quiet) -> tuple[int, int]:
    """Spools at once what an agent without a network would in the time of `feed`; returns frames and rows."""
    with _spool(path, feed) as spool:
        return _pour(spool, feed, 0.0, on_time, lambda: None)


class Sender:
    """One agent of a world, with a spool of its own in `folder`, and the broker it publishes to."""

    def __init__(self, feed: Feed, folder: Path, broker: Broker, clock: Clock | None = None) -> None:
        self.feed = feed
        self._path: Final = folder / f"{feed.agent}-{secrets.token_hex(4)}.db"
        self._broker: Final = broker
        self._clock: Final[Clock] = clock or SystemClock()
        self._began_ns: Final = self._clock.boot_ns()

    def run(self, pace: float = 0.0, on_time: OnTime = _quiet) -> tuple[int, int]:
        """Sends all of the feed, `pace` times as fast as real time (0: at once), until the gateway has receipted it; frames and rows.

        Undelivered if 30 s pass without a receipt.
        """
        with _spool(self._path, self.feed) as spool:
            publisher = self._publisher(spool)
            stop = threading.Event()
            thread = threading.Thread(target=publisher.run, args=(stop,), name=f"{self.feed.agent}-publisher", daemon=True)
            thread.start()
            try:
                sent = _pour(spool, self.feed, pace, on_time, publisher.wake)
                self._await_receipts(spool, publisher)
            finally:
                stop.set()
                publisher.wake()
                thread.join()
        return sent

    def _publisher(self, spool: Spool) -> Publisher:
        world, agent = self.feed.world, self.feed.agent
        store, zones = world.plan.store, world.plan.receivers_of(agent)

        def health() -> Health:
            up_s = (self._clock.boot_ns() - self._began_ns) / 1e9
            rows = self.feed.core.rows_total
            return Health(state="online", agent=agent, store=store, boot=self._clock.boot, uptime_s=up_s, rows_total=rows)

        def substitute(frame: SpooledFrame) -> Body:
            return lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, zones, shipped())

        # The world's agents keep their private key: no key of the day may change what the same seed sends.
        return Publisher(store, agent, spool, self._clock, self._broker, health, lambda key, gateway_ns: None, substitute)

    def _await_receipts(self, spool: Spool, publisher: Publisher) -> None:
        left, deadline_s = self._unsent(spool), time.monotonic() + _PATIENCE_S
        while left:
            time.sleep(0.05)
            now = self._unsent(spool)
            if now < left:
                deadline_s = time.monotonic() + _PATIENCE_S
            elif time.monotonic() > deadline_s:
                why = publisher.refused or "no gateway receipts: is one running for this store and agent, on this broker?"
                raise Undelivered(f"{self.feed.agent}: {now} frames are not receipted, and nothing moved for {_PATIENCE_S:.0f} s: {why}")
            left = now

    def _unsent(self, spool: Spool) -> int:
        return spool.fill(self._clock.boot_ns()).unsent_frames


@contextmanager
def _spool(path: Path, feed: Feed) -> Iterator[Spool]:
    spool = Spool(path, epoch_of(feed.world, feed.agent), boot_of(feed.world, feed.agent), max_bytes=1 << 50)
    try:
        yield spool
    finally:
        spool.close()


def _pour(spool: Spool, feed: Feed, pace: float, on_time: OnTime, on_spooled: Callable[[], None]) -> tuple[int, int]:
    begun_s, waiting, frames, rows = time.monotonic(), list[Body](), 0, 0
    for t_ns, body in feed.bodies():
        early_s = begun_s + (t_ns - feed.from_ns) / 1e9 / pace - time.monotonic() if pace else 0.0
        if len(waiting) >= _COMMIT_FRAMES or (waiting and early_s > 0):
            spool.append(waiting)
            waiting = []
            on_spooled()
            on_time(t_ns)
        if early_s > 0:
            time.sleep(early_s)
        waiting.append(body)
        frames, rows = frames + 1, rows + len(body)
    spool.append(waiting)
    on_spooled()
    on_time(feed.until_ns)
    return frames, rows
