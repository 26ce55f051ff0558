"""What a changed agent.toml asks a running agent for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_agent.config import AgentSettings
from edge_agent.keys import write_keys
from edge_agent.reload import Reload, ask, in_use
from footfall.errors import ConfigError


def source(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "http_push", "name": name, "port": 0, "receivers": {f"r-{name}": "hall"}} | more


def settings(folder: Path, *sources: dict[str, Any], **more: Any) -> AgentSettings:
    values = {"store": "s", "agent": "a", "spool": {"path": str(folder / "spool")}, "sources": sources} | more
    return AgentSettings.model_validate(values)


def test_sources_that_are_equal_stay_and_all_others_end_or_begin(tmp_path: Path) -> None:
    before = in_use(settings(tmp_path, source("stays"), source("changes"), source("goes")))
    asked = ask(settings(tmp_path, source("comes"), source("changes", silence_s=9), source("stays")), before)
    assert asked.ended == {"changes", "goes"}
    assert [each.name for each in asked.begun] == ["comes", "changes"]
    assert not asked.needs_restart
    again = ask(settings(tmp_path, source("comes"), source("changes", silence_s=9), source("stays")), asked.now)
    assert (again.ended, again.begun) == (frozenset(), [])


def test_other_profiles_or_keys_of_radios_begin_every_source_anew(tmp_path: Path) -> None:
    irks = tmp_path / "irks.toml"
    irks.write_text(f'fan-1 = "{"ab" * 16}"\n')
    asked_for = settings(tmp_path, source("one"), source("two"), keys={"irks_file": str(irks)})
    before = in_use(asked_for)
    assert not ask(asked_for, before).begun
    irks.write_text(f'fan-1 = "{"cd" * 16}"\n')
    asked = ask(asked_for, before)
    assert asked.ended == {"one", "two"}
    assert [each.name for each in asked.begun] == ["one", "two"]


def test_long_lived_keys_alone_touch_no_source(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(write_keys(b"first", ["ibeacon"]))
    asked_for = settings(tmp_path, source("one"), keys={"file": str(file)})
    before = in_use(asked_for)
    file.write_text(write_keys(b"second", ["ibeacon"]))
    asked = ask(asked_for, before)
    assert not asked.begun
    assert asked.now.keys != before.keys


def test_what_needs_a_restart_is_named_and_not_taken(tmp_path: Path) -> None:
    before = in_use(settings(tmp_path))
    asked = ask(settings(tmp_path, source("new"), store="elsewhere", broker={"port": 8883}), before)
    assert asked.needs_restart == ["store", "broker.port"]
    assert (asked.now.settings.store, asked.now.settings.broker.port) == ("s", 1883)
    assert [each.name for each in asked.now.settings.sources] == ["new"]


def test_a_refusal_is_a_problem_until_a_reload_succeeds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reload = Reload(settings(tmp_path), None)
    assert not reload.problems()

    def broken() -> AgentSettings:
        raise ConfigError("agent.toml: sources.0.nane: there is no such key")

    assert reload.ask(broken) is None
    assert "sources.0.nane" in reload.problems()["reload_refused"]
    assert "sources.0.nane" in caplog.text
    missing = settings(tmp_path, keys={"file": str(tmp_path / "nowhere.toml")})
    assert reload.ask(lambda: missing) is None
    assert "nowhere.toml" in reload.problems()["reload_refused"]
    assert reload.ask(lambda: settings(tmp_path)) is not None
    assert not reload.problems()


def test_what_needs_a_restart_is_a_problem_until_the_file_is_as_it_was(tmp_path: Path) -> None:
    reload = Reload(settings(tmp_path), None)
    for _ in range(2):
        assert reload.ask(lambda: settings(tmp_path, source("new"), broker={"port": 8883}, status={"notice_s": 9})) is not None
        assert reload.problems() == {"restart_needed": "broker.port, status.notice_s"}
    assert reload.ask(lambda: settings(tmp_path)) is not None
    assert not reload.problems()
