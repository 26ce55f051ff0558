"""Who is answered: requests for a name of this server, from its own pages, with the token.

A page of another site can make a browser send requests here. It cannot read the answers, unless its own name is made to lead to
this machine (DNS rebinding): then the browser sends that name as `Host`. Where no token is asked for, other names are refused.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request

from footfall.config import SecretFile
from footfall.event_requests import token_of, token_problem
from serve.config import LOOPBACK, Listen

READS: Final = frozenset({"GET", "HEAD"})


class Denial(NamedTuple):
    """Why a request is not answered; `headers` go with it."""

    status: int
    reason: str
    message: str
    headers: Mapping[str, str] = MappingProxyType({})


class Access:
    """The rules of one `[listen]`."""

    def __init__(self, listen: Listen) -> None:
        """ConfigError: the token cannot be read."""
        self._token: Final = SecretFile(listen.token_file) if listen.token_file else None
        self._hosts: Final = LOOPBACK | set(listen.hosts) if listen.hosts or not self._token else None
        """None: any name, since a browser sends a password to the site only for which it was typed."""

    def denial(self, request: Request) -> Denial | None:
        """Return why the request must not be answered, None if it may."""
        host, origin = request.headers.get("Host", "").lower(), request.headers.get("Origin")
        if self._hosts is not None and host_name(host) not in self._hosts:
            return Denial(
                403, "host", f"{host[:100] or 'no Host'} is none of {', '.join(sorted(self._hosts))}; see hosts in docs/operating.md"
            )
        if request.method not in READS and origin is not None and urlsplit(origin).netloc.lower() != host:
            return Denial(403, "origin", f"a page of {origin[:100]} may not change anything here")
        if self._token is not None and not is_known(request.headers.get("Authorization", ""), self._token.current()):
            why = token_problem(request.headers)
            return Denial(401, "token", f"the token of serve.toml is needed: {why}", {"WWW-Authenticate": 'Basic realm="footfall"'})
        return None


def host_name(host: str) -> str:
    """Return the name in a `Host` header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_known(authorization: str, token: bytes) -> bool:
    """Whether it is the token, as Bearer (RFC 6750), alone, or as password of Basic (RFC 7617)."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        return hmac.compare_digest(token_of(authorization).encode("utf-8", "replace"), token)
    try:
        return hmac.compare_digest(base64.b64decode(given, validate=True).partition(b":")[2], token)
    except ValueError:
        return False
