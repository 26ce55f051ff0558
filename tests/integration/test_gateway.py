"""The gateway as a process, end to end: what agents send is in the database, exactly, whatever dies in between."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import urllib3
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from footfall.pseudonyms import lasting_subject, type_key
from gateway.accept.outcome import Entry
from gateway.identity.links import Link, encode_links
from gateway.points import SCHEMA
from gateway.records import RecordKind
from gateway.sinks.influxdb.reader import InfluxReader
from gateway.state.journal import append
from simulators.dumps import Dump, differences
from simulators.parts.broker import EmbeddedBroker
from simulators.parts.mosquitto import Mosquitto
from simulators.parts.programs import FOOTFALL
from tests.support.real_parts import Bucket, influx_server, new_bucket
from tests.support.running_gateway import SECRET, SITE, Place, influx_sink, json_of, recording
from tests.support.serve_process import ServeProcess
from tests.support.waiting import PATIENCE_S, Stopwatch

MERGED = [*SCHEMA["visit"].fields].index("merged_into")


def run(*arguments: str, code: int = 0) -> str:
    done = subprocess.run([FOOTFALL, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def place(tmp_path: Path, embedded_broker: EmbeddedBroker) -> Iterator[Place]:
    with Place(tmp_path / "gateway", embedded_broker) as made:
        yield made


def doors(stored: Dump) -> tuple[int, int]:
    rows = [fields for key, fields in stored.items() if key[0] == "door"]
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def test_a_recording_is_stored_and_sending_it_again_changes_nothing(tmp_path: Path, mosquitto: Mosquitto) -> None:
    played = recording(tmp_path / "heard")
    with Place(tmp_path / "gateway", mosquitto) as place:
        place.play(played)
        balance = place.settle()
        first = place.stored()
        assert doors(first) == (6, 6)
        visits = [fields for key, fields in first.items() if key[0] == "visit" and not fields[MERGED]]
        assert len(visits) == 6
        assert balance == {"in_total": played.rows, "written_total": played.rows, "quarantined_total": 0, "dropped_total": {}, "pending": 0}
        place.play(played)
        balance = place.settle()
        assert differences(first, place.stored()) == []
        assert balance["dropped_total"] == {}, "the publisher was told that all is known: nothing was sent"


def test_a_recording_is_stored_in_influxdb(tmp_path: Path, embedded_broker: EmbeddedBroker, influxdb: Bucket) -> None:
    played = recording(tmp_path / "heard")
    with Place(tmp_path / "sqlite", embedded_broker) as place:
        place.play(played)
        place.settle()
        expected = place.stored()
    with Place(tmp_path / "gateway", embedded_broker, influx_sink(influxdb, tmp_path / "gateway")) as place:
        place.play(played)
        reader = InfluxReader(influxdb.url, influxdb.name, influxdb.token)
        place.settle(reader)
        stored = place.stored(reader)
    assert differences(expected, stored) == []


@pytest.mark.parametrize("seed", [20261122])
def test_killed_at_any_moment_the_rows_are_those_of_an_undisturbed_run(tmp_path: Path, mosquitto: Mosquitto, seed: int) -> None:
    rng, played, other = random.Random(seed), recording(tmp_path / "heard", minutes=60), recording(tmp_path / "heard", "y", 20, people=3)
    with Place(tmp_path / "calm", mosquitto) as place:
        place.play(played)
        place.play(other)
        place.settle()
        expected = place.stored()
    with Place(tmp_path / "killed", mosquitto) as place:
        sending = threading.Thread(target=lambda: (place.play(played, 120), place.play(other, 120)))
        sending.start()
        kills = 0
        while sending.is_alive() or kills < 6:
            time.sleep(rng.uniform(0.02, 1.2))
            place.gateway.process.kill()
            kills += 1
            place.start()
        sending.join()
        balance = place.settle()
        assert differences(expected, place.stored()) == [], f"seed {seed}, {kills} kills"
        assert balance["in_total"] == balance["written_total"] + sum(balance["dropped_total"].values())


@pytest.mark.parametrize("version", ["1.8"])
def test_while_the_database_is_away_all_is_kept_and_then_written(tmp_path: Path, mosquitto: Mosquitto, version: str) -> None:
    with influx_server(version, tmp_path / "influxdb") as server:  # type: ignore[arg-type] # a Version
        bucket = new_bucket(server)
        reader = InfluxReader(bucket.url, bucket.name, bucket.token)
        folder = tmp_path / "gateway"
        with Place(folder, mosquitto, influx_sink(bucket, folder), outbox={"max_bytes": 1 << 20}) as place:
            before = recording(tmp_path / "heard", minutes=10)
            place.play(before)
            place.settle(reader)
            server.kill()
            away = recording(tmp_path / "heard", "y", minutes=120, people=20)
            place.play(away, 120)
            status = place.gateway.status()
            assert status["sink"]["failing_since_ns"]
            assert status["sink"]["outbox_bytes"] < 8 << 20, "the fold waits when the outbox is full"
            assert place.rss_bytes() < 200 << 20
            assert place.state_bytes() < 64 << 20
            place.gateway.process.kill()
            place.start()
            server.start()
            balance = place.settle(reader)
            assert balance["in_total"] == balance["written_total"] == before.rows + away.rows
            stored = place.stored(reader)
            assert doors(stored) == (26, 26)
    with Place(tmp_path / "sqlite", mosquitto) as undisturbed:
        undisturbed.play(before)
        undisturbed.play(away, 120)
        undisturbed.settle()
        assert differences(undisturbed.stored(), stored) == []


def test_asked_to_end_it_writes_what_it_has(place: Place, tmp_path: Path) -> None:
    played = recording(tmp_path / "heard", minutes=60)
    place.play(played)
    child = place.gateway.process._child
    assert child is not None
    child.send_signal(signal.SIGTERM)
    assert child.wait(PATIENCE_S) == 0
    stored = place.stored()
    assert doors(stored) == (6, 6)
    assert sum(key[0] == "presence" for key in stored) == sum(
        int((body.kind == 1).sum() + (body.kind == 3).sum()) for body in played.bodies
    )
    place.start()
    assert place.settle()["in_total"] == played.rows


def crm(folder: Path, *lines: str) -> Path:
    path = folder / "crm.csv"
    path.write_text("\n".join(["identifier_type,identifier,fan", *lines]) + "\n")
    return path


def subject(member: str) -> str:
    return f"{lasting_subject(type_key(SECRET.encode(), 'member'), 'member', member):016x}"


def test_links_count_whenever_they_are_imported(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    """Before the touches came, while the gateway runs, and while it does not."""
    with Place(tmp_path / "gateway", embedded_broker) as place:
        config = str(place.gateway.config)
        touches = [{"kind": "touch", "what": "scan", "id": f"t{n}", "zone": "shelf", "identifiers": [f"member:m{n}"]} for n in range(4)]
        run("links", "import", str(crm(tmp_path, "member,m0,fan-0")), "--config", config)
        place.events(*touches)
        place.until(lambda: place.gateway.status()["balance"]["in_total"] == 4, "the touches")
        run("links", "import", str(crm(tmp_path, "member,m1,fan-1")), "--config", config)
        place.settle()
        assert fans(place) == {subject("m0"): "fan-0", subject("m1"): "fan-1", subject("m2"): "", subject("m3"): ""}
        place.gateway.process.stop()
        run("links", "import", str(crm(tmp_path, "member,m2,fan-2")), "--config", config)
        place.start()
        place.settle()
        assert fans(place) == {subject("m0"): "fan-0", subject("m1"): "fan-1", subject("m2"): "fan-2", subject("m3"): ""}
        said = run("links", "import", str(crm(tmp_path, "member,m3,fan-3", "member,,fan-4")), "--config", config, code=1)
        assert "line 3" in said
        place.settle()
        assert fans(place)[subject("m3")] == "fan-3"


def fans(place: Place) -> dict[str, str]:
    return {fields[0]: fields[1] for key, fields in place.stored().items() if key[0] == "touch"}


def test_quarantine_is_mended_and_replayed(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    scan = {"kind": "touch", "what": "scan", "zone": "shelf"}
    with Place(tmp_path / "gateway", embedded_broker) as place:
        config = str(place.gateway.config)
        place.events(scan, store="s4", agent="till-2")
        place.events(scan | {"zone": "cellar"})
        place.until(lambda: sum(place.gateway.status()["quarantine"].values()) == 2, "both in quarantine")
        listed = [json.loads(line) for line in run("quarantine", "list", "--json", "--config", config).splitlines()]
        reasons = {each["reason"]: str(each["id"]) for each in listed}
        assert set(reasons) == {"site.store", "site.zone"}
        run("quarantine", "replay", reasons["site.store"], "--config", config)
        place.until(lambda: "replay" not in states(config), "it to be tried")
        assert sum(place.gateway.status()["quarantine"].values()) == 2, "the store still is not in the estate"
        place.gateway.process.stop()
        opened = SITE + '[[stores]]\nname = "s4"\nzones = [{name = "shelf"}]\nagents = [{name = "till-2"}]\n'
        (place.folder / "site.toml").write_text(opened)
        place.start()
        mended = tmp_path / "mended.json"
        mended.write_text(json.dumps(scan))
        run("quarantine", "replay", reasons["site.store"], "--config", config)
        run("quarantine", "replay", reasons["site.zone"], "--with", str(mended), "--config", config)
        place.until(lambda: not place.gateway.status()["quarantine"], "quarantine to be empty")
        balance = place.settle()
        touched = sorted((key[4], key[5]) for key in place.stored() if key[0] == "touch")
        assert len(touched) == 2, touched
        assert (balance["in_total"], balance["written_total"], balance["quarantined_total"]) == (4, 2, 2)


def test_a_known_fan_s_arrival_is_published_at_once(tmp_path: Path, embedded_broker: EmbeddedBroker) -> None:
    with ExitStack() as stack:
        place = stack.enter_context(Place(tmp_path / "gateway", embedded_broker))
        now_s = int(time.time()) - 2
        played = recording(tmp_path / "heard", minutes=1, start_s=now_s - 120, people=1)
        known = f"{max(int(body.subject.max()) for body in played.bodies if len(body)):016x}"
        link = Link(known, "fan-1", 0, 1 << 62, "crm", 1.0)
        append(place.folder / "state" / "journal.db", [Entry(RecordKind.LINKS, "", "", 0, encode_links([link]))])
        heard: list[dict[str, object]] = []
        page = ServeProcess(place)
        stack.enter_context(page)
        listening = threading.Thread(target=listen, args=(f"{page.url}/live", heard), daemon=True)
        listening.start()
        place.until(lambda: "footfall_live_readers 1" in page.get("/metrics").data.decode(), "somebody to listen")
        with Stopwatch() as watch:
            place.play(played)
            place.until(lambda: any(message["kind"] == "arrival" for message in heard), "the arrival")
        arrival = next(message for message in heard if message["kind"] == "arrival")
        assert (arrival["fan"], arrival["store"], arrival["zone"]) == ("fan-1", "s1", "entrance")
        assert watch.kept_up_s < 4.0, "it does not wait for the frame's minute to be over"
        place.until(lambda: any(message["kind"] == "counters" for message in heard), "counters")


def test_an_arrival_is_sent_once_also_if_the_gateway_is_killed_right_behind_it(tmp_path: Path, mosquitto: Mosquitto) -> None:
    heard: list[str] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311)
    client.on_message = lambda _, __, message: heard.extend(arrivals_in(message.payload))
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe("footfall/1/+/live", 1)
    client.loop_start()
    with Place(tmp_path / "gateway", mosquitto) as place:
        start_s = int(time.time()) - 120
        first, then = (recording(tmp_path / agent, agent, minutes=1, start_s=start_s, people=1) for agent in ("x", "y"))
        known = f"{max(int(body.subject.max()) for body in first.bodies if len(body)):016x}"
        append(
            place.folder / "state" / "journal.db",
            [Entry(RecordKind.LINKS, "", "", 0, encode_links([Link(known, "fan-1", 0, 1 << 62, "crm", 1.0)]))],
        )
        place.play(first)
        place.until(lambda: bool(heard), "the arrival")
        place.gateway.process.kill()
        place.start()
        place.play(then)
        place.until(lambda: any(arrival.startswith("s2/") for arrival in heard), "the arrival in the other store")
    client.loop_stop()
    assert [arrival.partition("/")[0] for arrival in heard] == ["s1", "s2"]


def arrivals_in(payload: bytes) -> list[str]:
    """Return the id of a live message's arrival, if it is one."""
    values = json.loads(payload)
    return [values["id"]] if values["kind"] == "arrival" else []


def states(config: str) -> set[str]:
    return {json.loads(line)["state"] for line in run("quarantine", "list", "--json", "--config", config).splitlines()}


def listen(url: str, heard: list[dict[str, object]]) -> None:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310 # our own http
        heard.extend(json.loads(line[6:]) for line in answer if line.startswith(b"data: "))


def test_it_answers_for_itself(embedded_broker: EmbeddedBroker, tmp_path: Path) -> None:
    with Place(tmp_path / "gateway", embedded_broker, status={"notice_s": 600}) as place:  # the agent that left is not late yet
        place.play(recording(tmp_path / "heard", minutes=2))
        place.settle()
        status = json_of(f"{place.gateway.url}/status")
        assert status["journal"]["head"] == status["journal"]["position"] > 0
        assert [agent["state"] for agent in status["agents"] if agent["agent"] == "x"] == ["ok"]
        assert json_of(f"{place.gateway.url}/health") == {"ok": True, "problems": []}
        metrics = urllib3.request("GET", f"{place.gateway.url}/metrics", retries=False).data.decode()
        assert f"footfall_rows_in_total {status['balance']['in_total']}" in metrics
        assert "s1" in run("status", "--url", place.gateway.url)
