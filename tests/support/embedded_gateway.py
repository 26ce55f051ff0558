"""`footfall gateway` with its embedded broker and its child `footfall serve`: the whole chain of one machine.

with EmbeddedGateway(folder) as gateway:
    gateway.post({"kind": "count", …})
    gateway.counters("s3")
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import urllib3

from simulators.parts.broker import EmbeddedBroker
from simulators.parts.process import free_port
from tests.support.running_gateway import Place
from tests.support.waiting import PATIENCE_S, until


class EmbeddedGateway(Place):
    """Up when its page answers. Sub-commands and events go the way of a Place."""

    def __init__(self, folder: Path, page_port: int | None = None) -> None:
        folder.mkdir()
        port, self.page_port = free_port(), page_port or free_port()
        ports = EmbeddedBroker(folder, port, port + 1)  # names them; the gateway starts its own
        super().__init__(folder, ports, broker={"embedded": True, "port": port}, serve={"port": self.page_port})
        self.page_url = f"http://127.0.0.1:{self.page_port}"

    def __enter__(self) -> Self:
        self.start()
        until(self.is_page_up, "the page")
        return self

    def is_page_up(self) -> bool:
        try:
            return urllib3.request("GET", f"{self.page_url}/livez", timeout=PATIENCE_S, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def post(self, event: Mapping[str, Any]) -> int:
        """Return the status of an event posted to the page in the name of `till` in `s3`."""
        url = f"{self.page_url}/api/events?store=s3&agent=till"
        return urllib3.request("POST", url, json=dict(event), timeout=PATIENCE_S, retries=False).status

    def counters(self, store: str, part: str = "fields") -> dict[str, Any]:
        """Return what a reader of `/live` has first of a store, the latest minute or another part; empty if that is nothing."""
        with urllib.request.urlopen(f"{self.page_url}/live", timeout=PATIENCE_S) as answer:  # noqa: S310 # our own http
            answer.readline()
            first = answer.read1(1 << 20)
        messages = [json.loads(line[6:]) for line in first.splitlines() if line.startswith(b"data: ")]
        return next((message[part] for message in messages if message["store"] == store), {})
