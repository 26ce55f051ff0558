"""A server that answers 204 to every write and counts exactly what it got: `python -m benchmarks.stub PORT [--keep FILE]`.

Enough HTTP/1.1 for clients of InfluxDB, chunked bodies included (Telegraf sends those), and no more, so that it stays cheap.
GET /count gives the counts as JSON; with `--keep` the lines of all bodies are appended to a file.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import urllib3

from simulators.parts.process import Process, free_port, is_listening

EVENT_MEASUREMENTS: Final = ("presence", "door", "touch")
"""Their lines stand for one event each; all others are derived."""
_RECEIVE_BYTES: Final = 1 << 20
_NO_CONTENT: Final = b"HTTP/1.1 204 No Content\r\nX-Influxdb-Version: stub\r\n\r\n"


@dataclass(slots=True)
class Counts:
    """`events` counts the lines of EVENT_MEASUREMENTS. Times are the monotonic clock's, which all processes share."""

    lines: int = 0
    events: int = 0
    octets: int = 0
    requests: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    cpu_s: float = 0.0
    by_measurement: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVENT_MEASUREMENTS, 0))


class Stub:
    """The server in a process of its own."""

    def __init__(self, folder: Path, keep: Path | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = [] if keep is None else ["--keep", str(keep)]
        command = [sys.executable, "-m", "benchmarks.stub", str(self.port), *kept]
        self.process = Process(command, folder / "stub.log", lambda: is_listening(self.port))

    def counts(self) -> Counts:
        answer = urllib3.request("GET", f"{self.url}/count", timeout=30.0, retries=False)
        return Counts(**answer.json())

    def __enter__(self) -> Stub:
        self.process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()


class _Server:
    def __init__(self, keep: BinaryIO | None) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._counts = Counts()

    def serve(self, connection: socket.socket) -> None:
        """One connection until it ends."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = _Stream(connection)
        with connection:
            while (head := stream.until(b"\r\n\r\n")) is not None:
                method, _, rest = head.partition(b" ")
                path = rest.partition(b" ")[0]
                self._take(_body(head.lower(), stream))
                connection.sendall(self._count() if (method, path) == (b"GET", b"/count") else _NO_CONTENT)

    def _take(self, body: bytes) -> None:
        if not body:
            return
        now_s = time.monotonic()
        found = {name: _lines_of(body, name) for name in EVENT_MEASUREMENTS}
        with self._lock:
            counts = self._counts
            counts.lines += body.count(b"\n") + (not body.endswith(b"\n"))
            counts.octets += len(body)
            counts.requests += 1
            counts.events += sum(found.values())
            for name, lines in found.items():
                counts.by_measurement[name] += lines
            counts.first_s, counts.last_s = counts.first_s or now_s, now_s
            if self._keep is not None:
                self._keep.write(body if body.endswith(b"\n") else body + b"\n")
                self._keep.flush()

    def _count(self) -> bytes:
        with self._lock:
            self._counts.cpu_s = time.process_time()
            body = json.dumps(asdict(self._counts)).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class _Stream:
    """Bytes of a connection, as many as are asked for."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def until(self, end: bytes) -> bytes | None:
        """What comes before `end`; None if the connection ends first."""
        while (at := self._rest.find(end)) < 0:
            data = self._connection.recv(_RECEIVE_BYTES)
            if not data:
                return None
            self._rest += data
        found, self._rest = self._rest[:at], self._rest[at + len(end) :]
        return found

    def exactly(self, count: int) -> bytes:
        parts, missing = [self._rest[:count]], count - len(self._rest)
        self._rest = self._rest[count:]
        while missing > 0:
            data = self._connection.recv(min(missing, _RECEIVE_BYTES))
            if not data:
                raise ConnectionResetError("the connection ended within a body")
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)


def _body(head: bytes, stream: _Stream) -> bytes:
    headers = dict(line.split(b":", 1) for line in head.split(b"\r\n")[1:])
    if b"chunked" not in headers.get(b"transfer-encoding", b""):
        return stream.exactly(int(headers.get(b"content-length", b"0")))
    parts = []
    while size := int((stream.until(b"\r\n") or b"0").partition(b";")[0], 16):
        parts.append(stream.exactly(size))
        stream.exactly(2)
    stream.exactly(2)
    return b"".join(parts)


def _lines_of(body: bytes, measurement: str) -> int:
    begin = f"{measurement},".encode()
    return body.count(b"\n" + begin) + body.startswith(begin)


def main() -> None:
    parser = argparse.ArgumentParser(description="Answer 204 to every write and count what came.")
    parser.add_argument("port", type=int)
    parser.add_argument("--keep", type=Path, help="append all lines to this file")
    arguments = parser.parse_args()
    keep: Any = arguments.keep.open("ab") if arguments.keep else None
    server = _Server(keep)
    with socket.create_server(("127.0.0.1", arguments.port), backlog=64) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=server.serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
