"""Brokers that take no large packets: they announce it, refuse, disconnect, or drop silently. Every frame arrives all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from device_profiles.registry import shipped
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import SubjectKeys
from edge_agent.spool import Spool
from footfall.broker import Broker
from footfall.frames import Body
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from tests.integration.test_agent_publisher import CLOCK, S, is_drained, publishing
from tests.support.agent_responder import Responder, until
from tests.support.real_parts import require_mosquitto
from tests.support.waiting import PATIENCE_S

LIMIT = 20_000


@contextmanager
def mosquitto(folder: Path, limit: str) -> Iterator[int]:
    require_mosquitto()
    with Mosquitto(folder / "broker", more=limit) as broker:
        yield broker.port


def large(n: int, first: int, text_bytes: int) -> list[Body]:
    """`n` frames of two events of so many bytes each."""
    core = Core(CLOCK.boot, {}, shipped(), SubjectKeys(), max_rows=2, first_row=2 * first)
    for i in range(2 * n):
        core.event(f'"{"x" * text_bytes}"', i * S)
    return core.finish(Moment(CLOCK.boot_ns(), CLOCK.wall_ns(), False))


def fill(spool: Spool) -> int:
    """Small ones, one of 100 kB, small ones, one of 30 kB, small ones; how many frames."""
    first = 0
    for n, text_bytes in ((3, 100), (1, 50_000), (3, 100), (1, 15_000), (3, 100)):
        spool.append(large(n, first, text_bytes))
        first += n
    return first


def rows(responder: Responder) -> list[int]:
    return [body.first_row // 2 for body in responder.bodies()]


@pytest.mark.parametrize("limit", [f"max_packet_size {LIMIT}", f"message_size_limit {LIMIT}"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_mosquitto_does_not_take_goes_in_parts(tmp_path: Path, limit: str, protocol: Any) -> None:
    spool = Spool(tmp_path / "spool", "epoch-1", CLOCK.boot)
    frames = fill(spool)
    with mosquitto(tmp_path, limit) as port, Responder(port) as responder:
        responder.parts = True
        with publishing(spool, Broker(port=port, protocol=protocol)) as publisher:
            until(is_drained(spool))
            assert publisher.terms(CLOCK.boot_ns()).max_bytes < LIMIT
    spool.close()
    assert rows(responder) == list(range(frames))
    assert responder.joined_total >= 2


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_an_embedded_broker_that_hangs_up(tmp_path: Path, protocol: Any) -> None:
    spool = Spool(tmp_path / "spool", "epoch-1", CLOCK.boot)
    frames = fill(spool)
    with EmbeddedBroker(tmp_path, max_payload_bytes=LIMIT) as broker, Responder(broker.port_v4) as responder:
        responder.parts = True
        port = broker.port if protocol == "5" else broker.port_v4
        with publishing(spool, Broker(port=port, protocol=protocol)):
            until(is_drained(spool))
    spool.close()
    assert rows(responder) == list(range(frames))


def test_a_gateway_that_takes_no_parts_is_waited_for_and_named(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "epoch-1", CLOCK.boot)
    frames = fill(spool)
    with (
        mosquitto(tmp_path, f"max_packet_size {LIMIT}") as port,
        Responder(port) as responder,
        publishing(spool, Broker(port=port)) as publisher,
    ):
        until(lambda: {"packet_limit", "agent_stuck"} <= publisher.problems().keys())
        assert "this gateway takes no parts" in publisher.problems()["packet_limit"]
        until(lambda: any("packet_limit" in health.problems for health in responder.health))
        assert publisher.connected
        assert rows(responder) == [0, 1, 2]
        responder.parts = True
        until(is_drained(spool))
        until(lambda: not publisher.problems())
    spool.close()
    assert rows(responder) == list(range(frames))


def test_where_it_is_not_the_size_frames_are_not_made_small_for_ever(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    """A gateway that does not take one large frame, and answers all others, whatever the size of its parts."""
    spool = Spool(tmp_path / "spool", "epoch-1", CLOCK.boot)
    frames = fill(spool)
    with Responder(embedded_broker.port_v4) as responder:
        responder.parts = True
        responder.deaf = lambda header: header.seq == 4
        with publishing(spool, Broker(port=embedded_broker.port)) as publisher:
            until(lambda: publisher.terms(CLOCK.boot_ns()).max_bytes < 20_000, PATIENCE_S, "the size is tried")
            until(lambda: publisher.terms(CLOCK.boot_ns()).max_bytes > 1_000_000, PATIENCE_S, "it was not the size")
            assert "up to 3" in publisher.problems()["agent_stuck"]
            responder.deaf = lambda header: False
            until(is_drained(spool))
    spool.close()
    assert rows(responder) == list(range(frames))
