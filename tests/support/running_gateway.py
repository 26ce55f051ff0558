"""A gateway as a process on a real broker and database, and what is sent to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import urllib3

from edge_agent.config import AgentSettings
from edge_agent.playback import Recording, deliver
from edge_agent.sources.recording import format_line
from edge_agent.sources.replay_settings import ReplaySettings
from edge_agent.sources.source import AliveUntil, Crossing, Sighting
from footfall.config import check
from gateway.pipeline.ingest_worker import CHORES_S, TICK_S
from gateway.sinks.reader import PointReader
from gateway.sinks.sqlite.reader import SqliteReader
from simulators import mqtt
from simulators.dumps import OF_ARRIVAL, Dump, dump
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import free_port
from simulators.parts.programs import GatewayProcess
from tests.support.real_parts import Bucket
from tests.support.waiting import PATIENCE_S, pauses_s

S = 1_000_000_000
SECRET = "a brand's secret, for tests only"
_STORE = """
[[stores]]
name = "{store}"
zones = [{{name = "entrance"}}, {{name = "shelf"}}]
doors = ["main"]
agents = [{{name = "{agent}"}}]
"""
STORES = {"x": "s1", "y": "s2", "till": "s3"}
"""By agent: a store waits ten seconds for agents that were never heard, so each has one."""
SITE = 'brand = "acme"\n' + "".join(_STORE.format(agent=agent, store=store) for agent, store in STORES.items())

NOTICE_S: Final = 5.0
"""Agents that are away hold back points of before a start for so long, or 15 s: none of these runs needs the minute as shipped."""


class Place:
    """A folder with a gateway's configuration and state. The gateway may be killed and started again."""

    def __init__(self, folder: Path, broker: Mosquitto | EmbeddedBroker, /, sink: Mapping[str, Any] | None = None, **more: Any) -> None:
        """`more` adds sections to gateway.toml, or replaces them."""
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.broker_port = broker.port
        self._plain_port = broker.port_v4 if isinstance(broker, EmbeddedBroker) else broker.port
        (folder / "site.toml").write_text(SITE)
        (folder / "secret").write_text(SECRET)
        (folder / "secret").chmod(0o600)
        self.database = folder / "footfall.db"
        values = {
            "brand_secret_file": "secret", "broker": {"port": broker.port}, "sink": sink or {"kind": "sqlite", "path": "footfall.db"},
            "status": {"notice_s": NOTICE_S},
        }  # fmt: skip
        self.gateway = GatewayProcess(folder, free_port(), {**values, **more})

    def start(self) -> Place:
        self.gateway.process.start()
        self.until(lambda: bool(self.gateway.status()["broker"]["connected"]), "the broker")
        return self

    def __enter__(self) -> Place:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.gateway.process.stop()

    def until(self, condition: Callable[[], bool], what: str, limit_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + limit_s
        for pause_s in pauses_s():
            if condition():
                return
            assert time.monotonic() < deadline, f"waited {limit_s} s for {what}: {self.gateway.status()}\n{self.log()}"
            time.sleep(pause_s)

    def log(self) -> str:
        return self.gateway.log.read_text(errors="replace")[-4000:]

    def settle(self, reader: PointReader | None = None, limit_s: float = PATIENCE_S) -> dict[str, Any]:
        """Until all that came in is in the database, with the minutes that the next tick writes, and everybody is gone; the balance."""
        self.until(self.gateway.is_settled, "everything to be in the database", limit_s)
        time.sleep(TICK_S + 2 * CHORES_S)
        self.until(lambda: not self.is_anybody_there(reader), "everybody to be gone", limit_s)
        self.until(self.gateway.is_settled, "everything to be in the database", limit_s)
        balance: dict[str, Any] = self.gateway.status()["balance"]
        return balance

    def is_anybody_there(self, reader: PointReader | None = None) -> bool:
        found = reader or SqliteReader(self.database)
        return any(any(found.rows(name, columns=("open",), void=True).values("open")) for name in ("visit", "dwell"))

    def stored(self, reader: PointReader | None = None) -> Dump:
        """All points, without what describes the gateway and its agents: when they were received, and their health."""
        found = dump(reader or SqliteReader(self.database), OF_ARRIVAL)
        return {key: fields[:-1] if key[0] == "presence" else fields for key, fields in found.items()}

    def publish(self, *messages: tuple[str, bytes]) -> None:
        """Each acknowledged by the broker on return."""
        connection = mqtt.connect("127.0.0.1", self._plain_port, "publisher")
        with connection:
            connection.settimeout(PATIENCE_S)
            for start in range(0, len(messages), 500):
                part = messages[start : start + 500]
                connection.sendall(b"".join(mqtt.publish(topic, n, payload) for n, (topic, payload) in enumerate(part, 1)))
                got = b""
                while len(got) < 4 * len(part):
                    more = connection.recv(65536)
                    assert more, "the broker closed the connection"
                    got += more

    def events(self, *values: Mapping[str, Any], store: str = "s3", agent: str = "till") -> None:
        self.publish(*[(f"footfall/1/{store}/{agent}/events", json.dumps(value).encode()) for value in values])

    def play(self, recording: Recording, timeout_s: float = PATIENCE_S) -> None:
        """With the agent's own publisher, until all is receipted."""
        settings = check(
            {"store": "s1", "agent": recording.agent, "spool": {"path": "-"}, "broker": {"port": self.broker_port}}, AgentSettings, "test"
        )
        deliver(recording, settings.broker, timeout_s, lambda done: None)

    def state_bytes(self) -> int:
        return sum(path.stat().st_size for path in (self.folder / "state").iterdir())

    def rss_bytes(self) -> int:
        status = Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def influx_sink(bucket: Bucket, folder: Path) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    (folder / "token").write_text(bucket.token)
    (folder / "token").chmod(0o600)
    return {"kind": "influxdb", "url": bucket.url, "bucket": bucket.name, "org": bucket.server.org, "token_file": "token"}


def recording(folder: Path, agent: str = "x", minutes: int = 30, start_s: int = 1_790_000_000, people: int = 6) -> Recording:
    """People with beacons walk in, stand at two places and leave; a door counts them. The same arguments, the same frames."""
    folder.mkdir(exist_ok=True)
    heard: list[tuple[int, str]] = []
    for person in range(people):
        begin = start_s + person * 97
        for second in range(0, minutes * 60, 3):
            zone, rssi = ("entrance", -55) if second % 600 < 200 else ("shelf", -60)
            t_ns = (begin + second) * S + person * 1_000_000
            heard.append((t_ns, format_line(Sighting(t_ns, zone, "ibeacon", f"u:1:{person}", rssi - person))))
        heard.append((begin * S, format_line(Crossing(begin * S, "main", 1, 0))))
        end_ns = (begin + minutes * 60) * S
        heard.append((end_ns, format_line(Crossing(end_ns, "main", 0, 1))))
    last_ns = max(t_ns for t_ns, _ in heard) + 3600 * S
    heard.append((last_ns, format_line(AliveUntil(last_ns))))
    path = folder / f"{agent}.jsonl"
    path.write_text("".join(line for _, line in sorted(heard)))
    return Recording.read("jsonl", [path], ReplaySettings(), STORES[agent], agent)


def json_of(url: str) -> Any:
    return json.loads(urllib3.request("GET", url, timeout=PATIENCE_S, retries=False).data)
