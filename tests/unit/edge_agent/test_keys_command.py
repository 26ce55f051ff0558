from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.keys import read_keys
from edge_agent.keys_command import keys
from footfall.errors import ConfigError
from footfall.pseudonyms import type_key


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "brand.secret"
    path.write_text("brand\n")
    return path


def test_a_box_gets_the_keys_of_the_types_that_it_reads_and_no_others(secret: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = secret.with_name("keys.toml")
    path.write_text("of before")
    path.chmod(0o644)
    keys(["ibeacon", "epc"], secret=secret, into=path)
    assert read_keys(path) == {name: type_key(b"brand", name) for name in ("ibeacon", "epc")}
    assert path.stat().st_mode & 0o777 == 0o600, "also where an earlier file was open to all"
    assert "epc, ibeacon" in capsys.readouterr().out
    keys(["ibeacon"], secret=secret)
    assert capsys.readouterr().out == f'ibeacon = "{type_key(b"brand", "ibeacon").hex()}"\n'


@pytest.mark.parametrize(
    ("types", "message"),
    [
        (["ibeakon"], "no profile has the identifier type 'ibeakon': did you mean 'ibeacon'"),
        ([], "name the identifier types that the box reads: .*ibeacon"),
        (["eddystone-eid"], "'eddystone-eid' needs no key"),
    ],
)
def test_types_that_need_no_key_are_refused(secret: Path, types: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        keys(types, secret=secret)


def test_a_secret_that_cannot_be_read_and_a_folder_that_is_missing_are_named(secret: Path) -> None:
    with pytest.raises(ConfigError, match=r"other.secret: the secret cannot be read"):
        keys(["ibeacon"], secret=secret.with_name("other.secret"))
    with pytest.raises(ConfigError, match=r"nowhere/keys.toml: cannot be written"):
        keys(["ibeacon"], secret=secret, into=secret.parent / "nowhere" / "keys.toml")
