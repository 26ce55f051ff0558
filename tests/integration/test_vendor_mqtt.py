"""Vendors' gateways on a real broker, heard by the real source."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles.registry import shipped
from edge_agent.clock import Clock, SystemClock, moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.sources.mqtt_vendor import MqttVendor, VendorSource
from edge_agent.sources.source import Gap, Heard, Sighting, Unexplained
from edge_agent.supervisor import Supervisor
from footfall.config import check
from footfall.frames import Body, Kind
from simulators.devices.vendor_mqtt import GARBAGE, VendorGateways
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from tests.support.real_parts import require_mosquitto
from tests.support.waiting import PATIENCE_S

S = 1_000_000_000
LIMIT_S = PATIENCE_S
ALIAS = {"mac": "58b1294494d3", "id": "watch:x", "idType": 250, "rssi": -60}
STRONG = {"bathroom", "garage", "laundry", "master", "office", "office_alt", "upstairs_hallway"}
"""Nodes that hear the watch well enough for it to be there."""
WEAK = {"basement", "dining", "family"}


class RecordedClock(SystemClock):
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = super().boot_ns()

    def boot_ns(self) -> int:
        return self.now_ns


def source_of(broker: Mosquitto | EmbeddedBroker, clock: Clock, protocol: str = "5", **more: Any) -> VendorSource:
    port = broker.port_v4 if isinstance(broker, EmbeddedBroker) and protocol == "3.1.1" else broker.port
    block = {
        "kind": "mqtt_vendor", "name": "nodes", "topics": ["espresense/devices/#"],
        "broker": {"host": "127.0.0.1", "port": port, "protocol": protocol}, **more,
    }  # fmt: skip
    return check(block, MqttVendor, "settings").source(clock, shipped())


@contextmanager
def supervised(source: VendorSource, hear: Callable[[Heard], None]) -> Iterator[Supervisor]:
    supervisor, stop = Supervisor([source], hear, SystemClock(), backoff_s=0.2), threading.Event()
    supervisor.start(stop)
    try:
        yield supervisor
    finally:
        stop.set()
        until(lambda: not supervisor.is_running(), "the source does not end")


@contextmanager
def client(port: int, protocol: int = MQTTv5) -> Iterator[Client]:
    made = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
    made.connect("127.0.0.1", port)
    made.loop_start()
    try:
        yield made
    finally:
        made.disconnect()
        made.loop_stop()


def until(reached: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not reached():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.01)


def wait_for(publisher: Client, heard: list[Heard], node: str = "kitchen") -> None:
    """Until the source hears; what was published for it is forgotten."""
    deadline_s = time.monotonic() + LIMIT_S
    while not any(isinstance(item, Sighting) for item in heard):
        assert time.monotonic() < deadline_s, "the source hears nothing"
        publisher.publish(f"espresense/devices/x/{node}", json.dumps(ALIAS), 1).wait_for_publish(LIMIT_S)
        time.sleep(0.05)
    time.sleep(0.2)
    heard.clear()


# --- the recording ---------------------------------------------------------------------------------------------------------------


def test_a_recorded_house_goes_through_a_broker_into_presence(real_data: Path, mosquitto: Mosquitto) -> None:
    """1,693 messages of ten ESPresense nodes in two minutes; the watch that they hear lies still.

    So it is present at each of the seven nodes that hear it at -80 dBm or more, without an exit until it falls silent. At the three
    others, of -82 dBm at best, it never is. Which of the seven zones owns it is the gateway's to decide.
    The agent's clock shows when each message came in the recording.
    """
    rows = [json.loads(line) for line in (real_data / "espresense" / "stationary.jsonl").read_text().splitlines()]
    zones = {node: node.replace("_", "-") for node in (row["topic"].split("/")[3] for row in rows)}
    assert (len(rows), zones.keys()) == (1693, STRONG | WEAK)
    clock = RecordedClock()
    core, came, last, bodies = Core(clock.boot, zones, shipped(), SubjectKeys({})), threading.Semaphore(0), dict[str, int](), list[Body]()

    def hear(heard: Heard) -> None:
        core.hear(heard)
        if isinstance(heard, Sighting):
            last[zones[heard.receiver]] = heard.t_boot_ns
        came.release()

    source = source_of(mosquitto, clock, "3.1.1", receivers=zones)
    with supervised(source, hear), client(mosquitto.port, MQTTv311) as publisher:
        deadline_s = time.monotonic() + LIMIT_S
        while not came.acquire(timeout=0.05):  # one too faint to enter anywhere, again until the source has subscribed
            assert time.monotonic() < deadline_s, "the source does not subscribe"
            publisher.publish("espresense/devices/watch:probe/family", json.dumps(ALIAS | {"rssi": -99}), 1).wait_for_publish(LIMIT_S)
        while came.acquire(timeout=0.2):
            pass
        before, zero_ns = core.sightings_total, clock.now_ns
        for row in rows:
            clock.now_ns = zero_ns + round((_time_s(row) - _time_s(rows[0])) * S)
            publisher.publish(row["topic"], json.dumps(row["payload"]), 1)
            assert came.acquire(timeout=LIMIT_S), "a message is lost"
            bodies += core.tick(moment(clock))
    assert core.sightings_total == before + len(rows)
    assert not core.dropped_total
    assert not source.reader.unexplained_total
    standing = _events(bodies)
    clock.now_ns += 60 * S
    bodies += core.tick(moment(clock), flush=True)
    ended = _events(bodies)
    for zone in (zones[node] for node in STRONG):
        assert [kind for kind, _ in standing[zone] if kind != "STAY"] == ["ENTER"], f"{zone}: it stands still, and must not leave"
        assert standing[zone][0][1] < zero_ns + S, f"{zone}: it was there from the beginning"
        assert [kind for kind, _ in ended[zone] if kind != "STAY"] == ["ENTER", "EXIT"], zone
        assert ended[zone][-1] == ("EXIT", last[zone]), "an exit bears the time when it was last heard"
        assert sum(kind == "STAY" for kind, _ in standing[zone]) >= 15, f"{zone}: evidence every five seconds or so"
    assert not {zones[node] for node in WEAK} & ended.keys()
    assert len({subject for body in bodies for subject in body.subject.tolist() if subject}) == 1, "one watch is one subject"


def _time_s(row: dict[str, Any]) -> float:
    return datetime.strptime(row["tst"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def _events(bodies: list[Body]) -> dict[str, list[tuple[str, int]]]:
    """What happened in each zone, in the order of time."""
    events: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for body in bodies:
        for kind, zone, t_ns in zip(body.kind.tolist(), body.zone.tolist(), body.t_boot_ns.tolist(), strict=True):
            events[body.zones[zone]].append((Kind(kind).name, t_ns))
    return {zone: sorted(many, key=lambda event: event[1]) for zone, many in events.items()}


# --- the broker ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_both_protocols_and_both_brokers_are_heard(embedded_broker: EmbeddedBroker, mosquitto: Mosquitto, protocol: str) -> None:
    for broker in (embedded_broker, mosquitto):
        heard: list[Heard] = []
        with (
            supervised(source_of(broker, SystemClock(), protocol, receivers={"kitchen": "home"}), heard.append),
            client(broker.port) as said,
        ):
            wait_for(said, heard)
            for n in range(50):
                said.publish("espresense/devices/x/kitchen", json.dumps(ALIAS | {"rssi": -n - 20}), 1)
            until(lambda: len(heard) >= 50, "messages are lost")  # noqa: B023 # it is over with the turn
        assert [item.rssi_dbm for item in heard if isinstance(item, Sighting)] == [-n - 20 for n in range(50)]


def test_a_retained_message_is_of_the_past(mosquitto: Mosquitto) -> None:
    heard: list[Heard] = []
    with client(mosquitto.port) as said:
        said.publish("espresense/devices/old/kitchen", json.dumps(ALIAS), 1, retain=True).wait_for_publish(LIMIT_S)
        with supervised(source_of(mosquitto, SystemClock(), receivers={"kitchen": "home"}), heard.append):
            until(lambda: heard, "the broker does not send what it retains")
            said.publish("espresense/devices/new/kitchen", json.dumps(ALIAS | {"id": "watch:new"}), 1)
            until(lambda: len(heard) > 1, "what is new is not heard")
    assert [item.reason for item in heard if isinstance(item, Unexplained)] == ["feed.retained"]
    assert [item.identifier for item in heard if isinstance(item, Sighting)] == ["watch:new"]


def test_a_broker_that_goes_away_is_a_dated_gap(tmp_path: Path) -> None:
    """Killed and back after two seconds: one fault, gaps without a hole from the last word to the next, and all is heard again."""
    heard: list[Heard] = []
    with VendorGateways(["kitchen"], mend_s=1.0) as gateways:
        settings = check({"name": "nodes", "receivers": {"kitchen": "home"}, **gateways.settings()}, MqttVendor, "settings")
        with supervised(settings.source(SystemClock(), shipped()), heard.append) as supervisor:
            numbers = iter(range(100_000))
            _speak_until(gateways, numbers, lambda: any(isinstance(item, Sighting) for item in heard))
            gateways.faults["broker-gone"]()
            killed_ns = SystemClock().boot_ns()
            _speak_until(gateways, numbers, lambda: supervisor.health["nodes"].state == "fault")
            _speak_until(gateways, numbers, lambda: isinstance(heard[-1], Sighting) and any(isinstance(item, Gap) for item in heard))
            time.sleep(0.3)
            before, said = sum(isinstance(item, Sighting) for item in heard), gateways.said_total
            for _ in range(20):
                gateways.say(Sighting(0, "kitchen", "espresense", f"watch:{next(numbers)}", -60))
            until(lambda: gateways.said_total == said + 20, "the broker does not take them")
            until(lambda: sum(isinstance(item, Sighting) for item in heard) == before + 20, "counts are not exact again")
    gaps = [item for item in heard if isinstance(item, Gap)]
    assert {gap.reason for gap in gaps} == {"source.fault"}
    assert gaps[0].from_boot_ns <= killed_ns <= gaps[0].to_boot_ns
    assert all(later.from_boot_ns - earlier.to_boot_ns < S for earlier, later in pairwise(gaps)), "no hole between them"
    assert gaps[-1].to_boot_ns - killed_ns < 30 * S


def _speak_until(gateways: VendorGateways, numbers: Iterator[int], reached: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not reached():
        assert time.monotonic() < deadline_s, "it does not happen"
        gateways.say(Sighting(0, "kitchen", "espresense", f"watch:{next(numbers)}", -60))
        time.sleep(0.02)


def test_a_broker_that_stands_still_for_a_while_loses_nothing() -> None:
    heard: list[Heard] = []
    with VendorGateways(["kitchen"], mend_s=0.5) as gateways:
        settings = check({"name": "nodes", "receivers": {"kitchen": "home"}, **gateways.settings()}, MqttVendor, "settings")
        with supervised(settings.source(SystemClock(), shipped()), heard.append) as supervisor:
            numbers = iter(range(100_000))
            _speak_until(gateways, numbers, lambda: any(isinstance(item, Sighting) for item in heard))
            time.sleep(0.3)
            before, said = len(heard), gateways.said_total
            gateways.faults["broker-stopped"]()
            for _ in range(30):
                gateways.say(Sighting(0, "kitchen", "espresense", f"watch:{next(numbers)}", -60))
            time.sleep(0.2)
            assert len(heard) == before, "the fault does nothing"
            until(lambda: gateways.said_total == said + 30, "the broker does not take them")
            until(lambda: len(heard) == before + 30, "messages are lost")
            assert supervisor.health["nodes"].restarts_total == 0


def test_garbage_and_replays_are_counted_and_harm_nothing() -> None:
    heard: list[Heard] = []
    with VendorGateways(["kitchen", "ac233fc00001", "r700-fitting.1"]) as gateways:
        receivers = {"kitchen": "home", "ac233fc00001": "checkout", "r700-fitting.1": "fitting"}
        settings = check({"name": "all", "receivers": receivers, **gateways.settings()}, MqttVendor, "settings")
        source = settings.source(SystemClock(), shipped())
        with supervised(source, heard.append) as supervisor:
            numbers = iter(range(100_000))
            _speak_until(gateways, numbers, lambda: any(isinstance(item, Sighting) for item in heard))
            until(lambda: gateways.said_total >= 1, "nothing is said")
            time.sleep(0.3)
            heard.clear()
            for n in range(10):
                uuid = "f007fa11-0000-4000-8000-000000000000"
                gateways.say(Sighting(0, "ac233fc00001", "ibeacon", f"{uuid}:1:{n}", -60))
                gateways.say(Sighting(0, "r700-fitting.1", "garment-tag", f"3034257bf7194e4000001a{n:02x}", -50))
            until(lambda: len(heard) == 20, "messages are lost")
            gateways.faults["garbage"]()
            gateways.faults["replay"]()
            until(lambda: len(heard) == 20 + len(GARBAGE) + 20, "garbage is not counted")
            assert supervisor.health["all"].restarts_total == 0
    assert Counter(item.profile for item in heard if isinstance(item, Sighting)) == {"ibeacon": 10, "garment-tag": 10}
    assert source.reader.unexplained_total["feed.again"] == 20
    assert sum(source.reader.unexplained_total.values()) == 20 + len(GARBAGE)


def test_a_broker_that_refuses_is_a_fault_in_words(tmp_path: Path) -> None:
    """A name without a password, where the broker wants one."""
    require_mosquitto()
    broker = Mosquitto(tmp_path / "broker")
    config = broker.folder / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    heard: list[Heard] = []
    with broker, supervised(source_of(broker, SystemClock()), heard.append) as supervisor:
        until(lambda: supervisor.health["nodes"].state == "fault", "nobody says so")
        detail = supervisor.health["nodes"].detail
    assert detail.startswith("ConnectionRefusedError: the broker refuses the connection")
