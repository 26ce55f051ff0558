"""Clients on real sockets that are refused, and go on: they keep nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from serve import http_limits
from serve.http_limits import limited_protocol

PATIENCE_S = 30.0
MOST = 8
REFUSED = b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n["
READ = REFUSED.replace(b"/refused", b"/read")
BUSY = JSONResponse({}, 503)

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def refused(request: Request) -> JSONResponse:
    return JSONResponse({}, 401)


async def read(request: Request) -> JSONResponse:
    return JSONResponse(len(await request.body()))


@asynccontextmanager
async def serving(request_s: float = 60.0) -> AsyncIterator[tuple[uvicorn.Server, Callable[[bytes], Any]]]:
    """Yield a server, and what connects and sends."""
    app = Starlette(routes=[Route("/refused", refused, methods=["GET", "POST"]), Route("/read", read, methods=["POST"])])
    protocol = limited_protocol(request_s, MOST, BUSY)
    settings = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=protocol, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(settings)
    task = asyncio.create_task(server.serve())
    writers: list[asyncio.StreamWriter] = []

    async def send(data: bytes, source: str = "127.0.0.1") -> Client:
        port = server.servers[0].sockets[0].getsockname()[1]
        client = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writers.append(client[1])
        client[1].write(data)
        return client

    try:
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:
                await asyncio.sleep(0.01)
            yield server, send
    finally:
        for writer in writers:
            writer.close()
        server.should_exit = True
        await task


async def status(client: Client, body: bytes = b"") -> bytes:
    """Return the status of the next answer, whose body has `body` in it."""
    head = await client[0].readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert body in await client[0].readexactly(length)
    return head.split()[1]


async def ended(client: Client) -> None:
    try:
        await client[0].read()
    except ConnectionResetError:
        return


def test_a_connection_whose_answer_leaves_a_body_unread_is_ended_however_it_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "DRAIN_S", 0.2)

    async def story() -> None:
        async with serving() as (server, send):
            client = await send(REFUSED)
            assert await status(client) == b"401"
            over = asyncio.create_task(ended(client))
            while not over.done():
                client[1].write(b" ")
                await asyncio.sleep(0.02)
            assert not server.server_state.connections

    asyncio.run(story())


def test_one_that_sends_the_rest_in_time_keeps_its_connection() -> None:
    async def story() -> None:
        async with serving() as (_, send):
            client = await send(REFUSED)
            assert await status(client) == b"401"
            client[1].write(b" " * 499_999 + b"GET /refused HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await status(client) == b"401"

    asyncio.run(story())


@pytest.mark.parametrize("sent", [REFUSED, READ], ids=["refused", "read"])
def test_many_that_drip_their_bodies_keep_nobody_out(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with serving() as (server, send):
            for _ in range(3 * MOST):
                await send(sent)
            client = await send(REFUSED)
            assert await status(client) == b"401"
            while len(server.server_state.connections) > MOST:
                await asyncio.sleep(0.01)
        assert "Exception" not in caplog.text

    asyncio.run(story())


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /refused HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /refused HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 500_000,
        b"GET /refused HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /refused HTTP/1.1\r\n\r\n",
        b"GET /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"what is this\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["long", "endless", "two hosts", "no host", "two lengths", "no request", "a tunnel"],
)
def test_a_head_that_is_too_long_or_says_two_things_is_refused(sent: bytes) -> None:
    async def story() -> None:
        async with serving() as (server, send):
            client = await send(sent)
            assert await status(client) == b"400"
            await ended(client)
            while server.server_state.connections:
                await asyncio.sleep(0.01)

    asyncio.run(story())


@pytest.mark.parametrize("offer", [b"h2c", b"websocket"])
def test_who_offers_another_protocol_is_answered_by_this_one_and_so_is_what_follows(offer: bytes) -> None:
    first = b"POST /read HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %s\r\nContent-Length: 3\r\n\r\nabc" % offer

    async def story() -> None:
        async with serving() as (_, send):
            client = await send(first + REFUSED)
            assert await status(client, b"3") == b"200", "with its body"
            assert await status(client) == b"401"

    asyncio.run(story())


def test_requests_that_come_together_are_answered_in_turn() -> None:
    async def story() -> None:
        async with serving() as (_, send):
            client = await send(b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" * 5 + REFUSED)
            assert [await status(client) for _ in range(6)] == [b"200"] * 5 + [b"401"]

    asyncio.run(story())


def test_who_has_most_connections_waiting_gives_way_first() -> None:
    async def story() -> None:
        async with serving() as (_, send):
            other = await send(READ, "127.0.0.2")
            many = [await send(READ) for _ in range(3 * MOST)]
            await ended(many[0])
            other[1].write(b" " * 499_999)
            assert await status(other) == b"200"

    asyncio.run(story())
