"""`footfall serve` as a process, on a real broker: pages, the live stream, events, and its limits."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from gateway.cli.status import fetch
from gateway.config import GatewayBroker
from gateway.mqtt.connection import Connection
from simulators.files import toml_text
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import Process, free_port
from simulators.parts.programs import FOOTFALL
from tests.support.embedded_gateway import EmbeddedGateway
from tests.support.real_parts import require_mosquitto
from tests.support.running_gateway import SITE, Place, recording
from tests.support.serve_process import ServeProcess
from tests.support.waiting import PATIENCE_S, until

VOID = {"kind": "void", "id": "v-1", "of": "pos-881", "reason": "typo", "actor": "kim"}
EVENTS = "/api/events?store=s3&agent=till"


@dataclass
class Home:
    folder: Path
    broker: Mosquitto

    def client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        return client


def home_of(folder: Path, broker: Mosquitto) -> Home:
    (folder / "site.toml").write_text(SITE)
    (folder / "gateway.toml").write_text(f"[broker]\nport = {broker.port}\n")
    return Home(folder, broker)


@contextmanager
def connected(home: Home) -> Iterator[ServeProcess]:
    with ServeProcess(home) as page:
        until(lambda: "footfall_serve_broker_connected 1.0" in page.get("/metrics").data.decode(), "its connection")
        yield page


@pytest.fixture
def home(tmp_path: Path, mosquitto: Mosquitto) -> Home:
    return home_of(tmp_path, mosquitto)


@pytest.fixture
def own_page(home: Home) -> Iterator[ServeProcess]:
    """For a test that stops its broker."""
    with connected(home) as page:
        yield page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """For all tests that only ask."""
    require_mosquitto()
    folder = tmp_path_factory.mktemp("shared")
    with Mosquitto(folder / "mosquitto") as broker, connected(home_of(folder, broker)) as page:
        yield page


def live(page: ServeProcess) -> Iterator[dict[str, Any]]:
    with urllib.request.urlopen(f"{page.url}/live", timeout=PATIENCE_S) as answer:  # noqa: S310 # our own http
        for line in answer:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


def test_the_page_needs_nothing_from_elsewhere(page: ServeProcess) -> None:
    kinds = {"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript"}
    for path, kind in kinds.items():
        answer = page.get(path)
        text = answer.data.decode()
        assert (answer.status, answer.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert [word for word in ("http://", "https://", "innerHTML") if word in text] == [], "texts of strangers are never markup"
    assert (page.get("/nope").status, page.get("/nope").json()["reason"]) == (404, "path")


def test_a_view_that_nobody_can_show_is_refused(page: ServeProcess) -> None:
    answer = page.get("/live/board?sort=revenu")
    assert (answer.status, answer.json()["reason"], "did you mean revenue?" in answer.json()["message"]) == (400, "view", True)


def test_a_store_that_is_not_named_is_asked_for(page: ServeProcess) -> None:
    assert page.post("/api/events", json.dumps(VOID).encode()).json()["message"] == "store is missing: add ?store=…&agent=…"


def test_the_questions_are_listed_and_a_missing_database_is_no_fault_of_theirs(page: ServeProcess) -> None:
    assert "meaning" in page.get("/api/query").json()["traffic"]
    answer = page.get("/api/query/traffic")
    assert (answer.status, answer.json()["reason"]) == (503, "database")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("command", "is_up"), [("serve", "the page is at"), ("gateway", "ready")])
def test_both_end_with_0_when_asked_to(home: Home, command: str, is_up: str, number: int) -> None:
    log, ports = home.folder / "log", {"FOOTFALL_SERVE__LISTEN__PORT": "0", "FOOTFALL_GATEWAY__HTTP__PORT": "0"}
    with log.open("wb") as out:
        running = subprocess.Popen([FOOTFALL, command], cwd=home.folder, env={**os.environ, **ports}, stderr=out)
    try:
        until(lambda: is_up in log.read_text(), "it to run")
        running.send_signal(number)
        assert running.wait(PATIENCE_S) == 0
        assert "stopped" in log.read_text()
    finally:
        running.kill()
        running.wait()


def test_where_the_page_is_stands_in_the_log_only_once_its_files_are_checked(tmp_path: Path) -> None:
    environment = {**os.environ, "FOOTFALL_SERVE__LISTEN__PORT": "0"}
    done = subprocess.run([FOOTFALL, "serve"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, "the page is at" in done.stderr) == (2, False)
    assert "gateway.toml: there is no such file" in done.stderr


def test_a_page_opened_now_has_retained_counters_then_what_follows(home: Home) -> None:
    client = home.client()
    for n in (1, 2):
        client.publish("footfall/1/s1/live", json.dumps({"kind": "counters", "store": "s1", "fields": {"occupancy": n}}), 1, True)
    with ServeProcess(home) as page:
        until(lambda: "footfall_serve_broker_connected 1.0" in page.get("/metrics").data.decode(), "its connection")
        stream = live(page)
        assert next(stream)["fields"] == {"occupancy": 2}
        client.publish("footfall/1/s1/live", json.dumps({"kind": "arrival", "store": "s1", "fan": "f-1"}), 1)
        assert next(stream)["fan"] == "f-1"
    client.disconnect()
    client.loop_stop()


def test_an_event_is_answered_once_the_broker_has_it(home: Home, own_page: ServeProcess) -> None:
    heard: queue.SimpleQueue[tuple[str, bytes, int]] = queue.SimpleQueue()
    subscribed: queue.SimpleQueue[bool] = queue.SimpleQueue()
    client = home.client()
    client.on_message = lambda _client, _data, message: heard.put((message.topic, message.payload, message.qos))
    client.on_subscribe = lambda *_: subscribed.put(True)
    client.subscribe("footfall/1/+/+/events", 1)
    subscribed.get(timeout=PATIENCE_S)
    answer = own_page.post(EVENTS, json.dumps(VOID).encode())
    assert (answer.status, answer.json()) == (202, {"accepted": 1})
    topic, payload, qos = heard.get(timeout=PATIENCE_S)
    assert (topic, json.loads(payload), qos) == ("footfall/1/s3/till/events", [VOID], 1)
    client.disconnect()
    client.loop_stop()
    home.broker.stop()
    until(lambda: own_page.post(EVENTS, json.dumps(VOID).encode()).status == 503, "the broker to be missed")
    assert own_page.post(EVENTS, json.dumps(VOID).encode()).json()["reason"] == "broker"


def test_an_empty_array_is_answered_as_an_agent_answers_it_and_nothing_is_published(home: Home, own_page: ServeProcess) -> None:
    home.broker.stop()
    answer = own_page.post(EVENTS, b"[]")
    assert (answer.status, answer.json()) == (202, {"accepted": 0})


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "reason"),
    [
        (EVENTS, b"{", {}, 400, "event.json"),
        (EVENTS, b"[" * 100_000, {}, 400, "event.json"),
        ("/api/events?store=s9&agent=till", b"[]", {}, 400, "site.store"),
        ("/api/events?store=s9&agent=till", json.dumps(VOID).encode(), {}, 400, "site.store"),
        ("/api/events?store=s3&agent=tills", json.dumps(VOID).encode(), {}, 400, "site.agent"),
        ("/status", b"", {}, 405, "method"),
        (EVENTS, json.dumps([VOID, {**VOID, "of": ""}]).encode(), {}, 400, "event.invalid"),
        ("/api/events?store=s3", b"[]", {}, 400, "name"),
        ("/api/events?store=s3&agent=a/b", b"[]", {}, 400, "name"),
        (EVENTS, b"[" + b" " * (1 << 20) + b"]", {}, 413, "event.size"),
        (EVENTS, b"[]", {"Content_Type": "text/plain"}, 415, "content_type"),
        (EVENTS, json.dumps([VOID, {"kind": "touch", "what": "scan"}]).encode(), {}, 400, "event.invalid"),
        ("/api/events/?store=s3&agent=till", json.dumps(VOID).encode(), {}, 404, "path"),
        ("/events?store=s3&agent=till", json.dumps(VOID).encode(), {}, 404, "path"),
        (EVENTS, json.dumps(VOID).encode(), {"Content_Encoding": "gzip"}, 415, "content_encoding"),
        (EVENTS, json.dumps([VOID, {**VOID, "reason": "other"}]).encode(), {}, 400, "event.id"),
        (EVENTS, json.dumps([[VOID]]).encode(), {}, 400, "event.invalid"),
        (EVENTS, json.dumps(VOID).encode(), {"Host": "rebound.example"}, 403, "host"),
        (EVENTS, json.dumps(VOID).encode(), {"Origin": "http://rebound.example"}, 403, "origin"),
    ],
)
def test_what_is_wrong_is_answered_clearly(
    page: ServeProcess, path: str, body: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = page.post(path, body, **headers)
    assert (answer.status, answer.json()["reason"]) == (status, reason)


def test_a_length_beyond_the_limit_is_refused_before_the_body_comes(page: ServeProcess) -> None:
    head = f"POST {EVENTS} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nContent-Type: application/json\r\nContent-Length: {2 << 20}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", page.port), PATIENCE_S) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_signal_to_read_files_again_does_not_end_it(home: Home) -> None:
    with ServeProcess(home) as page:
        os.kill(page.process.pid, signal.SIGHUP)
        until(lambda: "SIGHUP" in page.log.read_text(), "the signal to be taken")
        assert page.get("/livez").status == 200


def test_with_a_token_all_but_livez_needs_it(home: Home) -> None:
    (home.folder / "token").write_text("s3cret\n")
    with ServeProcess(home, token_file="token") as page:
        for path in ("/", "/status", "/metrics", "/live", "/api/query/traffic"):
            assert page.get(path).status == 401
        assert page.post(EVENTS, b"[]").status == 401
        assert page.get("/livez").status == 200
        assert page.get("/", Authorization="Bearer s3cret").status == 200
        assert page.get("/", Authorization="Basic a2ltOnMzY3JldA==").status == 200
        assert page.get("/", Authorization="Bearer s3cre").status == 401


def test_it_speaks_tls(home: Home) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", home.folder / "key", "-out", home.folder / "crt"], check=True, capture_output=True,
    )  # fmt: skip
    with ServeProcess(home, tls={"cert_file": "crt", "key_file": "key"}) as page:
        assert page.get("/").status == 200
        context = ssl.create_default_context(cafile=home.folder / "crt")
        with socket.create_connection(("127.0.0.1", page.port)) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.version() == "TLSv1.3"


def ended(connection: socket.socket) -> bool:
    """Whether the other side ends it, by a FIN or a reset."""
    try:
        return connection.recv(100) == b""
    except ConnectionError:
        return True


def test_slow_and_many_clients_are_bounded(home: Home) -> None:
    with ServeProcess(home, request_s=0.5, max_connections=4, max_streams=1) as page:
        with socket.create_connection(("127.0.0.1", page.port), timeout=PATIENCE_S) as slow:
            slow.sendall(b"GET / HT")
            assert page.get("/livez").status == 200, "half a request delays nobody"
            assert ended(slow)
        with socket.create_connection(("127.0.0.1", page.port), timeout=PATIENCE_S) as body:
            body.sendall(
                b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[" % EVENTS.encode()
            )
            assert body.recv(100).startswith(b"HTTP/1.1 408")
        with urllib.request.urlopen(f"{page.url}/live", timeout=PATIENCE_S):  # noqa: S310 # our own http
            refused = page.get("/live")
            assert (refused.status, refused.json()["reason"]) == (503, "streams")


def test_silent_connections_keep_nobody_out(home: Home) -> None:
    with ServeProcess(home, max_connections=4) as page:
        idle = [socket.create_connection(("127.0.0.1", page.port), timeout=PATIENCE_S) for _ in range(12)]
        assert [page.get(path).status for path in ("/livez", "/", "/")] == [200, 200, 200]
        assert ended(idle[0]), "the longest silent one makes room"
        for each in idle:
            each.close()


def test_where_all_connections_have_a_request_only_livez_is_answered(home: Home) -> None:
    with ServeProcess(home, max_connections=2) as page:
        streams = [urllib.request.urlopen(f"{page.url}/live", timeout=PATIENCE_S) for _ in range(2)]  # noqa: S310 # our own http
        refused = page.get("/")
        assert (refused.status, refused.json()["reason"]) == (503, "connections")
        assert page.get("/livez").status == 200
        for each in streams:
            each.close()
        until(lambda: page.get("/").status == 200, "room again")


def test_the_gateway_s_status_and_database_are_shown(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with Place(tmp_path / "gateway", embedded_broker) as place, ServeProcess(place, place.gateway.url) as page:
        assert page.get("/api/query/traffic").status == 400, "no data yet"
        place.play(recording(tmp_path / "heard", minutes=2))
        place.settle()
        assert page.get("/status").json()["broker"]["connected"] is True
        config = str(place.folder / "gateway.toml")
        printed = subprocess.run(
            [FOOTFALL, "query", "traffic", "--config", config, "--interval", "5m", "--format", "json"], capture_output=True, check=True
        )
        assert page.get("/api/query/traffic?interval=5m").json() == json.loads(printed.stdout)
        assert page.get("/api/query/traffic?interval=7m").status == 400
        assert page.get("/api/query/nothing").status == 404
    assert fetch("http://127.0.0.1:9")["problems"][0]["code"] == "unreachable"


def embedded(folder: Path, page_port: int) -> tuple[Process, str]:
    (folder / "site.toml").write_text(SITE)
    http_port, broker_port = free_port(), free_port()
    values = {
        "broker": {"embedded": True, "port": broker_port}, "http": {"port": http_port}, "serve": {"port": page_port},
        "status": {"notice_s": 1.0},
    }  # fmt: skip
    (folder / "gateway.toml").write_text(toml_text(values))
    url = f"http://127.0.0.1:{http_port}"
    return Process(
        [FOOTFALL, "gateway", "--config", str(folder / "gateway.toml")], folder / "gateway.log", lambda: "balance" in fetch(url)
    ), url


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/livez", timeout=2.0) as answer:  # noqa: S310 # our own http
            return bool(answer.status == 200)
    except OSError:
        return False


def child_of(pid: int) -> int:
    """The process of `footfall serve` below a gateway."""
    for found in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent, line = int(found.read_text().rpartition(")")[2].split()[1]), (found.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == pid and b"serve" in line.split(b"\0"):
            return int(found.parent.name)
    return 0


def test_an_embedded_gateway_has_it_as_a_child_that_comes_back_and_ends_with_it(tmp_path: Path) -> None:
    port = free_port()
    gateway, url = embedded(tmp_path, port)
    page = f"http://127.0.0.1:{port}"
    gateway.start()
    try:
        until(lambda: answers(page), "the page")
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310 # our own http
            assert answer.read().decode() == f"The live page is at {page}/\n"
        with urllib.request.urlopen(f"{page}/status", timeout=PATIENCE_S) as answer:  # noqa: S310 # our own http
            assert "balance" in json.load(answer)
        first = child_of(gateway.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: child_of(gateway.pid) not in (0, first) and answers(page), "it to come back")
        assert "balance" in fetch(url)
        assert b"footfall.serve" in (tmp_path / "gateway.log").read_bytes()
        last = child_of(gateway.pid)
        gateway.kill()
        until(lambda: not Path(f"/proc/{last}").exists(), "it to end with a killed gateway")
    finally:
        gateway.stop()


def test_counters_that_the_embedded_broker_retains_reach_a_server_that_starts_later(tmp_path: Path) -> None:
    with EmbeddedGateway(tmp_path / "gateway") as gateway:
        until(lambda: gateway.post({"kind": "count", "id": "c-1", "door": "main", "in": 3, "out": 1}) == 202, "the broker")
        until(lambda: gateway.counters("s3").get("in") == 3, "the counters")
        first = child_of(gateway.gateway.process.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: child_of(gateway.gateway.process.pid) not in (0, first) and gateway.is_page_up(), "the next one")
        until(lambda: gateway.counters("s3").get("occupancy") == 2, "what the broker retained: nothing has changed since")


def test_the_day_so_far_goes_on_after_the_gateway_was_killed(tmp_path: Path) -> None:
    with EmbeddedGateway(tmp_path / "gateway") as gateway:
        for number, so_far in ((1, 3), (2, 6)):
            count = {"kind": "count", "id": f"c-{number}", "door": "main", "in": 3, "out": 1}
            until(lambda event=count: gateway.post(event) == 202, "the broker")  # type: ignore[misc] # bound in the loop
            until(lambda people=so_far: gateway.counters("s3", "today").get("in") == people, "the sum")  # type: ignore[misc] # as above
            gateway.gateway.process.kill()
            gateway.gateway.process.start()
            until(gateway.is_page_up, "the page")
        until(lambda: gateway.counters("s3", "today").get("occupancy") == 4, "the sums, though nothing came since the start")


@pytest.mark.parametrize("version", [5, 4])
def test_the_embedded_broker_retains_what_the_gateway_s_connection_publishes(embedded_broker: EmbeddedBroker, version: int) -> None:
    port = embedded_broker.port if version == 5 else embedded_broker.port_v4
    connection = Connection(GatewayBroker(port=port, protocol=version), "gateway", ["t/#"], False)  # type: ignore[arg-type] # 4 or 5
    assert connection.open()
    until(lambda: connection.flush() or connection.read() or connection.connected, "its connection")
    connection.publish("footfall/1/s1/live", b"kept", retain=True)
    connection.publish("footfall/1/s1/live", b"gone", retain=False)
    connection.flush()
    heard: queue.SimpleQueue[tuple[bytes, bool]] = queue.SimpleQueue()
    late = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    late.on_message = lambda _client, _data, message: heard.put((message.payload, message.retain))
    late.on_connect = lambda *_: late.subscribe("footfall/1/+/live", 0)
    late.connect("127.0.0.1", embedded_broker.port)
    late.loop_start()
    assert heard.get(timeout=PATIENCE_S) == (b"kept", True)
    late.disconnect()
    late.loop_stop()
    connection.close()


def test_a_child_that_stays_down_is_named_and_touches_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway, url = embedded(tmp_path, taken.getsockname()[1])
        gateway.start()
        try:
            until(lambda: "serve_down" in {problem["code"] for problem in fetch(url)["problems"]}, "it to be named")
            (problem,) = [problem for problem in fetch(url)["problems"] if problem["code"] == "serve_down"]
            assert f"127.0.0.1:{taken.getsockname()[1]}" in problem["what"]
            assert "serve.port in gateway.toml" in problem["what"]
            assert "listen.port in serve.toml" in (tmp_path / "gateway.log").read_text(), "the child's own words"
            assert "broker_lost" not in {problem["code"] for problem in fetch(url)["problems"]}
        finally:
            gateway.stop()
