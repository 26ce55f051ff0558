"""A gateway at its limits: no room, no clock that can be right, no time left. It takes nothing it cannot keep, and goes on by itself."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from footfall.frames import Kind
from footfall.receipts import Receipt, decode_receipt
from gateway.accept import own_clock
from gateway.accept.outcome import Entry
from gateway.accept.own_clock import MAX_STEP_BACK_NS
from gateway.cli import clock as clock_command
from gateway.config import load_gateway
from gateway.pipeline import service
from gateway.pipeline.ingest_worker import CHORES_S
from gateway.records import RecordKind
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.state.journal import Journal
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.process import free_port
from tests.support.accept_inputs import S, body, frame
from tests.support.running_gateway import SITE, Place, recording
from tests.support.waiting import PATIENCE_S, Stopwatch, until

MIB = 1 << 20
ROWS = 1000


@contextmanager
def receipts_of(port: int) -> Iterator[list[Receipt]]:
    """What the gateway sends to agent x."""
    heard: list[Receipt] = []
    subscribed = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, "listener", protocol=MQTTv5)
    client.on_message = lambda _client, _data, message: heard.append(decode_receipt(message.payload))
    client.on_connect = lambda connected, *_: connected.subscribe("footfall/1/s1/x/receipts", 1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert subscribed.wait(PATIENCE_S)
    yield heard
    client.disconnect()
    client.loop_stop()


def crossings(seq: int) -> tuple[str, bytes]:
    """A frame of people through the door: every row is a point."""
    data = body(*[Kind.IN] * ROWS, first_row=(seq - 1) * ROWS, zones=("entrance", "main"))
    return "footfall/1/s1/x/frames", frame(seq, data)


def test_at_the_quota_agents_are_asked_to_pause_then_nothing_is_taken_and_when_there_is_room_all_goes_on(
    tmp_path: Path, embedded_broker: EmbeddedBroker
) -> None:
    """The database is locked, so that nothing the journal has can be forgotten."""
    frames = [crossings(seq) for seq in range(1, 161)]
    place = Place(tmp_path / "gateway", embedded_broker, journal={"max_bytes": MIB}, outbox={"max_bytes": MIB})
    with place, receipts_of(embedded_broker.port) as receipts, closing(sqlite3.connect(place.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        place.publish(*frames[:25])
        sent = 25
        place.until(lambda: bool(receipts) and receipts[-1].upto == sent, "their receipts")
        while not is_pausing(receipts):
            send_one(place, frames[sent], receipts)
            sent += 1
            time.sleep(CHORES_S / 4)  # its thread, which has just taken a frame, looks at the quota once in that time
        while not place.gateway.status()["not_ready"]:  # an agent that does not listen
            send_one(place, frames[sent], receipts)
            sent += 1
        status = place.gateway.status()
        assert "over its quota" in status["not_ready"]
        assert status["journal"]["pausing"]
        assert status["journal"]["bytes"] < 3 * MIB
        taken = status["balance"]["in_total"]
        place.publish(*frames[sent : sent + 3])
        time.sleep(1.0)
        assert place.gateway.status()["balance"]["in_total"] == taken, "nothing more is taken"
        other.execute("ROLLBACK")
        place.until(lambda: not place.gateway.status()["not_ready"] and not place.gateway.status()["journal"]["pausing"], "room")
        receipts.clear()
        for at in range(0, len(frames), 4):  # an agent sends again what was not receipted
            place.publish(*frames[at : at + 4])
        place.until(lambda: bool(receipts) and receipts[-1].upto >= len(frames), "the last receipt")
        while receipts[-1].pause_s is not None:  # as long as the database has not caught up
            place.publish(frames[-1])
            time.sleep(0.2)
        balance = place.settle()
        assert balance["pending"] == 0
        assert len(SqliteReader(place.database).rows("door").time_ns) == len(frames) * ROWS


def is_pausing(receipts: Sequence[Receipt]) -> bool:
    return any(receipt.pause_s for receipt in receipts)


def send_one(place: Place, message: tuple[str, bytes], receipts: Sequence[Receipt]) -> None:
    """The next frame; on return it is receipted, or nothing is taken at present."""
    before = receipts[-1].upto
    place.publish(message)
    place.until(lambda: receipts[-1].upto > before or bool(place.gateway.status()["not_ready"]), "its receipt")


def test_while_the_clock_is_before_the_last_record_nothing_is_taken(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    """It was set back by more than is waited for in silence; here it catches up, else somebody sets it."""
    place, began_ns = Place(tmp_path / "gateway", embedded_broker), time.time_ns()
    place.start()
    start_ns = time.time_ns() - began_ns
    with place:
        place.settle()
    ahead_ns = time.time_ns() + MAX_STEP_BACK_NS + 4 * S + 3 * start_ns  # there is time to start again, and to look
    with closing(Journal(place.folder / "state" / "journal.db")) as journal:
        journal.commit([(ahead_ns, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    place.gateway.process.start()
    place.until(lambda: bool(place.gateway.status()["not_ready"]), "it to notice")
    assert "clock" in place.gateway.status()["not_ready"]
    place.publish(crossings(1))
    time.sleep(1.0)
    status = place.gateway.status()
    assert status["balance"]["in_total"] == 0 or not status["not_ready"]
    place.until(lambda: not place.gateway.status()["not_ready"], "the clock to catch up")
    place.publish(crossings(1))
    place.until(lambda: place.gateway.status()["balance"]["in_total"] >= ROWS, "the frame")
    with closing(Journal(place.folder / "state" / "journal.db")) as journal:
        times = [record.received_ns for record in journal.read(0, 10_000)]
    assert times == sorted(times)
    place.gateway.process.stop()


def test_a_clock_that_was_ahead_and_is_called_right_goes_on_within_seconds(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    """Without a word it would wait for eight hours."""
    place = Place(tmp_path / "gateway", embedded_broker)
    with place:
        place.settle()
    with closing(Journal(place.folder / "state" / "journal.db")) as journal:
        journal.commit([(time.time_ns() + 8 * 3600 * S, Entry(RecordKind.TICK, "", "", 0, b""))], {})
    with place:
        place.until(lambda: "footfall clock accept" in place.gateway.status()["not_ready"], "it to notice, and to say what to do")
        done = CliRunner().invoke(clock_command.app, ["accept", "--config", str(place.folder / "gateway.toml")])
        assert done.exit_code == 0
        place.until(lambda: not place.gateway.status()["not_ready"], "it to go on")
        place.publish(crossings(1))
        place.until(lambda: place.gateway.status()["balance"]["in_total"] >= ROWS, "the frame")
        place.settle()
    assert len(SqliteReader(place.database).rows("door").time_ns) == ROWS
    with closing(Journal(place.folder / "state" / "journal.db")) as journal:
        assert journal.last_received_ns <= time.time_ns(), "time goes on from where the clock is"


def test_while_the_clock_is_before_the_release_nothing_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a battery begins in 1970; a release of tomorrow is the same today."""
    monkeypatch.setattr(own_clock, "BUILT_NS", time.time_ns() + 3600 * S)
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "gateway.toml").write_text(f"[broker]\nport = {free_port()}\n[http]\nport = 0\n")
    gateway = service.Gateway(load_gateway(tmp_path / "gateway.toml", {}))
    running = threading.Thread(target=gateway.run)
    running.start()
    try:
        until(lambda: "the clock says" in gateway.status().not_ready, "it to notice")
        monkeypatch.setattr(own_clock, "BUILT_NS", 0)
        until(lambda: not gateway.status().not_ready, "it to go on")
    finally:
        gateway.stop()
        running.join()
        gateway.close()


def test_asked_to_end_in_the_middle_of_a_backlog_it_ends_soon_and_loses_nothing(tmp_path: Path, mosquitto: Mosquitto) -> None:
    played = recording(tmp_path / "heard", minutes=120, people=20)
    with Place(tmp_path / "gateway", mosquitto) as place:
        sending = threading.Thread(target=lambda: place.play(played, 120))
        sending.start()
        for _ in range(3):
            place.until(lambda: place.gateway.status()["balance"]["pending"] > 0 or not sending.is_alive(), "something to be on its way")
            with Stopwatch() as watch:
                os.kill(place.gateway.process.pid, signal.SIGTERM)
                until(lambda: not place.gateway.process.is_running, "it to end")
            assert watch.kept_up_s < 60, "it waits for nobody, and goes on with all that is left when it is started again"
            place.start()
        sending.join()
        balance = place.settle()
    assert balance["written_total"] == played.rows
    assert balance["in_total"] == played.rows + sum(balance["dropped_total"].values())
