"""A gateway of a case, with its own folder and database; by libfaketime its wall clock can be another than the machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from gateway.config import GatewayConfig
from gateway.points import SCHEMA
from gateway.sinks.influxdb.reader import InfluxReader
from gateway.sinks.reader import PointReader
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.table import PointTable
from simulators.dumps import OF_ARRIVAL, dump
from simulators.faultcases.agents import BRAND_SECRET
from simulators.faultcases.findings import Missing
from simulators.faultcases.oracle import DoorRow, Key, PresenceRow
from simulators.files import toml_text
from simulators.parts.influxdb import InfluxServer
from simulators.parts.process import free_port
from simulators.parts.programs import FOOTFALL, GatewayProcess

CONNECT_S: Final = 10.0
SUBSCRIBE_S: Final = 0.5
_LIBRARIES: Final = ("/usr/lib", "/usr/local/lib", "/lib")


class Gateway:
    """`start`, `stop`, `kill`, `start` again. `state` is its state_dir."""

    def __init__(self, folder: Path, estate: Mapping[str, Any], broker: Mapping[str, Any], notice_s: float, **values: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.state, self.database = folder, folder / "state", folder / "footfall.db"
        self._influx: InfluxServer | None = values.pop("influx", None)
        self.write_site(estate)
        _write_secret(folder / "brand.secret", BRAND_SECRET)
        self.values: dict[str, Any] = {
            "brand_secret_file": "brand.secret", "broker": dict(broker), "sink": self._sink(), "stay_points": True,
        } | values  # fmt: skip
        if "status" in GatewayConfig.model_fields:
            self.values["status"] = {"notice_s": notice_s}
        self._clock: Final = folder / "clock"
        self._port: Final = free_port()
        self.made = GatewayProcess(folder, self._port, self.values)

    @property
    def config(self) -> Path:
        return self.made.config

    def write_site(self, estate: Mapping[str, Any]) -> None:
        (self.folder / "site.toml").write_text(toml_text(estate), encoding="utf-8")

    def shift_clock(self, seconds: float) -> None:
        """Its wall clock is so much ahead of the machine's from now on, while it runs, too, if it was shifted before it began."""
        beside = self._clock.with_suffix(".new")
        beside.write_text(f"{seconds:+.3f}\n", encoding="utf-8")
        beside.replace(self._clock)
        if not self.made.process.is_running:
            self.made = GatewayProcess(self.folder, self._port, self.values, (*under_faketime(self._clock), FOOTFALL, "gateway"))

    def start(self) -> Gateway:
        """It answers on return, and listens to the broker, if that is there."""
        self.made.process.start()
        deadline_s = time.monotonic() + CONNECT_S
        while time.monotonic() < deadline_s and not self.status().get("broker", {}).get("connected"):
            time.sleep(0.1)
        time.sleep(SUBSCRIBE_S)
        return self

    def stop(self) -> None:
        self.made.process.stop()

    def kill(self) -> None:
        self.made.process.kill()

    @property
    def is_running(self) -> bool:
        return self.made.process.is_running

    def status(self) -> dict[str, Any]:
        return self.made.status()

    def problems(self) -> dict[str, str]:
        """Return the alarms of the status: code and text."""
        found: dict[str, str] = {}
        for problem in self.status().get("problems", []):
            found[problem["code"]] = f"{found.get(problem['code'], '')} {problem['what']}".strip()
        return found

    def log(self) -> str:
        return self.made.log.read_text(errors="replace")

    def footfall(self, *arguments: str, limit_s: float = 60.0, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command of the product, in this gateway's folder."""
        prefix = under_faketime(self._clock) if self._clock.exists() else ()
        return subprocess.run(
            [*prefix, FOOTFALL, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=limit_s, check=False,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **(env or {})},
        )  # fmt: skip

    # What its database has

    def reader(self) -> PointReader:
        if self._influx is not None:
            return InfluxReader(self._influx.url, self._influx.bucket, self._influx.token)
        return SqliteReader(self.database)

    def dump(self) -> dict[Key, tuple[Any, ...]]:
        """All points but those of `agent`, without how late they came."""
        with closing(self.reader()) as reader:
            found = dump(reader, OF_ARRIVAL)
            places = _places(reader, "lag_ms")
        return {key: fields[:places] + fields[places + 1 :] if key[0] == "presence" else fields for key, fields in found.items()}

    def doors(self) -> list[DoorRow]:
        table = self._table("door")
        columns = (table.values(name) for name in ("in", "store", "agent", "door"))
        return [DoorRow(*row) for row in zip(*columns, table.time_ns.tolist(), strict=True)]

    def presence(self) -> list[PresenceRow]:
        table = self._table("presence")
        columns = [table.values(name) for name in ("subject", "kind", "store", "agent", "zone")]
        widths_ms = table.values("time_width_ms") if "time_width_ms" in table.columns else [-1] * len(table)
        widths_ns = [max(-1, width_ms * 1_000_000) for width_ms in widths_ms]
        rows = zip(*columns, table.time_ns.tolist(), table.values("time_quality"), widths_ns, strict=True)
        return [PresenceRow(*row) for row in rows]

    def rows(self, measurement: str) -> list[dict[str, Any]]:
        table = self._table(measurement)
        names = list(table.columns)
        columns = zip(*(table.values(name) for name in names), strict=True)
        return [{"time_ns": t_ns, **dict(zip(names, row, strict=True))} for t_ns, row in zip(table.time_ns.tolist(), columns, strict=True)]

    def _table(self, measurement: str) -> PointTable:
        with closing(self.reader()) as reader:
            return reader.rows(measurement, void=True)

    def _sink(self) -> dict[str, Any]:
        influx = self._influx
        if influx is None:
            return {"kind": "sqlite", "path": "footfall.db"}
        _write_secret(self.folder / "token", influx.token)
        return {"kind": "influxdb", "url": influx.url, "bucket": influx.bucket, "org": influx.org, "token_file": "token"}


def _places(reader: PointReader, name: str) -> int:
    return list(SCHEMA["presence"].fields).index(name)


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def under_faketime(clock: Path) -> tuple[str, ...]:
    """What stands before a command whose wall clock `clock` decides; the monotonic clocks stay true, as they do when a clock is set."""
    return (
        "env", f"LD_PRELOAD={libfaketime()}", f"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_CACHE_DURATION=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "FAKETIME_FORCE_MONOTONIC_FIX=0",
    )  # fmt: skip


def libfaketime() -> str:
    for root in _LIBRARIES:
        for path in sorted(Path(root).glob("**/faketime/libfaketimeMT.so.1")):
            return str(path)
    advice = "" if shutil.which("apt-get") is None else ": apt-get install faketime"
    raise Missing(f"libfaketime is missing{advice}")
