"""What a gateway's `/status` has, by HTTP, for tests of what asks it.

with StatusPage({"version": "1"}) as page:
    page.url
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, body: bytes, *connection: Any) -> None:
        self._body = body
        super().__init__(*connection)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self._body)))
        self.end_headers()
        self.wfile.write(self._body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class StatusPage:
    """Listens on loopback while it is entered."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, json.dumps(status).encode()))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> StatusPage:
        threading.Thread(target=partial(self._server.serve_forever, 0.05), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
