from __future__ import annotations

import pytest

from footfall.config import Section, check
from footfall.errors import ConfigError
from footfall.server_settings import Host, HttpUrl


class Server(Section):
    host: Host = "h"
    url: HttpUrl = "http://h"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%eth0", "broker.example.com", "mosquitto_1", ""])
def test_names_and_addresses_are_hosts(host: str) -> None:
    assert check({"host": host}, Server, "f").host == host


@pytest.mark.parametrize("host", ["user:hunter2@127.0.0.1", "mqtt://u:hunter2@h:1883", "mqtt://h", "h/hunter2@", "h 1", "h?a"])
def test_whatever_stands_around_a_host_is_refused_and_credentials_are_not_shown(host: str) -> None:
    with pytest.raises(ConfigError, match="a host is a name or an address alone") as refused:
        check({"host": host}, Server, "f")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://h", "https://h:8086/x", "http://u:p@[::1]:8086/", "http://127.0.0.1:65535"])
def test_urls_are_taken(url: str) -> None:
    assert check({"url": url}, Server, "f").url == url


@pytest.mark.parametrize(
    "url", ["http://h:badport", "http://h:0", "http://h:65536", "http://[::1", "http://:8086", "http://u:s3cret@h:x/?t=s3cret"]
)
def test_a_url_whose_port_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="a number from 1 to 65535") as refused:
        check({"url": url}, Server, "f")
    assert "s3cret" not in str(refused.value)
