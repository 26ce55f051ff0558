"""`footfall agent --check`: what keeps an agent out is reported before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.command import agent
from footfall.errors import ConfigError
from tests.unit.footfall.test_certificates import issue

FILE = """
store = "s1"
agent = "{name}"
[spool]
path = "spool.db"
[broker.tls]
ca_file = "own.crt"
cert_file = "own.crt"
key_file = "{key}.key"
"""


SOURCE = """
[[sources]]
kind = "mqtt_vendor"
name = "vendor"
topics = ["x/#"]
door = "d1"
receivers = { r1 = "hall" }
[sources.broker.tls]
ca_file = "vendor.crt"
"""
SITE = """
brand = "acme"
[[stores]]
name = "s1"
zones = [{ name = "ball" }]
doors = ["d1"]
agents = [{ name = "a1" }]
"""


@pytest.mark.parametrize("missing", ["own.crt", "own.key", "vendor.crt"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, missing: str) -> None:
    issue(tmp_path, "a1")
    (tmp_path / "vendor.crt").write_bytes((tmp_path / "own.crt").read_bytes())
    (tmp_path / "agent.toml").write_text(FILE.format(name="a1", key="own") + SOURCE)
    agent(tmp_path / "agent.toml", check_only=True)
    (tmp_path / missing).unlink()
    with pytest.raises(ConfigError, match=rf"{tmp_path / missing} cannot be read"):
        agent(tmp_path / "agent.toml", check_only=True)


def test_a_zone_that_the_site_lacks_is_named(tmp_path: Path) -> None:
    issue(tmp_path, "a1")
    (tmp_path / "vendor.crt").write_bytes((tmp_path / "own.crt").read_bytes())
    (tmp_path / "agent.toml").write_text(FILE.format(name="a1", key="own") + SOURCE)
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("ball", "hall"))
    agent(tmp_path / "agent.toml", check_only=True, site=site)
    site.write_text(SITE)
    with pytest.raises(ConfigError, match=r"receivers\.r1: store 's1' of site\.toml has no zone 'hall': did you mean 'ball'"):
        agent(tmp_path / "agent.toml", check_only=True, site=site)


def check(folder: Path, name: str, key: str) -> None:
    (folder / "agent.toml").write_text(FILE.format(name=name, key=key))
    agent(folder / "agent.toml", check_only=True)


def test_a_key_that_does_not_fit_and_a_name_that_is_another_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issue(tmp_path, "a1", "other")
    issue(tmp_path, "a1")
    check(tmp_path, "a1", "own")
    assert "fine" in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"broker.tls: .*this key does not fit the certificate"):
        check(tmp_path, "a1", "other")
    with pytest.raises(ConfigError, match=r"names 'a1', not 'a2'"):
        check(tmp_path, "a2", "own")
