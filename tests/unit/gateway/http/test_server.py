"""The server over real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from footfall.addresses import http_url
from footfall.errors import ConfigError
from gateway.cli.status import fetch
from gateway.config import Http
from gateway.http.metrics import MetricRegistry
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
        self.provider, self.registry = Provider(), MetricRegistry()
        self.server = StatusServer(Http(port=0), self.provider, self.registry, "http://127.0.0.1:8090/")

    def get(self, path: str) -> tuple[int, str, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}{path}", timeout=PATIENCE_S) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode()


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
def test_probes_distinguish_what_a_restart_mends_from_what_it_does_not(code: str, live: int, ready: int) -> None:
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


def test_where_the_page_was_stands_its_new_address(running: Running) -> None:
    assert running.get("/") == (200, "text/plain; charset=utf-8", "The live page is at http://127.0.0.1:8090/\n")


@pytest.mark.parametrize("path", ["/nope", "/../etc/passwd", "/index.html", "/status/", "/live"])
def test_other_paths_are_404(running: Running, path: str) -> None:
    assert running.get(path)[0] == 404


def test_only_reading_is_possible(running: Running) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{running.server.port}/status", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=PATIENCE_S)  # noqa: S310 # the address is above
    assert refused.value.code == 405
    assert refused.value.headers["Allow"] == "GET, HEAD"


def test_closing_ends_connections_and_frees_the_port(running: Running) -> None:
    port = running.server.port
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        running.server.close()
        while connection.recv(4096):
            pass
    StatusServer(Http(port=port), running.provider, MetricRegistry()).close()


def test_a_port_in_use_is_a_clear_error(running: Running) -> None:
    with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{running.server.port}: .*another port"):
        StatusServer(Http(port=running.server.port), running.provider, MetricRegistry())


def test_half_a_request_delays_no_other(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.server.port)) as idle:
        idle.sendall(b"GET /sta")
        assert running.get("/health")[0] == 200


def test_a_head_is_answered_as_a_get_without_its_body(running: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=PATIENCE_S)
    for path in ("/health", "/livez", "/readyz", "/metrics", "/status", "/", "/nothing"):
        connection.request("HEAD", path)
        head = connection.getresponse()
        assert head.read() == b""
        connection.request("GET", path)
        got = connection.getresponse()
        body = got.read()
        assert (head.status, head.headers["Content-Type"]) == (got.status, got.headers["Content-Type"])
        if path not in ("/metrics", "/status"):  # whose numbers change
            assert int(head.headers["Content-Length"]) == len(body)
    connection.close()


def test_it_listens_on_ipv6(running: Running) -> None:
    server = StatusServer(Http(host="::1", port=0), running.provider, MetricRegistry())
    try:
        assert fetch(http_url("::1", server.port))["problems"] == []
    finally:
        server.close()
