"""An agent on a box whose pins are emulated: pins exist in one process only, so beams and agent share it.

    python -m simulators.devices.beams_agent --pins 20123 --config agent.toml      # `footfall agent`, with BeamPins
    with RemoteBeams(20123) as beams:                                              # elsewhere: the same emulator, over loopback
        beams.say(Crossing(0, "main", 1, 0))

One line asks, one answers: `{"say": [entered, left]}`, `{"fault": "stick"}`, `{}`; each is answered `{"said": n}`.
"""

from __future__ import annotations

import argparse
import json
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from edge_agent.command import agent
from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import FootfallError
from simulators.devices.beams import BeamPins
from simulators.devices.emulator import SAID_S, until_said

HOST: Final = "127.0.0.1"
LIMIT_S: Final = 20.0


class RemoteBeams:
    """The beams of such an agent, which must be running at the first crossing; until then it can be entered and configured."""

    def __init__(self, port: int) -> None:
        self.port: Final = port
        self._pins: Final = BeamPins()
        self._connection: socket.socket | None = None
        self._answers: Any = None
        self._lock: Final = threading.Lock()
        self._said = self._given_total = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        if self._connection is not None:
            self._answers.close()
            self._connection.close()

    @property
    def said_total(self) -> int:
        if self._connection is not None:
            self._ask({})
        return self._said

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        return {name: partial(self._ask, {"fault": name}) for name in self._pins.faults}

    def say(self, heard: Sighting | Crossing) -> None:
        if not isinstance(heard, Crossing):
            raise ValueError("beams hear no identifiers")
        self._given_total += heard.entered + heard.left
        self._ask({"say": [heard.entered, heard.left]})

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        until_said(lambda: self.said_total >= self._given_total, timeout_s)

    def settings(self) -> Mapping[str, Any]:
        return self._pins.settings()

    def _ask(self, what: Mapping[str, Any]) -> None:
        """OSError if the agent is gone."""
        with self._lock:
            if self._connection is None:
                self._connection = _connect(self.port)
                self._answers = self._connection.makefile("rb")
            self._connection.sendall(json.dumps(what).encode() + b"\n")
            line = self._answers.readline()
            if not line:
                raise ConnectionResetError("the agent that holds the pins is gone")
            self._said = json.loads(line)["said"]


def _connect(port: int) -> socket.socket:
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        try:
            return socket.create_connection((HOST, port), timeout=LIMIT_S)
        except ConnectionRefusedError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, pins: BeamPins) -> None:
        self.pins = pins
        super().__init__((HOST, port), _Asked)


class _Asked(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        for line in self.rfile:
            asked, pins = json.loads(line), self.server.pins
            if "say" in asked:
                pins.say(Crossing(0, "", *asked["say"]))
            if "fault" in asked:
                pins.faults[asked["fault"]]()
            self.wfile.write(json.dumps({"said": pins.said_total}).encode() + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="An agent on a box whose pins are emulated.")
    parser.add_argument("--pins", type=int, required=True, help="the port that tells them who passes")
    parser.add_argument("--config", type=Path, required=True, help="the agent's configuration")
    asked = parser.parse_args()
    with BeamPins() as pins, _Server(asked.pins, pins) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            agent(asked.config)
        except FootfallError as error:
            sys.exit(f"footfall: {error}")
        server.shutdown()


COMMAND: Final = (sys.executable, "-m", "simulators.devices.beams_agent", "--pins")
"""With the port behind it, in place of `footfall agent`."""

if __name__ == "__main__":
    main()
