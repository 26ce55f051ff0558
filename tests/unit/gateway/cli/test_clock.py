from __future__ import annotations

import getpass
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.users import user_name
from gateway.accept.own_clock import MAX_STEP_BACK_NS
from gateway.cli.clock import app
from gateway.state import accepted_clock
from gateway.state.accepted_clock import FILE, read_accepted, read_clocks


def test_what_is_accepted_is_the_clock_as_it_is_now_and_only_in_this_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "gateway.toml").write_text("")
    assert read_accepted(tmp_path / "state") is None
    done = CliRunner().invoke(app, ["accept", "--config", str(tmp_path / "gateway.toml")])
    assert done.exit_code == 0, done.output
    accepted_ns = read_accepted(tmp_path / "state")
    assert accepted_ns is not None
    assert abs(accepted_ns - read_clocks().base_ns) < MAX_STEP_BACK_NS
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(accepted_clock, "_boot_id", lambda: "another")
    assert read_accepted(tmp_path / "state") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_accepts_can_be_read_by_the_gateways_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 4321, 4322)
    accepted_clock.write_accepted(tmp_path, read_clocks(), "root")
    said = (tmp_path / FILE).stat()
    assert (said.st_uid, said.st_gid, said.st_mode & 0o777) == (4321, 4322, 0o600)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"base_ns": "1", "boot": "x"}', "\xff"])
def test_a_file_that_holds_nothing_accepts_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    assert read_accepted(tmp_path) is None


def test_without_a_state_folder_it_reports_that(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("")
    done = CliRunner().invoke(app, ["accept", "--config", str(tmp_path / "gateway.toml")])
    assert done.exit_code != 0


def test_a_user_without_a_name_is_written_down_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_name() == getpass.getuser()

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert user_name() == f"uid {os.getuid()}"
    assert json.dumps(user_name())
