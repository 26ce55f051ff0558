"""Asks an ASGI application without a socket.

ask(app, "GET", "/livez").status
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit


class Answer(NamedTuple):
    """A whole answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


def ask(app: Any, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """Return the answer of an application. `_` in the name of a header stands for `-`."""
    return asyncio.run(_ask(app, method, target, body, {"host": "localhost", **headers}))


async def _ask(app: Any, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    url = urlsplit(target)
    named = [(name.lower().replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "root_path": "",
        "path": unquote(url.path), "raw_path": url.path.encode(), "query_string": url.query.encode(), "state": {},
        "headers": [*named, (b"content-length", str(len(body)).encode())], "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    sent: list[Any] = []
    streams = asyncio.Event()

    async def receive() -> Any:
        if not sent:
            sent.append(None)
            return {"type": "http.request", "body": body, "more_body": False}
        await streams.wait()  # whoever asks stays until it is answered, but for a stream, which would have no end
        return {"type": "http.disconnect"}

    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)
        if (b"content-type", b"text/event-stream") in message.get("headers", ()):
            streams.set()

    await app(scope, receive, send)
    begin = messages[0]
    found = {name.decode(): value.decode() for name, value in begin["headers"]}
    return Answer(begin["status"], found, b"".join(message.get("body", b"") for message in messages[1:]))
