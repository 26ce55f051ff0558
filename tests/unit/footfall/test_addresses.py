"""Addresses of servers."""

from __future__ import annotations

import urllib.error

import pytest

from footfall.addresses import http_url, is_loopback, open_url, own_url, without_credentials
from footfall.http_server import HttpServer, RequestHandler


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_only_this_machine_reaches_a_loopback_address(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "localhost.example.com", "", "till"])  # noqa: S104 # no loopback
def test_others_reach_any_other(host: str) -> None:
    assert not is_loopback(host)


def test_ipv6_addresses_stand_in_brackets() -> None:
    assert http_url("::1", 80) == "http://[::1]:80"
    assert http_url("till", 443, "https") == "https://till:443"


@pytest.mark.parametrize(("host", "reached"), [("0.0.0.0", "http://127.0.0.1:8080"), ("::", "http://[::1]:8080"), ("h", "http://h:8080")])  # noqa: S104 # to listen at
def test_nobody_connects_to_any_address(host: str, reached: str) -> None:
    assert own_url(host, 8080) == reached


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://influx.example.com:8086", "https://influx.example.com:8086"),
        ("http://admin:s3cret@h:8086/path", "http://h:8086/path"),
        ("http://admin:s3@cret@h:8086/path", "http://h:8086/path"),
        ("http://h/x?token=s3cret&a=1#s3cret", "http://h/x"),
        ("http://admin:s3cret@[::1", "[::1"),
    ],
)
def test_credentials_are_not_shown(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
    assert "s3" not in without_credentials(url)


class Hello(RequestHandler):
    def do_GET(self) -> None:  # noqa: N802 # the name that http.server calls
        self.answer(200, b'"hello"')


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens on the port of discard
    monkeypatch.delenv("no_proxy", raising=False)
    server = HttpServer("hello", host, 0, Hello)
    server.start()
    try:
        with open_url(http_url(host, server.port), 30.0) as answer:
            assert answer.read() == b'"hello"'
    finally:
        server.stop()


def test_elsewhere_the_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(urllib.error.URLError, match="refused"):
        open_url("http://192.0.2.1:80/", 30.0)
