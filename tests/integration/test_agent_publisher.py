"""Publishing against receipts over a real broker: what is lost, doubled, late or forgotten on the way changes nothing in the end."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_profiles.registry import shipped
from edge_agent.clock import Moment, SystemClock
from edge_agent.core import Core, lost_frame
from edge_agent.keys import SubjectKeys
from edge_agent.playback import deliver
from edge_agent.publisher import HELLO_S, Publisher
from edge_agent.sources.source import Crossing
from edge_agent.spool import Spool
from edge_agent.window import Window
from footfall.broker import Broker
from footfall.frames import Body, Header, Kind
from footfall.health import Health
from footfall.receipts import Receipt
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from tests.support.agent_responder import Responder, until
from tests.support.running_gateway import recording
from tests.support.waiting import PATIENCE_S

CLOCK = SystemClock()
S = 1_000_000_000


def bodies(n: int, first: int = 0) -> list[Body]:
    """`n` frames of one row each, with counts first + 1, first + 2, …"""
    core = Core(CLOCK.boot, {}, shipped(), SubjectKeys(), max_rows=1, first_row=first)
    for i in range(first + 1, first + n + 1):
        core.hear(Crossing(i * S, "main", i, 0))
    return core.finish(Moment(CLOCK.boot_ns(), CLOCK.wall_ns(), False))


@contextmanager
def publishing(spool: Spool, broker: Broker, window: Window | None = None, notice_s: float = 1.0) -> Iterator[Publisher]:
    def health() -> Health:
        found = Health(state="online", agent="a1", store="s1", boot=CLOCK.boot)
        return found.model_copy(update={"journals": publisher.journals(), "problems": publisher.problems()})

    publisher = Publisher(
        "s1", "a1", spool, CLOCK, broker, health, lambda key, gateway_ns: None,
        lambda frame: lost_frame(frame.boot, frame.made_boot_ns, frame.first_row, frame.rows, {}, shipped()),
        window or Window(patience_s=0.5), notice_s,
    )  # fmt: skip
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    try:
        yield publisher
    finally:
        stop.set()
        publisher.wake()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.sqlite", "epoch-1", CLOCK.boot)
    yield spool
    spool.close()


@pytest.fixture
def responder(embedded_broker: EmbeddedBroker) -> Iterator[Responder]:
    with Responder(embedded_broker.port_v4) as responder:
        yield responder


def is_drained(spool: Spool) -> Callable[[], bool]:
    return lambda: spool.sending().mark == spool.sending().last


def counts(responder: Responder) -> list[int]:
    return [int(body.count[0]) for body in responder.bodies()]


def test_older_epochs_drain_first(tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    for n in (1, 2, 3):
        spool = Spool(tmp_path / "spool.sqlite", f"epoch-{n}", CLOCK.boot)
        spool.append(bodies(100, 100 * n))
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(is_drained(spool))
    spool.close()
    assert counts(responder) == list(range(101, 401))
    assert responder.headers[0].seq == 0
    assert responder.headers[0].epoch == "epoch-1"


@pytest.mark.parametrize("seed", range(2))
def test_lost_frames_and_lost_late_doubled_receipts(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder, seed: int) -> None:
    rng = random.Random(seed)
    late: list[Receipt] = []

    def sends(receipt: Receipt) -> list[Receipt]:
        late.append(receipt)
        if rng.random() < 0.3:
            return []
        return [receipt] * rng.choice([1, 1, 2]) + ([rng.choice(late)] if rng.random() < 0.3 else [])

    responder.deaf = lambda header: rng.random() < 0.03
    responder.sends = sends
    spool.append(bodies(300))
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(is_drained(spool), PATIENCE_S, f"seed {seed}")
    assert counts(responder) == list(range(1, 301))
    assert responder.taken_again_total == 0


def test_a_lost_frame_costs_one_rewind_not_a_storm(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    heard: set[int] = set()

    def is_first_fifth(header: Header) -> bool:
        first = header.seq not in heard
        heard.add(header.seq)
        return first and header.seq == 5

    responder.deaf = is_first_fifth
    spool.append(bodies(64))
    with publishing(spool, Broker(port=embedded_broker.port), Window(patience_s=30)):
        until(is_drained(spool))
    assert counts(responder) == list(range(1, 65))
    assert len(responder.headers) <= 1 + 64 + 2 * 60


def test_a_gateway_without_its_journal_gets_all_again(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    spool.append(bodies(50))
    with publishing(spool, Broker(port=embedded_broker.port)) as publisher:
        until(is_drained(spool))
        responder.forget("journal-2")
        spool.append(bodies(1, 50))
        publisher.wake()
        until(lambda: responder.taken_again_total == 50 and is_drained(spool)())
    assert counts(responder) == list(range(1, 52))


def test_a_gateway_of_an_older_copy_gets_the_rest_again(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    spool.append(bodies(50))
    with publishing(spool, Broker(port=embedded_broker.port)) as publisher:
        until(is_drained(spool))
        responder.marks["epoch-1"] = 20
        spool.append(bodies(1, 50))
        publisher.wake()
        until(lambda: responder.marks["epoch-1"] == 51 and is_drained(spool)())
    assert responder.taken_again_total == 30


def test_a_gateway_of_an_older_copy_gets_the_rest_of_earlier_runs_again(
    tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder
) -> None:
    """The copy is older than the end of a run before; of the present one it may have all, as far as that had got."""
    for n in (1, 2):
        spool = Spool(tmp_path / "spool.sqlite", f"epoch-{n}", CLOCK.boot)
        spool.append(bodies(50, 50 * n))
        with publishing(spool, Broker(port=embedded_broker.port)) as publisher:
            until(is_drained(spool))
            if n == 2:
                responder.marks |= {"epoch-1": 20, "epoch-2": 0}
                spool.append(bodies(1, 150))
                publisher.wake()
                until(lambda: responder.marks == {"epoch-1": 50, "epoch-2": 51})
                assert responder.taken_again_total == 30 + 50
        spool.close()
    responder.marks["epoch-1"] = 20
    spool = Spool(tmp_path / "spool.sqlite", "epoch-3", CLOCK.boot)
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(lambda: responder.marks["epoch-1"] == 50)
    spool.close()


def test_puback_is_not_durability(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    """A gateway of another wire version, or none: the broker takes everything, the spool keeps everything."""
    responder.deaf = lambda header: header.seq > 0
    responder.versions = (2,)
    spool.append(bodies(10))
    with publishing(spool, Broker(port=embedded_broker.port)) as publisher:
        until(lambda: len(responder.headers) > 30, what="sent again and again")
        assert spool.sending().mark == 0
        until(lambda: "wire versions (2,)" in publisher.refused)


def test_before_the_first_receipt_only_hellos_are_sent(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    """Else a gateway that comes back after hours would take the backlog of a fresh boot as just happened."""
    responder.deaf = lambda header: True
    spool.append(bodies(10))
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(lambda: bool(responder.headers) and CLOCK.boot_ns() - responder.headers[0].sent_boot_ns > (HELLO_S + 1) * S)
        assert {header.seq for header in responder.headers} == {0}
        responder.deaf = lambda header: False
        until(is_drained(spool))
    assert all(header.gateway_ns for header in responder.headers if header.seq)


def test_pause_is_obeyed(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    responder.pause_s = 2
    spool.append(bodies(10))
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(lambda: len(responder.headers) == 1)
        responder.pause_s = None
        until(lambda: len(responder.headers) >= 2)
        hello, after = responder.headers[:2]
        assert after.seq == 0, "a hello asks whether it may go on"
        assert after.sent_boot_ns - hello.sent_boot_ns >= 1.9 * S
        until(is_drained(spool))


def test_a_spoiled_body_becomes_a_gap_under_its_number(
    tmp_path: Path, spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder
) -> None:
    spool.append(bodies(10))
    with sqlite3.connect(tmp_path / "spool.sqlite") as db:
        db.execute("UPDATE frames SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE seq = 4")
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(is_drained(spool))
    assert [int(n) for n in counts(responder)] == [1, 2, 3, 0, 5, 6, 7, 8, 9, 10]
    assert responder.rows(Kind.GAP) == [{"to_boot_ns": responder.taken["epoch-1", 4].made_boot_ns, "rows": 1, "reason": "spool.crc32"}]
    assert responder.taken["epoch-1", 4].first_row == 3


def test_the_gateway_learns_what_a_full_spool_dropped(tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    spool = Spool(tmp_path / "full.sqlite", "epoch-1", CLOCK.boot, max_bytes=100_000)
    for i in range(10):
        spool.append(bodies(100, 100 * i))
    dropped = spool.dropped_rows_total
    assert 0 < dropped < 1000
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(is_drained(spool))
    spool.close()
    assert counts(responder) == list(range(dropped + 1, 1001))
    first = next(iter(responder.bodies()))
    assert first.first_row == dropped


def test_echo_and_health(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    spool.append(bodies(200))
    with publishing(spool, Broker(port=embedded_broker.port)):
        until(is_drained(spool))
    last = responder.headers[-1]
    assert last.gateway_ns > 0
    assert 0 < last.heard_boot_ns <= last.sent_boot_ns
    until(lambda: [health.state for health in responder.health] == ["online", "offline"])


def test_a_recording_says_goodbye_once_all_of_it_is_receipted(
    tmp_path: Path, embedded_broker: EmbeddedBroker, responder: Responder
) -> None:
    """Its last will, which has all that was unsent when it connected, is none."""
    deliver(recording(tmp_path, minutes=2), Broker(port=embedded_broker.port), PATIENCE_S, lambda done: None)
    until(lambda: responder.health[-1].is_goodbye)
    first, *_ = responder.health
    assert first.spool_frames > 0
    assert not first.model_copy(update={"state": "offline"}).is_goodbye


def test_mqtt_3_1_1(spool: Spool, embedded_broker: EmbeddedBroker, responder: Responder) -> None:
    spool.append(bodies(100))
    with publishing(spool, Broker(port=embedded_broker.port_v4, protocol="3.1.1")):
        until(is_drained(spool))
    assert counts(responder) == list(range(1, 101))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_killed_in_the_middle(spool: Spool, mosquitto: Mosquitto, protocol: str) -> None:
    spool.append(bodies(300))
    with Responder(mosquitto.port) as responder:
        responder.deaf = lambda header: header.seq > 150
        with publishing(spool, Broker(port=mosquitto.port, protocol=protocol)):  # type: ignore[arg-type] # one of the two
            until(lambda: spool.sending().mark == 150)
            mosquitto.kill()
            responder.deaf = lambda header: False
            mosquitto.start()
            until(is_drained(spool))
    assert counts(responder) == list(range(1, 301))
