"""Who is answered: requests for a name of this server, from its own pages, with a token that opens it.

A page of another site can make a browser send requests here. It cannot read the answers, unless its own name is made to lead to
this machine (DNS rebinding): then the browser sends that name as `Host`. Where no token is asked for, other names are refused.

Without a token only whoever is on this machine is answered, and only while nobody has a token: a proxy in front of this server is on this
machine, too, and so a stated token must be one, and the first user, or a name in `hosts`, ends it.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request

from footfall.addresses import is_loopback
from footfall.config import SecretFile
from footfall.errors import ConfigError
from footfall.event_requests import token_of, token_problem
from serve.config import LOOPBACK, Listen
from serve.roles import HERE, Caller
from serve.tokens import PREFIX
from serve.users import TokenRefused, UserFile

READS: Final = frozenset({"GET", "HEAD"})
_STATED: Final = ("authorization", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
"""Headers of who states a token, or of a proxy."""
_ASKS: Final = MappingProxyType({"WWW-Authenticate": 'Basic realm="footfall"'})


class Denial(NamedTuple):
    """Why a request is not answered; `headers` go with it."""

    status: int
    reason: str
    message: str
    headers: Mapping[str, str] = MappingProxyType({})


class Access:
    """The rules of one `[listen]`."""

    def __init__(self, listen: Listen, users: UserFile | None = None) -> None:
        """Raise ConfigError: the token cannot be read, or others than this machine can connect and nobody has a token."""
        self._token: Final = SecretFile(listen.token_file) if listen.token_file else None
        self._users: Final = users
        self._is_here: Final = self._token is None and is_loopback(listen.host) and not listen.hosts
        """Whether whoever is on this machine needs no token, as long as nobody has one."""
        self._hosts: Final = LOOPBACK | set(listen.hosts)
        self._has_hosts: Final = bool(listen.hosts)
        if self._token is None and not is_loopback(listen.host) and not self._has_users():
            raise ConfigError(
                f"listen: others than this machine can connect on {listen.host}, and nobody has a token: name listen.token_file, or make "
                "the first user: footfall user add NAME --role headquarters"
            )

    def admit(self, request: Request, now_s: float) -> Caller | Denial:
        """Return who asks, or why the request must not be answered. `now_s`: since 1970, by which tokens expire."""
        host, origin = request.headers.get("Host", "").lower(), request.headers.get("Origin")
        given = given_token(request.headers.get("Authorization", ""))
        if (self._has_hosts or (self._is_here and not given.startswith(PREFIX))) and host_name(host) not in self._hosts:
            named = ", ".join(sorted(self._hosts))
            return Denial(403, "host", f"{host[:100] or 'no Host'} is none of {named}; see hosts in docs/operating.md")
        if request.method not in READS and origin is not None and urlsplit(origin).netloc.lower() != host:
            return Denial(403, "origin", f"a page of {origin[:100]} may not change anything here")
        return self._caller(request, given, now_s)

    def _caller(self, request: Request, given: str, now_s: float) -> Caller | Denial:
        if self._token is not None and hmac.compare_digest(given.encode("utf-8", "replace"), self._token.current()):
            return HERE
        if self._users is not None and given.startswith(PREFIX):
            try:
                return self._users.current().caller(given, now_s)
            except TokenRefused as refused:
                return Denial(401, refused.reason, str(refused), _ASKS)
        if self._is_here and is_direct(request) and not self._has_users():
            return HERE
        whose = "the token of serve.toml, or of a user," if self._token is not None else "the token of a user (footfall user add)"
        return Denial(401, "token", f"{whose} is needed: {token_problem(request.headers)}", _ASKS)

    def _has_users(self) -> bool:
        return self._users is not None and bool(self._users.current().all)


def is_direct(request: Request) -> bool:
    """Return whether somebody on this machine asks without a token, and no proxy asks for somebody else."""
    is_near = request.client is None or is_loopback(request.client.host)
    return is_near and not any(name in request.headers for name in _STATED)


def host_name(host: str) -> str:
    """Return the name in a `Host` header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def given_token(authorization: str) -> str:
    """Return the token, as Bearer (RFC 6750), alone, or as password of Basic (RFC 7617); "" if there is none."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        return token_of(authorization)
    try:
        return base64.b64decode(given, validate=True).partition(b":")[2].decode("utf-8", "replace")
    except ValueError:
        return ""
