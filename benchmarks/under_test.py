"""The gateway under test: the real `footfall gateway` in a process of its own, its journal on disk, on a core of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Final

import urllib3

from benchmarks.machine import AROUND, MEASURED, children, pinned, started_on
from gateway.site import Site
from simulators.files import toml_text
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import Process, free_port, is_listening

QUEUED_MESSAGES: Final = 10_000
"""As deploy/mosquitto says; it is also Mosquitto's limit for a subscriber that reads slowly."""
START_S: Final = 120.0


def broker(folder: Path, max_queued_messages: int = QUEUED_MESSAGES, core: int = AROUND) -> Mosquitto:
    """Mosquitto, running. It lets MQTT 3.1.1 clients, which peers are, have as many messages unacknowledged as they like."""
    with started_on(core):
        return Mosquitto(folder / "broker", persistence=False, max_queued_messages=max_queued_messages, max_inflight_messages=0).start()


class GatewayUnderTest:
    """Starts when entered; `start_s` is how long it took until it had subscribed."""

    def __init__(
        self, folder: Path, site: Site, broker_port: int, sink: dict[str, Any], *, stay_points: bool = True, core: int = MEASURED
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.http_port = free_port()
        self.state_dir = folder / "state"
        (folder / "site.toml").write_text(toml_text(site.model_dump(mode="json", by_alias=True, exclude_defaults=True)))
        (folder / "brand-secret").write_text("b" * 32)
        (folder / "token").write_text(sink.pop("token", "stub:stub"))
        config = {
            "stay_points": stay_points,
            "brand_secret_file": "brand-secret",
            "broker": {"port": broker_port},
            "http": {"port": self.http_port},
            "sink": sink if "kind" in sink else {"kind": "influxdb", "bucket": "footfall/autogen", "token_file": "token", **sink},
        }
        (folder / "gateway.toml").write_text(toml_text(config))
        command = pinned(core, [str(Path(sys.executable).with_name("footfall")), "gateway", "-c", str(folder / "gateway.toml")])
        self.log = folder / "gateway.log"
        self.process = Process(command, self.log, self._is_ready, limit_s=START_S)
        self.start_s = 0.0

    @property
    def pids(self) -> list[int]:
        """Itself and what it started."""
        return [self.process.pid, *children(self.process.pid)]

    def status(self) -> dict[str, Any]:
        """Return its own status. Asking costs it time: with 28,000 agents a second."""
        found: dict[str, Any] = self._get("status").json()
        return found

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics by its name with labels."""
        lines = self._get("metrics").data.decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}

    def balance(self) -> dict[str, Any]:
        """Its rows: in, written, quarantined, dropped, pending."""
        found: dict[str, Any] = self.status()["balance"]
        return found

    def _get(self, path: str) -> urllib3.BaseHTTPResponse:
        return urllib3.request("GET", f"http://127.0.0.1:{self.http_port}/{path}", timeout=60.0, retries=False)

    def __enter__(self) -> GatewayUnderTest:
        began_s = time.monotonic()
        self.process.start()
        self.start_s = time.monotonic() - began_s
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()

    def _is_ready(self) -> bool:
        return is_listening(self.http_port) and self.metrics().get("footfall_broker_connected") == 1.0
