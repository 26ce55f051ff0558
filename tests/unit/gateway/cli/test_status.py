from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from gateway.cli.status import render, status
from gateway.config import Http
from gateway.http.metrics import MetricRegistry
from gateway.http.server import StatusServer
from gateway.http.status import Status, as_json
from tests.unit.gateway.http.statuses import ILL, WELL, agent


def screen(values: dict[str, Any]) -> str:
    console = Console(width=160, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as captured:
        console.print(render(values))
    return captured.get()


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(status)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "160"})


class Provider:
    def __init__(self, now: Status) -> None:
        self._now = now

    def status(self) -> Status:
        return self._now


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    server = StatusServer(Http(port=0), Provider(request.param), MetricRegistry())
    yield f"http://127.0.0.1:{server.port}"
    server.close()


@pytest.mark.parametrize("address", [WELL], indirect=True)
def test_all_is_well(address: str) -> None:
    done = run("--url", address)
    assert done.exit_code == 0
    assert "all is well" in done.output
    assert "100 in = 90 written + 4 quarantined + 5 dropped + 1 on their way" in done.output


@pytest.mark.parametrize("address", [WELL], indirect=True)
def test_the_configuration_names_the_address(address: str, tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'[http]\nhost = "0.0.0.0"\nport = {address.rpartition(":")[2]}\n')
    assert "all is well" in run("--config", str(config)).output


@pytest.mark.parametrize("address", [ILL["sink_down"]], indirect=True)
def test_something_is_broken(address: str) -> None:
    done = run("--url", address + "/")
    assert done.exit_code == 1
    assert done.output.startswith("✘ influxdb http://127.0.0.1:8086 takes nothing for 90 s: 401 unauthorized\n  → repair the database")
    assert json.loads(run("--url", address, "--json").output)["problems"][0]["code"] == "sink_down"


@pytest.mark.parametrize("address", [ILL["quarantine"]], indirect=True)
def test_a_warning_is_not_broken(address: str) -> None:
    assert run("--url", address).exit_code == 0


def test_nobody_answers() -> None:
    done = run("--url", "http://127.0.0.1:9")
    assert done.exit_code == 1
    assert "no gateway answers at http://127.0.0.1:9" in done.output
    assert "footfall gateway" in done.output
    assert run("--url", "file:///etc/passwd").exit_code == 2


def test_agents_that_are_ill_come_first_and_a_chain_fits_on_a_screen() -> None:
    agents = (*(agent("ok", f"a{i}") for i in range(1000)), agent("offline", "lost"), agent("late", "slow"))
    shown = screen(as_json(replace(WELL, agents=agents)))
    assert shown.index("lost") < shown.index("slow") < shown.index(" a0 ")
    assert "and 972 more" in shown
    assert len(shown.splitlines()) < 60


def test_agents_that_were_never_heard_are_counted_as_such() -> None:
    assert "1 ok, 2 never heard" in screen(as_json(replace(WELL, agents=(agent("ok"), agent("never", "a2"), agent("never", "a3")))))


@pytest.mark.parametrize("code", ILL)
def test_every_problem_can_be_shown(code: str) -> None:
    values = as_json(ILL[code])
    assert values["problems"][0]["what"] in screen(values).replace("\n", " ")


def test_eighty_columns_show_the_names_of_agents_and_how_long_their_frames_wait() -> None:
    slow = replace(agent("ok", "flagship-door-2"), oldest_unsent_s=7300.0, spool_frames=12_345, problems={"agent_stuck": "no receipt"})
    console = Console(width=80, force_terminal=False)
    with console.capture() as captured:
        console.print(render(as_json(replace(WELL, agents=(agent("ok"), slow)))))
    (line,) = [line for line in captured.get().splitlines() if "12,345" in line]
    assert "flagship-door-2" in line
    assert "2 h" in line
    assert max(map(len, captured.get().splitlines())) <= 80


def test_zones_without_an_entrance_level_are_one_line_and_no_problem() -> None:
    assert "entrance_dbm" not in screen(as_json(WELL))
    one = as_json(replace(WELL, without_level=("berlin/hall",)))
    assert "are inside where berlin/hall hears them: no entrance_dbm there" in screen(one)
    assert one["problems"] == []


def test_stores_whose_zones_nobody_calibrated_are_one_line_with_the_command_and_no_problem() -> None:
    assert "calibrate" not in screen(as_json(WELL))
    two = as_json(replace(WELL, uncalibrated=("berlin", "bern")))
    assert "of berlin, bern are not calibrated: footfall calibrate site.toml" in screen(two)
    assert two["problems"] == []
    many = as_json(replace(WELL, uncalibrated=[f"s{n}" for n in range(7000)]))
    assert "of s0, s1, s2 and 6,997 more are not calibrated" in screen(many)


def test_whose_beacons_are_whose_is_one_line_and_no_problem() -> None:
    everybody_s = as_json(WELL)
    assert "every iBeacon is a fan's: list the brand's own UUIDs as beacons in site.toml" in screen(everybody_s)
    listed = as_json(replace(WELL, own_beacons=2, neighbours_total=12_345))
    assert "2 UUIDs are the brand's; neighbours' were heard 12,345 times" in screen(listed)
    assert everybody_s["problems"] == listed["problems"] == []


def test_values_that_are_no_identifiers_are_one_line_and_no_problem() -> None:
    assert "no identifiers" not in screen(as_json(WELL))
    listed = as_json(replace(WELL, identifiers_blocked={"phone": 12_345, "member": 2}))
    assert "member 2, phone 12,345: values such as null or 000, whose events are stored without them" in screen(listed)
    assert listed["problems"] == []
