"""What `footfall config check` looks at around serve.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from device_profiles.config_command import Contents, Inspector, endings, unanswering, unreadable, wrong_certificates
from footfall.addresses import http_url, without_credentials
from footfall.errors import ConfigError
from gateway.config import load_gateway
from serve.config import ServeConfig, load_serve, status_url


def _serve(file: Path) -> Contents:
    config = load_serve(file)
    listen = config.listen
    yield "page", f"{http_url(listen.host, listen.port, 'https' if listen.tls else 'http')}/"
    yield "access", "by token" if listen.token_file else "from this machine only"
    yield "gateway", str(config.gateway)
    yield "broker", f"{config.broker.host}:{config.broker.port}" if config.broker else "that of the gateway"
    yield "status", without_credentials(status_url(config))
    yield from endings(config)


def _around_serve(file: Path, online: bool) -> Iterator[str]:
    config = load_serve(file)
    yield from unreadable(config)
    yield from wrong_certificates(config)
    if online:
        yield from unanswering(config)
    yield from _around_gateway(config, online)


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
