"""The settings of a broker mean the same in every file that has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.config import AgentSettings
from footfall.broker import Broker
from footfall.config import load
from footfall.errors import ConfigError
from gateway.config import load_gateway


def in_gateway_toml(folder: Path, line: str) -> Broker:
    path = folder / "gateway.toml"
    path.write_text(f"[broker]\n{line}\n")
    return load_gateway(path, {}).broker


def in_agent_toml(folder: Path, line: str) -> Broker:
    path = folder / "agent.toml"
    path.write_text(f'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n[broker]\n{line}\n')
    return load(path, AgentSettings, "FOOTFALL_AGENT", {}).broker


def at_a_vendor_source(folder: Path, line: str) -> Broker:
    path = folder / "agent.toml"
    source = '[[sources]]\nkind = "mqtt_vendor"\nname = "nodes"\ntopics = ["t/#"]\nreceivers = { hall = "hall" }\n[sources.broker]\n'
    path.write_text(f'store = "s1"\nagent = "a1"\n[spool]\npath = "spool.db"\n{source}{line}\n')
    (vendor,) = load(path, AgentSettings, "FOOTFALL_AGENT", {}).sources
    broker: Broker = vendor.broker
    return broker


Reader = Callable[[Path, str], Broker]
EVERYWHERE = pytest.mark.parametrize("read", [in_gateway_toml, in_agent_toml, at_a_vendor_source])


@EVERYWHERE
@pytest.mark.parametrize("spelling", ["5", '"5"', "5.0", '"5.0"', '" 5 "'])
def test_mqtt_5_may_be_spelled_as_number_or_text(read: Reader, spelling: str, tmp_path: Path) -> None:
    broker = read(tmp_path, f"protocol = {spelling}")
    assert (broker.protocol, broker.is_v5) == ("5", True)


@EVERYWHERE
@pytest.mark.parametrize("spelling", ['"3.1.1"', "4", '"4"', "4.0"])
def test_mqtt_3_1_1_may_be_spelled_by_its_name_or_its_number_on_the_wire(read: Reader, spelling: str, tmp_path: Path) -> None:
    broker = read(tmp_path, f"protocol = {spelling}")
    assert (broker.protocol, broker.is_v5) == ("3.1.1", False)


@EVERYWHERE
@pytest.mark.parametrize("spelling", ["3", '"3.1"', "5.1", "6", "true", '"mqtt5"', '""', "[5]"])
def test_any_other_version_is_refused_with_the_key_and_what_is_allowed(read: Reader, spelling: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"broker\.protocol: Input should be '5' or '3\.1\.1'"):
        read(tmp_path, f"protocol = {spelling}")


@EVERYWHERE
def test_a_certificate_without_its_key_is_refused(read: Reader, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"broker\.tls: `cert_file` and `key_file` belong together"):
        read(tmp_path, 'tls = { ca_file = "ca.pem", cert_file = "c.pem" }')


@EVERYWHERE
def test_nobody_connects_to_port_0(read: Reader, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"broker\.port: Input should be greater than or equal to 1"):
        read(tmp_path, "port = 0")


@EVERYWHERE
def test_the_password_is_read_from_the_folder_of_the_file_whenever_it_is_needed(read: Reader, tmp_path: Path) -> None:
    broker = read(tmp_path, 'username = "u"\npassword_file = "password"')
    (tmp_path / "password").write_text("first\n")
    assert broker.read_password() == b"first"
    (tmp_path / "password").write_text("second\n")
    assert broker.read_password() == b"second"
