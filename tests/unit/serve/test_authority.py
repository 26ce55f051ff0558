"""Who may state what: of facts, which are about who is who in the whole brand, each role what its own routes take and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from footfall.events import AnyEvent
from gateway.fans.decisions import Deciding
from gateway.fans.import_plan import Stamp
from gateway.state.ledger import Ledger
from serve.access_table import ROUTE_OF_KIND, roles_of_kind
from serve.roles import Role
from tests.support.served_brand import ServedBrand
from tests.support.served_ledger import NOW_NS

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
