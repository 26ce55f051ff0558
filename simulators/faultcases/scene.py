"""One case's world: what it starts in its folder ends with it."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final, Self

from footfall.errors import ConfigError, SinkUnavailable
from simulators.faultcases.agents import DOOR, ZONES, Box
from simulators.faultcases.findings import Findings, Missing, Stuck
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.oracle import Passed, Sent, judge_doors, judge_presence
from simulators.parts import influxdb, mosquitto
from simulators.parts.influxdb import InfluxServer
from simulators.parts.mosquitto import Mosquitto

NOTICE_S: Final = 5.0
"""What the status needs to notice something, 60 s as shipped."""
NAMED_S: Final = NOTICE_S + 25.0
"""Until it must be named: agents say how they are every 10 s, and the machine may be busy."""


def estate(stores: Mapping[str, Sequence[str]], **more: Any) -> dict[str, Any]:
    """site.toml of stores and their agents; every store has the same zones and door."""
    zones = [{"name": name} for name in ZONES]
    listed = [
        {"name": store, "zones": zones, "doors": [DOOR, "till"], "agents": [{"name": agent} for agent in agents], "idle_timeout_s": 60.0}
        for store, agents in stores.items()
    ]
    return {"brand": "cases", "stores": listed, **more}


ONE_STORE: Final = estate({"s1": ["a1", "till"]})


class Scene:
    """`sent` is what the oracle knows; `findings` what was found wrong so far."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder: Final = folder
        self.seed: Final = seed
        self.rng: Final = random.Random(f"case-{seed}")
        self.sent: Final = Sent()
        self.findings: Final = Findings()
        self.ending: Final = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.close()

    # What it is made of

    def broker(self, name: str = "mosquitto", **settings: Any) -> Mosquitto:
        try:
            mosquitto.binary()
        except ConfigError as error:
            raise Missing(str(error)) from None
        broker = Mosquitto(self.folder / name, **settings)
        self.ending.callback(broker.stop)
        return broker.start()

    def influx(self) -> InfluxServer:
        try:
            influxdb.binary("1.8")
        except ConfigError as error:
            raise Missing(str(error)) from None
        server = InfluxServer("1.8", self.folder / "influxdb")
        self.ending.callback(server.stop)
        return server.start()

    def gateway(
        self, broker: Mosquitto, /, site: Mapping[str, Any] = ONE_STORE, name: str = "gateway", start: bool = True, **values: Any
    ) -> Gateway:
        """`values` are keys of gateway.toml; those of `broker` are added to its port."""
        where = {"port": broker.port, **values.pop("broker", {})}
        gateway = Gateway(self.folder / name, site, where, NOTICE_S, **values)
        self.ending.callback(gateway.kill)
        return gateway.start() if start else gateway

    def box(self, broker: Mosquitto, /, agent: str = "a1", store: str = "s1", start: bool = True, **values: Any) -> Box:
        where = {"port": broker.port, **values.pop("broker", {})}
        box = Box(self.folder / "boxes", store, agent, where, self.sent, NOTICE_S, **values)
        self.ending.callback(box.kill)
        return box.start() if start else box

    def copy(self, source: Path, name: str) -> Path:
        """A folder or file as it is now, beside; the same again replaces it."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
        return target

    def put_back(self, copy: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(copy, target)

    # What must come

    def until(self, reached: Callable[[], object], what: str, limit_s: float = 30.0) -> None:
        """Stuck if it does not."""
        deadline_s = time.monotonic() + limit_s
        while not reached():
            if time.monotonic() > deadline_s:
                raise Stuck(f"waited {limit_s:.0f} s for {what}")
            time.sleep(0.1)

    def named(self, gateway: Gateway, *codes: str, within_s: float = NAMED_S, text: str = "") -> str:
        """Return the status's alarm with one of `codes` and `text` in it; record `silent` if it does not appear in time."""
        deadline_s = time.monotonic() + within_s
        problems: dict[str, str] = {}
        while time.monotonic() < deadline_s:
            problems = gateway.problems()
            for code in codes:
                if code in problems and text in problems[code]:
                    return problems[code]
            time.sleep(0.25)
        self.findings.silent.append(f"none of {', '.join(codes)} {f'with {text!r} ' if text else ''}within {within_s:.0f} s: {problems}")
        return ""

    def settled(self, gateway: Gateway, limit_s: float = 40.0) -> None:
        """Until all that came in is in the database."""
        self.until(lambda: gateway.made.is_settled(), f"{gateway.folder.name} to have all in the database", limit_s)

    # What is judged

    def judge(self, *gateways: Gateway, gap_rows: bool = False, limit_s: float = 30.0, presence: bool = True) -> None:
        """All that was sent is in the databases of these, once, at its time; waits for what is missing up to `limit_s`."""
        deadline_s = time.monotonic() + limit_s
        found = self._judged(gateways, gap_rows, presence)
        while found.lost and time.monotonic() < deadline_s:
            time.sleep(0.5)
            found = self._judged(gateways, gap_rows, presence)
        self.findings.add(found)

    def _judged(self, gateways: Sequence[Gateway], gap_rows: bool, presence: bool) -> Findings:
        found = Findings()
        with suppress(ConfigError, SinkUnavailable):
            gaps = sum(row["rows"] for gateway in gateways for row in gateway.rows("gap")) if gap_rows else 0
            found.add(judge_doors(self.sent, [row for gateway in gateways for row in gateway.doors()], gaps))
            if self.sent.heard and presence:
                found.add(judge_presence(self.sent, [row for gateway in gateways for row in gateway.presence()]))
            return found
        return Findings(lost=["the database cannot be read"])

    def expect(self, is_so: bool, word: str, what: str) -> None:
        """`what` is wrong, under `word`, if it is not so."""
        if not is_so:
            getattr(self.findings, word).append(what)

    def passed(self, store: str, agent: str, time_ns: int, door: str = DOOR) -> int:
        """Record for the oracle the number of people whom the case sends by itself."""
        number = self.sent.number()
        self.sent.add(Passed(number, store, agent, door, time_ns))
        return number

    def note(self, text: str) -> None:
        print(f"  {text}", flush=True)
