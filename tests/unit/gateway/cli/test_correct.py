"""`footfall correct`: what it leaves to the gateway, and what it reports of it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from footfall.errors import ConfigError
from gateway.accept.contents import content_of
from gateway.accept.corrections import DECIDED
from gateway.accept.ids import id_hash
from gateway.accept.plain import Plain
from gateway.accept.pseudonymiser import Identified, Pseudonymiser
from gateway.cli import correct
from gateway.state.journal import Journal
from gateway.state.quarantine.store import Quarantine

SITE = """brand = "b"

[[stores]]
name = "s1"
doors = ["d"]
agents = [{ name = "till" }]
"""
WHERE = ["--store", "s1", "--publisher", "till", "--reason", "rung up twice", "--actor", "kim"]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "gateway.toml").write_text("", encoding="utf-8")
    (tmp_path / "state").mkdir()
    store(tmp_path / "gateway.toml").close()
    monkeypatch.setattr(correct, "_WAIT_S", 0.0)
    return tmp_path / "gateway.toml"


def store(config: Path) -> Quarantine:
    return Quarantine(config.parent / "state" / "quarantine.db")


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(correct.app, [*arguments, "--config", str(config)])


def left(config: Path) -> dict[str, Any]:
    """What is left to the gateway."""
    ((entry, payload),) = store(config).take_replays()
    assert (entry.topic, entry.reason, entry.private) == ("footfall/1/s1/till/events", DECIDED, False)
    return dict(json.loads(payload))


def test_a_void_is_left_to_the_gateway_with_who_and_why(config: Path) -> None:
    done = run(config, "void", "t1", *WHERE)
    assert done.output.startswith("left to the gateway, which takes it once it runs")
    found = left(config)
    assert found.pop("id").startswith("correct-")
    assert found == {"kind": "void", "of": "t1", "reason": "rung up twice", "actor": "kim"}


def test_an_amend_and_an_adjustment_are_left_so_too(config: Path) -> None:
    run(config, "amend", "t1", "--set", '{"amount": 12.5}', *WHERE)
    assert left(config)["set"] == {"amount": 12.5}


def test_a_door_is_adjusted_in_a_minute_of_any_time(config: Path) -> None:
    run(config, "adjust", "d", "--in", "-40", "--time", "2026-01-21T18:00:00+08:00", *WHERE)
    found = left(config)
    assert (found["door"], found["in"], found["out"], found["history"]) == ("d", -40, 0, True)


def remember(config: Path, event: dict[str, Any]) -> None:
    """Let the gateway's journal remember an event of till in s1."""
    plain = Plain(event, None, "", Identified(Pseudonymiser(b"s")), 1, None)
    journal = Journal(config.parent / "state" / "journal.db")
    assert journal.is_new_event(id_hash("s1", "till", event["id"]), None, content_of(plain))
    journal.commit([], {})
    journal.close()


SALE = {"id": "t1", "kind": "touch", "what": "transaction", "time_ns": 1_795_000_000 * 10**9, "timed": True, "amount": 12.5}


def test_a_dry_run_shows_what_would_be_corrected_and_leaves_nothing(config: Path) -> None:
    remember(config, SALE)
    for command in (["void", "t1"], ["amend", "t1", "--set", '{"amount": 1.0}']):
        done = run(config, *command, *WHERE, "--dry-run")
        assert done.output == (
            "it would correct event t1 of till in store s1: touch of 2026-11-18 11:06Z, what transaction, amount 12.5\n"
            "nothing was corrected: a dry run\n"
        )
    done = run(config, "adjust", "d", "--in", "-4", "--time", "2026-01-21T18:00:00+08:00", *WHERE, "--dry-run")
    assert done.output.startswith("it would correct door d at 2026-01-21T18:00:00+08:00: -4 in and +0 out\n")
    assert store(config).take_replays() == []


def test_a_correction_of_an_event_that_has_not_come_waits_and_that_is_stated(config: Path) -> None:
    remember(config, SALE)
    waits = "an event t99 of till in store s1, which has not come: is its id right, and its publisher?"
    assert f"it waits for {waits}" in run(config, "void", "t99", *WHERE).output
    assert f"it would correct {waits}" in run(config, "void", "t99", *WHERE, "--dry-run").output
    assert "waits for" not in run(config, "void", "t1", *WHERE).output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["void", "t1", "--store", "s2", "--publisher", "till", "--reason", "r"], "store 's2' is not in site.toml"),
        (["void", "t1", "--store", "s1", "--publisher", "tilt", "--reason", "r"], "agent 'tilt' is not in store 's1'"),
        (["void", "t1", "--store", "s1", "--publisher", "till", "--reason", ""], "void.reason"),
        (["amend", "t1", "--set", "{", *WHERE], "--set must be one object of JSON"),
        (["amend", "t1", "--set", '{"amout": 1}', *WHERE], "did you mean 'amount'?"),
        (["adjust", "e", "--in", "1", "--time", "2026-01-21T18:00:00+08:00", *WHERE], "door 'e' is not in store 's1'"),
        (["adjust", "d", "--time", "2026-01-21T18:00:00+08:00", *WHERE], "an adjustment needs `in`, `out` or both"),
        (["adjust", "d", "--in", "1", "--time", "18:00", *WHERE], "adjustment.time: must be text of ISO 8601"),
    ],
)
def test_what_cannot_be_right_is_refused_at_once(config: Path, arguments: list[str], words: str) -> None:
    failed = run(config, *arguments)
    assert isinstance(failed.exception, ConfigError)
    assert words in str(failed.exception)
    assert store(config).take_replays() == []


def test_it_reports_what_the_gateway_made_of_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correct, "_WAIT_S", 60.0)

    def answer(refuse: bool) -> None:
        gateway = store(config)
        while not (found := gateway.take_replays()):
            pass
        entry = found[0][0]
        if refuse:
            gateway.refused_again(entry.id, "event.window", "it is 401 days old")
        else:
            gateway.replayed([entry.id], 1)

    for refuse, words in ((False, "taken, as correct-"), (True, "the gateway refuses it (event.window): it is 401 days old")):
        gateway = threading.Thread(target=answer, args=(refuse,))
        gateway.start()
        done = run(config, "void", "t1", *WHERE)
        gateway.join()
        assert words in (str(done.exception) if refuse else done.output)
