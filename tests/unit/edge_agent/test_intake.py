"""The local intake: what it takes, when it confirms that, and what it refuses."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from edge_agent.intake import Intake, check_events
from edge_agent.protection import Protection
from footfall.config import SecretFile
from footfall.consent import ConsentRule
from footfall.errors import ConfigError, ContractError
from footfall.health import Health, decode_health
from footfall.sealing import Opener, public_key
from tests.support.waiting import PATIENCE_S

SCAN = {"kind": "touch", "what": "scan"}
SECRET = b"the brand's secret"
PROTECTION = Protection({}, public_key(SECRET))
HEALTH = Health(state="online", agent="a1", store="s1", boot="b1")


class Keeper:
    """Keeps events in memory; while `holds` their futures stay open."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.open: list[Future[None]] = []
        self.holds = False

    def keep(self, texts: Sequence[str]) -> Future[None]:
        self.texts += texts
        kept: Future[None] = Future()
        self.open.append(kept)
        if not self.holds:
            kept.set_result(None)
        return kept


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    return path


@pytest.fixture
def port(keeper: Keeper, secret_file: Path) -> Iterator[int]:
    intake = Intake("127.0.0.1", 0, SecretFile(secret_file), ConsentRule(frozenset({"mac"})), keeper.keep, lambda: HEALTH, PROTECTION)
    intake.start()
    yield intake.port
    intake.stop()


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, {"Authorization": "Bearer s3cret"} | headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_events_are_answered_once_they_are_durable(port: int, keeper: Keeper) -> None:
    keeper.holds = True
    answers: list[tuple[int, bytes]] = []
    thread = threading.Thread(target=lambda: answers.append(ask(port, "POST", "/events", json.dumps([SCAN, SCAN]).encode())))
    thread.start()
    thread.join(0.3)
    assert not answers
    keeper.open[0].set_result(None)
    thread.join(PATIENCE_S)
    assert answers == [(202, b'{"accepted": 2}')]
    assert [json.loads(text) for text in keeper.texts] == [SCAN, SCAN]


def test_an_empty_array_is_taken_at_once(port: int, keeper: Keeper) -> None:
    keeper.holds = True
    assert ask(port, "POST", "/events", b"[]") == (202, b'{"accepted": 0}')
    assert not keeper.open, "the spool is not asked: it would have nothing to commit"


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b"{", "event.json", "not JSON"),
        (b'{"kind":"touch","what":"scan","amount":NaN}', "event.json", "NaN"),
        (
            json.dumps([SCAN, {"kind": "nap"}]).encode(),
            "event.invalid",
            "event 1: kind: must be one of touch, count, occupancy, void, amend, adjustment, fact (given: 'nap')",
        ),
        (b"{}", "event.invalid", "kind: must be one of touch, count, occupancy, void, amend, adjustment, fact"),
        (json.dumps({"kind": "touch", "what": "payment"}).encode(), "event.invalid", "needs an `id`"),
        (json.dumps(SCAN | {"identifiers": ["mac:aa:bb:cc:dd:ee:ff"]}).encode(), "event.identifier", "'mac'"),
        (
            json.dumps(SCAN | {"identifiers": ["ble:aa:bb:cc:dd:ee:ff"]}).encode(),
            "event.identifier",
            "identifier of type 'ble' is written",
        ),
        (json.dumps(SCAN | {"ref": "r-1 "}).encode(), "event.invalid", "ref: must not have blanks around it"),
        (json.dumps([SCAN] * 1001).encode(), "event.rows", "1000"),
    ],
)
def test_wrong_events_are_refused_whole_with_their_reason(port: int, keeper: Keeper, body: bytes, reason: str, words: str) -> None:
    status, answer = ask(port, "POST", "/events", body)
    assert status == 400
    said = json.loads(answer)
    assert said["reason"] == reason
    assert words in said["message"]
    assert "aa:bb" not in said["message"]
    assert keeper.texts == []


def test_who_does_not_know_the_secret_is_refused(port: int, keeper: Keeper) -> None:
    assert ask(port, "POST", "/events", json.dumps(SCAN).encode(), Authorization="Bearer other")[0] == 401
    assert ask(port, "POST", "/events", json.dumps(SCAN).encode(), Authorization="")[0] == 401
    assert keeper.texts == []


@pytest.mark.parametrize("authorization", ["bearer s3cret", "BEARER  s3cret", "s3cret"])
def test_the_secret_is_known_under_bearer_in_any_case_and_alone(port: int, authorization: str) -> None:
    assert ask(port, "POST", "/events", json.dumps(SCAN).encode(), Authorization=authorization)[0] == 202


@pytest.mark.parametrize("authorization", ["Basic s3cret", "Digest s3cret", "Bearer", "Bearer ", " "])
def test_another_scheme_or_no_token_is_refused(port: int, authorization: str) -> None:
    assert ask(port, "POST", "/events", json.dumps(SCAN).encode(), Authorization=authorization)[0] == 401


@pytest.mark.parametrize("stated", ["application/x-www-form-urlencoded", "text/plain;charset=UTF-8", "Application/JSON", ""])
def test_json_is_taken_under_the_types_that_programs_state_unasked(port: int, keeper: Keeper, stated: str) -> None:
    assert ask(port, "POST", "/events", json.dumps(SCAN).encode(), **{"Content-Type": stated})[0] == 202
    assert len(keeper.texts) == 1
    status, answer = ask(port, "POST", "/events", b"kind=touch&what=scan", **{"Content-Type": stated})
    assert (status, json.loads(answer)["reason"]) == (400, "event.json")


@pytest.mark.parametrize("stated", ["multipart/form-data; boundary=b", "application/xml", "text/csv", "text/plain; charset=gbk"])
def test_json_under_the_name_of_something_else_is_refused(port: int, keeper: Keeper, stated: str) -> None:
    status, answer = ask(port, "POST", "/events", json.dumps(SCAN).encode(), **{"Content-Type": stated})
    assert (status, json.loads(answer)["reason"], keeper.texts) == (415, "content_type", [])


def test_identifiers_are_kept_sealed(port: int, keeper: Keeper) -> None:
    stated = {"identifiers": ["member:8613800001111", "phone:8613900002222"]}
    assert ask(port, "POST", "/events", json.dumps(SCAN | stated | {"id": "e1"}).encode())[0] == 202
    (text,) = keeper.texts
    assert "86138" not in text
    assert "member" not in text
    kept = json.loads(text)
    assert {key: value for key, value in kept.items() if key != "sealed"} == SCAN | {"id": "e1"}
    assert json.loads(Opener([SECRET]).open(kept["sealed"])) == stated


def test_facts_and_corrections_are_taken_as_touches_are(port: int, keeper: Keeper) -> None:
    link = {"kind": "fact", "fact": "link", "id": "l1", "identifier": "phone:8613900002222", "fan": "F1"}
    revoke = {"kind": "fact", "fact": "revoke", "id": "r1", "of_link": ["phone:8613900002222", "F1"]}
    why = {"reason": "mistyped", "actor": "kim"}
    amend = {"kind": "amend", "id": "a1", "of": "t1", "set": {"identifiers": ["phone:8613900002222"]}} | why
    void = {"kind": "void", "id": "v1", "of": "t1", "publisher": "till-2"} | why
    assert ask(port, "POST", "/events", json.dumps([link, revoke, amend, void]).encode())[0] == 202
    kept = [json.loads(text) for text in keeper.texts]
    assert not any("86139" in text for text in keeper.texts)
    opened = [json.loads(Opener([SECRET]).open(each["sealed"])) for each in kept[:3]]
    assert opened == [{"identifier": link["identifier"]}, {"of_link": revoke["of_link"]}, {"set": amend["set"]}]
    assert kept[3] == void


def test_before_there_is_a_key_identifiers_are_not_taken(tmp_path: Path) -> None:
    keeper, protection = Keeper(), Protection({})
    intake = Intake("127.0.0.1", 0, None, ConsentRule(), keeper.keep, lambda: HEALTH, protection)
    intake.start()
    try:
        event = json.dumps(SCAN | {"identifiers": ["member:8613800001111"]}).encode()
        status, answer = ask(intake.port, "POST", "/events", event)
        assert (status, json.loads(answer)["reason"]) == (503, "event.key")
        assert "send the same again" in json.loads(answer)["message"]
        assert ask(intake.port, "POST", "/events", json.dumps([SCAN, json.loads(event)]).encode())[0] == 503
        assert ask(intake.port, "POST", "/events", json.dumps(SCAN).encode())[0] == 202, "others need none"
        assert protection.offer(public_key(SECRET))
        assert ask(intake.port, "POST", "/events", event)[0] == 202
    finally:
        intake.stop()
    assert [json.loads(text).get("sealed") is None for text in keeper.texts] == [True, False]


def test_sizes_paths_and_health(port: int) -> None:
    assert ask(port, "POST", "/events", b"", **{"Content-Length": str((1 << 20) + 1)})[0] == 413
    assert ask(port, "POST", "/other", b"{}")[0] == 404
    assert ask(port, "GET", "/other")[0] == 404
    status, answer = ask(port, "GET", "/health")
    assert (status, decode_health(answer)) == (200, HEALTH)


def test_a_body_without_length_is_refused(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.putrequest("POST", "/events")
    connection.putheader("Authorization", "Bearer s3cret")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


def test_a_port_in_use_is_reported(port: int) -> None:
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
        Intake("127.0.0.1", port, None, ConsentRule(), Keeper().keep, lambda: HEALTH, PROTECTION)


def test_one_event_fits_a_frames_text() -> None:
    items: list[dict[str, Any]] = [{"sku": "x" * 128, "n": 1}] * 200
    assert len(check_events(json.dumps(SCAN | {"items": items}).encode(), ConsentRule(), PROTECTION)[0]) < 60_000
    fans = [SCAN | {"items": [{"sku": "\U0001f6cd" * 128, "n": 1}] * 200}]
    with pytest.raises(ContractError, match="at most 60000 bytes"):
        check_events(json.dumps(fans).encode(), ConsentRule(), PROTECTION)


def test_a_secret_renewed_on_disk_is_asked_for_at_once(port: int, secret_file: Path) -> None:
    secret_file.write_text("another\n")
    assert ask(port, "POST", "/events", b"[]")[0] == 401
    assert ask(port, "POST", "/events", b"[]", Authorization="Bearer another")[0] == 202


def test_who_is_refused_for_a_minute_is_named_and_for_want_of_a_key_until_it_is_here(tmp_path: Path, keeper: Keeper) -> None:
    now_s = 0
    protection = Protection({})
    intake = Intake("127.0.0.1", 0, None, ConsentRule(), keeper.keep, lambda: HEALTH, protection, lambda: now_s * 10**9)
    intake.start()
    try:
        for now_s in (0, 60):
            assert ask(intake.port, "POST", "/events", json.dumps(SCAN | {"identifiers": ["phone:+49"]}).encode())[0] == 503
            assert ask(intake.port, "POST", "/events", b"{")[0] == 400
            assert ask(intake.port, "PUT", "/events", b"{}")[0] == 405
            assert ask(intake.port, "GET", "/nowhere")[0] == 404
            assert ask(intake.port, "POST", "/events", json.dumps(SCAN).encode())[0] == 202
            assert intake.lasting_refusals().keys() == (set() if now_s == 0 else {"event.key", "event.json", "method", "path"})
        assert intake.lasting_refusals()["event.key"] == "intake: 127.0.0.1, 2 times in 60 s"
        protection.offer(public_key(SECRET))
        assert "event.key" not in intake.lasting_refusals()
    finally:
        intake.stop()


@pytest.mark.parametrize("time", ["2026-10-01T00:00:00Z", "2026-11-30T00:11:00Z", "1999-12-31T00:00:00Z"])
def test_times_of_a_dead_clock_are_refused_where_the_time_is_known(time: str) -> None:
    event, now_ns = json.dumps(SCAN | {"time": time}).encode(), 1_795_996_800 * 10**9
    keeper = Keeper()
    times_ns = iter([now_ns, 0])
    intake = Intake("127.0.0.1", 0, None, ConsentRule(), keeper.keep, lambda: HEALTH, PROTECTION, sure_ns=lambda: next(times_ns))
    intake.start()
    try:
        status, answer = ask(intake.port, "POST", "/events", event)
        assert (status, json.loads(answer)["reason"], keeper.texts) == (400, "event.time", [])
        assert json.loads(answer)["message"].startswith("event 0: `time` is ")
        assert ask(intake.port, "POST", "/events", event)[0] == 202, "the gateway decides where nobody here knows the time"
    finally:
        intake.stop()
