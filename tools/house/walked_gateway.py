"""Run a tree's `footfall gateway` with a profiler in it: `python -m tools.house.walked_gateway`, started by tools.house.walk alone.

It imports nothing of ours but the command, so that the gateway of any tree on PYTHONPATH can be followed. Standard input has one JSON
object (see `Order`); the last line of standard output is the JSON of the walks.
"""

from __future__ import annotations

import http.server
import importlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypedDict, cast

LINE_S: Final = 30.0
ATTEMPTS: Final = 6
ATTEMPT_S: Final = 5.0
"""A frame may come before the gateway subscribed: it is sent again, as an agent would."""
QUIET_S: Final = 1.2
"""Between two frames: what the one caused later is over."""


class Order(TypedDict):
    root: str
    packages: list[str]
    command: str
    config: str
    broker_port: int
    sink_port: int
    topic: str
    frames: list[str]


class Recorder:
    """Notes, thread by thread, in which module of the product execution is."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        self._roots: Final = roots
        self._lock: Final = threading.Lock()
        self.is_on = False
        self.moves: list[tuple[str, str]] = []
        self._last: dict[int, str] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self.is_on or event not in ("call", "return"):
            return
        inner: FrameType | None = frame if event == "call" else frame.f_back
        while inner is not None and not inner.f_code.co_filename.startswith(self._roots):
            if event == "call":
                return
            inner = inner.f_back
        if inner is None:
            return
        here, thread = inner.f_code.co_filename, threading.get_ident()
        with self._lock:
            before = self._last.get(thread, "")
            if here != before:
                self.moves.append((before, here))
                self._last[thread] = here

    def begin(self) -> None:
        with self._lock:
            self.moves, self._last = [], {}
        self.is_on = True

    def end(self) -> list[tuple[str, str]]:
        self.is_on = False
        with self._lock:
            return self.moves


class _Sink(http.server.BaseHTTPRequestHandler):
    """Answers 204 to every write; `written` is set once a line of raw presence was in one."""

    written: Final = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if body.startswith(b"presence,") or b"\npresence," in body:
            self.written.set()
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.send_response(204)
        self.send_header("X-Influxdb-Version", "1.8")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def _walk(order: Order, recorder: Recorder, found: list[list[tuple[str, str]]]) -> None:
    """Publish the frames one by one, each followed until its line is written; then end the gateway."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="walk", protocol=paho.MQTTv5)
    client.connect("127.0.0.1", order["broker_port"])
    client.loop_start()
    try:
        for frame in order["frames"]:
            time.sleep(QUIET_S)
            _Sink.written.clear()
            recorder.begin()
            reached = False
            for _ in range(ATTEMPTS):
                client.publish(order["topic"], bytes.fromhex(frame), qos=1)
                if reached := _Sink.written.wait(ATTEMPT_S):
                    break
            moves = recorder.end()
            if not reached:
                break
            found.append(moves)
    finally:
        client.loop_stop()
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    order = cast(Order, json.loads(sys.stdin.readline()))
    recorder = Recorder(tuple(f"{order['root']}/{package}/" for package in order["packages"]))
    found: list[list[tuple[str, str]]] = []
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", order["sink_port"]), _Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    module, _, name = order["command"].partition(":")
    command = getattr(importlib.import_module(module), name)
    ready = threading.Thread(target=_when_ready, args=(order, recorder, found), daemon=True)
    ready.start()
    try:
        command(config=Path(order["config"]), verbose=False)
    finally:
        sys.setprofile(None)
        print("\n" + json.dumps([[(_short(before, order), _short(here, order)) for before, here in moves] for moves in found]))


def _when_ready(order: Order, recorder: Recorder, found: list[list[tuple[str, str]]]) -> None:
    """Start as soon as the broker listens; the first frame waits for the gateway's subscription."""
    import socket

    ends_s = time.monotonic() + LINE_S
    while time.monotonic() < ends_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", order["broker_port"])) == 0:
                break
        time.sleep(0.1)
    time.sleep(2 * QUIET_S)
    _walk(order, recorder, found)


def _short(path: str, order: Order) -> str:
    return path.removeprefix(order["root"] + "/")


if __name__ == "__main__":
    main()
