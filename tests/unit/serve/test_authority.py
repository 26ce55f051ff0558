"""Who may state what: of facts, which are about who is who in the whole brand, each role what its own routes take and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from footfall.events import AnyEvent
from gateway.accept.ids import id_hash
from gateway.config import load_gateway, load_site
from gateway.fans.decisions import Deciding
from gateway.fans.desk import pseudonymiser
from gateway.fans.import_plan import Stamp
from gateway.identity.facts import FOR_EVER_NS, Fact, Link, Ownership, Span, Standing, ref_name
from gateway.state.ledger import Ledger
from serve.access_table import ROUTE_OF_KIND, roles_of_kind
from serve.roles import Role
from tests.support.served_brand import SITE, ServedBrand
from tests.support.served_ledger import DAY_NS, NOW_NS, SUBJECTS, sale

EVENTS: Final[dict[str, dict[str, Any]]] = {
    "touch": {"what": "scan"},
    "count": {"door": "main", "in": 1, "seconds": 60},
    "occupancy": {"zone": "a", "people": 1},
    "fact": {"fact": "consent", "fan": "f-2", "purpose": "identify", "granted": False},
    "void": {"of": "t-1", "reason": "typo", "actor": "kim"},
    "amend": {"of": "t-1", "set": {"amount": 1.0}, "reason": "typo", "actor": "kim"},
    "adjustment": {"door": "main", "in": 1, "time": "2026-11-21T10:00:00Z", "reason": "class", "actor": "kim"},
}
"""One event of each kind."""
LET_THROUGH: Final = (503, "broker")
"""Nobody is connected to one."""


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    return ServedBrand(tmp_path_factory.mktemp("brand"))


def sent(brand: ServedBrand, role: Role, *events: dict[str, Any], to: str = "/api/events") -> tuple[int, str]:
    body = json.dumps([{"kind": "fact", "id": f"new-{n}", **event} for n, event in enumerate(events)]).encode()
    answer = brand.ask("POST", f"{to}?store=s1&agent=crm", role, body)
    return answer.status, answer.json()["reason"]


def test_each_kind_of_event_is_here() -> None:
    assert EVENTS.keys() == {kind for each in get_args(AnyEvent) for kind in get_args(each.model_fields["kind"].annotation)}


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("role", Role)
def test_an_event_is_refused_to_whom_the_route_of_its_kind_does_not_answer(brand: ServedBrand, kind: str, role: Role) -> None:
    alone = ROUTE_OF_KIND.get(kind, "/api/events")
    expected = LET_THROUGH if role in roles_of_kind(kind) else (403, "role")
    for to in {alone, "/api/events"}:
        assert sent(brand, role, {"kind": kind, **EVENTS[kind]}, to=to) == expected
    scan = {"kind": "touch", "what": "scan"}
    assert sent(brand, role, scan, {"kind": kind, **EVENTS[kind]}) == expected, "also among others"


def test_facts_are_for_headquarters_and_integrators() -> None:
    assert roles_of_kind("fact") == {Role.HEADQUARTERS, Role.INTEGRATOR}


@pytest.mark.parametrize("source", ["desk", "desk.north", "desk-2", "desk:kim"])
def test_what_stands_above_a_crm_is_stated_by_headquarters_alone(brand: ServedBrand, source: str) -> None:
    assert sent(brand, Role.INTEGRATOR, EVENTS["fact"] | {"source": source}) == (403, "role")
    assert sent(brand, Role.HEADQUARTERS, EVENTS["fact"] | {"source": source}) == LET_THROUGH
    assert sent(brand, Role.INTEGRATOR, EVENTS["fact"] | {"source": "crm.desk"}) == LET_THROUGH


def test_what_the_desk_stated_is_taken_back_by_headquarters_alone(tmp_path: Path) -> None:
    brand = ServedBrand(tmp_path / "brand")
    ledger = Ledger(brand.folder / "state" / "ledger.db")
    decided = Deciding(Stamp(NOW_NS, "kim", "one address")).merge(["f-1", "f-2"])
    ledger.add(decided, [])
    ledger.checkpoint([])
    ledger.close()
    for back in ({"fact": "split", "of": decided[0].id}, {"fact": "revoke", "of": decided[0].id}):
        assert sent(brand, Role.INTEGRATOR, EVENTS["fact"], back) == (403, "role")
        assert sent(brand, Role.HEADQUARTERS, back) == LET_THROUGH
    assert sent(brand, Role.INTEGRATOR, {"fact": "revoke", "of": "link-f-1"}, {"fact": "split", "of": "not-yet"}) == LET_THROUGH


@pytest.mark.parametrize("role", [Role.STORE, Role.AREA, Role.INTEGRATOR])
def test_nothing_is_corrected_or_owned_in_the_name_of_another_store(brand: ServedBrand, role: Role) -> None:
    for kind in ("void", "amend", "adjustment"):
        assert sent(brand, role, {"kind": kind, **EVENTS[kind], "store": "s2"}) == (403, "scope")
    for fact in ({"fact": "owner", "fan": "f-1"}, {"fact": "link", "identifier": "tag:7", "fan": "f-1"}):
        assert sent(brand, role, {**fact, "store": "s2"}) == (403, "scope" if role is Role.INTEGRATOR else "role")


STAFF: Final = """
[[staff]]
staff_id = "ann"
store = "s1"
[[staff]]
staff_id = "dora"
store = "s2"
"""
BEFORE, AFTER = "2025-09-01T00:00:00Z", "2025-12-20T00:00:00Z"
"""Of the registrations of both fans."""
SINCE_NS: Final = NOW_NS - 300 * DAY_NS
"""25 November 2025."""
BEYOND: Final = (403, "scope")
WITHDRAWN: Final = "00000000000000c2"
"""A subject of f-2, who no longer consents to be identified by it."""


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    """f-1 was registered in s1, f-2 in s2, which lent tag 17; headquarters stated that f-3 is dora's, of s2, and f-4 is the store s1's."""
    brand = ServedBrand(tmp_path_factory.mktemp("registered") / "brand", site=SITE + STAFF)
    ledger = Ledger(brand.folder / "state" / "ledger.db")
    rows = [sale(fan, store, -300, 0.0, what="registration") for fan, store in (("f-1", "s1"), ("f-2", "s2"))]
    mine = rows[0]._replace(row=1, subject="", fan="", time_ns=SINCE_NS - DAY_NS, id=id_hash("s1", "crm", "mine").hex())
    ledger.save_touches([*rows, mine])
    ever = (-FOR_EVER_NS, FOR_EVER_NS)
    ledger.save_standings([Standing(ref_name("T-2"), 1, (Span(*ever, "f-2"),)), Standing(WITHDRAWN, 1, (Span(*ever, "", "f-2"),))])
    about: dict[str, Any] = {"learned_ns": NOW_NS, "source": "crm"}
    settings = load_gateway(brand.folder / "gateway.toml")
    (tag,) = pseudonymiser(settings, load_site(settings.site)).identified("tag:17")
    facts: list[Fact] = [
        Ownership(id="own-3", fan="f-3", staff_id="dora", from_ns=SINCE_NS, to_ns=SINCE_NS + 30 * DAY_NS, **about),
        Ownership(id="own-4", fan="f-4", store="s1", **about),
        Link(id="lent-2", identifier=tag, fan="f-2", store="s2", from_ns=SINCE_NS, **about),
    ]
    ledger.add(facts, [])
    ledger.checkpoint([])
    ledger.close()
    return brand


def registration(time: str, **named: Any) -> dict[str, Any]:
    return {"kind": "touch", "what": "registration", "time": time, "history": True, "staff_id": "ann", **named}


@pytest.mark.parametrize("role", [Role.STORE, Role.AREA, Role.INTEGRATOR])
@pytest.mark.parametrize("named", [{"fan": "f-2"}, {"subjects": [SUBJECTS["f-2"]]}, {"ref": "T-2"}, {"subjects": [WITHDRAWN]}])
def test_a_store_registers_nobody_before_the_store_that_registered_them(registered: ServedBrand, role: Role, named: Any) -> None:
    assert sent(registered, role, registration(BEFORE, **named)) == BEYOND
    assert sent(registered, role, registration(AFTER, **named)) == LET_THROUGH, "the first counts, so it takes nobody"
    assert sent(registered, Role.HEADQUARTERS, registration(BEFORE, **named)) == LET_THROUGH
    for free in ({"fan": "f-1"}, {"fan": "f-new"}, {"subjects": [SUBJECTS["f-1"]]}):
        assert sent(registered, role, registration("2001-01-01T00:00:00Z", **free)) == LET_THROUGH, "its own, and nobody's"
    assert sent(registered, role, registration(BEFORE, **named) | {"what": "scan"}) == LET_THROUGH


@pytest.mark.parametrize("of", ["mine", "not-yet"])
def test_nor_by_amending_a_registration_of_its_own(registered: ServedBrand, of: str) -> None:
    def amend(**changes: Any) -> tuple[int, str]:
        return sent(registered, Role.INTEGRATOR, {"kind": "amend", "of": of, "set": changes, "reason": "typo", "actor": "kim"})

    assert amend(fan="f-2") == amend(subjects=[SUBJECTS["f-2"]]) == BEYOND
    assert amend(fan="f-1") == amend(staff_id="bo") == amend(fan="f-2", what="scan") == LET_THROUGH


def test_a_sale_that_only_the_journal_has_is_amended_with_a_fan_of_another_store(registered: ServedBrand) -> None:
    amend = {"kind": "amend", "of": "t-1", "set": {"fan": "f-2"}, "reason": "typo", "actor": "kim"}
    assert sent(registered, Role.INTEGRATOR, amend) == LET_THROUGH
    assert sent(registered, Role.STORE, amend | {"set": {"fan": "f-2", "what": "registration"}}) == LET_THROUGH, "after the one that counts"


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ({"fan": "f-1", "staff_id": "dora"}, BEYOND),
        ({"fan": "f-new", "staff_id": "dora"}, BEYOND),
        ({"fan": "f-2", "staff_id": "ann"}, BEYOND),
        ({"fan": "f-2", "store": "s1", "from": "2001-01-01T00:00:00Z"}, BEYOND),
        ({"fan": "f-3", "store": "s1", "from": AFTER}, BEYOND),
        ({"fan": "f-3", "store": "s1", "from": BEFORE}, BEYOND),
        ({"fan": "f-3", "store": "s1", "from": "2026-01-20T00:00:00Z"}, LET_THROUGH),
        ({"fan": "f-4", "staff_id": "ann"}, LET_THROUGH),
        ({"fan": "f-1", "staff_id": "ann", "store": "s1"}, LET_THROUGH),
        ({"fan": "f-new", "store": "s1"}, LET_THROUGH),
    ],
)
def test_an_owner_is_of_the_token_s_stores_and_takes_no_fan_from_another(registered: ServedBrand, fact: Any, expected: Any) -> None:
    assert sent(registered, Role.INTEGRATOR, {"fact": "owner", **fact}) == expected
    assert sent(registered, Role.HEADQUARTERS, {"fact": "owner", **fact}) == LET_THROUGH


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        ({"of": "own-3"}, BEYOND),
        ({"of": "lent-2"}, BEYOND),
        ({"of_link": ["tag:17", "f-2"]}, BEYOND),
        ({"of_link": ["tag:17", "f-1"]}, LET_THROUGH),
        ({"of": "own-4"}, LET_THROUGH),
        ({"of": "link-f-2"}, LET_THROUGH),
    ],
)
def test_a_fact_of_another_store_is_not_taken_back(registered: ServedBrand, back: Any, expected: Any) -> None:
    assert sent(registered, Role.INTEGRATOR, {"fact": "revoke", **back}) == expected
    assert sent(registered, Role.HEADQUARTERS, {"fact": "revoke", **back}) == LET_THROUGH


def test_the_refusal_names_no_store_and_no_staff_beyond_the_token(registered: ServedBrand) -> None:
    body = json.dumps([registration(BEFORE, fan="f-2", id="new")]).encode()
    message = registered.ask("POST", "/api/touches?store=s1&agent=crm", Role.INTEGRATOR, body).json()["message"]
    assert "footfall fan own" in message
    assert not any(name in message for name in ("s2", "dora", "f-2"))
