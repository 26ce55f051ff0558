"""The server over real sockets."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from footfall.errors import ConfigError
from gateway.config import Http
from gateway.http.live import MAX_READERS, QUEUED, Broadcast
from gateway.http.metrics import Registry
from gateway.http.server import StatusServer
from gateway.http.status import Status
from tests.support.waiting import PATIENCE_S
from tests.unit.gateway.http.statuses import ILL, WELL


class Provider:
    def __init__(self) -> None:
        self.now = WELL
        self.asked = 0

    def status(self) -> Status:
        self.asked += 1
        return self.now


class Running:
    def __init__(self) -> None:
        self.provider, self.registry, self.live = Provider(), Registry(), Broadcast()
        self.server = StatusServer(Http(port=0), self.provider, self.registry, self.live)

    def get(self, path: str) -> tuple[int, str, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}{path}", timeout=PATIENCE_S) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode()

    def stream(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE_S)
        connection.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: self.live.readers > 0)
        return connection


def wait_for(condition: object, seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator] # a callable
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.server.close()


def test_health_follows_the_gateway_not_the_estate(running: Running) -> None:
    assert running.get("/health") == (200, "application/json", '{"ok": true, "problems": []}')
    for code, expected in (("sink_down", 503), ("broker_lost", 503), ("agent_offline", 200), ("quarantine", 200)):
        other = Running()
        other.provider.now = ILL[code]
        found, _, body = other.get("/health")
        other.server.close()
        assert (found, json.loads(body)["ok"]) == (expected, expected == 200)


@pytest.mark.parametrize(
    ("code", "live", "ready"),
    [("thread_stuck", 503, 503), ("not_ready", 200, 503), ("broker_lost", 200, 503), ("sink_down", 200, 503), ("agent_offline", 200, 200)],
)
def test_probes_tell_what_a_restart_mends_from_what_it_does_not(code: str, live: int, ready: int) -> None:
    ill = Running()
    ill.provider.now = ILL[code]
    found = {path: ill.get(path) for path in ("/livez", "/readyz")}
    ill.server.close()
    assert {path: answer[0] for path, answer in found.items()} == {"/livez": live, "/readyz": ready}
    named = [problem["code"] for problem in json.loads(found["/readyz"][2])["problems"]]
    assert named == ([code] if ready == 503 else [])


def test_both_probes_are_good_while_all_is_well(running: Running) -> None:
    assert [running.get(path)[0] for path in ("/livez", "/readyz")] == [200, 200]


def test_status_is_everything_and_the_problems(running: Running) -> None:
    running.provider.now = ILL["sink_down"]
    code, kind, body = running.get("/status")
    values = json.loads(body)
    assert (code, kind) == (200, "application/json")
    assert values["problems"][0]["code"] == "sink_down"
    assert values["balance"]["in_total"] == 100
    assert values["agents"][0]["agent"] == "a1"


def test_metrics_hold_the_registry_and_the_status(running: Running) -> None:
    running.registry.read("footfall_frames_total", "counter", "Frames.", lambda: {(): 7})
    code, kind, body = running.get("/metrics")
    assert (code, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    for line in (
        "footfall_frames_total 7.0",
        "footfall_ready 1.0",
        "footfall_sink_up 1.0",
        'footfall_agents{state="ok"} 1.0',
        "footfall_fold_lag_seconds 0.2",
    ):
        assert f"\n{line}\n" in body


def test_many_readers_ask_the_gateway_once(running: Running) -> None:
    for _ in range(5):
        running.get("/metrics")
        running.get("/status")
    assert running.provider.asked <= 3


def test_the_page_needs_nothing_from_elsewhere(running: Running) -> None:
    code, kind, body = running.get("/")
    assert (code, kind) == (200, "text/html; charset=utf-8")
    assert "http://" not in body
    assert "https://" not in body
    assert "innerHTML" not in body, "texts of strangers are never markup"


@pytest.mark.parametrize("path", ["/nope", "/../etc/passwd", "/index.html", "/status/"])
def test_other_paths_are_404(running: Running, path: str) -> None:
    assert running.get(path)[0] == 404


def test_only_reading_is_possible(running: Running) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{running.server.port}/status", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=PATIENCE_S)  # noqa: S310 # the address is above
    assert refused.value.code == 501


def test_live_messages_reach_a_reader_in_order(running: Running) -> None:
    with running.stream() as connection:
        for n in range(100):
            running.live.publish({"kind": "counters", "store": "s1", "occupancy": n})
        data = b""
        while b'"occupancy":99' not in data:
            data += connection.recv(65_536)
    head, _, body = data.decode().partition("\r\n\r\n")
    assert "text/event-stream" in head
    found = [json.loads(line[6:])["occupancy"] for line in body.splitlines() if line.startswith("data: ")]
    assert found == list(range(100))
    running.live.publish({"kind": "counters", "store": "s1"})
    wait_for(lambda: (running.live.publish({"kind": "x"}), running.live.readers == 0)[1])


def test_a_slow_reader_is_dropped_and_holds_nobody_up(running: Running) -> None:
    with running.stream() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        message = {"kind": "counters", "store": "s1", "padding": "x" * 20_000}
        started = time.monotonic()
        for _ in range(3 * QUEUED):
            running.live.publish(message)
        assert time.monotonic() - started < PATIENCE_S, "it would wait for ever"
        assert running.live.slow_readers_total == 1
        assert running.live.readers == 0
    assert "footfall_live_slow_readers_total 1" in running.get("/metrics")[2]


def test_readers_are_limited() -> None:
    live = Broadcast()
    with live.listen() as first:
        assert first is not None
        others = [live.listen() for _ in range(MAX_READERS)]
        taken = [other.__enter__() for other in others]
        assert taken.count(None) == 1
        for other in others:
            other.__exit__(None, None, None)
    assert live.readers == 0


def test_closing_ends_streams_and_frees_the_port(running: Running) -> None:
    port = running.server.port
    with running.stream() as connection:
        closer = threading.Thread(target=running.server.close)
        closer.start()
        while connection.recv(4096):
            pass
        closer.join(10)
        assert not closer.is_alive()
    StatusServer(Http(port=port), running.provider, Registry(), Broadcast()).close()


def test_a_port_in_use_is_a_clear_error(running: Running) -> None:
    with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{running.server.port}: .*another port"):
        StatusServer(Http(port=running.server.port), running.provider, Registry(), Broadcast())


def test_half_a_request_holds_nobody_up(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.server.port)) as idle:
        idle.sendall(b"GET /sta")
        assert running.get("/health")[0] == 200
