"""Reading over TLS, by the authority that [sink] names."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import SinkUnavailable
from gateway.sinks.influxdb.settings import InfluxSink

STORES = {"results": [{"series": [{"name": "visit", "columns": ["key", "value"], "values": [["store", "s1"], ["store", "s2"]]}]}]}


class _Database(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps(STORES).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that is its own authority; its key is in `key.pem` beside it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "ca.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return tmp_path / "ca.pem"


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Database)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_reader_trusts_the_authority_of_the_settings(url: str, certificate: Path) -> None:
    settings = InfluxSink(kind="influxdb", url=url, bucket="footfall", ca_file=certificate)
    with closing(settings.reader()) as reader:
        assert reader.stores() == ["s1", "s2"]


def test_without_it_a_private_authority_is_not_trusted(url: str) -> None:
    settings = InfluxSink(kind="influxdb", url=url, bucket="footfall")
    with closing(settings.reader()) as reader, pytest.raises(SinkUnavailable, match="certificate"):
        reader.stores()


def test_another_authority_is_not_trusted(url: str, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=other", "-keyout", tmp_path / "other.key", "-out", other], check=True, capture_output=True,
    )  # fmt: skip
    settings = InfluxSink(kind="influxdb", url=url, bucket="footfall", ca_file=other)
    with closing(settings.reader()) as reader, pytest.raises(SinkUnavailable, match="certificate"):
        reader.stores()
