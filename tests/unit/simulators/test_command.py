"""`footfall simulate --out` writes an estate that every other command accepts, the same bytes each time; mistakes are reported."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.config import AgentSettings
from edge_agent.sources.recording import read_recording
from edge_agent.sources.source import RefusedReading
from footfall.cli import build
from footfall.config import load
from footfall.errors import ConfigError
from footfall.events import load_json, parse_event
from gateway.config import load_gateway, load_site
from simulators.scenes import SCENES
from simulators.troubles import TROUBLES
from simulators.truth import read_truth

RUNNER = CliRunner()
SMALL = ("--seed", "3", "--hours", "0.2", "--stores", "2")


def simulate(out: Path, *more: str) -> str:
    result = RUNNER.invoke(build(), ["simulate", "--out", str(out), *SMALL, *more], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    assert "store-1" in simulate(folder)
    return folder


def test_the_same_seed_writes_the_same_bytes(estate: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "again")
    assert digests(tmp_path / "again") == digests(estate)
    simulate(tmp_path / "other", "--seed", "4")
    assert digests(tmp_path / "other")["truth.jsonl"] != digests(estate)["truth.jsonl"]


def test_every_configuration_is_valid_and_agrees_with_the_site(estate: Path) -> None:
    site = load_site(estate / "site.toml", {})
    assert load_gateway(estate / "gateway.toml", {}).site == estate / "site.toml"
    assert {store.name for store in site.stores} == {store.store for store in read_truth(estate / "truth.jsonl").stores}
    for store, agent in site.agents():
        settings = load(estate / f"{agent.name}.toml", AgentSettings, "FOOTFALL_AGENT", {})
        assert (settings.store, settings.agent, settings.zones) == (store.name, agent.name, agent.receivers)


def test_recordings_and_sales_can_be_read(estate: Path) -> None:
    recordings = sorted(estate.glob("*.jsonl.gz"))
    assert len(recordings) == 6
    for path in recordings:
        heard = list(read_recording(path))
        assert heard
        assert not any(isinstance(item, RefusedReading) for item in heard)
    for path in estate.glob("*.events.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            parse_event(load_json(line)[0])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["simulate"], "--out FOLDER"),
        (["simulate", "--out", "x", "--start", "yesterday"], "ISO 8601"),
        (["simulate", "--out", "x", "--start", "2026-11-21T10:00:00"], "no offset"),
        (["simulate", "--publish", "nowhere"], "nowhere"),
        (["simulate", "--out", "x", "--timezone", "Asia/Shangai"], "'Asia/Shangai' is no IANA .*: did you mean 'Asia/Shanghai'"),
        (["score", "--db", "x"], "--truth FILE"),
        (["score", "--truth", "x"], "the truth cannot be read"),
    ],
)
def test_mistakes_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[-1] == "nowhere":
        arguments = [*arguments[:-1], "nowhere:port"]
    with pytest.raises(ConfigError, match=says):
        RUNNER.invoke(build(), arguments, catch_exceptions=False)


def test_a_file_in_the_place_of_the_folder_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "world").write_text("mine")
    with pytest.raises(ConfigError, match="world: this is a file: name a folder"):
        simulate(tmp_path / "world")
    assert (tmp_path / "world").read_text() == "mine"


def test_another_world_is_not_overwritten_and_the_same_may_be_written_again(estate: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "world")
    (tmp_path / "world" / "footfall.db").write_text("what a gateway stored")
    before = digests(tmp_path / "world")
    with pytest.raises(ConfigError, match="world: another world is here"):
        simulate(tmp_path / "world", "--seed", "4")
    simulate(tmp_path / "world")
    assert digests(tmp_path / "world") == before
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_half_a_world_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    def full(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("simulators.command.write_recording", full)
    assert RUNNER.invoke(build(), ["simulate", "--out", str(tmp_path / "world"), *SMALL]).exit_code != 0
    assert list(tmp_path.iterdir()) == []


def test_a_scene_is_written_as_an_estate_of_its_own(tmp_path: Path) -> None:
    result = RUNNER.invoke(build(), ["simulate", "--scene", "goods-portal", "--out", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert set(load_site(tmp_path / "site.toml").stores[0].agents[0].receivers) == {"r-stock", "r-shop"}
    assert read_truth(tmp_path / "truth.jsonl").moves
    assert "epc" in (tmp_path / "keys.toml").read_text(encoding="utf-8")


def test_troubles_are_in_the_truth_of_what_is_written(tmp_path: Path) -> None:
    simulate(tmp_path, "--with", "re-entries=1", "--with", "parked", "--hours", "0.5", "--stores", "1")
    truth = read_truth(tmp_path / "truth.jsonl")
    assert [other.what for other in truth.others] == ["parked"] * 3


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--scene", "stores"), "did you mean 'store'"),
        (("--scene", "store", "--hours", "2"), "leave out --hours"),
        (("--with", "pocket=0.2"), "did you mean 'pockets'"),
        (("--with", "pockets=2"), "between 0 and 1"),
    ],
)
def test_mistakes_in_scenes_and_troubles_are_named(tmp_path: Path, options: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        RUNNER.invoke(build(), ["simulate", "--out", str(tmp_path), *options], catch_exceptions=False)


def test_scenes_and_troubles_are_listed_with_their_rates() -> None:
    shown = RUNNER.invoke(build(), ["simulate", "scenes"], env={"COLUMNS": "200"}, catch_exceptions=False).output
    for name in (*SCENES, *TROUBLES):
        assert name in shown
    assert "re-entries=0.15" in shown
