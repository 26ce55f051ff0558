"""Sends hellos and frames: each in a packet that the broker accepts, or in parts, in the order and at the pace of the window.

sender = Sender(store, agent, spool, clock, hearing, substitute, window)
sender.begin(publish, is_busy, announced_bytes)     # a connection is there: publish(topic, payload); is_busy: packets lack their PUBACK
sender.hello(); sender.hello_of_others(most); sender.frames()
sender.receipted()                             # a receipt that counts was heard
sender.acknowledged(packet_bytes, code, why)   # a PUBACK
sender.lost(largest_bytes)                     # the connection, with so large a packet on its way
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, NamedTuple

from edge_agent.clock import Clock
from edge_agent.hearing import Hearing
from edge_agent.own_dates import OwnDates
from edge_agent.packet_limit import LEAST_BYTES, PacketLimit
from edge_agent.parts import packet_bytes, payloads
from edge_agent.spool import Epoch, Spool, SpooledFrame
from edge_agent.window import LONGEST_PATIENCE_S, Window
from footfall.frames import Body, DecidedTime, Header, encode_frame
from footfall.lost_connections import PACKET_TOO_LARGE
from footfall.topics import Topic
from footfall.units import NS_PER_S

log = logging.getLogger("footfall.agent.publisher")

HELLO_AGAIN_S: Final = 2.0
DROPPED_TRIES: Final = 3
"""How often a frame is sent without a receipt, while the gateway answers, before its size is taken as the cause."""
SMALLEST_SHARE: Final = 16
"""If parts of this share of a frame do not arrive either, the size is not the cause."""
WHOLE_AGAIN_NS: Final = 600 * NS_PER_S
"""How often a frame that may be too large is tried as a whole, if the gateway accepts no parts."""
FAILURE: Final = 0x80
NO_SUBSCRIBERS: Final = 0x10

Publish = Callable[[str, bytes], None]


class _Sent(NamedTuple):
    """How a frame was sent: its largest packet in bytes, and its size as one packet."""

    packet_bytes: int
    whole_bytes: int


class Sender:
    """`broker_answer`: the answer to the last packet, "" for plain success. `too_large`: which frame waits, and for what."""

    def __init__(
        self,
        store: str,
        agent: str,
        spool: Spool,
        clock: Clock,
        hearing: Hearing,
        substitute: Callable[[SpooledFrame], Body],
        window: Window,
    ) -> None:
        self.limit: Final = PacketLimit()
        self.topic: Final = str(Topic(store, agent, "frames"))
        self.broker_answer = ""
        self.too_large = ""
        self.hello_due_ns = 0
        self._store: Final = store
        self._agent: Final = agent
        self._spool: Final = spool
        self._clock: Final = clock
        self._hearing: Final = hearing
        self._substitute: Final = substitute
        self._window: Final = window
        self._dates: Final = OwnDates(clock.boot, hearing.clock)
        self._publish: Publish = lambda topic, payload: None
        self._is_busy: Callable[[], bool] = lambda: False
        self._acknowledged_ns = 0
        self._sent: Final[dict[tuple[str, int], _Sent]] = {}
        """By epoch and seq."""
        self._innocent: tuple[str, int] = ("", 0)
        self._whole_due_ns = 0

    def begin(self, publish: Publish, is_busy: Callable[[], bool], announced_bytes: int | None) -> None:
        self._publish, self._is_busy = publish, is_busy
        self._acknowledged_ns = self._clock.boot_ns()
        self.broker_answer = ""
        self.limit.connected(announced_bytes)
        self._sent.clear()
        self._window.restart()

    def lost(self, largest_bytes: int) -> None:
        self.limit.lost(largest_bytes, self._clock.boot_ns())

    def hello(self) -> None:
        now_ns = self._clock.boot_ns()
        self.hello_due_ns = now_ns + round(HELLO_AGAIN_S * NS_PER_S)
        self._hearing.binding.asked(now_ns)
        self._greet(self._spool.sending())

    def hello_of_others(self, most: int) -> None:
        """Send hellos of epochs that are receipted as a whole. A gateway that was restored from a backup may lack their last frames."""
        for epoch in self._spool.others(most):
            self._greet(epoch)

    def _greet(self, epoch: Epoch) -> None:
        self._publish(self.topic, encode_frame(self._header(epoch, 0), b""))

    def frames(self) -> None:
        """Send the frames that the window allows now; a hello if the next frame cannot be sent."""
        now_ns = self._clock.boot_ns()
        epoch = self._spool.sending()
        if self._is_busy() and now_ns - self._acknowledged_ns < LONGEST_PATIENCE_S * NS_PER_S:
            self._window.wait(now_ns)
        seqs = self._window.due(epoch, now_ns)
        if not seqs:
            return
        self._doubt_size(epoch, seqs.start, now_ns)
        for frame in self._dated(epoch, seqs, now_ns):
            if not frame.is_whole():
                self._bury(epoch, frame)
                return
            if not self._send(epoch, frame, now_ns):
                return

    def _dated(self, epoch: Epoch, seqs: range, now_ns: int) -> list[SpooledFrame]:
        """Return frames that any gateway will date alike; fewer while the clock that dates the others will soon be known better."""
        frames = self._spool.frames(epoch.name, seqs.start, len(seqs))
        lacking = [frame for frame in frames if frame.is_whole() and self._dates.lacks(frame)]
        if not lacking:
            return frames
        if self._dates.can_wait(bool(self._hearing.last.echo_boot), now_ns):
            if now_ns >= self.hello_due_ns:
                self.hello()
            return frames[: frames.index(lacking[0])]
        dates = self._dates.give(lacking)
        if dates:
            self._spool.date(epoch.name, dates)
            frames = self._spool.frames(epoch.name, seqs.start, len(seqs))
        return frames

    def receipted(self) -> None:
        epoch = self._spool.get(self._hearing.last.epoch)
        if epoch is None:
            return
        if self._hearing.is_repeated:
            self._window.repeated(epoch)
        else:
            self.too_large = ""
        for key in [key for key in self._sent if key[0] == epoch.name and key[1] <= epoch.mark]:
            self.limit.passed(self._sent.pop(key).packet_bytes)

    def acknowledged(self, size: int, code: int, why: str) -> None:
        """Take a PUBACK, which is no receipt. A refusal is reported; success in MQTT 5 proves that the size is accepted."""
        now_ns = self._acknowledged_ns = self._clock.boot_ns()
        self.broker_answer = why if code else ""
        if code == PACKET_TOO_LARGE:
            self.limit.refused(size, now_ns)
        elif code >= FAILURE:
            log.warning("the broker refuses what is published: %s", why)

    def _send(self, epoch: Epoch, frame: SpooledFrame, now_ns: int) -> bool:
        """Send a frame. Return whether the next may follow.

        A frame in parts is sent alone, once all before it are receipted: the gateway joins one at a time.
        """
        header = self._header(epoch, frame.seq, frame.decided)
        packets = payloads(header, frame.body, self.topic, self.limit.bytes(now_ns), self._hearing.last.parts)
        packets = packets or self._as_a_whole(header, frame, now_ns)
        if not packets or (len(packets) > 1 and frame.seq != max(epoch.mark + 1, epoch.oldest)):
            return False
        self._hearing.binding.asked(now_ns)
        for packet in packets:
            self._publish(self.topic, packet)
        largest = max(packet_bytes(self.topic, packet) for packet in packets)
        self._sent[epoch.name, frame.seq] = _Sent(largest, max(largest, len(frame.body)))
        self._window.sent(frame.seq)
        return len(packets) == 1

    def _as_a_whole(self, header: Header, frame: SpooledFrame, now_ns: int) -> list[bytes]:
        """Return the packets of a frame that is too large: none while hellos ask for parts, and now and then the whole frame."""
        announced = self.limit.announced_bytes
        self.too_large = f"frame {frame.seq} of {len(frame.body)} bytes waits: the broker takes {self.limit.bytes(now_ns)} bytes"
        self.too_large += ", and this gateway takes no parts of frames" if not self._hearing.last.parts else ""
        if now_ns >= self.hello_due_ns:
            self.hello()
        if now_ns < self._whole_due_ns or (announced is not None and len(frame.body) > announced):
            return []
        self._whole_due_ns = now_ns + WHOLE_AGAIN_NS
        return [encode_frame(header, frame.body)]

    def _doubt_size(self, epoch: Epoch, seq: int, now_ns: int) -> None:
        """Suspect the size of a frame that alone gets no receipt: brokers of MQTT 3.1.1 acknowledge what they drop."""
        sent = self._sent.get((epoch.name, seq), _Sent(0, 0))
        if self._window.tries < DROPPED_TRIES or not self._window.answered or sent.packet_bytes < LEAST_BYTES:
            return
        if self._innocent == (epoch.name, seq):
            return
        self._window.tries = 0
        learned = self.limit.learned_bytes
        if learned is not None and learned * SMALLEST_SHARE <= sent.whole_bytes:
            self.limit.forget()
            self._innocent = (epoch.name, seq)
        else:
            self.limit.refused(sent.packet_bytes, now_ns)

    def _bury(self, epoch: Epoch, frame: SpooledFrame) -> None:
        """Replace a frame that the disk has corrupted by a gap under its number."""
        log.error("frame %d of epoch %s was spoiled on the disk: %d rows lost", frame.seq, epoch.name, frame.rows)
        self._spool.bury(epoch.name, frame, self._substitute(frame), "crc32")

    def _header(self, epoch: Epoch, seq: int, decided: DecidedTime | None = None) -> Header:
        echo = self._hearing.clock.echo
        return Header(
            store=self._store,
            agent=self._agent,
            epoch=epoch.name,
            seq=seq,
            oldest=epoch.oldest,
            boot=self._clock.boot,
            sent_boot_ns=self._clock.boot_ns(),
            sent_wall_ns=max(0, self._clock.wall_ns()),
            gateway_ns=echo.gateway_ns,
            heard_boot_ns=echo.heard_boot_ns,
            journal=self._hearing.binding.journal_id or "",
            receipted=epoch.receipted,
            receipted_ns=self._spool.receipted_ns,
            times_n=self._spool.times_n,
            boots_apart_ns=epoch.boots_apart_ns,
            decided=decided,
        )
