"""Databases that earlier releases wrote into: a field or a measurement that is new breaks nothing in them, and what is old reads on.

`lines-6c2b348.txt.xz` is what that release's sink sent for the documents' data set, before `presence` had `time_width_ms`.
"""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path
from typing import Any, Final

import pytest
import urllib3

from gateway.points import SCHEMA, Coded, Measurement, Points, from_rows
from gateway.points.line_reader import read_line
from gateway.sinks.influxdb import line_protocol as lines
from gateway.sinks.influxdb.reader import InfluxReader
from gateway.sinks.reader import columns_of
from tests.docs import dataset, run
from tests.docs.blocks import ROOT
from tests.support.real_parts import Bucket

OLD: Final = lzma.decompress((Path(__file__).parent / "files" / "lines-6c2b348.txt.xz").read_bytes())
TODAY: Final = {points.measurement: points for points in dataset.points() if f"\n{points.measurement},".encode() in b"\n" + OLD}
"""Of the measurements that release had."""
BOARD: Final = json.loads((ROOT / "deploy/grafana/dashboards/stores.json").read_text(encoding="utf-8"))
SHOWN: Final = {
    "$timeFilter": "time >= '2026-10-23T00:00:00Z' AND time < '2026-10-27T00:00:00Z'",
    "$__interval": "1h",
    "$store": "(berlin)",
}
HALF_NS: Final = int((min(TODAY["presence"].time_ns) + max(TODAY["presence"].time_ns)) // 2)
WIDTH: Final = columns_of(SCHEMA["presence"]).index("time_width_ms") + 1
"""Where it stands in a row, after the time."""
NAMED: Final = {(line.partition(b",")[0], name) for line in OLD.splitlines() for name in re.findall(rb"[ ,](\w+)=", line)}
LATER: Final = [
    (measurement, name)
    for measurement in TODAY
    for name in SCHEMA[measurement].fields
    if (measurement.encode(), name.encode()) not in NAMED
]
"""Fields that the earlier release did not have: there is no sum of them in its bucket."""
Rows = list[tuple[Any, ...]]


def rows_of(points: Points) -> Rows:
    columns = [*points.tags.values(), *points.fields.values()]
    return sorted(zip(points.time_ns.tolist(), *[c.texts() if isinstance(c, Coded) else c.tolist() for c in columns], strict=True))


def read(reader: InfluxReader, measurement: str, **asked: Any) -> Rows:
    table = reader.rows(measurement, void=True, **asked)
    return sorted(zip(table.time_ns.tolist(), *[table.values(name) for name in columns_of(SCHEMA[measurement])], strict=True))


def written_then(measurement: str) -> Rows:
    """What that release wrote, line by line."""
    lines = [line for line in OLD.split(b"\n") if line.startswith(f"{measurement},".encode())]
    return sorted(tuple(read_line(line).row()) for line in lines)


def without_width(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:WIDTH], -1, *row[WIDTH + 1 :])


def send(bucket: Bucket, body: bytes) -> None:
    """As that release did."""
    url = f"{bucket.url}/api/v2/write?org={bucket.server.org}&bucket={bucket.name}&precision=ns"
    answer = urllib3.request("POST", url, body=body, headers={"Authorization": f"Token {bucket.token}"})
    assert answer.status == 204, answer.data


def write(bucket: Bucket, *points: Points) -> None:
    sink = bucket.sink()
    sink.write(points)
    sink.close()


def test_influxdb_takes_a_new_field_beside_points_that_have_none(influxdb: Bucket) -> None:
    """In the same shards, before and after: later points have it, and so do old ones that are written once more."""
    assert b"time_width_ms" not in OLD
    send(influxdb, OLD)
    reader = InfluxReader(influxdb.url, influxdb.name, influxdb.token)
    for name in TODAY:
        assert read(reader, name) == written_then(name), name
    later = TODAY["presence"].where(TODAY["presence"].time_ns >= HALF_NS)
    write(influxdb, later)
    presence = rows_of(TODAY["presence"])
    assert {row[WIDTH] for row in presence} != {-1}
    assert read(reader, "presence") == [without_width(row) if row[0] < HALF_NS else row for row in presence]
    write(influxdb, *TODAY.values())
    for name, points in TODAY.items():
        assert read(reader, name) == rows_of(points), name
    reader.close()


def test_dashboards_show_what_two_releases_wrote(influxdb: Bucket) -> None:
    asked = [target["query"] for panel in BOARD["panels"] for target in panel["targets"]]
    queries = [query for query in asked if not any(f'FROM "{of}"' in query and f'"{name}"' in query for of, name in LATER)]
    assert len(queries) > len(asked) // 2
    send(influxdb, OLD)
    shown = []
    for _ in range(2):
        for query in queries:
            for variable, text in SHOWN.items():
                query = query.replace(variable, text)
            shown.append(run.influxql(query, influxdb.url, influxdb.name, influxdb.token))
        write(influxdb, *[points.where(points.time_ns >= HALF_NS) for points in TODAY.values()])
    assert shown[: len(queries)] == shown[len(queries) :], "the same points, whoever wrote them"
    both = "SELECT count(time_width_ms), count(rssi_dbm) FROM presence"
    width, rssi = run.influxql(both, influxdb.url, influxdb.name, influxdb.token).splitlines()[1].split(",")[-2:]
    assert 0 < int(width) < int(rssi)


def test_influxdb_takes_a_measurement_and_a_field_that_nobody_knows_yet(influxdb: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pretended next release, on a bucket of this one; which reads on what it knows."""
    write(influxdb, TODAY["door"])
    door = SCHEMA["door"]
    queue = Measurement("queue", ("store", "zone"), {"people": "int", "open": "bool"})
    with monkeypatch.context() as next_release:
        next_release.setitem(SCHEMA, "door", Measurement("door", door.tags, {**door.fields, "height_cm": "float"}))  # type: ignore[misc] # it is a dict
        next_release.setitem(SCHEMA, "queue", queue)  # type: ignore[misc] # it is a dict
        lines._line_format.cache_clear()
        first_ns = int(TODAY["door"].time_ns[0])
        tall = from_rows("door", [(first_ns + 1, "berlin-1", "main", "berlin", 1, 0, 171.5)])
        queued = from_rows("queue", [(first_ns, "berlin", "checkout", 4, True)])
        write(influxdb, tall, queued)
        reader = InfluxReader(influxdb.url, influxdb.name, influxdb.token)
        assert read(reader, "queue") == rows_of(queued)
        found = read(reader, "door")
        assert sorted({row[-1] for row in found}) == [0.0, 171.5]
    lines._line_format.cache_clear()
    assert sorted(read(reader, "door")) == sorted([*rows_of(TODAY["door"]), *(row[:-1] for row in rows_of(tall))])
    reader.close()


def test_a_refused_line_of_an_earlier_release_shows_that_it_knew_no_width() -> None:
    """In quarantine such lines wait until somebody mends what refused them."""
    presence = next(line for line in OLD.split(b"\n") if line.startswith(b"presence"))
    assert read_line(presence).fields["time_width_ms"] == -1
    assert read_line(presence).row() in [without_width(row) for row in rows_of(TODAY["presence"])]
