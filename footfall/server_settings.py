"""Hosts and URLs of servers as configuration files have them: whatever cannot be one is a mistake of the file, and found with it."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

_NO_HOST: Final = re.compile(r"[@/?#\s]")


def _host(text: str) -> str:
    if _NO_HOST.search(text):
        raise ValueError("a host is a name or an address alone, without scheme, user, password and path")
    return text


def _url(text: str) -> str:
    try:
        port, host = urlsplit(text).port, urlsplit(text).hostname
    except ValueError:
        raise ValueError("what follows the host is no port: a number from 1 to 65535") from None
    if port == 0 or not host:
        raise ValueError("there must be a host, and a port of it is a number from 1 to 65535")
    return text


Host = Annotated[str, AfterValidator(_host)]
"""The name or address of a server. Credentials have keys of their own, so that none is logged with the host."""
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?\z"), AfterValidator(_url)]
