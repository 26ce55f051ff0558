"""A database that refuses a type comes right again: one command brings back all that it refused, as it is now."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.sinks.influxdb.reader import InfluxReader
from gateway.state.quarantine.store import Quarantine
from simulators.parts.mosquitto import Mosquitto
from tests.support.real_parts import Bucket
from tests.support.running_gateway import Place, influx_sink, recording

START_S = 1_790_000_000
S = 1_000_000_000
DERIVED = (b"visit,", b"dwell,")
SPOILT = {"visit": "seconds", "dwell": "seconds", "traffic": "in", "presence": "rssi_dbm", "touch": "amount", "zone_traffic": "entries"}


def footfall(place: Place, *arguments: str) -> str:
    command = [str(Path(sys.executable).parent / "footfall"), *arguments, "--config", str(place.folder / "gateway.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def feed(place: Place, folder: Path) -> None:
    place.play(recording(folder, start_s=START_S))
    place.events(
        {
            "kind": "touch",
            "what": "transaction",
            "id": "t1",
            "time": "2026-09-21T14:20:00Z",
            "fan": "ming",
            "amount": 129.0,
            "history": True,
        }
    )


def wait_until_nothing_more_is_refused(place: Place) -> None:
    """Everybody is gone, in the fold: visits and dwells were written for the last time."""

    def closed() -> bool:
        with closing(Quarantine(place.folder / "state" / "quarantine.db")) as quarantine:
            lines = [found[1] for entry in quarantine.entries(limit=10_000) if (found := quarantine.show(entry.id))]
        last = {line.partition(b" ")[0] + line.rpartition(b" ")[2]: b"open=f" in line for line in lines if line.startswith(DERIVED)}
        return bool(last) and all(last.values())

    place.until(closed, "all visits and dwells to be over")


@pytest.mark.parametrize("influxdb", ["1.8"], indirect=True)  # 2.7 has no way to drop a measurement
def test_what_a_database_refused_is_there_after_the_replay(influxdb: Bucket, mosquitto: Mosquitto, tmp_path: Path) -> None:
    with Place(tmp_path / "undisturbed", mosquitto) as place:
        feed(place, tmp_path / "recording")
        place.settle()
        expected = place.stored()
    for measurement, field in SPOILT.items():
        times_ns = [(START_S + n * 7 * 86_400) * S for n in (-1, 0, 1)]
        lines = b"\n".join(b'%s,store=other %s="text" %d' % (measurement.encode(), field.encode(), at) for at in times_ns)
        assert influxdb.server.write(lines, influxdb.name) == 204
    with Place(tmp_path / "refused", mosquitto, influx_sink(influxdb, tmp_path / "refused")) as place:
        reader = InfluxReader(influxdb.url, influxdb.name, influxdb.token)
        feed(place, tmp_path / "recording")
        place.until(place.gateway.is_settled, "everything to be told")
        place.until(lambda: "sink_refused" in {problem["code"] for problem in place.gateway.status()["problems"]}, "status to say so")
        problem = next(problem for problem in place.gateway.status()["problems"] if problem["code"] == "sink_refused")
        assert problem["level"] == "broken"
        assert '"rssi_dbm" on measurement "presence"' in problem["what"]
        wait_until_nothing_more_is_refused(place)  # else the last version is written after the mending, and nothing is shown
        for measurement in SPOILT:
            influxdb.server.influxql(f'DROP MEASUREMENT "{measurement}"', influxdb.name)
        assert "to be taken in again" in footfall(place, "quarantine", "replay", "--reason", "sink.refused")
        place.until(lambda: not place.gateway.status()["quarantine"], "quarantine to be empty")
        balance = place.settle(reader)
        found = place.stored(reader)
        for line in footfall(place, "quarantine", "history", "--json").splitlines():
            assert json.loads(line)["reason"] == "sink.refused"
    assert balance["pending"] == 0
    assert found == expected
