"""Who may ask what: every route with the roles that it answers, and what of it each of them sees. A route that is not here is not there.

rule = rule_of("GET", "/api/fans/f-1/visits")     # None: no route has this path, or none with this method
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from starlette.routing import compile_path

from serve.decision_bodies import DECISIONS
from serve.roles import Role


class Scope(Enum):
    """What of a route's answer a token that is not headquarters' sees."""

    OPEN = "all of it, also without a token"
    SHARED = "all of it: it has nothing of any store"
    CHAIN = "it is about the whole chain"
    PATH = "what is below its paths; another path is refused (403, scope)"
    STORES = "its stores alone; another store is refused (403, scope)"
    SENDER = "it sends in the name of publishers of its stores; another store or publisher is refused (403, scope)"
    OWN = "what a publisher of its own has sent; anything else is not known (404)"
    FAN = "a fan of its stores, with what happened there; another fan is one that is not known (404, fan)"


class Rule(NamedTuple):
    """A route."""

    methods: tuple[str, ...]
    path: str
    roles: frozenset[Role]
    scope: Scope


_GET: Final = ("GET",)
_POST: Final = ("POST",)
_EVERY: Final = frozenset(Role)
_PEOPLE: Final = frozenset({Role.STORE, Role.AREA, Role.HEADQUARTERS})
_CHAIN: Final = frozenset({Role.AREA, Role.HEADQUARTERS})
_HEADQUARTERS: Final = frozenset({Role.HEADQUARTERS})

TABLE: Final[tuple[Rule, ...]] = (
    Rule(_GET, "/livez", _EVERY, Scope.OPEN),
    Rule(_GET, "/", _PEOPLE, Scope.SHARED),
    Rule(_GET, "/arrivals", _PEOPLE, Scope.SHARED),
    Rule(_GET, "/arrivals.js", _PEOPLE, Scope.SHARED),
    Rule(_GET, "/shown.js", _PEOPLE, Scope.SHARED),
    Rule(_GET, "/page.css", _PEOPLE, Scope.SHARED),
    Rule(_GET, "/page.js", _CHAIN, Scope.SHARED),
    Rule(_GET, "/live/board", _CHAIN, Scope.PATH),
    Rule(_GET, "/live", _HEADQUARTERS, Scope.CHAIN),
    Rule(_GET, "/status", _HEADQUARTERS, Scope.CHAIN),
    Rule(_GET, "/status/summary", _HEADQUARTERS, Scope.CHAIN),
    Rule(_GET, "/metrics", _HEADQUARTERS, Scope.CHAIN),
    Rule(_GET, "/api/docs", _EVERY, Scope.SHARED),
    Rule(_GET, "/api/docs/{file}", _EVERY, Scope.SHARED),
    Rule(_GET, "/api/openapi.json", _EVERY, Scope.SHARED),
    Rule(_GET, "/api/query", _PEOPLE, Scope.SHARED),
    Rule(_GET, "/api/query/{what}", _PEOPLE, Scope.STORES),
    Rule(_GET, "/api/stock", _PEOPLE, Scope.STORES),
    Rule(_GET, "/api/arrivals", _PEOPLE, Scope.STORES),
    Rule(_GET, "/api/fans/{fan:path}/visits", _PEOPLE, Scope.FAN),
    Rule(_GET, "/api/fans/{fan:path}/purchases", _PEOPLE, Scope.FAN),
    Rule(_GET, "/api/fans/{fan:path}/profile", _PEOPLE, Scope.FAN),
    Rule(_GET, "/api/fans/{fan:path}/inferred", _PEOPLE, Scope.FAN),
    Rule(_GET, "/api/fans/{fan:path}/why", _HEADQUARTERS, Scope.CHAIN),
    Rule(_GET, "/api/fans/{fan:path}", _PEOPLE, Scope.FAN),
    *(Rule(_POST, f"/api/decisions/{what}", _HEADQUARTERS, Scope.CHAIN) for what in DECISIONS),
    Rule(_GET, "/api/facts/{fact:path}", _HEADQUARTERS | {Role.INTEGRATOR}, Scope.OWN),
    Rule(_GET, "/api/corrections", _PEOPLE, Scope.STORES),
    Rule(_GET, "/api/events/{event:path}", _EVERY, Scope.SENDER),
    Rule(_POST, "/api/events", _EVERY, Scope.SENDER),
    Rule(_POST, "/api/touches", _EVERY, Scope.SENDER),
    Rule(_POST, "/api/facts", frozenset({Role.HEADQUARTERS, Role.INTEGRATOR}), Scope.SENDER),
    Rule(_POST, "/api/corrections", _EVERY, Scope.SENDER),
)

ROUTE_OF_KIND: Final[Mapping[str, str]] = {
    "touch": "/api/touches", "fact": "/api/facts", **dict.fromkeys(("void", "amend", "adjustment"), "/api/corrections"),
}  # fmt: skip
"""By kind of event the route that takes it alone: whom that does not answer cannot send one to /api/events either."""

_STATIC: Final[Mapping[tuple[str, str], Rule]] = {
    (method, rule.path): rule for rule in TABLE for method in rule.methods if "{" not in rule.path
}
_PATTERNS: Final = tuple((compile_path(rule.path)[0], rule) for rule in TABLE if "{" in rule.path)


def rule_of(method: str, path: str) -> Rule | None:
    """Return the rule of a request; None if no route has this path, or none with this method."""
    asked = "GET" if method == "HEAD" else method
    found = _STATIC.get((asked, path))
    return found or next((rule for pattern, rule in _PATTERNS if asked in rule.methods and _fits(pattern, path)), None)


def roles_of_kind(kind: str) -> frozenset[Role]:
    """Return who may send events of a kind."""
    return _STATIC["POST", ROUTE_OF_KIND.get(kind, "/api/events")].roles


def methods_of(path: str) -> list[str]:
    """Return the methods with which a path is there; none if it is not."""
    of = [rule.methods for rule in TABLE if rule.path == path] + [rule.methods for pattern, rule in _PATTERNS if _fits(pattern, path)]
    return sorted({method for methods in of for method in methods})


def _fits(pattern: re.Pattern[str], path: str) -> bool:
    """Return whether a path is one of a pattern's, and names something where the pattern has a name."""
    found = pattern.match(path)
    return found is not None and all(found.groups())
