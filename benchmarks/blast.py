"""Sends `messages` as fast as the broker takes them, encoded beforehand: `python -m benchmarks.blast PORT FORMAT EVENTS`.

Prints "ready" once all is encoded, begins at a line on its standard input, ends when all is acknowledged.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, get_args

from benchmarks.machine import AROUND, pinned
from benchmarks.messages import Format, messages
from simulators import mqtt

UNACKED: Final = 2000
_AT_ONCE: Final = 200


class Blast:
    """The sender in a process of its own; on return from the constructor it is ready."""

    def __init__(self, port: int, form: Format, events: int) -> None:
        command = [sys.executable, "-m", "benchmarks.blast", str(port), form, str(events)]
        self.process = subprocess.Popen(pinned(AROUND, command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin
        assert self.process.stdout
        self._in, self._out = self.process.stdin, self.process.stdout
        said = self._out.readline().split()
        if said[:1] != [b"ready"]:
            raise RuntimeError("the sender did not start")
        self.events = int(said[1])

    def go(self) -> None:
        self._in.write(b"go\n")
        self._in.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def packets(form: Format, events: int) -> list[bytes]:
    return [mqtt.publish(topic, k % mqtt.MAX_PACKET_ID + 1, payload) for k, (topic, payload) in enumerate(messages(form, events))]


def send(connection: socket.socket, ready: Sequence[bytes]) -> None:
    """All packets, at most UNACKED of them unacknowledged."""
    incoming, sent, acked = mqtt.Incoming(), 0, 0
    rest = memoryview(b"")
    connection.setblocking(False)
    while acked < len(ready):
        if not rest and sent < len(ready) and sent - acked < UNACKED:
            batch = ready[sent : sent + min(_AT_ONCE, UNACKED - (sent - acked))]
            rest, sent = memoryview(b"".join(batch)), sent + len(batch)
        readable, writable, _ = select.select([connection], [connection] if rest else [], [], 1.0)
        if writable:
            rest = rest[connection.send(rest) :]
        if readable:
            data = connection.recv(1 << 16)
            if not data:
                raise ConnectionResetError("the broker closed the connection")
            acked += incoming.acks(data)


def main() -> None:
    port, form, events = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if form not in get_args(Format):
        raise SystemExit(f"no such format: {form}; there are {', '.join(get_args(Format))}")
    ready = packets(form, events)  # type: ignore[arg-type] # just checked
    print("ready", events if form in ("touch", "json") else -(-events // 500) * 500, flush=True)
    sys.stdin.readline()
    with mqtt.connect("127.0.0.1", port, "blast") as connection:
        send(connection, ready)


if __name__ == "__main__":
    main()
