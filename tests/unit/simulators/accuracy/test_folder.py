"""What `footfall simulate --out` wrote is played and scored like the world itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from footfall.cli import build
from footfall.errors import ConfigError
from simulators.accuracy.folder import play_folder
from simulators.accuracy.simulated import stored_by_subject
from simulators.estate import brand_secret
from simulators.truth import read_truth, subject_hex

RUNNER = CliRunner()


def run(*arguments: str) -> str:
    result = RUNNER.invoke(build(), list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    run("simulate", "--out", str(folder), "--seed", "3", "--hours", "0.4", "--stores", "2", "--busy", "4")
    return folder


@pytest.fixture(scope="module")
def values(world: Path) -> dict[str, Any]:
    """What the command makes of the folder, given its truth: played once, it takes seconds."""
    found: dict[str, Any] = json.loads(run("score", "--truth", str(world / "truth.jsonl"), "--json"))
    return found


def test_visits_of_all_stores_are_found(world: Path) -> None:
    truth = read_truth(world / "truth.jsonl")
    played = play_folder(world, truth, brand_secret(3))
    _, visits = stored_by_subject(played.sink.stored(played.end_ns))
    for store in truth.stores:
        known = [visit for visit in truth.visits if visit.store == store.store and not visit.staff_id and visit.leave_ns < truth.end_ns]
        carried = [one for visit in known for one in visit.carried if one.lasting]
        assert carried
        assert sum(bool(visits.get(subject_hex(brand_secret(3), one.id_type, one.identifier))) for one in carried) > 0.8 * len(carried)


def test_the_command_plays_a_folder_without_a_database(values: dict[str, Any]) -> None:
    assert values["zones_by_visitor"]["courses"] > 5
    assert values["zones_by_visitor"]["zone_accuracy"]["stored"] > 0.8


def test_what_is_played_has_people_through_doors_staff_phones_and_sales(values: dict[str, Any]) -> None:
    counts = values["counts"]
    assert counts["counted"] == counts["stored"] > 10
    assert counts["sales_true"] == counts["sales_stored"] > 0
    assert values["staff_true"] == values["staff_right"] > 0
    assert values["anonymous_stored"] > 0


def test_a_folder_is_scored_by_its_name_in_lines_that_fit_a_terminal(world: Path) -> None:
    printed = run("score", str(world))
    assert "stored against the truth" in printed
    assert "zones right, live" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_a_folder_without_its_truth_or_among_others_is_refused_with_what_it_needs(world: Path, tmp_path: Path) -> None:
    for path in (world / "site.toml", *world.glob("*.jsonl.gz")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for arguments, message in (
        ((tmp_path,), r"there is no truth\.jsonl beside these recordings"),
        ((world, tmp_path), "a simulated estate is scored alone"),
    ):
        with pytest.raises(ConfigError, match=message):
            run("score", *map(str, arguments))


def test_an_agent_without_a_recording_is_named(world: Path, tmp_path: Path) -> None:
    for name in ("site.toml", "truth.jsonl"):
        (tmp_path / name).write_bytes((world / name).read_bytes())
    with pytest.raises(ConfigError, match=r"store-0-front\.jsonl\.gz: there is no such recording"):
        play_folder(tmp_path, read_truth(tmp_path / "truth.jsonl"), b"x")
