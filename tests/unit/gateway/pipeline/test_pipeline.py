"""The whole way of a message: from what the broker delivers to a line in the database, through the three stages as they run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import load_gateway
from gateway.mqtt.connection import BrokerMessage
from gateway.mqtt.inlet import InletMessage
from gateway.pipeline.service import Gateway
from gateway.sinks.sqlite.reader import SqliteReader
from simulators.parts.process import free_port
from tests.support.running_gateway import SITE
from tests.support.waiting import until

EVENT = b'{"kind": "touch", "what": "scan", "id": "e-1", "ref": "r-1"}'


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "gateway.toml").write_text(f"[broker]\nport = {free_port()}\n[http]\nport = 0\n")
    gateway = Gateway(load_gateway(tmp_path / "gateway.toml", {}))
    yield gateway
    gateway.close()


def _deliver(gateway: Gateway, payload: bytes) -> None:
    """As if the broker had sent it at the first read."""
    waiting = [InletMessage(gateway._inlet.events, BrokerMessage("footfall/1/s1/x/events", payload, False, 0, 0))]

    def read(stop: threading.Event) -> list[InletMessage]:
        stop.wait(0.02)
        return [waiting.pop()] if waiting else []

    gateway._inlet.read = read  # type: ignore[method-assign]
    gateway._inlet.next = lambda arrived: arrived  # type: ignore[method-assign]


def test_a_message_goes_through_three_stages_into_the_database(gateway: Gateway, tmp_path: Path) -> None:
    _deliver(gateway, EVENT)
    running = threading.Thread(target=gateway.run)
    running.start()
    try:
        until(lambda: gateway.status().balance["written_total"] == 1, "the event is written", 20.0)
    finally:
        gateway.stop()
        running.join()
    reader = SqliteReader(tmp_path / "footfall.db")
    assert reader.rows("touch").values("ref") == ["r-1"]
    reader.close()


def test_an_error_of_one_stage_ends_all_and_is_raised(gateway: Gateway) -> None:
    def fail(*_: object) -> bool:
        raise RuntimeError("a mistake in the fold")

    gateway._fold_worker.turn = fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="a mistake in the fold"):
        gateway.run()
    assert gateway._beats.silent() == {}
