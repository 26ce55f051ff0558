"""An agent of another make: it sends whatever bytes a case wants, and reads receipts. Made of the wire's page, not of the agent's code."""

from __future__ import annotations

import itertools
import json
import select
import socket
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import msgpack
import numpy as np

from footfall.errors import ConfigError, SinkUnavailable
from simulators import mqtt
from simulators.faultcases.findings import Stuck

_DTYPES: Final = {
    "kind": "u1", "t_boot_ns": "<i8", "subject": "<u8", "zone": "<u2", "profile": "u1", "rssi_dbm": "i1", "count": "<i4", "value": "<f4",
}  # fmt: skip
ENTER: Final = 1
IN: Final = 4


def body(
    boot: str, rows: Sequence[Mapping[str, Any]], first_row: int, zones: Sequence[str] = ("main",), made_boot_ns: int = 0, **more: Any
) -> bytes:
    """A body of these rows; what a row leaves out is 0, its `t_wall_ns` makes the column."""
    newest_ns = max((int(row["t_boot_ns"]) for row in rows), default=0)
    values: dict[str, Any] = {
        "boot": boot, "made_boot_ns": made_boot_ns or newest_ns, "made_wall_ns": time.time_ns(),
        "wall_synced": False, "first_row": first_row, "key_id": 0, "zones": list(zones), "profiles": ["door-counter"], "n": len(rows),
    }  # fmt: skip
    for name, dtype in _DTYPES.items():
        values[name] = np.array([row.get(name, 0) for row in rows], dtype).tobytes()
    if any("t_wall_ns" in row for row in rows):
        values["t_wall_ns"] = np.array([row.get("t_wall_ns", 0) for row in rows], "<i8").tobytes()
    packed: bytes = msgpack.packb(values | more)
    return packed


class Wire:
    """One agent's connection, by MQTT 3.1.1. `heard`: the last receipt of each epoch; `lags_s`: how long each sending waited for one."""

    def __init__(self, port: int, store: str, agent: str, epoch: str = "wire-1", boot: str = "boot-1", boot_shift_ns: int = 0) -> None:
        self.store, self.agent, self.epoch, self.boot = store, agent, epoch, boot
        self.heard: dict[str, dict[str, Any]] = {}
        self.seq = self.rows = 0
        self._port: Final = port
        self._boot_shift_ns: Final = boot_shift_ns
        self._echo = (0, 0)
        self._mids = itertools.cycle(range(2, 60_000))
        self._incoming = mqtt.Incoming()
        self._connection = self._connected()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def boot_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self._boot_shift_ns

    def hello(self, limit_s: float = 20.0) -> int:
        """The gateway's mark of this epoch."""
        deadline_s = time.monotonic() + limit_s
        self.heard.pop(self.epoch, None)
        while self.epoch not in self.heard:
            if time.monotonic() > deadline_s:
                raise Stuck(f"{self.agent}: no receipt for a hello within {limit_s:.0f} s")
            self.publish("frames", self._frame(0, b""))
            self.listen(0.5)
        return int(self.heard[self.epoch]["upto"])

    def frame(self, rows: Sequence[Mapping[str, Any]], **more: Any) -> float:
        """Sends the next frame and waits for its receipt; how long that took, seconds."""
        data = body(self.boot, rows, self.rows, **more)
        self.seq, self.rows = self.seq + 1, self.rows + len(rows)
        return self.send(self.seq, data)

    def send(self, seq: int, data: bytes, limit_s: float = 20.0) -> float:
        begun_s = time.monotonic()
        said_s = 0.0
        while int(self.heard.get(self.epoch, {}).get("upto", -1)) < seq:
            now_s = time.monotonic()
            if now_s - begun_s > limit_s:
                raise Stuck(f"{self.agent}: no receipt for frame {seq} within {limit_s:.0f} s")
            if now_s - said_s > 5.0:
                said_s = now_s
                self.publish("frames", self._frame(seq, data))
            self.listen(0.05)
        return time.monotonic() - begun_s

    def send_unasked(self, data: bytes) -> None:
        """The next frame, whatever becomes of it."""
        self.seq += 1
        self.publish("frames", self._frame(self.seq, data))

    def health(self, **more: Any) -> None:
        values = {"v": 1, "state": "online", "store": self.store, "agent": self.agent, "boot": self.boot} | more
        self.publish("health", json.dumps(values).encode())

    def publish(self, leaf: str, payload: bytes, retain: bool = False) -> None:
        topic = f"footfall/1/{self.store}/{self.agent}/{leaf}"
        first = mqtt.PUBLISH_QOS_1 | (1 if retain else 0)
        data = mqtt.packet(first, mqtt.text(topic) + next(self._mids).to_bytes(2, "big") + payload)
        try:
            self._connection.sendall(data)
        except OSError:
            self._connection = self._connected()
            self._connection.sendall(data)

    def listen(self, seconds: float) -> None:
        """Take what comes within this time."""
        deadline_s = time.monotonic() + seconds
        while (left_s := deadline_s - time.monotonic()) > 0:
            if not select.select([self._connection], [], [], left_s)[0]:
                return
            try:
                data = self._connection.recv(1 << 18)
            except OSError:
                data = b""
            if not data:
                time.sleep(0.2)
                self._connection = self._connected()
                return
            for packet in self._incoming.feed(data):
                if packet.kind == mqtt.PUBLISH:
                    self._hear(packet.message()[1])

    def _connected(self) -> socket.socket:
        self._incoming = mqtt.Incoming()
        for attempt in range(50):
            try:
                connection = mqtt.connect("127.0.0.1", self._port, self.agent, 20.0)
            except (SinkUnavailable, ConfigError):
                if attempt == 49:
                    raise
                time.sleep(0.2)
            else:
                connection.sendall(mqtt.subscribe(1, f"footfall/1/{self.store}/{self.agent}/receipts"))
                return connection
        raise AssertionError

    def _hear(self, payload: bytes) -> None:
        receipt = msgpack.unpackb(payload)
        self.heard[receipt["epoch"]] = receipt
        self._echo = (receipt["gateway_ns"], self.boot_ns())

    def _frame(self, seq: int, data: bytes) -> bytes:
        header = {
            "v": 1, "store": self.store, "agent": self.agent, "epoch": self.epoch, "seq": seq, "oldest": 1, "boot": self.boot,
            "sent_boot_ns": self.boot_ns(), "sent_wall_ns": time.time_ns(), "gateway_ns": self._echo[0], "heard_boot_ns": self._echo[1],
            "crc32": zlib.crc32(data),
        }  # fmt: skip
        packed: bytes = msgpack.packb([header, data])
        return packed
