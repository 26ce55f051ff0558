"""The application: refusals are problem details, tokens are limited, and nobody without one is answered beyond this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import ConfigError
from gateway.accept.ids import id_hash
from gateway.fold.store import CorrectionRow
from gateway.state.ledger import Ledger
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.store import Quarantine
from serve.roles import Role
from tests.support.served_brand import ServedBrand
from tests.support.served_ledger import NOW_NS, sale

VOID = {"kind": "void", "id": "v-1", "of": "pos-881", "reason": "typo", "actor": "kim"}
EVENTS = "/api/events?store=s1&agent=crm"


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    return ServedBrand(tmp_path_factory.mktemp("brand"))


def test_a_refusal_is_a_problem_with_the_reason_and_the_message_of_today(brand: ServedBrand) -> None:
    answer = brand.ask("GET", "/api/quary")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    message = "there is no /api/quary: did you mean '/api/query'?"
    assert answer.json() == {
        "type": "urn:footfall:problem:path", "title": "Not Found", "status": 404, "detail": message, "reason": "path", "message": message,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "target", "role", "body", "headers", "status", "reason"),
    [
        ("GET", "/api/query/sales?store=s2", Role.STORE, b"", {}, 403, "scope"),
        ("GET", "/api/query/sales?store=s1,s2", Role.AREA, b"", {}, 403, "scope"),
        ("GET", "/api/query/sales?store=s1&store=s2", Role.STORE, b"", {}, 403, "scope"),
        ("GET", "/api/query/traffic?compare=store:s2", Role.STORE, b"", {}, 403, "scope"),
        ("GET", "/api/query/traffic?compare=group", Role.STORE, b"", {}, 403, "scope"),
        ("GET", "/api/query/visits?limit=1000000", Role.HEADQUARTERS, b"", {}, 400, "query"),
        ("GET", "/api/query/visits?limit=1&limit=2", Role.HEADQUARTERS, b"", {}, 400, "request"),
        ("GET", "/api/fans/f-1?lats=3", Role.HEADQUARTERS, b"", {}, 400, "request"),
        ("GET", "/api/fans/f-1/profile?at=2026-11-01&at=2026-11-02", Role.HEADQUARTERS, b"", {}, 400, "request"),
        ("GET", "/api/fans/f-1/why?at=now", Role.HEADQUARTERS, b"", {}, 400, "request"),
        ("GET", "/api/query?store=s1", Role.HEADQUARTERS, b"", {}, 400, "request"),
        ("POST", EVENTS + "&dry_run=1", Role.HEADQUARTERS, b"[]", {}, 400, "request"),
        ("POST", "/api/decisions/merge?dry_run=1", Role.HEADQUARTERS, b"[]", {}, 400, "request"),
        ("GET", "/api/query/visits?limit=-1", Role.HEADQUARTERS, b"", {}, 400, "query"),
        ("GET", "/api/query/visits?offset=1e9", Role.HEADQUARTERS, b"", {}, 400, "query"),
        ("GET", "/api/query/visit", Role.HEADQUARTERS, b"", {}, 404, "query"),
        ("GET", "/api/query/traffic", Role.HEADQUARTERS, b"", {}, 503, "database"),
        ("POST", "/api/events?store=s1&agent=till-1", Role.INTEGRATOR, b"[]", {}, 403, "scope"),
        ("POST", EVENTS, Role.STORE, json.dumps(VOID | {"publisher": "till-2", "store": "s2"}).encode(), {}, 403, "scope"),
        ("POST", EVENTS, Role.HEADQUARTERS, b"[]", {"idempotency_key": ""}, 400, "idempotency.key"),
        ("POST", EVENTS, Role.HEADQUARTERS, json.dumps(VOID).encode(), {}, 503, "broker"),
        ("GET", "/live", Role.STORE, b"", {}, 403, "role"),
        ("GET", "/api/query", None, b"", {"authorization": "Bearer ff_hq_00000000_" + "a" * 43}, 401, "token"),
        ("GET", "/api/query", None, b"", {"authorization": "Bearer ff_nothing"}, 401, "token"),
    ],
)
def test_what_is_beyond_a_token_or_wrong_is_refused(
    brand: ServedBrand, method: str, target: str, role: Role | None, body: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = brand.ask(method, target, role, body, **headers)
    assert (answer.status, answer.json()["reason"]) == (status, reason)
    assert "s2" not in answer.json()["message"].replace("'s2'", "").replace("store:s2", ""), "what is asked for may be named, nothing else"


@pytest.mark.parametrize("target", ["/api/query/traffic", "/api/stock", "/api/fans/f-1/inferred"])
def test_where_the_files_lie_is_told_to_headquarters_alone(brand: ServedBrand, target: str) -> None:
    told = {role: brand.ask("GET", target, role) for role in (Role.STORE, Role.AREA, Role.HEADQUARTERS)}
    assert {answer.status for answer in told.values()} == {503}
    assert {role for role, answer in told.items() if str(brand.folder) in answer.body.decode()} == {Role.HEADQUARTERS}


def test_a_token_with_one_store_and_one_publisher_need_not_name_them(brand: ServedBrand) -> None:
    assert brand.ask("POST", "/api/events", Role.INTEGRATOR, b"[]").json() == {"accepted": 0}
    assert brand.ask("POST", "/api/events?agent=till-1", Role.STORE, b"[]").status == 202
    assert brand.ask("POST", "/api/events", Role.HEADQUARTERS, b"[]").json()["message"] == "store is missing: add ?store=…&agent=…"


def test_the_same_key_is_answered_the_same_and_another_body_is_refused(brand: ServedBrand) -> None:
    first = brand.ask("POST", EVENTS, Role.STORE, b"[]", idempotency_key="k-1")
    again = brand.ask("POST", EVENTS, Role.STORE, b"[]", idempotency_key="k-1")
    assert (first.status, again.status, again.body) == (202, 202, first.body)
    assert "idempotency-replayed" in again.headers
    other = brand.ask("POST", EVENTS, Role.STORE, b"[ ]", idempotency_key="k-1")
    assert (other.status, other.json()["reason"]) == (409, "idempotency.other")
    assert brand.ask("POST", EVENTS, Role.AREA, b"[ ]", idempotency_key="k-1").status == 202, "keys are each user's own"


def test_a_token_may_ask_so_often_and_then_waits(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand", "requests_per_s = 0.01\nburst = 2\n")
    answers = [brand.ask("GET", "/api/query", Role.STORE) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert (answers[2].json()["reason"], int(answers[2].headers["retry-after"]) <= 100) == ("rate", True)
    assert brand.ask("GET", "/api/query", Role.AREA).status == 200
    alone = ServedBrand(tmp_path / "alone", "requests_per_s = 0.01\nburst = 2\n", users=False)
    assert [alone.ask("GET", "/api/query").status for _ in range(4)] == [200] * 4, "this machine is not limited"


def test_a_token_that_is_renewed_or_removed_counts_from_the_next_request_on(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    old = brand.tokens[Role.STORE]
    brand.tokens[Role.STORE] = brand.user("rotate", "store")
    assert brand.ask("GET", "/api/query", Role.STORE).status == 200
    refused = brand.ask("GET", "/api/query", authorization=f"Bearer {old}")
    assert (refused.status, refused.json()["reason"]) == (401, "token.expired")
    brand.user("remove", "store")
    assert brand.ask("GET", "/api/query", Role.STORE).json()["reason"] == "token"


def test_beyond_loopback_nobody_is_answered_without_a_token(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nobody has a token.*footfall user add"):
        ServedBrand(tmp_path / "empty", 'host = "0.0.0.0"\n', users=False)
    brand = ServedBrand(tmp_path / "brand", 'host = "0.0.0.0"\n')
    for method, path in brand.routes() - {("GET", "/livez")}:
        assert brand.ask(method, path, body=b"[]").status == 401, path
    assert brand.ask("GET", "/livez").status == 200
    assert brand.ask("GET", "/api/query", Role.STORE).status == 200


VOID_1 = {"kind": "void", "id": "v-7", "of": "t-1", "reason": "twice", "actor": "kim"}


@pytest.mark.parametrize(
    ("path", "event", "status"),
    [
        ("/api/touches", {"what": "transaction", "id": "t-1", "amount": 12.5}, 503),
        ("/api/touches", {"what": "transaction", "id": "t-1", "amount": 12.500000001}, 503),
        ("/api/touches", {"what": "transaction", "id": "t-1", "amount": 13}, 409),
        ("/api/touches", {"what": "scan", "id": "t-1"}, 409),
        ("/api/touches", {"what": "transaction", "id": "t-1", "amount": 12.5, "fan": "F2"}, 409),
        ("/api/touches", {"what": "transaction", "id": "t-1", "amount": 12.5, "identifiers": ["card:17"]}, 409),
        ("/api/events", VOID_1, 503),
        ("/api/events", VOID_1 | {"of": "t-2"}, 409),
        ("/api/events", VOID_1 | {"reason": "another"}, 409),
        ("/api/events", {"kind": "count", "id": "t-1", "door": "main", "in": 1}, 409),
        ("/api/touches", {"what": "scan", "id": "t-2"}, 503),
        ("/api/facts", {"fact": "merge", "id": "merge-1", "fans": ["f-1", "f-old"]}, 503),
        ("/api/facts", {"fact": "merge", "id": "merge-1", "fans": ["f-old", "f-1"]}, 409),
        ("/api/facts", {"fact": "merge", "id": "merge-1", "fans": ["f-1", "f-3"]}, 409),
        ("/api/facts", {"fact": "split", "id": "merge-1", "of": "merge-0"}, 409),
    ],
)
def test_the_id_of_an_event_with_other_content_is_refused_where_the_journal_remembers_it(
    brand: ServedBrand, path: str, event: dict[str, object], status: int
) -> None:
    """503: it may be published, but nobody is connected to a broker here."""
    answer = brand.ask("POST", path, Role.INTEGRATOR, json.dumps(event).encode())
    assert (answer.status, answer.json()["reason"]) == (status, "event.id" if status == 409 else "broker")


@pytest.mark.parametrize(
    ("role", "target", "changes", "reason"),
    [
        (Role.INTEGRATOR, {"of": "t-1"}, {"amount": 13.0}, "broker"),
        (Role.INTEGRATOR, {"of": "t-1"}, {"what": "scan", "amount": -20}, "event.invalid"),
        (Role.INTEGRATOR, {"of": "t-1"}, {"what": "scan"}, "broker"),
        (Role.INTEGRATOR, {"of": "t-1"}, {"in": 1}, "event.invalid"),
        (Role.STORE, {"of": "t-1", "publisher": "crm"}, {"in": 1}, "event.invalid"),
        (Role.STORE, {"of": "t-1"}, {"in": 1}, "broker"),
        (Role.INTEGRATOR, {"of": "t-1", "publisher": "till-1"}, {"in": 1}, "broker"),
    ],
)
def test_an_amend_is_held_against_its_event_as_the_gateway_does_where_the_journal_remembers_it(
    brand: ServedBrand, role: Role, target: dict[str, str], changes: dict[str, object], reason: str
) -> None:
    """Of other publishers' events an integrator learns nothing: `till-1` has no t-1, and it would be told nothing if it had."""
    amend = {"kind": "amend", "id": "a-1", "set": changes, "reason": "mistyped", "actor": "kim", **target}
    sender = "" if role is Role.INTEGRATOR else "?store=s1&agent=till-1"
    answer = brand.ask("POST", f"/api/corrections{sender}", role, json.dumps(amend).encode())
    assert (answer.status, answer.json()["reason"]) == (503 if reason == "broker" else 400, reason)


def test_an_integrator_reads_what_became_of_its_own_events(brand: ServedBrand) -> None:
    found = brand.ask("GET", "/api/events/t-1", Role.INTEGRATOR).json()
    assert (found["agent"], found["holds"]["amount"], found["taken"]) == ("crm", 12.5, "2026-09-21T14:13:20.000Z")
    assert brand.ask("GET", "/api/events/t-2", Role.INTEGRATOR).json()["reason"] == "event"
    assert brand.ask("GET", "/api/events/t-1?agent=till-1", Role.INTEGRATOR).json()["reason"] == "scope"
    assert brand.ask("GET", "/api/events/t-1?store=s1&agent=nope", Role.HEADQUARTERS).json()["reason"] == "site.agent"


def test_a_fact_that_was_taken_is_so_to_who_may_read_it(brand: ServedBrand) -> None:
    found = {role: brand.ask("GET", "/api/events/merge-1?store=s1&agent=crm", role) for role in Role}
    assert {role: each.status for role, each in found.items()} == {
        Role.STORE: 404, Role.AREA: 404, Role.HEADQUARTERS: 200, Role.INTEGRATOR: 404,
    }  # fmt: skip
    fact = found[Role.HEADQUARTERS].json()
    assert (fact["state"], fact["holds"], fact["taken"]) == ("taken", {"kind": "fact", "fact": "merge"}, "2026-09-21T14:13:20.000Z")
    assert found[Role.INTEGRATOR].json()["message"].endswith("it is on its way; facts are at /api/facts/ID"), "another one's"


def test_what_an_event_holds_is_all_that_was_sent_but_identifiers(tmp_path: Path) -> None:
    """The journal remembers a few words of a touch; the ledger has all of it, also what was amended since."""
    brand = ServedBrand(tmp_path / "brand")
    sent = {"what": "return", "items": [{"sku": "A1", "n": 2}], "ref": "T-9", "fan": "f-1", "amount": 12.5}
    row = sale("f-1", "s1", 1, 12.5)
    stored = json.loads(row.body) | sent | {
        "items": json.dumps(sent["items"]), "what": "handback", "amount": 9.0, "subjects": ["0a" * 8], "types": ["tag"],
        "id": "x", "timed": False, "was": {"amount": 12.5},
    }  # fmt: skip
    ledger = Ledger(brand.folder / "state" / "ledger.db")
    ledger.save_touches([row._replace(id=id_hash("s1", "crm", "t-1").hex(), body=json.dumps(stored))])
    ledger.checkpoint([])
    ledger.close()
    holds = {role: brand.ask("GET", "/api/events/t-1?store=s1&agent=crm", role).json()["holds"] for role in Role}
    assert holds[Role.INTEGRATOR] == sent | {"time": "2026-09-22T14:23:20.000Z", "staff_id": "ann"}
    assert holds[Role.HEADQUARTERS] == holds[Role.STORE] | {"subjects": ["0a" * 8], "types": ["tag"]}


def test_of_an_event_that_was_corrected_its_publisher_reads_how_when_and_by_whom(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    of = id_hash("s1", "crm", "t-1").hex()

    def corrected(kind: str, hour: int, **more: object) -> None:
        body = {"own_id": f"{kind}-1", "of_id": "t-1", "actor": "kim", "reason": "mistyped", **more}
        row = CorrectionRow(of, "s1", "till-1", hour, kind, NOW_NS + hour * 3600 * 10**9, 0, json.dumps(body))
        ledger = Ledger(brand.folder / "state" / "ledger.db")
        ledger.save_corrections([row])
        ledger.checkpoint([])
        ledger.close()

    def read(role: Role) -> dict[str, Any]:
        found: dict[str, Any] = brand.ask("GET", "/api/events/t-1?store=s1&agent=crm", role).json()
        return found

    assert (read(Role.INTEGRATOR)["state"], read(Role.INTEGRATOR)["corrections"]) == ("taken", [])
    corrected("amend", 1, set={"amount": 10.0, "fan": "f-9", "subjects": ["0a" * 8]})
    found = read(Role.INTEGRATOR)
    assert (found["state"], found["holds"]["amount"]) == ("amended", 12.5)
    assert found["corrections"] == [{
        "kind": "amend", "id": "amend-1", "time": "2026-09-21T15:13:20.000Z", "actor": "kim",
        "what": "event t-1 has amount = 10.0, fan = others, subjects = others", "source": "s1/till-1", "reason": "mistyped",
    }]  # fmt: skip
    assert "0a" * 8 in read(Role.HEADQUARTERS)["corrections"][0]["what"]
    corrected("void", 2)
    found = read(Role.INTEGRATOR)
    assert (found["state"], [each["what"] for each in found["corrections"][1:]]) == ("voided", ["event t-1 is taken back"])


def test_of_an_event_in_quarantine_its_publisher_reads_the_reason(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    quarantine = Quarantine(brand.folder / "state" / "quarantine.db")
    wrong = [b'{"kind": "touch", "id": "t-7", "zone": "b"}', b'[{"id": "t-8"}, {"id": "t-1"}, 3]', b"{no event"]
    quarantine.add(
        [Refusal("site.zone", f"no zone: {n}", "footfall/1/s1/crm/events", NOW_NS, each, "accept") for n, each in enumerate(wrong)]
    )
    quarantine.close()
    found = {event: brand.ask("GET", f"/api/events/{event}", Role.INTEGRATOR).json() for event in ("t-7", "t-8", "t-1")}
    assert {event: each["state"] for event, each in found.items()} == {"t-7": "quarantine", "t-8": "quarantine", "t-1": "taken"}
    assert found["t-7"]["refused"] == {"reason": "site.zone", "message": "no zone: 0", "time": "2026-09-21T14:13:20.000Z"}
    assert found["t-1"]["refused"]["message"] == "no zone: 1"
    assert brand.ask("GET", "/api/events/t-9", Role.INTEGRATOR).status == 404
    assert brand.ask("GET", "/api/events/t-7?agent=till-1", Role.STORE).status == 404, "another publisher's"


def test_the_ways_in_for_one_kind_refuse_others(brand: ServedBrand) -> None:
    refused = brand.ask("POST", "/api/facts", Role.INTEGRATOR, json.dumps(VOID).encode()).json()
    assert (refused["reason"], refused["message"]) == ("event.invalid", "event 0: kind: it is fact here; /api/events takes every kind")
    assert brand.ask("POST", "/api/corrections", Role.INTEGRATOR, json.dumps(VOID).encode()).json()["reason"] == "broker"


def test_a_head_is_answered_as_its_get(brand: ServedBrand) -> None:
    assert brand.ask("HEAD", "/api/query", Role.HEADQUARTERS).status == 200
    assert brand.ask("HEAD", "/live", Role.STORE).status == 403


def test_the_page_of_the_api_needs_nothing_from_elsewhere(brand: ServedBrand) -> None:
    page = brand.ask("GET", "/api/docs", Role.HEADQUARTERS)
    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "docs.js"):
        assert f'"/api/docs/{name}"' in page.body.decode()
        assert brand.ask("GET", f"/api/docs/{name}", Role.HEADQUARTERS).status == 200
    assert b"http" not in page.body + brand.ask("GET", "/api/docs/docs.js", Role.HEADQUARTERS).body
    assert brand.ask("GET", "/api/docs/passwd", Role.HEADQUARTERS).status == 404


def test_the_document_has_every_route_of_the_api_and_no_other(brand: ServedBrand) -> None:
    document = brand.ask("GET", "/api/openapi.json", Role.HEADQUARTERS).json()
    paths = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    there = {(method, path.replace(":path", "")) for method, path in brand.routes()}
    hidden = ("/api/docs", "/api/openapi.json")  # a page, and this document: plain routes of Starlette
    assert paths == {(method, path) for method, path in there if path.startswith("/api/") and not path.startswith(hidden)}
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= document["components"]["schemas"].keys()
    touch = document["components"]["schemas"]["Touch"]
    assert "items" in touch["properties"], "of an event that is sent, not of one that is shown"
