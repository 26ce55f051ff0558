"""What is particular to InfluxDB: mistakes of set-up, waiting as requested, and how few requests a bad batch costs."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ConfigError, PartialWrite, SinkUnavailable
from gateway.points import Points, concat, from_rows
from gateway.sinks.influxdb.line_protocol import _encode_few, encode, request_bodies
from gateway.sinks.influxdb.refused_writes import RefusedWrite
from gateway.sinks.influxdb.sink import InfluxDB
from simulators.parts.process import free_port
from tests.support.random_points import points
from tests.support.real_parts import Bucket, new_bucket
from tests.support.waiting import PATIENCE_S

HOUR_NS = 3600 * 10**9


class Counted(InfluxDB):
    """Counts its writes."""

    writes = 0

    def _post(self, body: bytes) -> RefusedWrite | None:
        self.writes += 1
        return super()._post(body)


def counted(bucket: Bucket) -> Counted:
    return Counted(bucket.url, bucket.name, bucket.token, bucket.server.org)


def doors(times_ns: list[int]) -> Points:
    return from_rows("door", [(time_ns, f"a{n % 5}", "d", "s", n, n) for n, time_ns in enumerate(times_ns)])


# --- mistakes of set-up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"token": "wrong"}, "the token is wrong or expired: check `token_file`"),
        ({"token": ""}, "the token is wrong or expired: check `token_file`"),
        ({"bucket": "nowhere"}, "there is no bucket 'nowhere'"),
        ({"url": "/elsewhere"}, "there is no bucket .* or correct `bucket`, `org`, `url`"),
    ],
)
def test_a_mistake_of_set_up_is_named_and_no_point_is_lost(influxdb: Bucket, wrong: dict[str, str], advice: str) -> None:
    right = {"url": influxdb.url, "bucket": influxdb.name, "token": influxdb.token, "org": influxdb.server.org}
    sink = InfluxDB(**(right | wrong | ({"url": influxdb.url + wrong["url"]} if "url" in wrong else {})))
    with pytest.raises(ConfigError, match=advice):
        sink.ping()
    with pytest.raises(SinkUnavailable, match=advice) as caught:
        sink.write([doors([1, 2, 3])])
    assert caught.value.retry_after_s >= 10


def test_a_token_that_may_only_read_is_named(influxdb: Bucket) -> None:
    reader = influxdb.server.create_reader(influxdb.name)
    with pytest.raises(ConfigError, match="may not write to bucket"):
        InfluxDB(influxdb.url, influxdb.name, reader, influxdb.server.org).ping()


def test_an_unknown_retention_policy_is_named(influxdb: Bucket) -> None:
    advice = "create that retention policy" if influxdb.server.version == "1.8" else "there is no bucket"
    sink = InfluxDB(influxdb.url, f"{influxdb.name.partition('/')[0]}/nowhere", influxdb.token)
    with pytest.raises(SinkUnavailable, match=advice):
        sink.write([doors([1])])


def test_nobody_there_is_not_a_mistake_but_a_wait(influxdb: Bucket) -> None:
    sink = InfluxDB(f"http://127.0.0.1:{free_port()}", influxdb.name, influxdb.token)
    with pytest.raises(SinkUnavailable, match=r"cannot be reached.*is InfluxDB running there"):
        sink.ping()
    influxdb.sink().ping()


# --- refused lines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [1, 2500, 5000])
def test_points_beyond_retention_are_set_aside_by_time(influxdb: Bucket, old: int) -> None:
    bucket = new_bucket(influxdb.server, keep_s=48 * 3600)
    now = time.time_ns()
    times = [now - 72 * HOUR_NS - n for n in range(old)] + [now - HOUR_NS - n for n in range(5000 - old)]
    random.Random(old).shuffle(times)
    sink, made = counted(bucket), doors(times)
    with pytest.raises(PartialWrite) as caught:
        sink.write([made])
    expected = [line for line, at in zip(encode(made).split(b"\n"), times, strict=True) if at < now - 48 * HOUR_NS]
    assert sorted(rejected.line for rejected in caught.value.rejected) == sorted(expected)
    assert all("retention policy" in rejected.reason for rejected in caught.value.rejected)
    assert stored(bucket) == 5000 - old
    assert sink.writes <= 20


def test_beyond_retention_and_of_another_type_at_once(influxdb: Bucket) -> None:
    bucket = new_bucket(influxdb.server, keep_s=48 * 3600)
    now = time.time_ns()
    assert bucket.server.write(b'door,store=other in="text" %d' % now, bucket.name) == 204
    touches = from_rows("gap", [(now - HOUR_NS - n, "a", "s", n, n, n, "") for n in range(300)])
    old, bad = doors([now - 72 * HOUR_NS - n for n in range(300)]), doors([now - n for n in range(1, 21)])
    with pytest.raises(PartialWrite) as caught:
        bucket.sink().write([old, touches, bad])
    reasons = [
        "retention" if "retention policy" in rejected.reason and "conflict" not in rejected.reason else "conflict"
        for rejected in caught.value.rejected
    ]
    assert sorted(rejected.line for rejected in caught.value.rejected) == sorted(encode(old).split(b"\n") + encode(bad).split(b"\n"))
    assert (reasons.count("retention"), reasons.count("conflict")) == (300, 20)
    assert stored(bucket, "gap", "rows") == 300


@pytest.mark.parametrize("k", [1, 10, 100])
def test_finding_k_bad_lines_costs_about_k_log_n_writes(influxdb: Bucket, k: int) -> None:
    now, week = 1_767_571_200 * 10**9, 7 * 24 * HOUR_NS
    assert influxdb.server.write(b'door,store=other in="text" %d' % now, influxdb.name) == 204
    bad = set(random.Random(k).sample(range(5000), k))
    sink = counted(influxdb)
    with pytest.raises(PartialWrite) as caught:
        sink.write([doors([now + n if n in bad else now + week + n for n in range(5000)])])
    assert len(caught.value.rejected) == k
    assert sink.writes <= 2 * k * (math.log2(5000 / k) + 2) + 2


def test_thousands_of_a_refused_type_cost_a_few_writes_an_hour(influxdb: Bucket) -> None:
    now, week = 1_767_571_200 * 10**9, 7 * 24 * HOUR_NS
    assert influxdb.server.write(b'door,store=other in="text" %d' % now, influxdb.name) == 204
    bad = [now + hour * HOUR_NS + n for hour in range(3) for n in range(1500)]
    sink = counted(influxdb)
    with pytest.raises(PartialWrite) as caught:
        sink.write([doors([*bad, *(now + week + n for n in range(400))])])
    assert sorted(rejected.line for rejected in caught.value.rejected) == sorted(encode(doors(bad)).split(b"\n"))
    assert all('"in"' in rejected.reason for rejected in caught.value.rejected)
    assert stored(influxdb) == 400
    assert sink.writes <= 12


def stored(bucket: Bucket, measurement: str = "door", field_name: str = "in") -> int:
    series = bucket.server.influxql(f"SELECT count(\"{field_name}\") FROM {measurement} WHERE store = 's'", bucket.name)
    return int(series[0]["values"][0][1]) if series else 0


# --- what a healthy server does not answer on demand ----------------------------------------------------------------------------


@dataclass
class Answers:
    """What a web server answers to each request, whatever is asked."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    token: str = ""
    """The only one that is let in; "": any."""
    delay_s: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    at_a_time: int = 0
    most_at_a_time: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture
def answers() -> Iterator[tuple[Answers, str]]:
    said = Answers()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with said.lock:
                said.bodies.append(body)
                said.at_a_time += 1
                said.most_at_a_time = max(said.most_at_a_time, said.at_a_time)
            time.sleep(said.delay_s)
            with said.lock:
                said.at_a_time -= 1
            known = not said.token or self.headers["Authorization"] == f"Token {said.token}"
            self.send_response(said.status if known else 401)
            for name, value in (said.headers | {"Content-Length": str(len(said.body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield said, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_the_server_asks(answers: tuple[Answers, str], status: int) -> None:
    said, url = answers
    said.status, said.headers, said.body = status, {"Retry-After": "7"}, b'{"code":"too many requests","message":"busy"}'
    with pytest.raises(SinkUnavailable, match=f"answers {status}: busy") as caught:
        InfluxDB(url, "b").write([doors([1])])
    assert caught.value.retry_after_s == 7.0
    said.headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)}
    with pytest.raises(SinkUnavailable) as caught:
        InfluxDB(url, "b").write([doors([1])])
    assert 80 < caught.value.retry_after_s <= 90


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, b"<html>Welcome</html>", "answers 200, where InfluxDB answers 204"),
        (302, b"", "answers 302"),
        (400, b'{"code":"invalid","message":"organization is malformed"}', "malformed.*even to an empty write"),
        (500, b'{"error":"engine: cache-max-memory-size exceeded"}', "cache-max-memory-size"),
        (502, "Zeitüberschreitung".encode("latin-1"), "no UTF-8"),
        (504, b"", "answers 504: Gateway Timeout"),
    ],
)
def test_any_other_answer_loses_no_point(answers: tuple[Answers, str], status: int, body: bytes, message: str) -> None:
    said, url = answers
    said.status, said.body = status, body
    with pytest.raises(SinkUnavailable, match=message):
        InfluxDB(url, "b").write([doors([1, 2, 3])])


def test_a_token_that_is_refused_is_read_again_and_the_same_points_are_written(answers: tuple[Answers, str]) -> None:
    said, url = answers
    said.token, on_disk = "old", ["old"]
    sink = InfluxDB(url, "b", lambda: on_disk[-1])
    sink.write([doors([1])])
    said.token = "new"
    with pytest.raises(SinkUnavailable, match="token is wrong or expired"):
        sink.write([doors([2])])
    on_disk.append("new")
    said.bodies.clear()
    sink.write([doors([2])])
    assert said.bodies[-1].startswith(b"door,")
    sink.close()


def test_a_token_that_cannot_be_read_any_more_is_reported_and_tried_again(answers: tuple[Answers, str]) -> None:
    said, url = answers
    said.token, on_disk = "new", ["old"]

    def read() -> str:
        if not on_disk:
            raise ConfigError("token: the secret cannot be read")
        return on_disk[-1]

    sink = InfluxDB(url, "b", read)
    on_disk.clear()
    for _ in range(2):
        with pytest.raises(SinkUnavailable, match="token: the secret cannot be read"):
            sink.write([doors([1])])
    on_disk.append("new")
    sink.write([doors([1])])
    sink.close()


def test_a_server_that_hangs_is_given_up(answers: tuple[Answers, str]) -> None:
    said, url = answers
    said.delay_s = 1.0
    with pytest.raises(SinkUnavailable, match=r"does not answer within 0\.2 s"):
        InfluxDB(url, "b", timeout_s=0.2).write([doors([1])])


def presences(times_ns: list[int]) -> Points:
    return from_rows("presence", [(time_ns, "a", "stay", "s", "z", time_ns, "p", -60, 1.0, "agent", -1, 0) for time_ns in times_ns])


@given(st.lists(points(), max_size=6), st.integers(1, 300))
def test_lines_are_the_same_in_requests_of_any_size(batch: list[Points], most_lines: int) -> None:
    """Points of one measurement that follow each other are encoded as one, with names of their own each."""
    lines = [line for each in batch if len(each) for line in _encode_few(each).split(b"\n")]
    bodies = [body.split(b"\n") for body in request_bodies(batch, most_lines)]
    assert [line for body in bodies for line in body] == lines
    assert [len(body) for body in bodies[:-1]] == [most_lines] * (len(bodies) - 1)
    assert all(len(body) <= most_lines for body in bodies[-1:])


@given(points(min_size=2), st.data())
def test_points_cut_and_put_together_again_are_the_same(made: Points, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(made) - 1))
    again = concat([made.slice(0, at), made.slice(at, len(made)), made])
    assert _encode_few(again) == b"\n".join([_encode_few(made)] * 2)
    assert encode(concat([made] * 50)) == b"\n".join([_encode_few(made)] * 50)


def test_what_fits_into_one_request_is_one(answers: tuple[Answers, str]) -> None:
    said, url = answers
    said.status = 204
    batch = [presences([2, 1]), doors([2, 1]), presences([3])]
    InfluxDB(url, "b", batch_lines=5).write(batch)
    assert said.bodies == [b"\n".join([encode(batch[1]), encode(presences([2, 1, 3]))])], "in order within a measurement"
    InfluxDB(url, "b", batch_lines=4).write(batch)
    assert sorted(said.bodies[1:]) == sorted([encode(presences([2, 1, 3])), encode(batch[1])])


def test_requests_overlap_where_every_point_has_one_version(answers: tuple[Answers, str]) -> None:
    """The next request is there when the database is done with the last, and no third one; all others wait for the one before."""
    said, url = answers
    said.status, said.delay_s = 204, 0.05
    batch = [doors([1, 2, 3]), presences(list(range(10)))]
    InfluxDB(url, "b", batch_lines=1).write(batch)
    assert said.most_at_a_time == 3, "two of these, and one of all others"
    assert sorted(body for body in said.bodies if body.startswith(b"presence")) == sorted(encode(batch[1]).split(b"\n"))
    assert [body for body in said.bodies if body.startswith(b"door")] == encode(batch[0]).split(b"\n")
    said.most_at_a_time = 0
    InfluxDB(url, "b", batch_lines=1).write(batch[:1])
    assert said.most_at_a_time == 1


def test_no_request_is_under_way_when_a_write_has_failed(answers: tuple[Answers, str]) -> None:
    said, url = answers
    said.status, said.delay_s = 503, 0.05
    with pytest.raises(SinkUnavailable):
        InfluxDB(url, "b", batch_lines=1).write([presences(list(range(10)))])
    assert said.at_a_time == 0
    assert len(said.bodies) == 2


def test_closed_in_the_middle_of_a_write_it_ends_with_an_error_and_not_never(answers: tuple[Answers, str]) -> None:
    """As at the end of a gateway whose database is slow: nothing hangs, and what was not answered is not taken for stored."""
    said, url = answers
    said.delay_s = 0.1
    sink, failed = InfluxDB(url, "b", batch_lines=1), []

    def write() -> None:
        try:
            sink.write([doors(list(range(10))), presences(list(range(50)))])
        except (RuntimeError, SinkUnavailable) as error:
            failed.append(error)

    writing = threading.Thread(target=write)
    writing.start()
    time.sleep(0.25)
    sink.close()
    writing.join(PATIENCE_S)
    assert not writing.is_alive()
    assert failed
    assert said.at_a_time == 0


def test_of_two_requests_under_way_either_may_be_refused(answers: tuple[Answers, str]) -> None:
    """One answer fails as the server goes away, the other is a refusal: the whole write fails, and is done again."""
    said, url = answers
    said.status, said.body, said.delay_s = 500, b'{"error":"timeout"}', 0.02
    sink = InfluxDB(url, "b", batch_lines=1)
    batch = [doors(list(range(6))), presences(list(range(6)))]
    for _ in range(3):
        with pytest.raises(SinkUnavailable):
            sink.write(batch)
        assert said.at_a_time == 0
    said.status, said.body = 204, b""
    said.bodies.clear()
    sink.write(batch)
    assert sorted(said.bodies) == sorted(line for each in batch for line in encode(each).split(b"\n"))
    sink.close()
