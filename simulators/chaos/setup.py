"""The parts and processes of a run, in one folder."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import urllib3

from device_profiles.registry import shipped
from edge_agent.keys import write_keys
from footfall.errors import ConfigError
from footfall.frames import Body, decode_body
from gateway.accept.accept import Acceptor
from gateway.accept.checkpointed_memory import CheckpointedMemory
from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Messages
from gateway.fold.fold import Fold
from gateway.pipeline.identity_stage import identity_on
from gateway.pipeline.journal_source import READ_AT_ONCE
from gateway.shard import Shard
from gateway.sinks.influxdb.reader import InfluxReader
from gateway.site import Agent, Site, Store, Zone
from gateway.site.index import Places
from gateway.state.journal import Journal
from gateway.state.ledger import Ledger
from simulators.chaos.feeds import COUNTER_DOOR, TILL_DOOR, ZONES
from simulators.dumps import Dump, Key, add_points
from simulators.estate import section_text
from simulators.load_frames import Load
from simulators.parts.influxdb import InfluxServer
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import free_port
from simulators.parts.programs import AgentProcess, GatewayProcess

STORES: Final = 2
AGENTS: Final = 4
BRAND_SECRET: Final = hashlib.sha256(b"chaos").digest()


def agent_names() -> list[str]:
    return [f"agent-{number}" for number in range(AGENTS)]


def receivers_of(agent: str) -> dict[str, str]:
    return {f"{agent}-{zone}": zone for zone in ZONES}


def store_of(agent: str) -> str:
    return f"store-{agent_names().index(agent) % STORES}"


def site(load: Load) -> Site:
    zones = tuple(Zone(name=zone) for zone in ZONES)
    stores = tuple(
        Store(
            name=f"store-{number}",
            zones=zones,
            doors=(COUNTER_DOOR, TILL_DOOR),
            agents=tuple(Agent(name=name, receivers=receivers_of(name)) for name in agent_names() if store_of(name) == f"store-{number}"),
        )
        for number in range(STORES)
    )
    return Site(brand="chaos", stores=(*stores, *load.site().stores))


class Setup:
    """Starts everything; ends everything with the `with` block. Recordings lie in `folder` beforehand, as `recording(agent)`."""

    def __init__(self, folder: Path, load: Load) -> None:
        self.folder: Final = folder
        self.broker: Final = Mosquitto(folder / "mosquitto")
        self.database: Final = InfluxServer("1.8", folder / "influxdb")
        self._write_shared(load)
        self.gateway: Final = GatewayProcess(folder, free_port(), self._gateway_values())
        self.agents: Final[list[AgentProcess]] = []
        self._ending: Final = ExitStack()

    def recording(self, agent: str) -> Path:
        return self.folder / f"{agent}.jsonl"

    def start(self) -> None:
        for part in (self.broker, self.database):
            part.start()
            self._ending.callback(part.stop)
        self.gateway.process.start()
        self._ending.callback(self.gateway.process.stop)

    def start_agents(self, origin_boot_ns: int) -> None:
        """`origin_boot_ns`: when the recordings begin, on CLOCK_BOOTTIME."""
        for name in agent_names():
            agent = AgentProcess(self.folder, free_port(), self._agent_values(name, origin_boot_ns))
            agent.process.start()
            self._ending.callback(agent.process.stop)
            self.agents.append(agent)

    def __enter__(self) -> Setup:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    # What the processes have

    def spooled(self) -> Iterator[tuple[str, Body]]:
        """Agent and body of every frame that an agent ever made durable: spools keep them for 72 h."""
        for agent in agent_names():
            with closing(self._spool(agent)) as db:
                for (body,) in db.execute("SELECT body FROM frames ORDER BY id"):
                    yield agent, decode_body(body)

    def spooled_rows(self) -> int:
        total = 0
        for agent in agent_names():
            with closing(self._spool(agent)) as db:
                total += db.execute("SELECT coalesce(sum(rows), 0) FROM frames").fetchone()[0]
        return total

    def unsent_frames(self) -> int:
        """Return how many frames are spooled and not receipted, by the agents' own status."""
        return sum(agent.health().get("spool_frames", 1) for agent in self.agents)

    def stored_rows(self) -> int | None:
        """How many rows the database has now; None while it does not answer."""
        total = 0
        try:
            for measurement, name in (("presence", "rssi_dbm"), ("door", "in"), ("gap", "rows")):
                series = self.database.influxql(f'SELECT count("{name}") FROM "{measurement}"', self.database.bucket)
                total += series[0]["values"][0][1] if series else 0
        except (ConfigError, urllib3.exceptions.HTTPError, json.JSONDecodeError, OSError):
            return None
        return total

    def refolded(self) -> Dump:
        """What an undisturbed fold makes of the journal: one that began at its begin and was never killed. The gateway has ended."""
        found: dict[Key, tuple[Any, ...]] = {}
        messages = Messages(Acceptor(Places(Site(brand="chaos", stores=())), CheckpointedMemory(""), Pseudonymiser(None)))  # none are taken
        ledger = Ledger(":memory:")
        fold = Fold(shipped(), ledger, lambda site: (set(), set()), stay_points=True)
        shard = Shard(messages, fold, identity=identity_on(ledger, BRAND_SECRET))
        with closing(Journal(self.folder / "state" / "journal.db")) as journal:
            while records := journal.read(shard.core.pos, READ_AT_ONCE):
                for points in shard.fold_alone((record, None) for record in records).points:
                    add_points(found, points)
        return found

    def reader(self) -> InfluxReader:
        return InfluxReader(self.database.url, self.database.bucket, self.database.token)

    def _spool(self, agent: str) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.folder / agent}.spool.db?mode=ro", uri=True, timeout=30.0)

    def _write_shared(self, load: Load) -> None:
        (self.folder / "site.toml").write_text(section_text(site(load)), encoding="utf-8")
        for name, text in (
            ("brand.secret", BRAND_SECRET.hex()),
            ("keys.toml", write_keys(BRAND_SECRET.hex().encode(), ["ibeacon"])),
            ("influxdb.token", self.database.token),
        ):
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")

    def _gateway_values(self) -> dict[str, Any]:
        database = self.database
        sink = {"kind": "influxdb", "url": database.url, "bucket": database.bucket, "org": database.org, "token_file": "influxdb.token"}
        return {
            "stay_points": True,
            "brand_secret_file": "brand.secret",
            "broker": {"port": self.broker.port},
            "sink": sink,
        }

    def _agent_values(self, agent: str, origin_boot_ns: int) -> dict[str, Any]:
        source = {"name": "recording", "kind": "simulated", "path": str(self.recording(agent)), "origin_boot_ns": origin_boot_ns}
        return {
            "store": store_of(agent),
            "agent": agent,
            "spool": {"path": str(self.folder / f"{agent}.spool.db")},
            "keys": {"file": str(self.folder / "keys.toml")},
            "broker": {"port": self.broker.port},
            "sources": [{**source, "receivers": receivers_of(agent)}],
        }
