"""Where an agent has its gateway's public key from."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from edge_agent.config import AgentSettings
from edge_agent.gateway_key import GatewayKey
from edge_agent.reload import ask, in_use
from edge_agent.spool import Spool
from footfall.config import check
from footfall.errors import ConfigError
from footfall.events import parse_event
from footfall.sealing import public_key, public_key_text

FIRST, SECOND = public_key(b"a"), public_key(b"b")


def key(folder: Path, pinned: str = "", intake: bool = True) -> GatewayKey:
    values: dict[str, object] = {"store": "s1", "agent": "a1", "spool": {"path": folder / "spool.db"}}
    values |= {"intake": {"port": 0}} if intake else {}
    values |= {"keys": {"gateway_file": folder / pinned}} if pinned else {}
    settings = check(values, AgentSettings, "agent.toml")
    spool = Spool(settings.spool.path, "e1", "b1")
    try:
        return GatewayKey(settings, spool)
    finally:
        spool.close()


def test_the_key_of_a_receipt_is_known_at_the_next_start(tmp_path: Path) -> None:
    learned = key(tmp_path)
    assert learned.protection.public is None
    for public in (None, FIRST, SECOND, None):
        learned.renew(public)
    assert learned.protection.public == SECOND
    assert key(tmp_path).protection.public == SECOND
    assert stat.S_IMODE((tmp_path / "spool.db.gateway").stat().st_mode) == 0o600


def test_a_pinned_key_is_replaced_by_no_receipt(tmp_path: Path) -> None:
    (tmp_path / "pinned").write_text(public_key_text(FIRST))
    pinned = key(tmp_path, "pinned")
    pinned.renew(SECOND)
    assert pinned.protection.public == FIRST
    assert not (tmp_path / "spool.db.gateway").exists()
    (tmp_path / "pinned").write_text("none")
    with pytest.raises(ConfigError, match="is no public key of a gateway"):
        key(tmp_path, "pinned")


def test_a_reload_takes_other_keys_and_pins_another_or_none(tmp_path: Path) -> None:
    learned = key(tmp_path)
    learned.renew(FIRST)
    learned.use({"member": b"k" * 32}, SECOND)
    learned.renew(FIRST)
    assert learned.protection.public == SECOND, "it is pinned now"
    scan = {"kind": "touch", "what": "scan", "identifiers": ["member:1"]}
    assert "subjects" in learned.protection.protected(scan, parse_event(scan))
    learned.use({}, None)
    assert "sealed" in learned.protection.protected(scan, parse_event(scan))
    assert learned.protection.public == SECOND, "until a receipt brings another"
    learned.renew(FIRST)
    assert learned.protection.public == FIRST


def test_a_reload_with_a_wrong_key_is_refused(tmp_path: Path) -> None:
    values = {"store": "s1", "agent": "a1", "spool": {"path": tmp_path / "spool.db"}}
    before = in_use(check(values, AgentSettings, "agent.toml"))
    settings = check(values | {"keys": {"gateway_file": tmp_path / "gateway.pub"}}, AgentSettings, "agent.toml")
    (tmp_path / "gateway.pub").write_text("none")
    with pytest.raises(ConfigError, match="is no public key of a gateway"):
        ask(settings, before)
    (tmp_path / "gateway.pub").write_text(public_key_text(FIRST))
    assert ask(settings, before).now.gateway_key == FIRST


def test_a_file_that_is_spoiled_waits_for_the_next_receipt(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "spool.db.gateway").write_text("spoiled")
    spoiled = key(tmp_path)
    assert spoiled.protection.public is None
    assert "the next receipt brings it" in caplog.text
    spoiled.renew(FIRST)
    assert key(tmp_path).protection.public == FIRST


def test_an_agent_without_an_intake_needs_no_key(tmp_path: Path) -> None:
    none = key(tmp_path, intake=False)
    none.renew(FIRST)
    assert none.protection.public is None
    assert not (tmp_path / "spool.db.gateway").exists()
