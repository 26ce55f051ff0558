"""A live stream on real sockets whose client reads nothing: its connection is aborted, with what could not be sent."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn

from serve import live
from serve.http_limits import limited_protocol
from serve.live import EventStream, LiveReaders

PATIENCE_S = 30.0
LARGE = json.dumps({"kind": "arrival", "store": "s1", "fan": "f" * 60_000}).encode()


class Streams:
    """A server of nothing but the stream of `feed`."""

    def __init__(self) -> None:
        self.feed = LiveReaders(4)
        self.socket = socket.create_server(("127.0.0.1", 0))
        settings = uvicorn.Config(
            EventStream(self.feed),
            http=limited_protocol(20.0, 100, EventStream(self.feed)),
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(settings)

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    async def open(self) -> socket.socket:
        """Return a connection that asked for the stream, and has read nothing yet."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, self.socket.getsockname())
        await loop.sock_sendall(client, b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reached(lambda: self.feed.readers == 1)
        return client


async def reached(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def streams() -> AsyncIterator[Streams]:
    running = Streams()
    task = asyncio.create_task(running.server.serve(sockets=[running.socket]))
    try:
        yield running
    finally:
        running.feed.close()
        running.server.should_exit = True
        await task


async def is_reset(client: socket.socket) -> bool:
    """Whether the connection ends by a reset, not by the end of an answer."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while await loop.sock_recv(client, 1 << 16):
                pass
    except ConnectionResetError:
        return True
    return False


def test_a_client_that_takes_nothing_loses_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SEND_S", 0.2)

    async def story() -> None:
        async with streams() as running:
            with await running.open() as client:
                for _ in range(200):
                    running.feed.publish(LARGE)
                await reached(lambda: running.connections == 0)
                await reached(lambda: running.feed.slow_readers_total == 1)  # counted once the stream has seen that it is over
                assert await is_reset(client)

    asyncio.run(story())


def test_so_does_one_for_which_too_many_messages_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUEUED", 100)

    async def story() -> None:
        async with streams() as running:
            with await running.open() as client:
                for _ in range(101):  # at once: the loop can send none of it meanwhile
                    running.feed.publish(LARGE)
                await reached(lambda: running.connections == 0)
                await reached(lambda: running.feed.slow_readers_total == 1)  # counted once the stream has seen that it is over
                assert await is_reset(client)

    asyncio.run(story())


def test_a_client_that_reads_is_not_disturbed_and_its_stream_ends_in_order() -> None:
    async def story() -> None:
        async with streams() as running:
            with await running.open() as client:
                running.feed.publish(LARGE)
                loop, received = asyncio.get_running_loop(), b""
                while LARGE[-10:].replace(b" ", b"") not in received:
                    received += await loop.sock_recv(client, 1 << 16)
                running.feed.close()
                while not received.endswith(b"0\r\n\r\n"):
                    received += await loop.sock_recv(client, 1 << 16)
                assert running.feed.slow_readers_total == 0

    asyncio.run(story())
