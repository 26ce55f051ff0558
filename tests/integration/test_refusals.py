"""A gateway on a real broker gets everything that breaks the contract, and something good after each: all bad is in quarantine with its
reason, all good is taken, and the agent's own frames go on."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from footfall.frames import COLUMNS, Body, Header, Kind, encode_body, encode_frame
from footfall.receipts import Receipt, decode_receipt
from gateway.config import load_gateway
from gateway.pipeline.service import Gateway
from gateway.state.balance import Balance
from gateway.state.quarantine.store import Quarantine
from simulators.parts.broker import EmbeddedBroker
from tests.golden.wire.golden import FOLDER
from tests.support.waiting import PATIENCE_S

SITE = """
brand = "acme"
[[stores]]
name = "sanya-01"
zones = [{name = "entrance"}, {name = "fitting"}]
doors = ["main-door"]
agents = [{name = "sanya-01-a"}, {name = "till"}]
[[stores]]
name = "other"
agents = [{name = "elsewhere"}]
"""
TOPIC = "footfall/1/sanya-01/sanya-01-a"
TILL = "footfall/1/sanya-01/till"


class Running:
    """The gateway in a thread, and one MQTT client that is agent, till and stranger at once."""

    def __init__(self, folder: Path, port: int) -> None:
        (folder / "site.toml").write_text(SITE)
        (folder / "gateway.toml").write_text(f"[broker]\nport = {port}\n[http]\nport = 0\n")
        self.gateway = Gateway(load_gateway(folder / "gateway.toml", {}))
        self.thread = threading.Thread(target=self.gateway.run)
        self.thread.start()
        self.quarantine = Quarantine(folder / "state" / "quarantine.db")
        self.receipts: list[Receipt] = []
        self._counts_before: Counter[str] = Counter()
        self._balance_before: Mapping[str, Any] = Balance().as_json()
        self.client = Client(CallbackAPIVersion.VERSION2, "test", protocol=MQTTv5)
        self.client.on_message = lambda _client, _data, message: self.receipts.append(decode_receipt(message.payload))
        self.client.on_connect = lambda client, *_: client.subscribe(f"{TOPIC}/receipts", 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.wait(lambda: self.gateway.status().broker.connected, "the gateway to be connected")
        self.wait(lambda: self._hello() or bool(self.receipts), "a receipt")

    def _hello(self) -> None:
        time.sleep(0.1)
        self.send("frames", (FOLDER / "v1/hello.bin").read_bytes())

    def send(self, leaf: str, payload: bytes, topic: str = TOPIC) -> None:
        self.client.publish(f"{topic}/{leaf}", payload, 1).wait_for_publish(PATIENCE_S)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.thread.is_alive(), "the gateway ended"
            assert time.monotonic() < end, f"waited for {what}; in quarantine: {self.quarantine.counts()}"
            time.sleep(0.02)

    def begin(self) -> None:
        """What was counted so far is no more looked at. A row is in quarantine before it is counted, so the counts must stand still."""
        self._balance_before = {}
        while (balance := self.gateway.status().balance) != self._balance_before:
            self._balance_before = balance
            time.sleep(0.3)
        self._counts_before = Counter(self.quarantine.counts())

    def counts(self) -> dict[str, int]:
        return dict(Counter(self.quarantine.counts()) - self._counts_before)

    def balance(self) -> tuple[int, int, int]:
        """Rows written, quarantined, on their way."""
        now, before = self.gateway.status().balance, self._balance_before
        written, quarantined = (now[name] - before[name] for name in ("written_total", "quarantined_total"))
        return written, quarantined, now["pending"]

    def wait_for_rows(self, rows: int) -> dict[str, int]:
        self.wait(lambda: sum(self.counts().values()) >= rows, f"{rows} rows in quarantine")
        return self.counts()

    def receipted(self, epoch: str) -> int:
        return max((receipt.upto for receipt in self.receipts if receipt.epoch == epoch), default=-1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        self.quarantine.close()
        self.gateway.stop()
        self.thread.join(60)
        self.gateway.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("refusals")
    with EmbeddedBroker(folder) as broker:
        running = Running(folder, broker.port)
        yield running
        running.close()


@pytest.fixture
def running(gateway: Running) -> Running:
    gateway.begin()
    return gateway


def frame(epoch: str, seq: int, body: Body | bytes) -> bytes:
    data = encode_body(body) if isinstance(body, Body) else body
    now_ns = time.time_ns()
    return encode_frame(Header("sanya-01", "sanya-01-a", epoch, seq, 1, "b7f2", now_ns, now_ns), data)


def rows(*kinds: Kind, first_row: int = 0, **columns: object) -> Body:
    n, now_ns = len(kinds), time.time_ns()
    values = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items()}
    values |= {"kind": np.array(kinds, "u1"), "t_boot_ns": np.full(n, now_ns, "<i8"), "subject": np.arange(1, n + 1, dtype="<u8")}
    body = Body("b7f2", now_ns, now_ns, True, first_row, 0, ("entrance",), ("ibeacon",), **values)
    return replace(body, **columns)  # type: ignore[arg-type] # tests name the columns


def test_every_golden_refusal_over_a_broker(running: Running) -> None:
    cases = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("refused/*.json"))]
    whole = [case for case in cases if not case[1]["reason"].startswith(("body.", "name")) and case[1]["reason"] != "frame.version"]
    for path, case in whole:
        leaf = "events" if case["reason"].startswith("event.") else "frames"
        running.send(leaf, path.with_suffix(".bin").read_bytes(), TILL if leaf == "events" else TOPIC)
    counts = running.wait_for_rows(len(whole))
    expected = [case["reason"] for _, case in whole]
    assert counts == {reason: expected.count(reason) for reason in set(expected)}


def test_a_frame_whose_body_is_bad_is_receipted_and_the_next_is_taken(running: Running) -> None:
    """Else its agent would send it for ever."""
    packed = msgpack.unpackb(encode_body(rows(Kind.STAY)))
    bad = {
        "body.value": msgpack.packb(packed | {"value": b"\x00\x00\xc0\x7f"}),
        "body.kind": msgpack.packb(packed | {"kind": b"\x63"}),
        "body.missing": msgpack.packb({key: value for key, value in packed.items() if key != "kind"}),
        "body.msgpack": b"\xc1",
        "site.zone": encode_body(rows(Kind.STAY, zones=("cellar",))),
        "site.door": encode_body(rows(Kind.IN, zones=("back-door",))),
        "name": msgpack.packb(packed | {"zones": ["a,b=c d\n"]}),
    }
    for seq, body in enumerate(bad.values(), 1):
        running.send("frames", frame("bad", seq, body))
    running.send("frames", frame("bad", len(bad) + 1, rows(Kind.ENTER, Kind.EXIT)))
    running.wait(lambda: running.receipted("bad") == len(bad) + 1, "the last receipt")
    assert set(running.wait_for_rows(len(bad))) == set(bad)
    running.wait(lambda: running.balance()[0] == 2, "the good rows")


HOSTILE_EXTRA = {
    "an event that is no JSON": (Kind.EVENT, {"event": '{"kind":'}),
    "an event that is no text": (Kind.EVENT, {"event": 5}),
    "an event without its event": (Kind.EVENT, {}),
    "an event nested too deep": (Kind.EVENT, {"event": "[" * 50 + "]" * 50}),
    "an event that is refused": (Kind.EVENT, {"event": '{"kind":"dance"}'}),
    "a gap that ends beyond time": (Kind.GAP, {"to_boot_ns": (1 << 64) - 1, "rows": (1 << 64) - 1, "reason": "x"}),
    "a gap that ends before time": (Kind.GAP, {"to_boot_ns": -(1 << 63), "rows": -(1 << 63), "reason": "x"}),
    "a gap of other types": (Kind.GAP, {"to_boot_ns": "soon", "rows": [1], "reason": {"a": 1}}),
    "a gap that says nothing": (Kind.GAP, {}),
    "a refusal of other types": (Kind.REFUSED, {"reason": 1, "where": [2], "data": {"x": 1}}),
    "a refusal that says nothing": (Kind.REFUSED, {}),
    "a line of its own": (Kind.GAP, {"to_boot_ns": 1, "rows": 1, "reason": "x\ngap,store=other rows=1i 1"}),
}


@pytest.mark.parametrize("name", HOSTILE_EXTRA)
def test_hostile_extra_neither_ends_the_gateway_nor_stops_its_agent(running: Running, name: str) -> None:
    epoch, (kind, extra) = f"extra{list(HOSTILE_EXTRA).index(name)}", HOSTILE_EXTRA[name]
    running.send("frames", frame(epoch, 1, rows(kind, extra={0: extra})))
    running.send("frames", frame(epoch, 2, rows(Kind.ENTER, first_row=1)))
    running.wait(lambda: running.receipted(epoch) == 2, "the receipt of the frame behind it")
    running.wait(lambda: running.balance()[2] == 0, "nothing to be on its way")


EXTREMES = {
    "times at the end": {"t_boot_ns": np.array([(1 << 63) - 1], "<i8")},
    "times at the beginning": {"t_boot_ns": np.array([0], "<i8")},
    "device times at the end": {"t_wall_ns": np.array([(1 << 63) - 1], "<i8")},
    "device times at the beginning": {"t_wall_ns": np.array([-(1 << 63)], "<i8")},
    "counts at the end": {"kind": np.array([Kind.IN], "u1"), "zones": ("main-door",), "count": np.array([(1 << 31) - 1], "<i4")},
    "values at the end": {"value": np.array([3.4e38], "<f4"), "kind": np.array([Kind.EXIT], "u1")},
    "rows at the end": {"first_row": (1 << 63) - 1},
    "made at the end": {"made_boot_ns": (1 << 63) - 1, "made_wall_ns": (1 << 63) - 1},
    "made at the beginning": {"made_boot_ns": 0, "made_wall_ns": 0},
    "keys at the end": {"key_id": (1 << 63) - 1},
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes_neither_end_the_gateway_nor_stop_its_agent(running: Running, name: str) -> None:
    epoch = f"extreme{list(EXTREMES).index(name)}"
    running.send("frames", frame(epoch, 1, rows(Kind.ENTER, **EXTREMES[name])))
    running.send("frames", frame(epoch, 2, rows(Kind.EXIT, first_row=1)))
    running.wait(lambda: running.receipted(epoch) == 2, "the receipt of the frame behind it")
    running.wait(lambda: running.balance()[2] == 0, "nothing to be on its way")


EVENTS = {
    b"": "event.json",
    b'{"a":NaN}': "event.json",
    b'{"a":1e999}': "event.json",
    b'{"a":"\\ud800"}': "event.json",
    b"[" * 100_000: "event.json",
    b"[" * 50 + b"]" * 50: "event.depth",
    b"[" + b"1," * 1000 + b"1]": "event.rows",
    b'{"kind":"touch","what":"scan","zone":"cellar"}': "site.zone",
    b'{"kind":"count","id":"1","door":"back-door","in":1}': "site.door",
    b'{"kind":"touch","what":"scan","identifiers":["member:1"]}': "event.secret",
    b'{"kind":"touch","what":"transaction","amount":5}': "event.invalid",
    b'{"kind":"touch","what":"scan","ref":"a\\nb"}': "event.invalid",
    b'{"kind":"touch","what":"scan","zone":"a,b=c"}': "event.invalid",
}


def test_bad_events_beside_good_ones(running: Running) -> None:
    till = "footfall/1/sanya-01/till"
    for n, payload in enumerate(EVENTS):
        running.send("events", payload, till)
        running.send("events", json.dumps({"kind": "touch", "what": "scan", "id": f"good{n}", "zone": "entrance"}).encode(), till)
    running.send("events", b'{"kind":"touch","what":"scan"}', "footfall/1/sanya-01/elsewhere")
    running.send("events", b'{"kind":"touch","what":"scan"}', "footfall/1/nowhere/till")
    running.send("frames", b"x" * ((1 << 20) + 1), till)
    expected = [*EVENTS.values(), *["event.rows"] * 1000, "site.agent", "site.store"]  # of an array that is too long each event counts
    counts = running.wait_for_rows(len(expected) + 1)
    assert {reason: counts.get(reason, 0) for reason in expected} == {reason: expected.count(reason) for reason in expected}
    running.wait(lambda: running.balance()[::2] == (len(EVENTS), 0), "the good events")


def test_ten_thousand_bad_and_ten_thousand_good(running: Running) -> None:
    """No slot of the broker's window is lost to a bad one."""
    till = "footfall/1/sanya-01/till"
    published = []
    for n in range(10_000):
        published.append(running.client.publish(f"{till}/events", b'{"kind":"dance"}', 1))
        good = b'{"kind":"touch","what":"scan","id":"%d"}' % n
        published.append(running.client.publish(f"{till}/events", good, 1))
        if n % 500 == 499:
            published[-1].wait_for_publish(PATIENCE_S)
    end = time.monotonic() + PATIENCE_S
    while running.balance() != (10_000, 10_000, 0):
        assert time.monotonic() < end, running.balance()
        time.sleep(0.1)
    assert running.counts() == {"event.invalid": 10_000}
