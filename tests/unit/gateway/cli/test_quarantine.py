from __future__ import annotations

import base64
import getpass
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from footfall.errors import ConfigError
from gateway.cli.quarantine import app
from gateway.state.quarantine.entries import Refusal
from gateway.state.quarantine.store import Quarantine


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    quarantine = Quarantine(tmp_path / "state" / "quarantine.db")
    recent = 1 << 62  # far in the future: nothing expires
    quarantine.add(
        [
            Refusal("frame.crc", "crc32 disagrees [x]", "footfall/1/s/a/frames", recent, b"\x92\x00", "accept", rows=4),
            Refusal("event.json", "not JSON", "footfall/1/s/t/events", recent, b'{"a":', "accept"),
            Refusal("event.json", "not JSON", "footfall/1/s/t/events", recent, b'{"b":', "accept"),
        ]
    )
    quarantine.close()
    (tmp_path / "gateway.toml").write_text("")
    return tmp_path / "gateway.toml"


def run(config: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, [arguments[0], *arguments[1:], "--config", str(config)], input=answer, env={"COLUMNS": "200"})


def store(config: Path) -> Quarantine:
    return Quarantine(config.parent / "state" / "quarantine.db")


def test_list(config: Path) -> None:
    shown = run(config, "list").output
    assert "crc32 disagrees [x]" in shown
    assert "held: frame.crc 4, event.json 2" in shown
    assert "rows ever 6 = held 6 + replayed 0 + dropped 0" in shown
    lines = [json.loads(line) for line in run(config, "list", "--reason", "event.json", "--json").output.splitlines()]
    assert [line["id"] for line in lines] == [2, 3]


def test_show(config: Path) -> None:
    shown = run(config, "show", "1").output
    assert "frame.crc: crc32 disagrees [x]" in shown
    assert "00000000  92 00" in shown
    assert "not a frame" in shown
    assert "raw identifiers" in run(config, "show", "2").output
    assert base64.b64decode(json.loads(run(config, "show", "1", "--json").output)["payload_base64"]) == b"\x92\x00"
    failed = run(config, "show", "77")
    assert isinstance(failed.exception, ConfigError)


def test_replay_by_id_by_reason_and_mended(config: Path) -> None:
    assert run(config, "replay", "1").output == "1 entry to be taken in again by the gateway\n"
    assert run(config, "replay", "--reason", "event.json").output.startswith("2 entries")
    mended = config.parent / "mended.json"
    mended.write_bytes(b'{"a":1}')
    assert run(config, "replay", "2", "--with", str(mended)).output.startswith("1 entry")
    assert [(entry.id, payload) for entry, payload in store(config).take_replays()] == [(1, b"\x92\x00"), (2, b'{"a":1}'), (3, b'{"b":')]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "say which"),
        (["drop", "--yes"], "say which"),
        (["replay", "1", "--reason", "x"], "not both"),
        (["replay", "1", "2", "--with", "x"], "exactly one"),
        (["replay", "1", "--with", "no-such-file"], "no-such-file"),
        (["replay", "1", "77", "78"], "no entry 77, 78"),
        (["drop", "1", "77", "--yes"], "no entry 77"),
    ],
)
def test_what_is_unclear_is_refused(config: Path, arguments: list[str], said: str) -> None:
    failed = run(config, *arguments)
    assert isinstance(failed.exception, ConfigError)
    assert said in str(failed.exception)
    assert store(config).take_replays() == []
    assert store(config).totals().held == 6


def test_drop_asks_first(config: Path) -> None:
    assert run(config, "drop", "1", answer="n\n").exit_code == 1
    assert store(config).totals().held == 6
    assert "1 entry dropped" in run(config, "drop", "1", answer="y\n").output
    assert "2 entries dropped" in run(config, "drop", "--topic", "footfall/1/s/t/*", "--yes").output
    quarantine = store(config)
    assert quarantine.totals().dropped_total == {"quarantine_dropped": 6}
    assert all(action.actor for action in quarantine.actions())
    assert "nothing is in quarantine" in run(config, "list").output


def test_history_shows_who_dropped_what(config: Path) -> None:
    assert "nothing was replayed or dropped by anybody" in run(config, "history").output
    run(config, "drop", "--reason", "event.json", "--yes")
    line = next(line for line in run(config, "history").output.splitlines() if "event.json" in line)
    assert line.split()[2:] == [getpass.getuser(), "quarantine_dropped", "event.json", "2"]
    (action,) = [json.loads(line) for line in run(config, "history", "--json").output.splitlines()]
    assert (action["actor"], action["what"], action["entries"]) == (getpass.getuser(), "quarantine_dropped", 2)


def test_export(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    assert "3 entries" in run(config, "export", str(file)).output
    assert file.stat().st_mode & 0o077 == 0
    payloads = [base64.b64decode(json.loads(line)["payload_base64"]) for line in file.read_text(encoding="utf-8").splitlines()]
    assert payloads == [b"\x92\x00", b'{"a":', b'{"b":']


def test_an_export_is_its_owners_only_though_the_file_was_there_before(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.touch()
    file.chmod(0o644)
    run(config, "export", str(file))
    assert file.stat().st_mode & 0o077 == 0


def test_without_a_quarantine_it_reports_that(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("")
    failed = run(tmp_path / "gateway.toml", "list")
    assert isinstance(failed.exception, ConfigError)
    assert "has the gateway" in str(failed.exception)
    assert not (tmp_path / "state").exists()
