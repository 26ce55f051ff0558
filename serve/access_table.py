"""Who may ask what: every route with the roles that it answers, and what of it each of them sees. A route that is not here is not there.

rule = rule_of("GET", "/api/fans/f-1/visits")     # None: no route has this path, or none with this method
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from starlette.routing import compile_path

from serve.roles import Role


class Scope(Enum):
    """What of a route's answer a token that is not headquarters' sees."""

    OPEN = "all of it, also without a token"
    SHARED = "all of it: it has nothing of any store"
    CHAIN = "it is about the whole chain"
    PATH = "what is below its paths; another path is refused (403, scope)"
    STORES = "its stores alone; another store is refused (403, scope)"
    SENDER = "it sends in the name of publishers of its stores; another store or publisher is refused (403, scope)"
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
    Rule(_GET, "/", _CHAIN, Scope.SHARED),
    Rule(_GET, "/page.css", _CHAIN, Scope.SHARED),
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
    Rule(_POST, "/api/events", _EVERY, Scope.SENDER),
)


class _Found(NamedTuple):
    pattern: re.Pattern[str]
    by_method: Mapping[str, Rule]


def _compiled() -> tuple[Mapping[str, Mapping[str, Rule]], tuple[_Found, ...]]:
    by_path: dict[str, dict[str, Rule]] = {}
    for rule in TABLE:
        by_path.setdefault(rule.path, {}).update((method, rule) for method in rule.methods)
    patterns = [_Found(compile_path(path)[0], rules) for path, rules in by_path.items() if "{" in path]
    return {path: rules for path, rules in by_path.items() if "{" not in path}, tuple(patterns)


_BY_PATH, _PATTERNS = _compiled()


def rule_of(method: str, path: str) -> Rule | None:
    """Return the rule of a request; None if no route has this path, or none with this method."""
    rules = _BY_PATH.get(path)
    if rules is None:
        rules = next((found.by_method for found in _PATTERNS if found.pattern.match(path)), {})
    return rules.get("GET" if method == "HEAD" else method)
