"""What `footfall config check` looks at around serve.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from device_profiles.config_command import Contents, Inspector, endings, unanswering, unreadable, wrong_certificates
from footfall.addresses import http_url, without_credentials
from footfall.errors import ConfigError
from gateway.config import load_gateway
from serve.access import Access
from serve.config import ServeConfig, load_serve, status_url, users_path
from serve.users import UserFile


def _serve(file: Path) -> Contents:
    config = load_serve(file)
    listen = config.listen
    yield "page", f"{http_url(listen.host, listen.port, 'https' if listen.tls else 'http')}/"
    yield "access", _access(config)
    yield "gateway", str(config.gateway)
    yield "broker", f"{config.broker.host}:{config.broker.port}" if config.broker else "that of the gateway"
    yield "status", without_credentials(status_url(config))
    yield from endings(config)


def _access(config: ServeConfig) -> str:
    here = "by token" if config.listen.token_file else "without a token from this machine"
    try:
        users = users_path(config)
        count = len(UserFile(users).current().all) if users else 0
    except ConfigError:  # _around_serve names it
        count = 0
    return f"{here}, and by the tokens of {count} users" if count else here


def _around_serve(file: Path, online: bool) -> Iterator[str]:
    config = load_serve(file)
    yield from unreadable(config)
    yield from wrong_certificates(config)
    yield from _unguarded(config)
    if online:
        yield from unanswering(config)
    yield from _around_gateway(config, online)


def _unguarded(config: ServeConfig) -> Iterator[str]:
    """Yield that users cannot be read, or that nobody could be let in."""
    try:
        users = users_path(config) if config.listen.users_file or _is_readable(config.gateway) else None
        Access(config.listen, UserFile(users) if users else None)
    except ConfigError as error:
        yield str(error)


def _is_readable(gateway: Path) -> bool:
    try:
        load_gateway(gateway)
    except ConfigError:  # _around_gateway names it
        return False
    return True


def _around_gateway(config: ServeConfig, online: bool) -> Iterator[str]:
    """Yield what is wrong with the gateway.toml that has the database and the site."""
    try:
        gateway = load_gateway(config.gateway)
    except ConfigError as error:
        yield from (f"gateway: {line}" for line in str(error).splitlines())
    else:
        yield from (f"gateway: {line}" for line in gateway.sink.check(online))


SERVE: Final = Inspector(_serve, _around_serve)
"""Entry point of the group `footfall.config_inspectors`."""
