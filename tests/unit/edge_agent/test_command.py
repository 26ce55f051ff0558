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
