"""Both readers give back exactly what the sinks were given, from SQLite and from real InfluxDB 1.8 and 2.7."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import ConfigError, SinkUnavailable
from gateway.points import SCHEMA, Coded, Points, from_rows
from gateway.points.rows import VisitPoint
from gateway.query.as_of_reader import AsOfReader
from gateway.sinks.cells import Aggregate
from gateway.sinks.influxdb.reader import InfluxReader
from gateway.sinks.reader import PAGE_ROWS, PointReader, columns_of
from gateway.sinks.sink import Sink
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite
from simulators.parts.process import free_port
from tests.docs import dataset
from tests.support.real_parts import INFLUX_VERSIONS, Bucket, InfluxServers, new_bucket

NOON = 1_792_836_000 * 10**9
MERGED = 1 + len(SCHEMA["visit"].tags) + [*SCHEMA["visit"].fields].index("merged_into")
DATA = {points.measurement: points for points in dataset.points()}


@pytest.fixture(params=["sqlite", *INFLUX_VERSIONS])
def store(request: pytest.FixtureRequest, tmp_path: Path, influx_servers: InfluxServers) -> Iterator[tuple[Sink, PointReader]]:
    """A sink and the reader of what it writes."""
    sink: Sink
    reader: PointReader
    if request.param == "sqlite":
        sink = SQLite(tmp_path / "footfall.db")
        reader = SqliteReader(tmp_path / "footfall.db")
    else:
        bucket = new_bucket(influx_servers.running(request.param))
        sink, reader = bucket.sink(), InfluxReader(bucket.url, bucket.name, bucket.token)
    yield sink, reader
    reader.close()
    sink.close()


def rows_of(points: Points) -> list[tuple[Any, ...]]:
    """Rows as a reader gives them, sorted."""
    schema = SCHEMA[points.measurement]
    columns = [points.tags[name] for name in schema.tags] + [points.fields[name] for name in schema.fields]
    values = [column.texts() if isinstance(column, Coded) else column.tolist() for column in columns]
    return sorted(zip(points.time_ns.tolist(), *values, strict=True))


def read(reader: PointReader, measurement: str, **asked: Any) -> list[tuple[Any, ...]]:
    table = reader.rows(measurement, **asked)
    assert table.time_ns.tolist() == sorted(table.time_ns.tolist())
    columns = [table.values(name) for name in asked.get("columns") or columns_of(SCHEMA[measurement])]
    return sorted(zip(table.time_ns.tolist(), *columns, strict=True))


def test_every_measurement_comes_back_exactly(store: tuple[Sink, PointReader]) -> None:
    sink, reader = store
    sink.write(list(DATA.values()))
    for name, points in DATA.items():
        assert read(reader, name, void=True) == rows_of(points), name
    assert reader.stores() == ["berlin", "shanghai"]


def test_spans_tags_columns_and_void(store: tuple[Sink, PointReader]) -> None:
    sink, reader = store
    sink.write(list(DATA.values()))
    visits = [row for row in rows_of(DATA["visit"]) if not row[MERGED]]
    assert read(reader, "visit") == visits
    assert len(rows_of(DATA["visit"])) == len(visits) + 1
    berlin = [row for row in rows_of(DATA["zone_traffic"]) if row[1:3] == ("berlin", "shoes") and NOON <= row[0] < NOON + 3600 * 10**9]
    assert berlin
    assert read(reader, "zone_traffic", store="berlin", from_ns=NOON, to_ns=NOON + 3600 * 10**9, zone="shoes") == berlin
    assert read(reader, "zone_traffic", store="berlin", zone="nowhere") == []
    assert read(reader, "door", columns=("in", "door")) == sorted((row[0], row[4], row[2]) for row in rows_of(DATA["door"]))
    times = [row[0] for row in rows_of(DATA["visit"]) if row[2] == "berlin"]
    assert reader.span("visit", "berlin") == (min(times), max(times))
    every = [row[0] for row in rows_of(DATA["visit"])]
    assert reader.span("visit") == (min(every), max(every))
    assert reader.span("visit", "nowhere") is None
    edge = rows_of(DATA["gap"])[0][0]
    assert (len(read(reader, "gap", to_ns=edge)), len(read(reader, "gap", from_ns=edge, to_ns=edge + 1))) == (0, 1)


def test_rows_as_of_a_time_leave_out_what_became_known_later(store: tuple[Sink, PointReader]) -> None:
    """The data set has a reading of each store's main door that became known a day late."""
    sink, reader = store
    late = [from_rows("door", [(row[4], "berlin-1", "main", "berlin", 7, 0)]) for row in rows_of(DATA["revision"]) if row[3] == "berlin"]
    sink.write([*DATA.values(), *late])
    (learned_ns,) = [row[0] for row in rows_of(DATA["revision"]) if row[3] == "berlin"]
    before, after = AsOfReader(reader, learned_ns), AsOfReader(reader, learned_ns + 1)
    found = set(read(after, "door", store="berlin")) - set(read(before, "door", store="berlin"))
    assert {row[4:] for row in found} == {(7, 0)}
    sums = [Aggregate("in", "sum", "in"), Aggregate("n", "count", "in")]
    then, now = (each.cells("door", sums, 0, learned_ns, 3600 * 10**9, ("store",), ["berlin", "shanghai"]) for each in (before, after))
    assert {name: int(now.values[name].sum() - then.values[name].sum()) for name in ("in", "n")} == {"in": 7, "n": 1}


def test_nothing_stored_is_no_error(store: tuple[Sink, PointReader]) -> None:
    _, reader = store
    assert (reader.stores(), reader.span("traffic"), len(reader.rows("traffic"))) == ([], None, 0)


def test_long_answers_are_read_in_pages_and_integers_are_exact(store: tuple[Sink, PointReader]) -> None:
    sink, reader = store
    n, heard = 2 * PAGE_ROWS + 1, list[int]()
    sink.write([from_rows("door", [(NOON + i, "a1", "main", "s1", 2**62 + i, 0) for i in range(n)])])
    table = reader.rows("door", "s1", columns=("in",), on_page=heard.append)
    assert table.numbers("in").tolist() == [2**62 + i for i in range(n)]
    assert heard[-1] == n
    assert len(heard) == 3


def test_the_latest_version_of_a_point_is_read(store: tuple[Sink, PointReader]) -> None:
    sink, reader = store
    for fan, void in (("", False), ("f1", False), ("f1", True)):
        visit = VisitPoint(NOON, "a1", "s1", "00", fan, bool(fan), False, False, 1, 1.5, 1, 0, 0, 0.0, void, "", entries=1)
        sink.write([from_rows("visit", [visit])])
        assert read(reader, "visit", columns=("fan", "void")) == ([] if void else [(NOON, fan, False)])


@pytest.mark.parametrize("name", ["x' OR 1=1 --", "$store", '"', "", "A", "a b", "a" * 65, "\n", "é"])
def test_what_cannot_be_a_name_is_refused(tmp_path: Path, name: str) -> None:
    SQLite(tmp_path / "footfall.db").close()
    readers: list[PointReader] = [SqliteReader(tmp_path / "footfall.db"), InfluxReader("http://127.0.0.1:1", "footfall")]
    for reader in readers:
        with pytest.raises(ConfigError, match="cannot name a store"):
            reader.rows("traffic", name)
        with pytest.raises(ConfigError, match="cannot name a zone"):
            reader.rows("zone_traffic", "s1", zone=name)
        with pytest.raises(ConfigError, match="traffic has no zone: its tags are store"):
            reader.rows("traffic", "s1", zone="shoes")
        reader.close()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        SqliteReader(tmp_path / "absent.db")
    (tmp_path / "text").write_text("not a database, but quite long enough to have a header " * 100)
    with pytest.raises(ConfigError, match="not a readable SQLite database"):
        SqliteReader(tmp_path / "text")
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigError, match="not a database of the gateway"):
        SqliteReader(tmp_path / "empty.db")


def test_a_reader_never_writes_and_sees_what_is_written_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "odd name?#%.db"
    sink = SQLite(path)
    reader = SqliteReader(path)
    sink.write([DATA["door"]])
    assert len(reader.rows("door")) == len(DATA["door"])
    with pytest.raises(Exception, match="readonly"):
        reader._db.execute("DELETE FROM door")
    sink.close()
    assert len(reader.rows("door")) == len(DATA["door"])
    reader.close()


def test_mistakes_of_set_up_are_reported(influxdb: Bucket) -> None:
    with pytest.raises(ConfigError, match=r"refuses the token \(401"):
        InfluxReader(influxdb.url, influxdb.name, "wrong:wrong").stores()
    with pytest.raises(ConfigError, match="nowhere"):
        InfluxReader(influxdb.url, "nowhere", influxdb.token).rows("traffic")


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(SinkUnavailable, match="does not answer"):
        InfluxReader(f"http://127.0.0.1:{free_port()}", "footfall").stores()
