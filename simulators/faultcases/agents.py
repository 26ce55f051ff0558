"""An agent of a case: a box with its own clock and a feed; everything fed is recorded for the oracle."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edge_agent.config import AgentSettings
from edge_agent.keys import write_keys
from edge_agent.sources.recording import format_line
from edge_agent.sources.source import Crossing, Sighting
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.units import NS_PER_S
from simulators.faultcases.box import COMMAND
from simulators.faultcases.findings import Stuck
from simulators.faultcases.oracle import Heard, Passed, Sent
from simulators.files import toml_text
from simulators.parts.process import free_port
from simulators.parts.programs import AgentProcess

MS: Final = 1_000_000
NEAR_DBM: Final = -50
SIGHTINGS: Final = 6
"""With so many the agent knows the gaps of a beacon, and takes the shortest timeout for it, not the longest."""
GONE_S: Final = 7
"""Not heard for so long, which is longer than that timeout, somebody has left, and his exit is among the agent's rows."""
FLUSH_S: Final = 2.0
BRAND_SECRET: Final = "a brand's secret, for cases only"  # noqa: S105 # it keeps nothing secret
DOOR: Final = "main"
ZONES: Final = ("entrance", "shelf")


class Box:
    """`footfall agent` with a clock and a device that the case decides. What is fed is recorded in `sent`."""

    def __init__(self, folder: Path, store: str, agent: str, broker: Mapping[str, Any], sent: Sent, notice_s: float, **values: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.store, self.agent = folder, store, agent
        self.store_told = store
        """For which store its rows must be stored, whatever it calls it."""
        self.spool: Final = Path(values.get("spool", {}).get("path", folder / f"{agent}.spool.db"))
        self.moved_ns = 0
        """What true time is ahead of the machine's clock."""
        self._sent: Final = sent
        self._rng: Final = random.Random(f"{folder.name}-{agent}")
        self._clock: Final[dict[str, Any]] = {"boot": f"{agent}-boot-1", "boot_shift_ns": 0, "wall_shift_ns": 0, "synced": False}
        self._fed = 0
        self._last_ns = 0
        self._path("feed").touch()
        self._path("receivers").write_text(json.dumps({f"{agent}-{zone}": zone for zone in ZONES}), encoding="utf-8")
        keys = folder / "keys.toml"
        keys.touch(mode=0o600)
        keys.write_text(write_keys(BRAND_SECRET.encode(), ["ibeacon"]), encoding="utf-8")
        self._write_clock()
        self.values: dict[str, Any] = {
            "store": store, "agent": agent, "spool": {"path": str(self.spool)}, "broker": dict(broker), "keys": {"file": str(keys)},
        } | values  # fmt: skip
        if "status" in AgentSettings.model_fields:
            self.values["status"] = {"notice_s": notice_s}
        self.process = AgentProcess(folder, free_port(), self.values, COMMAND)

    @property
    def config(self) -> Path:
        return self.process.config

    def move(self, store: str) -> None:
        """Its configuration names another store, from its next start on."""
        self.store = self.store_told = self.values["store"] = store
        self.process.config.write_text(toml_text({**self.values, "intake": {"port": self.process.intake_port}}), encoding="utf-8")

    def start(self) -> Box:
        self._fed = self._last_ns = 0
        self.process.process.start()
        return self

    def stop(self) -> None:
        self.process.process.stop()

    def kill(self) -> None:
        self.process.process.kill()

    def health(self) -> dict[str, Any]:
        return self.process.health()

    def log(self) -> str:
        return self.process.log.read_text(errors="replace")

    # Its clock

    def set_clock(self, **values: Any) -> None:
        """`boot`, `boot_shift_ns`, `wall_shift_ns`, `synced`; a new `boot` counts from its next start."""
        self._clock.update(values)
        self._write_clock()

    def pass_time(self, ns: int) -> None:
        """So much true time goes by, in the same boot."""
        self.moved_ns += ns
        self.set_clock(boot_shift_ns=self._clock["boot_shift_ns"] + ns, wall_shift_ns=self._clock["wall_shift_ns"] + ns)

    def power_cycle(self) -> None:
        """The power goes and comes: what is not on its disk is gone, and in another boot its clock begins at 0."""
        self.kill()
        number = int(str(self._clock["boot"]).rpartition("-")[2]) + 1
        self.set_clock(boot=f"{self.agent}-boot-{number}", boot_shift_ns=-time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        self.start()

    def boot_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) + int(self._clock["boot_shift_ns"])

    def true_ns(self) -> int:
        return time.time_ns() + self.moved_ns

    # What it hears

    def feed(self, crossings: int = 0, people: int = 0, over_s: float = 1.0) -> None:
        """From now on, for `over_s`: people through its door, and some with beacons, who stay for two or three seconds and leave."""
        now_ns, true_ns = self.boot_ns() + 200 * MS, self.true_ns() + 200 * MS
        lines: list[tuple[int, str]] = []
        for k in range(crossings):
            after_ns = int(over_s * NS_PER_S * k / crossings)
            number = self._sent.number()
            self._sent.add(Passed(number, self.store_told, self.agent, DOOR, true_ns + after_ns))
            lines.append((now_ns + after_ns, format_line(Crossing(now_ns + after_ns, DOOR, number, 0))))
        for k in range(people):
            lines += self._person(now_ns + int(over_s * NS_PER_S * k / people), true_ns - now_ns)
        self._append([text for _, text in sorted(lines)])
        gone_ns = GONE_S * NS_PER_S if people else 0
        self._last_ns = max(self._last_ns, *(t_ns + gone_ns for t_ns, _ in lines))

    def _person(self, from_ns: int, ahead_ns: int) -> list[tuple[int, str]]:
        identifier = f"case:{self._rng.getrandbits(40)}"
        zone = self._rng.choice(ZONES)
        receiver = f"{self.agent}-{zone}"
        times = [from_ns + k * 500 * MS for k in range(SIGHTINGS)]
        subject = to_hex(lasting_subject(type_key(BRAND_SECRET.encode(), "ibeacon"), "ibeacon", identifier))
        self._sent.heard[subject] = Heard(subject, self.store_told, self.agent, zone, from_ns + ahead_ns, times[-1] + ahead_ns)
        return [(t_ns, format_line(Sighting(t_ns, receiver, "ibeacon", identifier, NEAR_DBM))) for t_ns in times]

    def _append(self, lines: list[str]) -> None:
        with self._path("feed").open("a", encoding="utf-8") as file:
            file.write("".join(lines))
        self._fed += len(lines)

    def wait_spooled(self, limit_s: float = 60.0) -> None:
        """Until all that was fed since the start is durable here, and the exits of all who left."""
        self._until(lambda: self.boot_ns() > self._last_ns and self._heard_total() >= self._fed, "hear all that was fed", limit_s)
        time.sleep(FLUSH_S)

    def wait_sent(self, limit_s: float = 60.0) -> None:
        """Until all of that is receipted."""
        self.wait_spooled(limit_s)
        self._until(lambda: self.health().get("spool_frames", 1) == 0, "have all its frames receipted", limit_s)

    def _heard_total(self) -> int:
        return int(self.health().get("sources", {}).get("feed", {}).get("heard_total", 0))

    def _until(self, reached: Any, what: str, limit_s: float) -> None:
        deadline_s = time.monotonic() + limit_s
        while not reached():
            if time.monotonic() > deadline_s:
                raise Stuck(f"{self.agent} did not {what} within {limit_s:.0f} s: {self.health()}")
            time.sleep(0.1)

    def _path(self, suffix: str) -> Path:
        return self.folder / f"{self.agent}.{suffix}"

    def _write_clock(self) -> None:
        beside = self._path("clock.new")
        beside.write_text(json.dumps(self._clock), encoding="utf-8")
        beside.replace(self._path("clock"))
