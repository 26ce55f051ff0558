"""Who may see what: every route of the application, for every role, about its own store, another one and the chain."""

from __future__ import annotations

from typing import Final

import pytest
from starlette.routing import Match

from serve.access_table import TABLE, Rule, Scope, rule_of
from serve.roles import Role
from tests.support.served_brand import ServedBrand

IN_PATH: Final = {"{what}": "measures", "{file}": "docs.js", "{fact:path}": "link-f-1", "{event:path}": "t-1", "{fan:path}": "f-1"}
QUERY: Final = {
    Scope.STORES: {"own": "store=s1", "other": "store=s2", "chain": ""},
    Scope.SENDER: {"own": "store=s1&agent=crm", "other": "store=s2&agent=till-2", "chain": ""},
    Scope.PATH: {"own": "path=acme/north", "other": "path=acme/south", "chain": ""},
}
"""How a request is about the store or path of a token, another one, or none that is named."""
ELSEWHERE: Final = {"{fan:path}": "f-2", "{fact:path}": "merge-1"}
"""A fan, and a fact, of nobody but headquarters."""
EVERY: Final = [(rule, method, role) for rule in TABLE for method in rule.methods for role in Role]


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> ServedBrand:
    return ServedBrand(tmp_path_factory.mktemp("brand"))


def named(value: object) -> str:
    return f"{value.path}" if isinstance(value, Rule) else str(value)


def refusal(brand: ServedBrand, method: str, rule: Rule, role: Role, about: str) -> str:
    """The reason why a request is beyond a role; "" if it is not."""
    path = sample(rule, IN_PATH | (ELSEWHERE if about == "other" else {}))
    query = QUERY.get(rule.scope, {}).get(about, "")
    answer = brand.ask(method, f"{path}?{query}" if query else path, role, b"[]")
    assert answer.status != 500
    is_refused = answer.status in (401, 403) or (answer.status == 404 and rule.scope in (Scope.FAN, Scope.OWN))
    return str(answer.json()["reason"]) if is_refused else ""


def sample(rule: Rule, values: dict[str, str]) -> str:
    """A path that a rule has."""
    path = rule.path
    for name, value in values.items():
        path = path.replace(name, value)
    return path


def test_every_route_has_a_rule_and_every_rule_a_route(brand: ServedBrand) -> None:
    assert brand.routes() == {(method, rule.path) for rule in TABLE for method in rule.methods}


@pytest.mark.parametrize(("rule", "method", "role"), EVERY, ids=named)
def test_each_role_is_answered_what_the_table_has(brand: ServedBrand, rule: Rule, method: str, role: Role) -> None:
    found = {about: refusal(brand, method, rule, role, about) for about in ("own", "other", "chain")}
    if role not in rule.roles and rule.scope is not Scope.OPEN:
        assert found == dict.fromkeys(found, "role")
        return
    beyond = {Scope.FAN: "fan", Scope.OWN: "fact"}.get(rule.scope, "scope" if rule.scope in QUERY else "")
    assert found == {"own": "", "other": "" if role is Role.HEADQUARTERS else beyond, "chain": ""}


def test_the_guard_and_the_router_mean_the_same_route(brand: ServedBrand) -> None:
    for rule in TABLE:
        for method in rule.methods:
            path = sample(rule, IN_PATH)
            routed = next(
                route for route in brand.app.routes if route.matches({"type": "http", "method": method, "path": path})[0] is Match.FULL
            )
            assert rule_of(method, path) is rule
            assert routed.path == rule.path


def test_a_path_that_is_not_there_has_no_rule() -> None:
    assert rule_of("GET", "/nope") is None
    assert rule_of("POST", "/status") is None
    assert rule_of("HEAD", "/status") is rule_of("GET", "/status")
    assert rule_of("GET", "/api/query/a/b") is None
    assert rule_of("POST", "/api/fans/f-1") is None
