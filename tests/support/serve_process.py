"""`footfall serve` as a process beside a gateway's configuration.

with ServeProcess(place) as page:
    page.get("/livez").status
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, Self

import urllib3

from simulators.files import toml_text
from simulators.parts.process import Process, free_port
from simulators.parts.programs import FOOTFALL
from tests.support.waiting import PATIENCE_S


class Home(Protocol):
    """A folder with gateway.toml and site.toml in it."""

    folder: Path


class ServeProcess:
    def __init__(self, home: Home, status_url: str = "http://127.0.0.1:9", **listen: Any) -> None:
        self.port = free_port()
        self.url = f"{'https' if 'tls' in listen else 'http'}://127.0.0.1:{self.port}"
        config = home.folder / "serve.toml"
        config.write_text(toml_text({"status_url": status_url, "listen": {"port": self.port, **listen}}))
        self.log = home.folder / "serve.log"
        self.process = Process([FOOTFALL, "serve", "--config", str(config)], self.log, self._is_up)

    def _is_up(self) -> bool:
        try:
            return self.get("/livez").status in (200, 503)
        except urllib3.exceptions.HTTPError:
            return False

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self._request("GET", path, None, headers)

    def post(self, path: str, body: bytes, **headers: str) -> urllib3.BaseHTTPResponse:
        return self._request(
            "POST", path, body, {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        )

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        with urllib3.PoolManager(cert_reqs="CERT_NONE") as pool:
            return pool.request(method, self.url + path, body=body, headers=headers, timeout=PATIENCE_S, retries=False)

    def __enter__(self) -> Self:
        self.process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()
