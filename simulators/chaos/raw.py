"""Frames straight onto the broker, as an agent of another make would send them: it obeys receipts, but repeats itself and jumbles."""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from typing import Final

import numpy as np

from footfall.errors import ConfigError, ContractError, SinkUnavailable
from footfall.frames import Body, decode_body, decode_frame
from footfall.receipts import decode_receipt
from footfall.topics import parse_topic, wildcard
from simulators import mqtt
from simulators.load import boot_ns
from simulators.load_frames import FrameFactory, Load, Sending

WINDOW: Final = 16
SILENCE_S: Final = 2.0
REPEATED: Final = 0.05
JUMBLED: Final = 0.05
_TICK_S: Final = 0.02


class RawFrames(threading.Thread):
    """Sends `frames` frames of each agent of `load`, each as soon as its time has passed, until all are receipted."""

    def __init__(self, load: Load, port: int, frames: int, seed: int) -> None:
        super().__init__(name="raw-frames", daemon=True)
        self.load: Final = load
        self.frames: Final = frames
        self.made = 0
        self.resent_total = 0
        self.failure = ""
        self.offset_ns = 0
        self._port: Final = port
        self._factory: Final = FrameFactory(load)
        self._rng: Final = random.Random(f"raw-{seed}")
        self._numbers: Final = {load.agent(number): number for number in range(load.total_agents)}
        self._next = [1] * load.total_agents
        self._highest = [0] * load.total_agents
        self._upto = [0] * load.total_agents
        self._gateway_ns = np.zeros(load.total_agents, "i8")
        self._heard_ns = np.zeros(load.total_agents, "i8")
        self._origin_ns = 0
        self._heard_s = 0.0
        self._giving_up: Final = threading.Event()

    def begin(self) -> None:
        self._origin_ns = boot_ns()
        self.offset_ns = time.time_ns() - self._origin_ns
        self.start()

    def give_up(self) -> None:
        self._giving_up.set()
        self.join()

    @property
    def is_done(self) -> bool:
        return min(self._upto) >= self.frames

    @property
    def rows_made(self) -> int:
        return self.made * self.load.rows

    def run(self) -> None:
        while not self.is_done and not self._giving_up.is_set():
            try:
                with mqtt.connect("127.0.0.1", self._port, f"raw-{self.load.seed}") as connection:
                    connection.sendall(mqtt.subscribe(1, wildcard("receipts")))
                    self._next = [upto + 1 for upto in self._upto]
                    self._talk(connection)
            except (SinkUnavailable, ConfigError, OSError):
                self._giving_up.wait(0.2)  # the broker is dead, or dies

    def bodies(self) -> list[tuple[str, Body]]:
        """Agent and body of every frame: the same as were sent."""
        agents, seqs = (
            np.repeat(np.arange(self.load.total_agents), self.frames),
            np.tile(np.arange(1, self.frames + 1), self.load.total_agents),
        )
        found = self._factory.payloads(agents, seqs, self._sending())
        return [(parse_topic(topic).agent, decode_body(decode_frame(payload)[1])) for topic, payload in found]

    def _talk(self, connection: socket.socket) -> None:
        incoming = mqtt.Incoming()
        self._heard_s = time.monotonic()
        while not self.is_done and not self._giving_up.is_set():
            if chosen := self._chosen():
                connection.sendall(self._packets(chosen))
            if select.select([connection], [], [], _TICK_S)[0]:
                data = connection.recv(1 << 18)
                if not data:
                    return
                for packet in incoming.feed(data):
                    self._hear(packet)
            if time.monotonic() - self._heard_s > SILENCE_S:
                self._next = [upto + 1 for upto in self._upto]
                self._heard_s = time.monotonic()

    def _chosen(self) -> list[tuple[int, int]]:
        """(agent, seq) of what is due, some twice, some in the wrong order."""
        due = min((boot_ns() - self._origin_ns) // self.load.frame_ns, self.frames)
        chosen = []
        for agent, upto in enumerate(self._upto):
            last = min(due, upto + WINDOW)
            for seq in range(self._next[agent], last + 1):
                chosen += [(agent, seq)] * (2 if self._rng.random() < REPEATED else 1)
            self._next[agent] = max(self._next[agent], last + 1)
        if len(chosen) > 1 and self._rng.random() < JUMBLED:
            self._rng.shuffle(chosen)
        return chosen

    def _packets(self, chosen: list[tuple[int, int]]) -> bytes:
        agents, seqs = np.array([agent for agent, _ in chosen]), np.array([seq for _, seq in chosen])
        for agent, seq in chosen:
            fresh = seq > self._highest[agent]
            self.made += fresh
            self.resent_total += not fresh
            self._highest[agent] = max(self._highest[agent], seq)
        ids = np.arange(len(chosen), dtype="i8") % mqtt.MAX_PACKET_ID + 1
        oldest = np.array([self._upto[agent] + 1 for agent, _ in chosen], "i8")
        return bytes(self._factory.packets(agents, seqs, ids, oldest, self._sending()))

    def _sending(self) -> Sending:
        return Sending(boot_ns(), time.time_ns(), self._origin_ns, self._gateway_ns, self._heard_ns)

    def _hear(self, packet: mqtt.Packet) -> None:
        if packet.kind != mqtt.PUBLISH:
            return
        topic, payload = packet.message()
        agent = self._numbers.get(parse_topic(topic).agent)
        if agent is None:
            return
        try:
            receipt = decode_receipt(payload)
        except ContractError as error:
            self.failure = f"a receipt cannot be read: {error}"
            return
        if receipt.epoch != self.load.epoch(agent):
            return
        if receipt.upto > self._upto[agent]:
            self._heard_s = time.monotonic()
        elif receipt.upto < self._upto[agent]:
            self.failure = f"{self.load.agent(agent)}: receipted up to {self._upto[agent]}, then only up to {receipt.upto}"
        self._upto[agent] = max(self._upto[agent], receipt.upto)
        self._gateway_ns[agent], self._heard_ns[agent] = receipt.gateway_ns, boot_ns()
