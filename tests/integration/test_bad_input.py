"""What is wrong around the gateway, or in what it is sent, is reported clearly, and nothing is lost by it."""

from __future__ import annotations

import resource
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.playback import Undelivered, deliver
from edge_agent.reconnect import Reconnect
from footfall.broker import Broker
from gateway.sinks.influxdb.reader import InfluxReader
from gateway.sinks.stored_text import stored_tag
from gateway.state.quarantine.store import Quarantine
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.programs import FOOTFALL
from tests.support.real_parts import Bucket
from tests.support.running_gateway import Place, influx_sink, recording
from tests.support.waiting import PATIENCE_S

HOSTILE = ("a\nb", "a,b=c", "a b", "# a", "a\0b", "a\tb", "ä", "a" * 65, "", "a/b", "+", "A", '"', "\\", "a\rb", "\u2028")
"""Names that would break line protocol, topics or SQL if anybody believed them."""
PLACES = ("zone",)
TEXTS = ("fan", "ref", "staff_id", "department", "channel", "campaign", "stage", "squad", "code", "shared_by")


def test_no_name_or_text_can_break_out_of_its_column(tmp_path: Path, embedded_broker: EmbeddedBroker, influxdb: Bucket) -> None:
    """Names outside the alphabet are refused; texts are free but for control characters, and are stored as they are."""
    folder = tmp_path / "gateway"
    with Place(folder, embedded_broker, influx_sink(influxdb, folder)) as place:
        scan = {"kind": "touch", "what": "scan", "zone": "shelf", "ref": "good"}
        values: list[dict[str, object]] = [scan | {key: text} for key in (*PLACES, *TEXTS) for text in HOSTILE]
        place.events(*[each for value in values for each in (value, scan)])
        fitting = [value for value in values if all(fits(key, str(value[key])) for key in TEXTS if key in value)]
        allowed = [value for value in fitting if value["zone"] == "shelf"]
        reader = InfluxReader(influxdb.url, influxdb.name, influxdb.token)
        place.until(lambda: place.gateway.status()["balance"]["in_total"] == 2 * len(values), "all events")
        balance = place.settle(reader)
        stored = [dict(zip(("time", "agent", "channel", "store", "what", "zone"), key[1:], strict=True)) | {"fields": fields}
                  for key, fields in place.stored(reader).items() if key[0] == "touch"]  # fmt: skip
        assert len(stored) == len(values) + len(allowed)
        assert balance["quarantined_total"] == len(values) - len(allowed)
        assert {row["zone"] for row in stored} == {"shelf"}
        assert {row["store"] for row in stored} == {"s3"}
        assert {row["channel"] for row in stored} == {""} | {stored_tag(str(value["channel"])) for value in allowed if "channel" in value}
        assert {row["fields"][1] for row in stored} == {""} | {str(value["fan"]) for value in allowed if "fan" in value}


def fits(key: str, text: str) -> bool:
    """A fan's id, a reference and a code have no letter that nobody sees either: another one would look the same."""
    is_seen = key not in ("fan", "ref", "code", "shared_by") or "\u2028" not in text
    return 1 <= len(text) <= 128 and not any(ord(letter) < 32 or ord(letter) == 127 for letter in text) and is_seen


def test_five_megabytes_end_no_session(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Their beginnings are in quarantine, and the good beside them arrive."""
    with Place(tmp_path / "gateway", mosquitto) as place:
        topic = "footfall/1/s3/till/events"
        place.publish(
            (topic, bytes(5 << 20)),
            (topic, b'{"kind":"touch","what":"scan"}'),
            (topic, bytes(2 << 20)),
            (topic, b'{"kind":"touch","what":"scan"}'),
        )
        place.until(lambda: place.gateway.status()["balance"]["written_total"] == 2, "the good ones")
        assert place.gateway.status()["quarantine"] == {"size": 2}


def test_of_five_thousand_lines_the_database_refuses_exactly_those_that_conflict(
    tmp_path: Path, embedded_broker: EmbeddedBroker, influxdb: Bucket
) -> None:
    """Somebody wrote `amount` as text into that week: its sales, of a history, are in quarantine with the server's words."""
    conflicting, good, week_s = 137, 4863, 7 * 86_400
    long_ago = 1_700_000_000 // week_s * week_s + 86_400
    line = f'touch,agent=somebody,channel=,store=s3,what=scan,zone=a amount="12" {long_ago}000000000\n'.replace("channel=,", "")
    assert influxdb.server.write(line.encode(), influxdb.name) == 204
    folder = tmp_path / "gateway"
    with Place(folder, embedded_broker, influx_sink(influxdb, folder)) as place:
        sale = {"kind": "touch", "what": "transaction", "zone": "shelf", "amount": 5}
        times = {n: long_ago + n if n % 36 == 7 and n // 36 < conflicting else 1_795_000_000 + n for n in range(conflicting + good)}
        refused = sum(1 for at in times.values() if at < 1_795_000_000)
        stamps = {n: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for n, at in times.items()}
        place.events(*[sale | {"id": f"t{n}", "time": stamp, "history": True} for n, stamp in stamps.items()])
        place.until(lambda: place.gateway.status()["balance"]["in_total"] == len(times), "all events")
        reader = InfluxReader(influxdb.url, influxdb.name, influxdb.token)
        balance = place.settle(reader)
        with closing(Quarantine(folder / "state" / "quarantine.db")) as quarantine:
            kept = quarantine.entries(limit=10_000)
        assert refused == conflicting
        assert len(kept) == conflicting
        assert {entry.reason for entry in kept} == {"sink.refused"}
        assert all("type" in entry.message for entry in kept)
        touches = reader.rows("touch", columns=("ref",), void=True, agent="till")
        assert len(touches.time_ns) == good
        assert balance == {"in_total": 5000, "written_total": good, "quarantined_total": conflicting, "dropped_total": {}, "pending": 0}


def test_a_wrong_token_is_reported_and_nothing_is_lost(tmp_path: Path, embedded_broker: EmbeddedBroker, influxdb: Bucket) -> None:
    folder, played = tmp_path / "gateway", recording(tmp_path / "heard", minutes=5)
    sink = influx_sink(influxdb, folder)
    (folder / "token").write_text("nobody:wrong")
    with Place(folder, embedded_broker, sink) as place:
        place.play(played)
        place.until(lambda: bool(place.gateway.status()["sink"]["failing_since_ns"]), "the refusal")
        error = place.gateway.status()["sink"]["last_error"]
        assert "token" in error or "401" in error, error
        assert "nobody:wrong" not in place.log()
        place.gateway.process.stop()
        (folder / "token").write_text(influxdb.token)
        place.start()
        assert place.settle(InfluxReader(influxdb.url, influxdb.name, influxdb.token))["written_total"] == played.rows


def test_a_locked_database_is_waited_for(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    played = recording(tmp_path / "heard", minutes=5)
    with Place(tmp_path / "gateway", embedded_broker) as place:
        with closing(sqlite3.connect(place.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            place.play(played)
            place.until(lambda: "locked" in place.gateway.status()["sink"]["last_error"], "it to be noticed")
            other.execute("ROLLBACK")
        assert place.settle()["written_total"] == played.rows


def test_a_replay_under_the_name_of_an_agent_that_runs_ends_instead_of_pushing_it_off_again_and_again(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a rival is noticed, tests/unit/edge_agent/test_reconnect.py has."""
    monkeypatch.setattr(Reconnect, "problems", lambda reconnect, now_ns: {"two_agents": "another process connects as x"})
    with pytest.raises(Undelivered, match="another process connects as x: send under a name of its own"):
        deliver(recording(tmp_path / "heard", minutes=2), Broker(port=mosquitto.port), PATIENCE_S, lambda done: None)


def test_a_full_disk_is_reported_nothing_is_acknowledged_and_then_it_goes_on(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """The limit on file sizes is a full disk that a test can have: no file of the gateway can grow any more."""
    before, later = recording(tmp_path / "heard", minutes=2), recording(tmp_path / "heard", "y", minutes=60, people=20)
    with Place(tmp_path / "gateway", mosquitto) as place:
        place.play(before)
        place.settle()
        soft, hard = resource.prlimit(place.gateway.process.pid, resource.RLIMIT_FSIZE)
        journal = [path.stat().st_size for path in (place.folder / "state").glob("journal.db*")]
        resource.prlimit(place.gateway.process.pid, resource.RLIMIT_FSIZE, (max(journal) + 20_000, hard))
        with pytest.raises(Undelivered, match="receipted"):
            place.play(later, timeout_s=8)
        if place.gateway.process.is_running:
            said = place.gateway.status()
            assert "full" in said["not_ready"] or said["sink"]["failing_since_ns"], said
            resource.prlimit(place.gateway.process.pid, resource.RLIMIT_FSIZE, (soft, hard))
        else:
            assert "disk" in place.log(), place.log()
            place.start()
        place.play(later, 120)
        balance = place.settle()
        rows = before.rows + later.rows
        assert balance["written_total"] == rows
        assert balance["in_total"] == rows + sum(balance["dropped_total"].values())


def test_a_disk_too_full_for_the_ledger_is_waited_for_with_advice(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    played, later = recording(tmp_path / "heard", minutes=2), recording(tmp_path / "heard", "y", minutes=2)
    with Place(tmp_path / "gateway", embedded_broker) as place:
        place.play(played)
        place.settle()
        pid = place.gateway.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (8192, hard))
        place.until(lambda: "the ledger cannot be written" in place.log(), "it to notice")
        assert "Is the disk full? Nothing is lost, and it goes on by itself" in " ".join(place.log().split())
        assert "Traceback" not in place.log()
        assert place.gateway.process.pid == pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
        place.play(later)
        assert place.settle()["written_total"] == played.rows + later.rows
        assert place.gateway.process.pid == pid, "it went on, and did not begin anew"


def test_a_busy_port_is_reported(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        place = Place(tmp_path / "gateway", embedded_broker)
        place.gateway.config.write_text(f"[http]\nport = {port}\n[broker]\nport = {embedded_broker.port}\n")
        assert f"cannot listen on 127.0.0.1:{port}" in refuses(place)
        place.gateway.config.write_text(f"[broker]\nembedded = true\nport = {port}\n[http]\nport = 0\n")
        assert f"127.0.0.1:{port}" in refuses(place)


def refuses(place: Place) -> str:
    """What `footfall gateway` prints before it ends by itself."""
    done = subprocess.run(
        [FOOTFALL, "gateway", "--config", str(place.gateway.config)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_second_gateway_on_the_same_state_is_refused(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with Place(tmp_path / "gateway", embedded_broker) as place:
        text = place.gateway.config.read_text()
        other = place.folder / "other.toml"
        other.write_text(
            "\n".join("port = 0" if line == f"port = {place.gateway.url.rpartition(':')[2]}" else line for line in text.splitlines())
        )
        done = subprocess.run(
            [FOOTFALL, "gateway", "--config", str(other)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert "another gateway runs" in " ".join(done.stderr.split())
