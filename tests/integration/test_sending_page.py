"""docs/sending.md, followed to the letter: its files and commands, against a real gateway behind Mosquitto, an agent and `serve`."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import urllib3

from edge_agent.intake import MAX_EVENT_BYTES
from footfall.events import MAX_DEPTH, MAX_EVENTS, MAX_EVENTS_BYTES, MAX_PEOPLE
from footfall.units import NS_PER_DAY, NS_PER_MINUTE
from gateway.accept.events import EARLY_NS, LATE_NS
from gateway.accept.limits import PACES
from gateway.sinks.influxdb.reader import InfluxReader
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import Process, free_port
from simulators.parts.programs import FOOTFALL
from tests.docs.blocks import ROOT
from tests.support.followed_page import Step, run, steps
from tests.support.real_parts import InfluxServers, missing, new_bucket
from tests.support.running_gateway import Place, influx_sink
from tests.support.waiting import PATIENCE_S, until

PAGE: Final = steps("sending.md")
NODE_RED: Final = Path.home() / ".cache/footfall/node-red/node_modules/node-red/red.js"


class Followed:
    """The page in a folder of its own: every documented port is one of this run."""

    def __init__(self, folder: Path, mosquitto: Mosquitto | EmbeddedBroker, sink: dict[str, Any] | None = None) -> None:
        self.place = Place(folder, mosquitto, sink)
        self.folder = folder
        self.intake, self.page = free_port(), free_port()
        self._ports = {"1883": str(mosquitto.port), "8781": str(self.intake), "8090": str(self.page)}
        for step in PAGE:
            if step.file:
                (folder / step.file).write_text(self.text(step))

    def text(self, step: Step) -> str:
        return re.sub(r"\b(1883|8781|8090)\b", lambda found: self._ports[found[1]], step.text)

    def do(self, *words: str) -> None:
        """Run the page's commands that have all of these words."""
        chosen = [step for step in PAGE if step.tag == "sh gateway" and all(word in step.text for word in words)]
        assert chosen, words
        for step in chosen:
            done = run(self.text(step), self.folder)
            assert done.returncode == 0, f"{step.text}\n{done.stdout}\n{done.stderr}"
            if step.output is not None:
                assert done.stdout.strip() == step.output.strip(), done.stdout

    @contextmanager
    def process(self, tag: str, port: int, path: str) -> Iterator[None]:
        """The page's long-running command of that tag."""
        (step,) = (step for step in PAGE if step.tag == f"sh {tag}")
        command = [str(self.folder / word) if word.endswith(".toml") else word for word in self.text(step).split()]
        assert command[0] == "footfall"
        process = Process([FOOTFALL, *command[1:]], self.folder / f"{tag}.log", lambda: is_up(port, path))
        process.start()
        try:
            yield
        finally:
            process.stop()

    def doors(self) -> list[Any]:
        with sqlite3.connect(f"file:{self.place.database}?mode=ro", uri=True) as db:
            return db.execute('SELECT agent, "in", out FROM door ORDER BY "in"').fetchall()

    def sales(self) -> list[Any]:
        with sqlite3.connect(f"file:{self.place.database}?mode=ro", uri=True) as db:
            return db.execute("SELECT agent, ref, amount, void FROM touch WHERE what = 'transaction' ORDER BY ref").fetchall()


def is_up(port: int, path: str) -> bool:
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S, retries=False).status < 500
    except urllib3.exceptions.HTTPError:
        return False


def needs(program: str) -> None:
    if shutil.which(program) is None:
        missing(f"{program} is not installed: make parts (its part of docs/sending.md is not run)")


@pytest.fixture
def followed(tmp_path: Path, mosquitto: Mosquitto) -> Followed:
    return Followed(tmp_path / "g", mosquitto)


def test_curl_and_python_through_an_agent_and_through_serve(followed: Followed) -> None:
    needs("curl")
    followed.do("till.secret", "chmod")
    followed.do("serve.token", "chmod")
    with followed.place as place, followed.process("agent", followed.intake, "/health"), followed.process("serve", followed.page, "/livez"):
        followed.do("@events.json")
        followed.do("@events.json")
        followed.do("@touches.json")
        followed.do("python send.py")
        until(lambda: is_published(followed), "serve to be connected")
        followed.do("main-7")
        place.until(lambda: place.gateway.status()["balance"]["written_total"] >= 7, "all of it to be written")
        followed.do("void-0881")
        place.until(lambda: place.gateway.status()["balance"]["in_total"] >= 10, "the void to come")
        place.settle()
        assert followed.doors() == [("flagship-till", 3, 1), ("flagship-till", 5, 0), ("flagship-counter", 7, 0)]
        assert followed.sales() == [("flagship-till", "T-881", 129.5, 1)]
        assert place.gateway.status()["balance"]["quarantined_total"] == 0


def is_published(followed: Followed) -> bool:
    """Whether `serve` answers what is no event as it does once it has its broker: a 503 is not final."""
    token = (followed.folder / "serve.token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    text = urllib3.request("GET", f"http://127.0.0.1:{followed.page}/metrics", headers=headers, timeout=PATIENCE_S).data.decode()
    return "footfall_serve_broker_connected 1" in text


def test_the_page_s_events_reach_influxdb(tmp_path: Path, mosquitto: Mosquitto, influx_servers: InfluxServers) -> None:
    needs("curl")
    bucket = new_bucket(influx_servers.running("2.7"))
    followed = Followed(tmp_path / "g", mosquitto, influx_sink(bucket, tmp_path / "g"))
    followed.do("till.secret", "chmod")
    with followed.place as place, followed.process("agent", followed.intake, "/health"):
        followed.do("@events.json")
        place.until(lambda: place.gateway.status()["balance"]["written_total"] >= 2, "all of it to be written")
        place.until(place.gateway.is_settled, "everything to be in the database")
    reader = InfluxReader(bucket.url, bucket.name, bucket.token)
    found = reader.rows("door", columns=("in", "out"))
    assert (list(found.values("in")), list(found.values("out"))) == ([3], [1])


def test_mosquitto_pub_at_the_embedded_broker(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    test_mosquitto_pub(Followed(tmp_path / "g", embedded_broker))


def test_mosquitto_pub(followed: Followed) -> None:
    needs("mosquitto_pub")
    with followed.place as place:
        followed.do("mosquitto_pub")
        place.until(lambda: place.gateway.status()["balance"]["written_total"] >= 1, "the sale to be written")
        place.until(place.gateway.is_settled, "everything to be in the database")
        assert followed.sales() == [("flagship-counter", "K-17", 20.0, 0)]


def flow() -> dict[str, Any]:
    (step,) = (step for step in PAGE if step.file == "flow.json")
    return {node["id"]: node for node in json.loads(step.text)}


def test_the_node_red_flow_is_wired_from_its_function_to_the_documented_topic() -> None:
    nodes = flow()
    assert nodes[nodes["ff-minute"]["wires"][0][0]]["type"] == "function"
    out = nodes[nodes["ff-count"]["wires"][0][0]]
    assert (out["type"], out["topic"], out["qos"], out["retain"]) == (
        "mqtt out", "footfall/1/flagship/flagship-counter/events", "1", "false",
    )  # fmt: skip
    assert nodes[out["broker"]]["type"] == "mqtt-broker"


def test_the_function_of_the_node_red_flow_makes_a_count_that_is_taken(followed: Followed) -> None:
    """By Node.js: two people come in, one goes out, the minute passes; what it returns is published as it is."""
    needs("node")
    script = (
        "const kept = {}; const context = {get: key => kept[key], set: (key, value) => { kept[key] = value; }};\n"
        f"const step = new Function('msg', 'context', {json.dumps(flow()['ff-count']['func'])});\n"
        "for (const payload of [{in: 1}, {in: 1}, {out: 1}]) step({payload}, context);\n"
        "console.log(JSON.stringify(step({topic: 'minute'}, context).payload));"
    )
    payload = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout
    with followed.place as place:
        place.publish((flow()["ff-out"]["topic"], payload.encode()))
        place.until(lambda: place.gateway.status()["balance"]["written_total"] >= 1, "the count to be written")
        place.until(place.gateway.is_settled, "everything to be in the database")
        assert followed.doors() == [("flagship-counter", 2, 1)]


def test_the_flow_in_a_real_node_red(followed: Followed) -> None:
    if not NODE_RED.exists():
        missing("Node-RED is not installed: make node-red (its function is run by Node.js alone)")
    needs("node")
    port, home = free_port(), followed.folder / "node-red"
    home.mkdir()
    shutil.copy(followed.folder / "flow.json", home / "flow.json")
    command = ["node", str(NODE_RED), "-u", str(home), "-p", str(port), "flow.json"]
    process = Process(command, followed.folder / "node-red.log", lambda: is_up(port, "/"))
    with followed.place as place:
        process.start()
        try:
            place.until(lambda: place.gateway.status()["balance"]["written_total"] >= 1, "the first minute's count")
        finally:
            process.stop()
        assert place.gateway.status()["balance"]["quarantined_total"] == 0
        place.until(place.gateway.is_settled, "everything to be in the database")
        assert followed.doors() == [("flagship-counter", 0, 0)]


def test_the_page_s_limits_are_those_of_the_code() -> None:
    page, pace = (ROOT / "docs" / "sending.md").read_text(encoding="utf-8"), PACES["events"]
    for stated in (
        f"{MAX_EVENTS_BYTES:,} bytes, {MAX_EVENTS:,} events, nested {MAX_DEPTH} deep",
        f"one event through an agent | {MAX_EVENT_BYTES:,} bytes",
        f"people of a count | {MAX_PEOPLE:,} each way",
        f"{pace.a_second:,} events a second for five minutes",
        f"At most {LATE_NS // NS_PER_DAY} days back and {EARLY_NS // NS_PER_MINUTE} minutes ahead".partition(" ")[2],
    ):
        assert stated in " ".join(page.split()), stated
    assert pace.burst_s == 300


# What a third party gets wrong: the answer, and the same by MQTT.

COUNT: Final = {"kind": "count", "id": "c1", "door": "main", "in": 1}
SCAN: Final = {"kind": "touch", "what": "scan", "id": "s1"}
BODIES: Final = [
    (json.dumps(COUNT | {"time": 1_795_000_000}).encode(), "event.invalid", "since of a number nobody knows whether it is seconds"),
    (json.dumps(COUNT | {"time": "2026-11-21T10:02:03"}).encode(), "event.invalid", "must have its offset from UTC"),
    (json.dumps([[COUNT]]).encode(), "event.invalid", "must be an object, not an array: send one array of objects"),
    (json.dumps(json.dumps(COUNT)).encode(), "event.invalid", "must be an object, not text: it was made JSON twice"),
    (json.dumps({key: value for key, value in COUNT.items() if key != "id"}).encode(), "event.invalid", "count.id: Field required"),
    (json.dumps({"kind": "touch", "what": "payment"}).encode(), "event.invalid", "a payment needs an `id`"),
    (json.dumps(COUNT | {"inn": 3}).encode(), "event.invalid", "count.inn: Extra inputs are not permitted: did you mean 'in'?"),
    (json.dumps([COUNT, SCAN, COUNT | {"in": 2}]).encode(), "event.id", "event 2: its id is that of event 0, whose content is another"),
    (b"\x1f\x8b\x08\x00", "event.json", "it begins as gzip does"),
    (b'{"kind": "touch", "what": "scan", "ref": "\xff"}', "event.json", "JSON is UTF-8"),
    (b"kind=count&in=1", "event.json", "not JSON"),
    (b"", "event.json", "not JSON"),
    (json.dumps([SCAN] * 1001).encode(), "event.rows", "at most 1000 events"),
    (b"[" * 20 + b"]" * 20, "event.depth", "nested deeper than 16"),
]
HEADS: Final = [
    ("POST", "/events/", {}, 404, "path", "without a slash at its end"),
    ("POST", "/event", {}, 404, "path", "events go to"),
    ("GET", "/events", {}, 405, "method", "POST"),
    ("PUT", "/events", {}, 405, "method", "POST"),
    ("DELETE", "/events", {}, 405, "method", "POST"),
    ("POST", "/events", {"Authorization": None}, 401, "secret", "there is no Authorization"),
    ("POST", "/events", {"Authorization": None, "X-Api-Key": "t"}, 401, "secret", "the header x-api-key is not looked at"),
    ("POST", "/events", {"Authorization": "Basic dDp0"}, 401, "secret", "no Bearer before its token"),
    ("POST", "/events", {"Authorization": "Bearer other"}, 401, "secret", "another than the one in the file"),
    (
        "POST",
        "/events",
        {"Content-Type": "multipart/form-data; boundary=b"},
        415,
        "content_type",
        "Content-Type must be application/json",
    ),
    ("POST", "/events", {"Content-Type": "application/json; charset=gbk"}, 415, "content_type", "charset must be utf-8"),
    ("POST", "/events", {"Content-Encoding": "gzip"}, 415, "content_encoding", "send the JSON as it is"),
    ("POST", "/events", {"Content-Length": "2000000"}, 413, "event.size", "at most 1048576 bytes"),
]


def answers_of_the_page() -> set[tuple[int, str]]:
    """Return status codes and reasons of the page's table."""
    text = (ROOT / "docs" / "sending.md").read_text(encoding="utf-8").partition("## When something is wrong")[2]
    rows = re.findall(r"^\| (\d+) \| ([^|]*) \|", text, re.MULTILINE)
    return {(int(status), reason) for status, reasons in rows for reason in re.findall(r"`([a-z_.]+)`", reasons) or [""]}


@pytest.fixture
def agent(followed: Followed) -> Iterator[Followed]:
    """The page's agent; nobody receipts, so whatever it took stays."""
    (followed.folder / "till.secret").write_text("t\n")
    (followed.folder / "till.secret").chmod(0o600)
    with followed.process("agent", followed.intake, "/health"):
        yield followed


def test_each_mistake_at_an_agent_is_answered_as_the_page_has_it(agent: Followed) -> None:
    known, url = answers_of_the_page(), f"http://127.0.0.1:{agent.intake}"
    good = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    requests = [("POST", "/events", {}, body, 400, reason, words) for body, reason, words in BODIES]
    requests += [(method, path, headers, b"{}", status, reason, words) for method, path, headers, status, reason, words in HEADS]
    for method, path, headers, body, status, reason, words in requests:
        sent = {key: value for key, value in {**good, **headers}.items() if value is not None}
        answer = urllib3.request(
            method, url + path, body=None if method == "GET" else body, headers=sent, timeout=PATIENCE_S, retries=False
        )
        text = answer.json()
        assert (answer.status, text["reason"], words in text["message"]) == (status, reason, True), (method, path, headers, body[:60], text)
        assert (status, reason) in known
    health = json.loads(urllib3.request("GET", f"{url}/health").data)
    assert health["rows_total"] == 0, "nothing of it was taken"
    assert urllib3.request("POST", f"{url}/events?x=1", json=SCAN, headers={"Authorization": "Bearer t"}).status == 202


def test_curl_without_a_type_is_taken(agent: Followed) -> None:
    needs("curl")
    done = run(
        f"curl -sS http://127.0.0.1:{agent.intake}/events -d '{json.dumps(COUNT)}' -H \"Authorization: Bearer $(cat till.secret)\"",
        agent.folder,
    )
    assert json.loads(done.stdout) == {"accepted": 1}


def test_each_mistake_by_mqtt_is_in_quarantine_under_the_same_reason(followed: Followed) -> None:
    topic = "footfall/1/flagship/flagship-counter/events"
    wrong = [*BODIES, (json.dumps(COUNT | {"door": "side"}).encode(), "site.door", "main")]
    with followed.place as place:
        place.publish(*[(topic, body) for body, _, _ in wrong if body])
        place.until(lambda: place.gateway.status()["balance"]["quarantined_total"] >= len(wrong) - 1, "all of it to be refused")
        listed = run(f"footfall quarantine list --config {place.gateway.config}", followed.folder).stdout
        for _, reason, _ in wrong:
            assert reason in listed
        place.publish((topic, json.dumps(COUNT).encode()))
        place.until(lambda: place.gateway.status()["balance"]["written_total"] >= 1, "the right one")
        assert place.gateway.status()["balance"]["dropped_total"] == {}, "ids of what was refused are free"
