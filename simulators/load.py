"""Load for benchmarks: `python -m simulators.load --help`.

Sends frames of `load_frames` over MQTT with QoS 1 through one plain socket, at a rate or as fast as the broker takes them. With
`--window` it obeys receipts as an agent does: no agent has more unreceipted frames than that, and what was lost is sent again.
"""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from footfall.errors import ContractError, FootfallError, SinkUnavailable
from footfall.receipts import decode_receipt
from footfall.topics import parse_topic, wildcard
from simulators import mqtt
from simulators.files import address, toml_text
from simulators.load_frames import FrameFactory, Load, Numbers, Sending

UPTIME_NS: Final = 30 * 86_400 * 1_000_000_000
"""The machines of the load have been up for so long, so that events of a backlog have a boot time too."""
_MAX_UNACKED: Final = 20_000
_BATCH: Final = 1000
_TICK_S: Final = 0.01
"""At a given rate frames leave in bursts this far apart: waking for each one would cost more than making it."""
_STALLED_S: Final = 3.0


@dataclass(slots=True)
class Sent:
    """What a run did. `receipted` counts frames; `frames` counts each sending, `resent` those that were not the first."""

    frames: int = 0
    rows: int = 0
    resent: int = 0
    acked: int = 0
    receipted: int = 0
    receipts: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0


def boot_ns() -> int:
    return time.monotonic_ns() + UPTIME_NS


class Generator:
    """Sends `frames` frames of each agent. `rate` is frames a second over all agents, 0: as fast as possible.

    With `ago_s` all of it happened so much earlier: the backlog of agents that were offline since.
    """

    def __init__(
        self,
        load: Load,
        host: str,
        port: int,
        *,
        frames: int,
        rate: float = 0.0,
        window: int = 0,
        receipts: bool = False,
        ago_s: float = 0.0,
    ) -> None:
        self.load, self.frames, self.rate, self.window = load, frames, rate, window
        self._ago_ns = round(ago_s * 1e9)
        self.sent = Sent()
        self._factory = FrameFactory(load)
        agents = load.total_agents
        self._next, self._upto = np.ones(agents, "i8"), np.zeros(agents, "i8")
        self._highest = np.zeros(agents, "i8")
        self._gateway_ns, self._heard_ns = np.zeros(agents, "i8"), np.zeros(agents, "i8")
        self._cursor, self._packet_id, self._paused_until_s = 0, 0, 0.0
        self._origin_boot_ns = boot_ns()
        self._pending = memoryview(b"")
        self._incoming, self._receipts = mqtt.Incoming(), mqtt.Incoming()
        self._numbers = {load.agent(number): number for number in range(agents)}
        with ExitStack() as opened:
            name = f"load-{load.seed}-{os.getpid()}"
            self._socket = opened.enter_context(mqtt.connect(host, port, name))
            self._listener = self._listen(opened, host, port, f"{name}-receipts") if receipts or window else None
            self._close = opened.pop_all().close

    def run(self, on_tick: Callable[[Sent], None] = lambda sent: None) -> Sent:
        """Sends everything and waits until it is acknowledged (and receipted, with a window). SinkUnavailable: the broker is gone."""
        begun_s, cpu_s = time.monotonic(), time.process_time()
        self._origin_boot_ns = self._origin()
        progressed_s, known, offered = begun_s, 0, 0
        try:
            while not self._done():
                now_s = time.monotonic()
                due = int((now_s - begun_s) * self.rate) - offered if self.rate else _BATCH
                if not self._pending and now_s >= self._paused_until_s:
                    offered += self._make(min(due, _BATCH, _MAX_UNACKED - (self.sent.frames - self.sent.acked)))
                self._exchange()
                if self.rate and not self._pending:
                    time.sleep(_TICK_S)
                reached = self.sent.acked + self.sent.receipted
                if reached != known:
                    progressed_s, known = now_s, reached
                elif now_s - progressed_s > _STALLED_S and self.window:
                    self._rewind()
                    progressed_s = now_s
                self.sent.seconds, self.sent.cpu_s = now_s - begun_s, time.process_time() - cpu_s
                on_tick(self.sent)
        finally:
            self._close()
        return self.sent

    def _listen(self, opened: ExitStack, host: str, port: int, name: str) -> socket.socket:
        listener = opened.enter_context(mqtt.connect(host, port, name))
        listener.sendall(mqtt.subscribe(1, wildcard("receipts")))
        return listener

    def _origin(self) -> int:
        """Boot time of the first row: every frame is sent after its last row happened, the last one just after."""
        frame_ns, now_ns = self.load.frame_ns, boot_ns() - self._ago_ns
        pace_ns = round(self.load.total_agents / self.rate * 1e9) if self.rate else 0
        return min(now_ns - frame_ns, now_ns + (self.frames - 1) * pace_ns - self.frames * frame_ns)

    def _done(self) -> bool:
        if self._pending or self.sent.acked < self.sent.frames:
            return False
        if self.window:
            return bool((self._upto >= self.frames).all())
        return bool((self._next > self.frames).all())

    def _make(self, count: int) -> int:
        """Queues up to `count` frames, of the agents in turn; returns how many."""
        agent = self._turn(count)
        if not len(agent):
            return 0
        seq = self._next[agent]
        packet_id = (self._packet_id + np.arange(len(agent), dtype="i8")) % mqtt.MAX_PACKET_ID + 1
        self._packet_id += len(agent)
        sending = Sending(boot_ns(), time.time_ns(), self._origin_boot_ns, self._gateway_ns, self._heard_ns)
        oldest = self._upto[agent] + 1 if self.window else np.ones(len(agent), "i8")
        self._pending = memoryview(self._factory.packets(agent, seq, packet_id, oldest, sending))
        self._next[agent] += 1
        self.sent.resent += int((seq <= self._highest[agent]).sum())
        self._highest[agent] = np.maximum(self._highest[agent], seq)
        self.sent.frames += len(agent)
        self.sent.rows += len(agent) * self.load.rows
        return len(agent)

    def _turn(self, count: int) -> Numbers:
        """The next agents that have something to send, each once."""
        agents = self.load.total_agents
        order: Numbers = (self._cursor + np.arange(min(count, agents), dtype="i8")) % agents
        self._cursor += len(order)
        ready = self._next[order] <= self.frames
        if self.window:
            ready &= self._next[order] - self._upto[order] <= self.window
        chosen: Numbers = order[ready]
        return chosen

    def _exchange(self) -> None:
        """Sends and receives what can be had within a tick."""
        readers = [self._socket] if self._listener is None else [self._socket, self._listener]
        readable, writable, _ = select.select(readers, [self._socket] if self._pending else [], [], _TICK_S if self._waiting() else 0)
        try:
            if writable:
                self._pending = self._pending[self._socket.send(self._pending[: 1 << 18]) :]
            if self._socket in readable:
                self.sent.acked += self._incoming.acks(_received(self._socket))
            if self._listener is not None and self._listener in readable:
                for packet in self._receipts.feed(_received(self._listener)):
                    self._hear(packet)
        except OSError as error:
            raise SinkUnavailable(f"the broker closed the connection: {error}") from None

    def _waiting(self) -> bool:
        return bool(self._pending) or self.sent.frames - self.sent.acked >= _MAX_UNACKED or self._exhausted()

    def _exhausted(self) -> bool:
        limit = np.minimum(self._upto + self.window, self.frames) if self.window else self.frames
        return bool((self._next > limit).all())

    def _hear(self, packet: mqtt.Packet) -> None:
        if packet.kind != mqtt.PUBLISH:
            return
        topic, payload = packet.message()
        try:
            agent, receipt = self._numbers.get(parse_topic(topic).agent), decode_receipt(payload)
        except ContractError:
            return
        if agent is None or receipt.epoch != self.load.epoch(agent):
            return
        self.sent.receipts += 1
        self.sent.receipted += max(0, receipt.upto - int(self._upto[agent]))
        self._upto[agent] = max(receipt.upto, self._upto[agent])
        self._gateway_ns[agent], self._heard_ns[agent] = receipt.gateway_ns, boot_ns()
        if receipt.pause_s:
            self._paused_until_s = time.monotonic() + receipt.pause_s

    def _rewind(self) -> None:
        """Sends on from what is durable, as an agent does that waited in vain."""
        self._next = self._upto + 1


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 18)
    if not data:
        raise ConnectionResetError("end of stream")
    return data


def main(
    broker: Annotated[str, typer.Option(help="HOST:PORT of the broker.")] = "127.0.0.1:1883",
    stores: Annotated[int, typer.Option(min=1, max=99_999)] = 1,
    agents: Annotated[int, typer.Option(min=1, help="Agents in each store.")] = 4,
    rows: Annotated[int, typer.Option(min=4, max=10_000, help="Rows in each frame, an even number.")] = 30,
    frames: Annotated[int, typer.Option(min=1, help="Frames of each agent.")] = 100,
    rate: Annotated[float, typer.Option(min=0, help="Frames a second over all agents; 0: as fast as possible.")] = 0.0,
    frame_s: Annotated[float, typer.Option(min=0.001, help="Seconds of events in one frame.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, max=9_999_999_999, help="Another seed: other epochs, so nothing is a duplicate.")] = 1,
    window: Annotated[int, typer.Option(min=0, help="Obey receipts: at most so many unreceipted frames of an agent.")] = 0,
    ago_s: Annotated[float, typer.Option(min=0, max=86_400, help="All of it happened so many seconds earlier.")] = 0.0,
    receipts: Annotated[bool, typer.Option(help="Count receipts also without a window.")] = False,
    site: Annotated[Path | None, typer.Option(help="Write the site.toml of this load here and stop.")] = None,
) -> None:
    """Send frames of seeded, consistent events as fast as a broker takes them; ends with one line of JSON."""
    load = Load(stores, agents, rows, frame_s, seed)
    if site is not None:
        site.write_text(toml_text(load.site().model_dump(mode="json", by_alias=True, exclude_defaults=True)), encoding="utf-8")
        return
    try:
        host, port = address(broker)
        sent = Generator(load, host, port, frames=frames, rate=rate, window=window, receipts=receipts, ago_s=ago_s).run()
    except (FootfallError, ValueError) as error:
        typer.echo(f"load: {error}", err=True)
        raise typer.Exit(2) from None
    seconds = max(sent.seconds, 1e-9)
    print(json.dumps({**asdict(sent), "frames_per_s": sent.frames / seconds, "cpu_share": sent.cpu_s / seconds}))


if __name__ == "__main__":
    typer.run(main)
