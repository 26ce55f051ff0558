"""`serve.toml`: settings of the web process. `deploy/examples/serve.toml` shows it; `docs/operating.md` lists every key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from footfall.addresses import own_url
from footfall.broker import Broker, Port
from footfall.config import Section, load, load_environment
from footfall.server_settings import Host, HttpUrl
from gateway.config import GatewayConfig, HostNames, load_gateway

PREFIX: Final = "FOOTFALL_SERVE"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class ServerTls(Section):
    """The server's certificate with its chain, and its key: PEM."""

    cert_file: Path
    key_file: Path


class Listen(Section):
    """Where pages are served, and how much of it at a time."""

    host: Host = "127.0.0.1"
    port: Port = 8090
    hosts: HostNames = ()
    """Names beside those of loopback by which browsers reach it. Without a token no other name is answered."""
    tls: ServerTls | None = None
    token_file: Path | None = None
    """Clients then send it as Bearer token, or browsers as password of any user (Basic)."""
    max_connections: Annotated[int, Field(ge=2, le=10_000)] = 256
    max_streams: Annotated[int, Field(ge=1, le=10_000)] = 128
    """Live streams at a time; each takes a connection."""
    request_s: Annotated[float, Field(gt=0, le=600)] = 20.0
    """Read deadline per request: its head, then its body."""
    answer_s: Annotated[float, Field(gt=0, le=3_600)] = 60.0
    """A question of the API that takes longer is ended."""
    users_file: Path | None = None
    """The users that `footfall user add` makes; None: those of the gateway's state."""
    requests_per_s: Annotated[float, Field(gt=0, le=100_000)] = 100.0
    """Of each user's token, on average; the token of `token_file` and this machine are not limited."""
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    """Requests that a token may make at once."""


class ServeConfig(Section):
    """One web process. Relative paths are taken from the file's folder."""

    gateway: Path = Path("gateway.toml")
    """Database and site are those of this file, and the broker if [broker] is left out."""
    broker: Broker | None = None
    status_url: HttpUrl | None = None
    """Where the gateway's `[http]` listens; None: as gateway.toml has it, see `status_url`."""
    listen: Listen = Listen()


def load_serve(path: Path | None, environment: Mapping[str, str] = os.environ) -> ServeConfig:
    """Return the checked configuration of a file, or without one of the environment alone. ConfigError names the wrong key."""
    if path is None:
        return load_environment(ServeConfig, PREFIX, Path.cwd(), environment)
    return load(path, ServeConfig, PREFIX, environment)


def status_url(config: ServeConfig) -> str:
    """Return the address of the gateway's status: the one in serve.toml, else that of [http] in gateway.toml.

    Without a gateway.toml, as beside a gateway on another machine, that of the default [http]. Raise ConfigError if it is unreadable.
    """
    if config.status_url is not None:
        return config.status_url
    http = (load_gateway(config.gateway) if config.gateway.exists() else GatewayConfig()).http
    return own_url(http.host, http.port)


USERS: Final = "users.json"


def users_path(config: ServeConfig) -> Path | None:
    """Return where the users are; None without a gateway.toml, as beside a gateway on another machine, where no file is named."""
    if config.listen.users_file is not None:
        return config.listen.users_file
    return load_gateway(config.gateway).state_dir / USERS if config.gateway.exists() else None
