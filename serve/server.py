"""The process: the application on uvicorn, with the connection to the broker beside it."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
import uvloop

from footfall.addresses import http_url
from footfall.errors import ConfigError
from footfall.signals import when_asked
from gateway.config import load_gateway
from gateway.query.estate import QueryEstate
from gateway.site import Site
from serve.app import Pages
from serve.broker_client import BrokerClient
from serve.config import Listen, ServeConfig
from serve.estate import ServedEstate
from serve.http_limits import limited_protocol
from serve.live import LiveReaders

log = logging.getLogger("footfall.serve")

KEEP_ALIVE_S: Final = 30
SHUTDOWN_TIMEOUT_S: Final = 3
SITE_EVERY_S: Final = 5
"""gateway.toml, site.toml and fan_profile.toml are looked at again so often."""


def run(config: ServeConfig, sock: socket.socket) -> None:
    """Serve on `sock` until SIGTERM or SIGINT. ConfigError: a file cannot be used."""
    uvloop.run(_serve(config, sock))
    log.info("stopped")


async def _serve(config: ServeConfig, sock: socket.socket) -> None:
    loop, feed = asyncio.get_running_loop(), LiveReaders(config.listen.max_streams)

    def hear(payload: bytes) -> None:
        loop.call_soon_threadsafe(feed.publish, payload)

    broker = BrokerClient(config.broker or load_gateway(config.gateway).broker, hear)
    pages = Pages(config, feed, broker)
    server = _Server(_settings(config.listen, pages), feed)
    when_asked(server.end, _reload)
    log.info("the page is at %s/", http_url(config.listen.host, sock.getsockname()[1], "https" if config.listen.tls else "http"))
    broker.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(_watch(feed, pages.estate))
            await server.serve(sockets=[sock])
            watching.cancel()
    finally:
        broker.stop()


def _reload() -> None:
    """Answer SIGHUP, which a whole group of processes may get for the gateway's sake: it must not end this one."""
    log.info("SIGHUP: gateway.toml, site.toml and fan_profile.toml are read again when they change; serve.toml is read at the start")


async def _watch(feed: LiveReaders, estate: ServedEstate) -> None:
    """Send pages what they show every second, of the stores that site.toml lists then."""
    known: Site | None = None
    while True:
        if (site := await asyncio.to_thread(estate.look)) is not known and site is not None:
            known = site
            feed.board.use(site.stores, time.time_ns())
            feed.opening.use(await asyncio.to_thread(QueryEstate.from_site, site))
        for _ in range(SITE_EVERY_S):
            feed.refresh()
            await asyncio.sleep(1.0)


class _Server(uvicorn.Server):
    """Ends the live streams first: they would wait for ever."""

    def __init__(self, config: uvicorn.Config, feed: LiveReaders) -> None:
        super().__init__(config)
        self._feed: Final = feed

    def end(self) -> None:
        """Ask it to end; any thread may call it."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `when_asked`: uvicorn would raise them again, and the process would not end with 0."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feed.close()
        await super().shutdown(sockets)


def _settings(listen: Listen, pages: Pages) -> uvicorn.Config:
    tls = listen.tls
    protocol = limited_protocol(listen.request_s, listen.max_connections, pages.busy_app())
    config = uvicorn.Config(
        pages.app(), http=protocol, ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
        ssl_certfile=tls.cert_file if tls else None, ssl_keyfile=str(tls.key_file) if tls else None,
    )  # fmt: skip
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"listen.tls: the certificate with its key cannot be used: {error}") from None
    return config
