"""Which gateway an agent listens to when there is more than one, and two agents of one name: over real brokers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from edge_agent.spool import Spool
from edge_agent.window import Window
from footfall.broker import Broker
from footfall.frames import DecidedTime, Offset
from footfall.receipts import TimeRun, Times
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from tests.integration.test_agent_publisher import CLOCK, bodies, counts, is_drained, publishing
from tests.support.agent_responder import START_NS, Responder, until
from tests.support.waiting import PATIENCE_S

NOTICE_S = 1.0


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", "epoch-1", CLOCK.boot)
    yield spool
    spool.close()


def gateway(port: int, journal_id: str) -> Responder:
    made = Responder(port)
    made.journal_id, made.echoes = journal_id, True
    return made


def feed(spool: Spool, first: int, responder: Responder, n: int = 10) -> None:
    """`n` more frames, all taken by that gateway in the end."""
    spool.append(bodies(n, first))
    until(
        lambda: counts(responder)[-n:] == list(range(first + 1, first + n + 1)),
        PATIENCE_S,
        f"{responder.journal_id} lacks those from {first + 1}",
    )


def test_a_second_gateway_for_a_moment_or_for_ever_disturbs_nobody_and_is_named(spool: Spool, embedded_broker: EmbeddedBroker) -> None:
    with (
        gateway(embedded_broker.port_v4, "true") as true,
        publishing(spool, Broker(port=embedded_broker.port), notice_s=NOTICE_S) as publisher,
    ):
        feed(spool, 0, true)
        assert publisher.problems() == {}
        with gateway(embedded_broker.port_v4, "second") as second:
            for first in range(10, 60, 10):
                feed(spool, first, true)
                publisher.wake()
            until(lambda: bool(second.headers))
            until(lambda: "second, true" in publisher.problems().get("two_gateways", ""))
            assert publisher.journals().keys() == {"true", "second"}
            until(lambda: any("two_gateways" in health.problems for health in true.health))
        feed(spool, 60, true)
        until(is_drained(spool))
        until(lambda: publisher.problems() == {}, what="the second is gone")
        assert publisher.journals().keys() == {"true", "second"}
        assert spool.journal_id == "true"
    assert counts(true) == list(range(1, 71))
    assert true.taken_again_total == 0


@pytest.mark.parametrize("restart", [False, True])
def test_an_empty_state_and_then_the_backup_put_back(spool: Spool, embedded_broker: EmbeddedBroker, restart: bool) -> None:
    """The agent follows, each time after the silence of the one before, and the backup gets what it lacks."""
    true, empty = gateway(embedded_broker.port_v4, "true"), gateway(embedded_broker.port_v4, "empty")
    with ExitStack() as agents:

        def start() -> Any:
            return agents.enter_context(publishing(spool, Broker(port=embedded_broker.port), Window(patience_s=0.3), NOTICE_S))

        publisher = start()
        with true:
            feed(spool, 0, true)
            until(is_drained(spool))
        with empty:
            feed(spool, 10, empty)
            until(is_drained(spool))
            assert spool.journal_id == "empty"
            assert sorted(counts(empty)) == list(range(1, 21))
        if restart:
            agents.close()
            publisher = start()
        backup = gateway(embedded_broker.port_v4, "true")
        backup.marks.update({"epoch-1": 5})
        with backup:
            feed(spool, 20, backup)
            until(is_drained(spool))
            assert spool.journal_id == "true"
            assert sorted(counts(backup)) == list(range(6, 31)), "from the mark which that journal names"
            until(lambda: publisher.problems() == {})


def test_what_the_agent_knows_of_its_clock_and_what_a_gateway_decided_go_with_the_frames(
    spool: Spool, embedded_broker: EmbeddedBroker
) -> None:
    decided = DecidedTime(1_700_000_000_000_000_000, 5_000_000, 2)
    with gateway(embedded_broker.port_v4, "true") as true:
        true.times = Times(3, (TimeRun("epoch-1", 2, 4, decided),))
        with publishing(spool, Broker(port=embedded_broker.port), notice_s=NOTICE_S) as publisher:
            assert publisher.terms(CLOCK.boot_ns()).offset is None
            feed(spool, 0, true)
            until(lambda: publisher.terms(CLOCK.boot_ns()).offset is not None)
            offset = publisher.terms(CLOCK.boot_ns()).offset
            assert isinstance(offset, Offset)
            assert abs(offset.offset_ns - START_NS) < 60_000_000_000
            spool.append(bodies(1, 10))
            until(lambda: true.headers[-1].times_n == 3, what="the dates are confirmed")
            until(is_drained(spool))
            feed(spool, 11, true, 1)
            assert true.headers[-1].journal == "true"
            assert true.headers[-1].receipted >= 10
            assert true.headers[-1].receipted_ns > START_NS
        first = {header.seq: header.decided for header in true.headers if header.seq}
        true.forget()
        true.headers.clear()
        with publishing(spool, Broker(port=embedded_broker.port), notice_s=NOTICE_S):
            until(lambda: {header.seq for header in true.headers} >= set(range(1, 6)), what="what was forgotten is sent again")
            until(lambda: counts(true)[-1:] == [12] and is_drained(spool)())
        again = {header.seq: header.decided for header in true.headers if header.seq}
        assert [again[seq] for seq in range(2, 5)] == [decided, decided, decided]
        for seq in (1, 5):  # the agent's own, given before they were first sent
            assert first[seq] == again[seq] != decided
            assert first[seq] is not None


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_two_agents_of_one_name_make_peace_lose_nothing_and_report_it(tmp_path: Path, mosquitto: Mosquitto, protocol: Any) -> None:
    spools = [Spool(tmp_path / f"spool-{n}", f"epoch-{n}", CLOCK.boot) for n in (1, 2)]
    with Responder(mosquitto.port) as responder:
        broker = Broker(port=mosquitto.port, protocol=protocol)
        with publishing(spools[0], broker) as one, publishing(spools[1], broker) as two:
            for n, spool in enumerate(spools):
                spool.append(bodies(20, 100 * n))
            until(lambda: "two_agents" in one.problems() or "two_agents" in two.problems())
            until(lambda: all(is_drained(spool)() for spool in spools))
            until(lambda: any("two_agents" in health.problems for health in responder.health))
    for spool in spools:
        spool.close()
    assert sorted(counts(responder)) == [*range(1, 21), *range(101, 121)]
