"""What `gateway/sinks/sink.py` promises, held against every database. A new sink is done when it is listed here and passes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.errors import PartialWrite, RejectedPoint, SinkUnavailable
from gateway.points import SCHEMA, Coded, Points, from_rows
from gateway.sinks.influxdb.line_protocol import encode
from gateway.sinks.influxdb.reader import InfluxReader
from gateway.sinks.influxdb.sink import InfluxDB
from gateway.sinks.kinds import AnySink
from gateway.sinks.reader import PointReader
from gateway.sinks.stored_text import stored_tag, stored_text
from tests.support.databases import DATABASES, MONDAY_NS, WEEK_NS, Database, Fresh
from tests.support.random_points import points
from tests.support.real_parts import INFLUX_VERSIONS, Version, influx_server, new_bucket
from tests.support.waiting import PATIENCE_S
from tests.support.whole import examples

SECOND_NS = 10**9

Row = dict[str, Any]


def test_every_kind_of_sink_is_held_to_it() -> None:
    kinds = {get_args(settings.model_fields["kind"].annotation)[0] for settings in get_args(get_args(AnySink)[0])}
    assert kinds == {database.partition("-")[0] for database in DATABASES}


def rows_of(made: Points) -> list[Row]:
    """The points as what a reader must give back, by time."""
    schema = SCHEMA[made.measurement]
    columns: dict[str, list[Any]] = {"time_ns": made.time_ns.tolist()}
    columns |= {name: list(map(stored_tag, column.texts())) for name, column in made.tags.items()}
    for name, column in made.fields.items():
        if isinstance(column, Coded):
            columns[name] = list(map(stored_text, column.texts()))
        else:
            columns[name] = [f"{value:016x}" if schema.fields[name] == "subject" else value for value in column.tolist()]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return sorted(rows, key=lambda row: row["time_ns"])


def read(database: Database, measurement: str) -> list[Row]:
    reader = database.reader()
    try:
        table = reader.rows(measurement, void=True)
    finally:
        reader.close()
    names = [*SCHEMA[measurement].tags, *SCHEMA[measurement].fields]
    columns = {"time_ns": table.time_ns.tolist()} | {name: table.values(name) for name in names}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def gaps(count: int, seconds: Sequence[int] | None = None, reason: str = "") -> Points:
    """One a second from MONDAY_NS, or at the seconds named."""
    at = range(count) if seconds is None else seconds
    return from_rows("gap", [(MONDAY_NS + n * SECOND_NS + n, f"a{n % 7}", "s1", n, n + 1, n, reason or f"r{n % 5}") for n in at])


EXTREMES = from_rows("gap", [(-(1 << 63), "", "", -(1 << 63), (1 << 63) - 1, 0, "x" * 1_000_000)])

# Few weeks, since each week is a shard to be opened; before 1970 and far off as well.
times = st.one_of(st.integers(MONDAY_NS, MONDAY_NS + 2 * WEEK_NS), st.sampled_from([-1, 0, 4_102_444_800 * 10**9]))
made_points = points(times=times, min_size=1, max_size=100)
few_examples = settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@few_examples
@given(made=made_points)
def test_what_was_written_reads_back(fresh: Fresh, made: Points) -> None:
    database = fresh()
    database.sink.write([made])
    assert read(database, made.measurement) == rows_of(made)


@few_examples
@given(made=made_points, seed=st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(fresh: Fresh, made: Points, seed: random.Random) -> None:
    database = fresh()
    order = np.array(seed.sample(range(len(made)), len(made)))
    for part in (*np.array_split(order, 3), order[:1], order):
        database.sink.write([taken(made, part)])
    assert read(database, made.measurement) == rows_of(made)


@pytest.mark.parametrize("measurement", sorted(SCHEMA))
def test_a_new_version_replaces_every_field(fresh: Fresh, measurement: str) -> None:
    first: dict[str, Any] = {"int": 1, "float": 1.5, "bool": True, "text": "first", "subject": 1}
    second: dict[str, Any] = {"int": 0, "float": 0.0, "bool": False, "text": "", "subject": ""}
    tags, kinds = SCHEMA[measurement].tags, SCHEMA[measurement].fields.values()
    database = fresh()
    for version in (first, second):
        row = (MONDAY_NS, *tags, *(version[kind] for kind in kinds))
        made = from_rows(measurement, [row])
        database.sink.write([made])
        assert read(database, measurement) == rows_of(made)


def test_of_two_versions_in_one_batch_the_later_wins(fresh: Fresh) -> None:
    database = fresh()
    database.sink.write([gaps(100, reason="earlier"), gaps(3), gaps(100, reason="later")])
    assert read(database, "gap") == rows_of(gaps(100, reason="later"))


def test_a_batch_larger_than_a_request_is_stored_whole(fresh: Fresh) -> None:
    database = fresh()
    database.sink.write([gaps(3000), from_rows("door", []), gaps(0, seconds=range(3000, 12_345))])
    assert read(database, "gap") == rows_of(gaps(12_345))


@pytest.mark.parametrize("k", [1, 40, 200])
def test_refused_points_are_named_and_the_others_stored(fresh: Fresh, k: int) -> None:
    database = fresh()
    if database.refuse_second_week is None:
        database.sink.write([gaps(5000), EXTREMES])
        assert read(database, "gap") == rows_of(EXTREMES) + rows_of(gaps(5000))
        return
    database.refuse_second_week()
    second_week = random.Random(k).sample(range(5000), k)
    seconds = [n + WEEK_NS // SECOND_NS if n in second_week else n for n in range(5000)]
    doors = from_rows("door", [(MONDAY_NS + WEEK_NS + n, "a", "d", "s", n, n) for n in range(100)])
    with pytest.raises(PartialWrite) as caught:
        database.sink.write([doors, gaps(0, seconds=seconds), doors])
    refused = gaps(0, seconds=[n for n in seconds if n >= 5000])
    assert sorted(rejected.line for rejected in caught.value.rejected) == sorted(encode(refused).split(b"\n"))
    assert {"field type conflict" in rejected.reason for rejected in caught.value.rejected} == {True}
    stored = [row for row in read(database, "gap") if row["store"] == "s1"]
    assert stored == rows_of(gaps(0, seconds=[n for n in seconds if n < 5000]))
    assert read(database, "door") == rows_of(doors)


def presences(seconds: Sequence[int]) -> Points:
    """Points that have one version only, which a sink may write in any order."""
    times = [MONDAY_NS + n * SECOND_NS for n in seconds]
    return from_rows("presence", [(at, "a", "enter", "s1", "z", at, "p", -60, 1.5, "agent", -1, 3) for at in times])


@pytest.mark.parametrize("seed", [1, 2])
def test_raw_and_derived_points_that_are_refused_in_one_write_are_all_named(fresh: Fresh, seed: int) -> None:
    """Also where requests of the ones go beside requests of the others, and versions of one point follow each other among them."""
    database, rng, later = fresh(), random.Random(seed), WEEK_NS // SECOND_NS
    if database.refuse_second_week is not None:
        database.refuse_second_week()
    bad_raw, bad_derived = set(rng.sample(range(12_000), 50)), set(rng.sample(range(7000), 30))
    raw = presences([n + later if n in bad_raw else n for n in range(12_000)])
    derived = [n + later if n in bad_derived else n for n in range(7000)]
    refused: tuple[RejectedPoint, ...] = ()
    try:
        database.sink.write([gaps(0, seconds=derived[:4000], reason="earlier"), raw, gaps(0, seconds=derived)])
    except PartialWrite as error:
        refused = error.rejected
    expected_raw, expected_derived = set(range(12_000)) - bad_raw, set(range(7000)) - bad_derived
    if database.refuse_second_week is None:
        expected_raw, expected_derived = expected_raw | {n + later for n in bad_raw}, expected_derived | {n + later for n in bad_derived}
    else:
        bad = [presences([n + later for n in bad_raw]), gaps(0, seconds=[n + later for n in bad_derived])]
        bad.append(gaps(0, seconds=[n + later for n in bad_derived if n < 4000], reason="earlier"))
        assert sorted(each.line for each in refused) == sorted(line for each in bad for line in encode(each).split(b"\n"))
    stored = [row for row in read(database, "presence") if row["store"] == "s1"]
    assert stored == rows_of(presences(sorted(expected_raw)))
    stored = [row for row in read(database, "gap") if row["store"] == "s1"]
    assert stored == rows_of(gaps(0, seconds=sorted(expected_derived)))


def test_what_is_no_number_is_a_bug_of_its_maker(fresh: Fresh) -> None:
    with pytest.raises(ValueError, match="NaN"):
        fresh().sink.write([from_rows("item", [(MONDAY_NS, "a", "k", "s", "z", "", "", "", float("nan"))])])


def test_delete_forgets_the_span_of_one_store(fresh: Fresh) -> None:
    database = fresh()
    other = from_rows("gap", [(MONDAY_NS + n * SECOND_NS, "a", "s2", n, n, n, "") for n in range(100)])
    doors = from_rows("door", [(MONDAY_NS + n * SECOND_NS + n, "a", "d", "s1", n, n) for n in range(100)])
    database.sink.write([gaps(100), other, doors])
    database.sink.delete(["gap", "traffic"], "s1", MONDAY_NS + 10 * SECOND_NS + 10, MONDAY_NS + 20 * SECOND_NS + 20)
    left = rows_of(gaps(0, seconds=[*range(10), *range(20, 100)])) + rows_of(other)
    assert in_order(read(database, "gap")) == in_order(left)
    assert read(database, "door") == rows_of(doors)
    database.sink.delete(["gap"], "no such store", 0, 1 << 62)
    database.sink.delete(["gap"], "s1' OR 'a'='a", 0, 1 << 62)
    assert len(read(database, "gap")) == 190


def test_what_is_being_read_can_be_interrupted(fresh: Fresh) -> None:
    database, readers, raised = fresh(), list[PointReader](), list[SinkUnavailable]()
    database.sink.write([gaps(2_000)])

    def read_on() -> None:
        with closing(database.reader()) as reader:
            readers.append(reader)
            try:
                while True:
                    reader.rows("gap")
            except SinkUnavailable as error:
                raised.append(error)

    thread = threading.Thread(target=read_on)
    thread.start()
    while thread.is_alive():
        for each in readers:
            each.interrupt()
        thread.join(0.001)
    assert "was interrupted" in str(raised)


def test_analysts_read_while_it_is_written(fresh: Fresh) -> None:
    database = fresh()
    database.sink.write([gaps(1)])
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(len(read(database, "gap")))

    analyst = threading.Thread(target=watch)
    analyst.start()
    for batch in range(20):
        database.sink.write([gaps(0, seconds=range(batch * 500, batch * 500 + 500))])
    done.set()
    analyst.join()
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert len(read(database, "gap")) == 10_000


@pytest.mark.parametrize("version", INFLUX_VERSIONS)
def test_a_killed_server_keeps_what_was_acknowledged(version: Version, tmp_path: Path) -> None:
    """It dies while it is written to, once some batches were stored, and comes back once one was refused: neither by the clock."""
    server = influx_server(version, tmp_path).start()
    try:
        bucket, stored, refused = new_bucket(server), threading.Event(), threading.Event()

        def outage() -> None:
            stored.wait(PATIENCE_S)
            server.kill()
            refused.wait(PATIENCE_S)
            server.start()

        killer = threading.Thread(target=outage)
        killer.start()
        # Several requests are under way when it dies.
        points = BATCH * write_through_an_outage(bucket.sink(batch_lines=100), stored, refused)
        killer.join()
        database = Database(bucket.sink(), lambda: InfluxReader(bucket.url, bucket.name, bucket.token))
        assert read(database, "gap") == rows_of(gaps(points))
        assert read(database, "presence") == rows_of(presences(range(points)))
    finally:
        server.stop()


BATCH, BATCHES = 500, 8
"""So many points of each measurement are a batch; so many batches are stored before the outage, and after it."""


def write_through_an_outage(sink: InfluxDB, stored: threading.Event, refused: threading.Event) -> int:
    """Write as the gateway does, the same batch again until it is taken, on to some batches after one was refused; return how many."""
    number, left, deadline = 0, BATCHES, time.monotonic() + PATIENCE_S
    while left:
        assert time.monotonic() < deadline, f"{number} batches were taken"
        span = range(number * BATCH, (number + 1) * BATCH)
        try:
            sink.write([gaps(0, seconds=span, reason="earlier"), presences(span), gaps(0, seconds=span)])
        except SinkUnavailable:
            refused.set()
            time.sleep(0.05)
            continue
        number += 1
        left -= refused.is_set()
        if number == BATCHES:
            stored.set()
    return number


def taken(made: Points, order: np.ndarray[Any, Any]) -> Points:
    tags = {name: Coded(column.codes[order], column.names) for name, column in made.tags.items()}
    fields = {name: Coded(c.codes[order], c.names) if isinstance(c, Coded) else c[order] for name, c in made.fields.items()}
    return Points(made.measurement, made.time_ns[order], tags, fields)


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["store"], row["time_ns"]))
