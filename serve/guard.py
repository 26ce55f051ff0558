"""Lets through what `access.py` and `access_table.py` allow, before anything of a request's body is read; refuses the rest, and paths
of no rule.

What it lets through has `caller` and `reach`, the stores that the caller may ask about, in its state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from footfall.mistakes import did_you_mean, unknown
from serve.access import Access, Denial
from serve.access_table import TABLE, Rule, Scope, methods_of, rule_of
from serve.estate import SettingsUnreadable
from serve.problems import problem
from serve.rate_limits import RateLimits
from serve.roles import HERE, Caller, Role, is_below

Takes = Mapping[tuple[str, str], frozenset[str]]
"""By method and path of a route the parameters that a query string may have; of a route that is not here nobody looks."""
Reach = frozenset[str] | None
"""Names of stores; None: all."""
_SHOWN: Final = 5
IS_HEAD: Final = "is_head"
"""In the state of a HEAD, which a route takes for a GET: a stream has no end then to wait for."""
STILL: Final = "still"
"""In the state of what is let through: a call that tells whether it still would be. A stream goes on only as long as that."""


class Guard:
    """ASGI middleware."""

    def __init__(
        self,
        app: Any,
        access: Access,
        limits: RateLimits,
        reach: Callable[[Caller], Reach],
        takes: Takes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock`: seconds since 1970."""
        self._takes: Final = takes
        self._app: Final = app
        self._access: Final = access
        self._limits: Final = limits
        self._reach: Final = reach
        self._clock: Final = clock

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        rule = rule_of(scope["method"], scope["path"])
        if rule is None:
            await _not_there(scope["method"], scope["path"])(scope, receive, send)
            return
        if rule.scope is not Scope.OPEN:
            found = self._admitted(Request(scope), rule)
            if isinstance(found, Denial):
                await problem(*found)(scope, receive, send)
                return
            reach = self._reach(found)
            scope.setdefault("state", {}).update(caller=found, reach=reach, **{STILL: partial(self._is_still, scope, found, reach)})
        if scope["method"] == "HEAD":
            scope.setdefault("state", {})[IS_HEAD] = True
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        await self._app(scope, receive, send)

    def _is_still(self, scope: Any, caller: Caller, reach: Reach) -> bool:
        """Return whether the same request would be let through now, as the same caller with the same stores."""
        return self._access.admit(Request(scope), self._clock()) == caller and self._reach(caller) == reach

    def _admitted(self, request: Request, rule: Rule) -> Caller | Denial:
        now_s = self._clock()
        caller = self._access.admit(request, now_s)
        if isinstance(caller, Denial):
            return caller
        if caller.token and (wait_s := self._limits.take(caller.token, now_s)):
            after = {"Retry-After": str(math.ceil(wait_s))}
            return Denial(429, "rate", f"more requests than this token may make: wait {math.ceil(wait_s)} s", after)
        if caller.role not in rule.roles:
            roles = ", ".join(sorted(rule.roles))
            return Denial(403, "role", f"it is for {roles}; this token is of {caller.name}, {caller.role}")
        try:
            reach = self._reach(caller)
        except SettingsUnreadable as error:
            return _unreadable(caller, "settings", error)
        if not request.scope["query_string"]:
            return caller
        return _beyond(request, rule, caller, reach) or self._asked_wrongly(request, rule) or caller

    def _asked_wrongly(self, request: Request, rule: Rule) -> Denial | None:
        """Return the refusal of a query string that says something twice, or what means nothing to its route."""
        names = [name for name, _ in request.query_params.multi_items()]
        takes = self._takes.get((rule.methods[0], rule.path))
        if takes is None:
            return None
        if wrong := next((name for name in names if name not in takes), None):
            there = f"it takes {', '.join(sorted(takes))}" if takes else "it takes none"
            return Denial(400, "request", unknown(f"{wrong[:80]!r} means nothing here", wrong[:80], takes, there))
        if twice := next((name for name in names if names.count(name) > 1), None):
            return Denial(400, "request", f"{twice} is stated twice: several are written once, with commas")
        return None


def _not_there(method: str, path: str) -> Response:
    """Return the answer to what no rule has: a path that there is not, or a method that it does not have."""
    if allowed := methods_of(path):
        return problem(405, "method", f"not with {method[:20]}: it is asked with {', '.join(allowed)}", {"Allow": ", ".join(allowed)})
    there = dict.fromkeys(rule.path for rule in TABLE if rule.path.count("/") > 1 or "." not in rule.path)
    return problem(404, "path", f"there is no {path[:80]}{did_you_mean(path[:80], there)}")


def _beyond(request: Request, rule: Rule, caller: Caller, reach: Reach) -> Denial | None:
    """Return the refusal of what the query string names beyond a caller's scope."""
    if reach is None:
        return None
    asked = request.query_params
    if rule.scope in (Scope.STORES, Scope.SENDER):
        stores = [name for each in asked.getlist("store") for name in each.split(",") if name]
        if beyond := next((name for name in stores if name not in reach), ""):
            return refused("store", beyond, reach)
    if rule.scope is Scope.SENDER and caller.agents and (agent := asked.get("agent")) and agent not in caller.agents:
        return refused("agent", agent, caller.agents)
    if rule.scope is Scope.PATH and (path := asked.get("path")) and not is_below(path.strip("/"), caller.paths):
        return refused("path", path, caller.paths)
    return None


def refused(what: str, name: str, allowed: frozenset[str] | tuple[str, ...]) -> Denial:
    """Return the refusal of something that is none of a caller's. The same whether it is there or not."""
    shown = sorted(allowed)[:_SHOWN]
    more = f" and {len(allowed) - _SHOWN} more" if len(allowed) > _SHOWN else ""
    return Denial(403, "scope", f"{what} {name[:80]!r} is beyond this token, which is for {', '.join(shown) or 'none'}{more}")


def unreadable(request: Request, what: str, error: Exception) -> Response:
    """Return the refusal where a file or a database cannot be read now. Where it lies is told to headquarters alone."""
    return problem(*_unreadable(caller_of(request), what, error))


def _unreadable(caller: Caller, what: str, error: Exception) -> Denial:
    what = "settings" if isinstance(error, SettingsUnreadable) else what
    return Denial(503, what, str(error) if caller.role is Role.HEADQUARTERS else f"the {what} cannot be read now; headquarters is told why")


def caller_of(request: Request) -> Caller:
    """Return who asks."""
    caller: Caller = getattr(request.state, "caller", HERE)
    return caller


def reach_of_request(request: Request) -> Reach:
    """Return the stores that the caller may ask about; None: all."""
    reach: Reach = getattr(request.state, "reach", None)
    return reach
