"""Pushes over real HTTP: what is answered, what is counted, and that nobody is counted twice."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from device_profiles.registry import shipped
from edge_agent.clock import SystemClock
from edge_agent.counters import Counters
from edge_agent.sources import http_push
from edge_agent.sources.http_push import HttpPush, PushSource
from edge_agent.sources.source import Crossing, Gap, Heard, Tally, Unexplained
from edge_agent.supervisor import Supervisor
from footfall import http_server
from footfall.config import check
from footfall.errors import ConfigError
from simulators.devices.http_push import PushCamera
from simulators.devices.http_push_formats import FORMATS
from tests.support.waiting import PATIENCE_S, Stopwatch

SECRET = "s3cret"
BEARER = {"Authorization": f"Bearer {SECRET}"}
LIMIT_S = PATIENCE_S


class Ear:
    """The people of all doors, as the agent counts them, and what else was emitted."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.people = [0, 0]
        self.blocks = threading.Event()
        self.blocks.set()
        self._counters = Counters("boot")

    def __call__(self, heard: Heard) -> None:
        self.blocks.wait()
        self.heard.append(heard)
        if isinstance(heard, Tally):
            for counted in self._counters.count(heard, shipped()[heard.profile].counter):
                self.heard.append(counted)
                if isinstance(counted, Crossing):
                    self.people[0] += counted.entered
                    self.people[1] += counted.left

    def unexplained(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        for heard in self.heard:
            if isinstance(heard, Unexplained):
                totals[heard.reason] = totals.get(heard.reason, 0) + heard.total
        return totals


@contextmanager
def running(source: PushSource, ear: Ear) -> Iterator[Supervisor]:
    supervisor, stop = Supervisor([source], ear, SystemClock(), backoff_s=0.2), threading.Event()
    supervisor.start(stop)
    try:
        yield supervisor
    finally:
        ear.blocks.set()
        stop.set()
        until(lambda: not supervisor.is_running(), "the source does not end")


def until(reached: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not reached():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.01)


def make(folder: Path, **more: Any) -> PushSource:
    secret_file = folder / "secret"
    secret_file.write_text(SECRET)
    values = {"kind": "http_push", "name": "cameras", "port": 0, "secret_file": str(secret_file), "door": "main", **more}
    return check(values, HttpPush, "settings").source(SystemClock(), shipped())


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads look sooner whether they are to end."""
    monkeypatch.setattr(http_push, "TURN_S", 0.02)
    monkeypatch.setattr(http_server, "POLL_S", 0.02)
    monkeypatch.setattr("edge_agent.supervisor.POLL_S", 0.02)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def source(tmp_path: Path, ear: Ear) -> Iterator[PushSource]:
    made = make(tmp_path)
    with running(made, ear):
        until(lambda: made.port, "it does not listen")
        yield made


def ask(source: PushSource, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", source.port, timeout=LIMIT_S)
    try:
        connection.request(method, path, body, BEARER if headers is None else headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def push(source: PushSource, body: bytes, path: str = "/", **headers: str) -> tuple[int, Any]:
    return ask(source, "POST", path, body, BEARER | headers)


def retail(entered: int, minute: int = 19) -> bytes:
    """Axis Retail Data of one minute."""
    span = {"utcFrom": f"2020-12-08T12:{minute:02d}:00Z", "utcTo": f"2020-12-08T12:{minute + 1:02d}:00Z"}
    items = [{"direction": "in", "count": entered}, {"direction": "out", "count": 0}]
    data = {**span, "measurements": [{"kind": "people-counts", **span, "items": items}]}
    return json.dumps({"apiName": "Axis Retail Data", "data": data, "sensor": {"serial": "00:40:8c:18:82:27"}}).encode()


def test_a_secret_renewed_on_disk_is_asked_for_at_once(source: PushSource, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("another-secret")
    assert push(source, retail(3))[0] == 401
    assert push(source, retail(3), Authorization="Bearer another-secret") == (200, {"accepted": 1})


def test_a_push_is_answered_when_the_agent_has_it(source: PushSource, ear: Ear) -> None:
    assert push(source, retail(3)) == (200, {"accepted": 1})
    assert ear.people == [3, 0]
    assert ask(source, "PUT", "/any/path?x=1", retail(4, 20)) == (200, {"accepted": 1})
    assert ear.people == [7, 0]


def test_a_replayed_push_counts_once(source: PushSource, ear: Ear) -> None:
    assert push(source, retail(3))[0] == 200
    assert push(source, retail(3)) == (200, {"accepted": 0, "again": True})
    assert ear.people == [3, 0]
    assert ear.unexplained() == {"feed.again": 1}


def test_the_same_report_in_other_words_counts_once(source: PushSource, ear: Ear) -> None:
    """A camera that posts again need not post the same bytes: the period is what names a report."""
    other = json.dumps(json.loads(retail(3)), indent=1).encode()
    assert [push(source, body)[0] for body in (retail(3), other)] == [200, 200]
    assert ear.people == [3, 0]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Authorization": "Bearer wrong"}, "http.secret"),
        ({"Authorization": "Basic " + base64.b64encode(b"camera:wrong").decode()}, "http.secret"),
        ({"Authorization": "Basic !"}, "http.secret"),
        ({"Authorization": "Digest username=camera"}, "http.secret"),
        ({}, "http.unauthorized"),
    ],
)
def test_who_does_not_know_the_secret_is_refused_and_counted(source: PushSource, ear: Ear, headers: dict[str, str], reason: str) -> None:
    assert ask(source, "POST", "/", retail(3), headers)[0] == 401
    assert ask(source, "GET", "/", None, headers)[0] == 401
    assert source.refused_total == {reason: 2}
    assert not ear.heard, "a stranger is no sign of life"
    push(source, retail(1))
    assert ear.people == [1, 0]
    until(lambda: ear.unexplained() == {reason: 2}, "the agent is told with the next push")


def test_a_challenge_names_what_is_needed(source: PushSource) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", source.port, timeout=LIMIT_S)
    connection.request("POST", "/", retail(1))
    assert connection.getresponse().headers["WWW-Authenticate"] == 'Basic realm="footfall"'
    connection.close()


def basic(user: str, password: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("settings", "path", "headers", "status"),
    [
        ({}, "/", basic("anybody"), 200),
        ({"username": "camera"}, "/", basic("camera"), 200),
        ({"username": "camera"}, "/", basic("anybody"), 401),
        ({"accepts": ["basic"]}, "/", BEARER, 401),
        ({"accepts": ["bearer"]}, "/", basic("anybody"), 401),
        ({}, f"/{SECRET}/cam", {}, 401),
        ({"accepts": ["path"]}, f"/{SECRET}/cam", {}, 200),
        ({"accepts": ["path"]}, f"/{SECRET}", {}, 200),
        ({"accepts": ["path"]}, "/wrong/cam", {}, 401),
        ({"accepts": ["path"]}, "/", {}, 401),
        ({"accepts": ["path"]}, "/%ff", {}, 401),
        ({"secret_file": None}, "/", {}, 200),
    ],
)
def test_where_the_secret_may_be(
    tmp_path: Path, ear: Ear, settings: dict[str, Any], path: str, headers: dict[str, str], status: int
) -> None:
    made = make(tmp_path, **settings)
    with running(made, ear):
        until(lambda: made.port, "it does not listen")
        assert ask(made, "POST", path, retail(1), headers)[0] == status
    assert ear.people == [int(status == 200), 0]


def test_the_path_without_its_secret_is_the_topic(tmp_path: Path) -> None:
    guarded, open_to_all = make(tmp_path, accepts=["path"]), make(tmp_path)
    assert [guarded.topic(path) for path in (f"/{SECRET}/a/b?q", "/a/b/", "/")] == ["a/b", "a/b", ""]
    assert open_to_all.topic(f"/{SECRET}/a") == f"{SECRET}/a"


def test_others_cannot_push_to_an_open_source() -> None:
    with pytest.raises(ConfigError, match="secret_file: is needed"):
        check({"kind": "http_push", "name": "cameras", "host": "0.0.0.0"}, HttpPush, "settings")  # noqa: S104 # that is the mistake


def test_an_oversized_body_is_refused_and_the_refusal_arrives(source: PushSource, ear: Ear) -> None:
    assert push(source, b" " * ((1 << 20) + 1))[0] == 413
    assert source.refused_total == {"http.size": 1}
    assert push(source, retail(2))[0] == 200
    assert ear.people == [2, 0]


def test_a_body_that_is_only_announced_is_refused_at_once(source: PushSource) -> None:
    with Stopwatch() as watch:
        assert ask(source, "POST", "/", b"", BEARER | {"Content-Length": str(1 << 40)})[0] == 413
    assert watch.kept_up_s < 4, "it is not waited for"


def test_a_body_without_a_length_is_refused(source: PushSource) -> None:
    with socket.create_connection(("127.0.0.1", source.port), LIMIT_S) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nAuthorization: Bearer s3cret\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 411 ")


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"{", "application/json", "feed.json"),
        (b"<a><b></a>", "application/xml", "feed.xml"),
        (b'{"hello": 1}', "application/json", "feed.unknown"),
        (b"<a/>", "application/xml", "feed.unknown"),
        (b"", "", "feed.unknown"),
        (retail(3).replace(b'"count": 3', b'"count": -3'), "application/json", "feed.count"),
        (b"--b", "multipart/form-data; boundary=b", "http.multipart"),
    ],
)
def test_what_nothing_explains_is_answered_clearly(source: PushSource, ear: Ear, body: bytes, content_type: str, reason: str) -> None:
    status, said = push(source, body, **{"Content-Type": content_type})
    assert (status, said["reason"]) == (400, reason)
    assert ear.people == [0, 0]


def test_a_fault_of_xml_is_answered_with_its_place(source: PushSource) -> None:
    status, said = push(source, b"<EventNotificationAlert>\n<enter>7</exit>", **{"Content-Type": "application/xml"})
    assert (status, said["reason"]) == (400, "feed.xml")
    assert said["message"] == "not XML: mismatched tag, line 2, column 11"


def test_a_heartbeat_is_answered_200(source: PushSource, ear: Ear) -> None:
    inputs = (vector.input.get("text", "") for vector in shipped()["hikvision-people-counting"].vectors)
    beat = next(text for text in inputs if "videoloss" in text)
    assert push(source, beat.encode(), **{"Content-Type": "application/xml"}) == (200, {"accepted": 0})
    assert push(source, b'{"connection_test":{}}') == (200, {"accepted": 0})
    assert ear.people == [0, 0]


def test_telemetry_that_names_nobody_is_answered_200(source: PushSource) -> None:
    gateway = '{"timestamp":"2026-08-01T05:54:25Z","type":"Gateway","mac":"AC233FC001EA"}'
    beacon = '{"type":"Unknown","mac":"DD8800003777","rssi":-59,"rawData":"1116AAFE20000BFE1C000000070800003E7C"}'
    assert push(source, f"[{gateway},{beacon}]".encode()) == (200, {"accepted": 0})


def test_a_settings_page_can_test_the_connection(source: PushSource, ear: Ear) -> None:
    assert ask(source, "GET", "/")[0] == 200
    status, _ = push(source, b'{"apiName":"Axis Retail Data","data":{"measurements":[]},"sensor":{"serial":"00:40:8c:18:82:27"}}')
    assert status == 200
    assert ear.people == [0, 0]


def test_while_the_agent_accepts_nothing_a_post_is_answered_503_and_counts_once(
    source: PushSource, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_push, "ANSWER_S", 0.3)
    ear.blocks.clear()
    assert push(source, retail(3))[0] == 503
    assert push(source, retail(4, 30))[0] == 503
    monkeypatch.setattr(http_push, "ANSWER_S", LIMIT_S)
    ear.blocks.set()
    until(lambda: ear.people == [3, 0], "what was being taken is taken")
    assert push(source, retail(3)) == (200, {"accepted": 0, "again": True})
    assert push(source, retail(4, 30)) == (200, {"accepted": 1}), "what was given up is not taken behind the camera's back"
    assert ear.people == [7, 0]


def test_a_slow_client_is_disconnected_and_delays_no_other(source: PushSource, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "REQUEST_S", 2.0)
    drip, mute = (socket.create_connection(("127.0.0.1", source.port), LIMIT_S) for _ in range(2))
    with drip, mute:
        drip.sendall(b"POST / HTTP/1.1\r\nAuthorization: Bearer s3cret\r\nContent-Length: 50000\r\n\r\n")
        assert push(source, retail(2))[0] == 200
        until(lambda: _has_ended(drip), "it is hung up on")
        assert mute.recv(1) == b""
    assert push(source, retail(1, 40))[0] == 200
    assert ear.people == [3, 0]


def _has_ended(drip: socket.socket) -> bool:
    try:
        drip.sendall(b" ")
    except OSError:  # however the other end shows that it has ended
        return True
    return False


def _status(source: PushSource) -> int:
    try:
        return push(source, retail(1))[0]
    except OSError:
        return 0


def test_a_taken_port_is_a_fault_until_it_is_free(tmp_path: Path, ear: Ear) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        made = make(tmp_path, port=other.getsockname()[1])
        with running(made, ear) as supervisor:
            until(lambda: supervisor.health["cameras"].state == "fault", "nobody says that the port is taken")
            other.close()
            until(lambda: _status(made) == 200, "it does not recover")
            until(lambda: supervisor.health["cameras"].state == "ok", "health does not say so")
    assert ear.people == [1, 0]


# --- emulated cameras ------------------------------------------------------------------------------------------------------------


@contextmanager
def camera_of(profile: str, ear: Ear, push_s: float = 0.1) -> Iterator[PushCamera]:
    """It is heard and ready: from now on every person counts."""
    with PushCamera(profile, push_s=push_s, mend_s=0.4) as camera:
        settings = check({"name": "camera", **camera.settings()}, HttpPush, "settings")
        with running(settings.source(SystemClock(), shipped()), ear):
            until(lambda: 200 in camera.answers, "nobody answers the camera")
            yield camera


STATUSES = {"wrong-secret": 401, "oversized": 413, "garbage": 400}
WAITS = ("wrong-secret", "silence", "unplugged")
FAULTS = {
    "hikvision-people-counting": ("wrong-secret", "silence", "unplugged", "replay", "oversized", "garbage", "drip"),
    "xovis": ("wrong-secret", "unplugged", "replay"),
    "axis-people-counter": ("replay",),
    "milesight-vs": ("replay",),
}


@pytest.mark.parametrize("profile", sorted(FORMATS))
def test_through_every_fault_each_person_counts_once(profile: str, ear: Ear) -> None:
    with camera_of(profile, ear) as camera:
        assert set(FAULTS["hikvision-people-counting"]) == camera.faults.keys()
        people = [0, 0]
        for fault in ("", *FAULTS[profile]):
            camera.answers.clear()
            if fault:
                camera.faults[fault]()
            for _ in range(4):
                camera.say(Crossing(0, "main", 2, 1))
                time.sleep(0.02)
            if fault in WAITS:
                assert ear.people == people, f"{fault} does nothing"
            people = [people[0] + 8, people[1] + 4]
            until(lambda: ear.people == people, f"{fault}: {ear.people} counted of {people}")  # noqa: B023 # it is over with the turn
            until(lambda: STATUSES.get(fault, 200) in camera.answers, f"{fault}: {camera.answers}")  # noqa: B023 # as above
            time.sleep(0.2)
            assert ear.people == people, fault
            assert camera.said_total == sum(people), fault
        assert bool(ear.unexplained().get("feed.again")), "what was replayed came again"


@pytest.mark.parametrize("fault", WAITS)
def test_a_camera_that_is_not_heard_is_a_dated_gap_and_then_counts_are_exact(fault: str, ear: Ear) -> None:
    """A wrong secret is no sign of life: the hole lasts from the last push that was believed to the next."""
    clock = SystemClock()
    with PushCamera("hikvision-people-counting", push_s=0.1, mend_s=2.5) as camera:
        settings = check({"name": "camera", **camera.settings(), "silence_s": 0.8}, HttpPush, "settings")
        with running(settings.source(clock, shipped()), ear) as supervisor:
            until(lambda: 200 in camera.answers, "nobody answers the camera")
            camera.say(Crossing(0, "main", 3, 2))
            until(lambda: ear.people == [3, 2], "they are not counted")
            failed_ns = clock.boot_ns()
            camera.faults[fault]()
            camera.say(Crossing(0, "main", 2, 1))
            until(lambda: supervisor.health["camera"].state == "silent", "nobody says that it is silent")
            until(lambda: ear.people == [5, 3] and supervisor.health["camera"].state == "ok", "it does not recover")
            back_ns = clock.boot_ns()
            camera.say(Crossing(0, "main", 1, 1))
            until(lambda: ear.people == [6, 4], "counts are not exact again")
    gaps = [heard for heard in ear.heard if isinstance(heard, Gap)]
    assert {gap.reason for gap in gaps} == {"source.silent"}
    assert gaps[0].from_boot_ns <= failed_ns + 10**9 // 2
    assert failed_ns + 8 * 10**8 <= gaps[-1].to_boot_ns <= back_ns <= failed_ns + 30 * 10**9
    assert ear.people == [6, 4]


def test_hikvisions_totals_and_periods_of_the_same_people_count_once(ear: Ear) -> None:
    def reported_by_periods() -> int:
        return sum(heard.counted.entered for heard in list(ear.heard) if isinstance(heard, Tally) and not heard.counted.cumulative)

    with camera_of("hikvision-people-counting", ear) as camera:
        for n in range(1, 11):
            camera.say(Crossing(0, "main", 3, 2))
            until(lambda: ear.people == [3 * n, 2 * n], "they are not counted")  # noqa: B023 # it is over with the turn
        until(lambda: reported_by_periods() == 30, "the periods alone would not have counted everybody, too")
    kinds = {heard.counted.cumulative for heard in ear.heard if isinstance(heard, Tally)}
    assert kinds == {True, False}, "both were sent"
    assert ear.people == [30, 20]


def test_who_is_refused_for_a_minute_is_named_with_the_reason(source: PushSource, monkeypatch: pytest.MonkeyPatch) -> None:
    begun_ns = SystemClock().boot_ns()
    for later_s in (0, 60):
        monkeypatch.setattr(source._clock, "boot_ns", lambda later_s=later_s: begun_ns + later_s * 10**9)
        assert ask(source, "POST", "/", b"{}", {"Authorization": "Bearer wrong"})[0] == 401
        assert push(source, b"{")[0] == 400
        assert push(source, retail(3, 30 + later_s // 60))[0] == 200
    assert source.lasting_refusals() == {"feed.json": "cameras: 127.0.0.1, 2 times in 60 s"}, "it knows the secret after all"
    monkeypatch.setattr(source._clock, "boot_ns", lambda: begun_ns + 200 * 10**9)
    assert ask(source, "POST", "/", b"{}", {"Authorization": "Bearer wrong"})[0] == 401
    monkeypatch.setattr(source._clock, "boot_ns", lambda: begun_ns + 260 * 10**9)
    assert ask(source, "POST", "/", b"{}", {"Authorization": "Bearer wrong"})[0] == 401
    assert source.lasting_refusals()["secret"] == "cameras: 127.0.0.1, 2 times in 60 s"
