"""Addresses of servers: which are this machine's own, how they are written, and requests to them.

is_loopback("::1")                      # True; so are 127.0.0.2 and localhost
http_url("::1", 8080)                   # http://[::1]:8080
own_url("0.0.0.0", 8080)                # http://127.0.0.1:8080: how this machine reaches a server that listens there
without_credentials("http://u:p@h/x?token=t")  # http://h/x
open_url(url, timeout_s)                # no proxy stands between this machine and itself
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from urllib.request import Request

ANY_HOST: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # addresses to listen at
"""Addresses that nobody can connect to, with those at which this machine reaches a server that listens there."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server at `host`. A name other than localhost may lead anywhere."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def http_url(host: str, port: int, scheme: str = "http") -> str:
    """Return the URL of a server, without a slash at its end; an IPv6 address stands in brackets."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def own_url(host: str, port: int) -> str:
    """Return the URL by which this machine reaches a server that listens at `host`."""
    return http_url(ANY_HOST.get(host, host), port)


def without_credentials(url: str) -> str:
    """Return a URL without user, password, query and fragment, any of which may hold a secret. What is no URL stays as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def open_url(request: str | Request, timeout_s: float) -> Any:
    """Return the answer to an HTTP request, as `urllib.request.urlopen` does, and raise as it does.

    A proxy of the environment is not asked for an address of this machine: it would look for the server on its own.
    """
    from urllib.request import ProxyHandler, build_opener  # http.client, email and ssl: most commands send no request

    url = request if isinstance(request, str) else request.full_url
    proxies = ProxyHandler({} if is_loopback(urlsplit(url).hostname or "") else None)
    return build_opener(proxies).open(request, timeout=timeout_s)
