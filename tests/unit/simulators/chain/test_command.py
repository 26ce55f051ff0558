"""`footfall simulate chain` fills a database that `footfall query` answers from; mistakes are reported before anything is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli import build
from footfall.errors import ConfigError, SinkUnavailable
from gateway.sinks.sink import Sink
from simulators.chain import command
from simulators.chain.chain import Chain
from simulators.chain.run import OnShare, Simulated
from tests.docs import dataset

RUNNER = CliRunner()


def run(*arguments: str) -> str:
    result = RUNNER.invoke(build(), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_chain_can_be_asked_at_once(tmp_path: Path) -> None:
    db, site, truth = (str(tmp_path / name) for name in ("chain.db", "site.toml", "truth.jsonl"))
    shown = run("simulate", "chain", "--stores", "1", "--weeks", "1", "--db", db, "--site", site, "--truth", truth)
    assert "berlin-mitte" in shown
    assert "points written" in shown
    rows = [json.loads(line) for line in Path(truth).read_text().splitlines()]
    people = sum(row["entered"] for row in rows if row["kind"] == "passing" and row["counted"])
    answered = run(
        "query", "traffic", "--db", db, "--site", site, "--from", "2026-10-19", "--to", "2026-10-25", "--interval", "1w", "--format", "csv"
    )
    assert f",{people}," in answered


def test_a_chain_needs_a_database_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere to write to"):
        run("simulate", "chain")
    for name, complaint in (("there.db", "name another one"), ("there.db.part", "was killed and left a part of a chain")):
        (tmp_path / name).touch()
        with pytest.raises(ConfigError, match=complaint):
            run("simulate", "chain", "--db", str(tmp_path / "there.db"))
        assert [path.name for path in tmp_path.iterdir()] == [name]
        (tmp_path / name).unlink()


@pytest.mark.parametrize("option", ["--db", "--site", "--truth"])
def test_a_file_that_could_not_be_written_is_refused_before_the_work(tmp_path: Path, option: str) -> None:
    given = {"--db": str(tmp_path / "chain.db")}
    for value, complaint in ((tmp_path / "nowhere" / "file", "there is no folder"), (tmp_path, "this is a folder")):
        asked = [each for pair in (given | {option: str(value)}).items() for each in pair]
        with pytest.raises(ConfigError, match=complaint):
            run("simulate", "chain", *asked)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SinkUnavailable("away"), ConfigError("no")])
def test_a_run_that_is_interrupted_leaves_no_part_of_a_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    def stopped(chain: Chain, sinks: Sequence[Sink], on_share: OnShare) -> Simulated:
        for sink in sinks:
            sink.write(dataset.points())
        assert {path.name for path in tmp_path.iterdir()} >= {"chain.db.part", "other.db"}
        raise error

    (tmp_path / "other.db").write_text("mine")
    monkeypatch.setattr(command, "simulate_chain", stopped)
    with pytest.raises(type(error)):
        command.chain(db=tmp_path / "chain.db", truth=tmp_path / "truth.jsonl", site=tmp_path / "site.toml")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("other.db", "mine")]
    assert "chain.db is not written: the run ended" in " ".join(capsys.readouterr().err.split())


def test_an_influxdb_that_has_a_part_of_a_chain_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(*arguments: object) -> Simulated:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "simulate_chain", stopped)
    with pytest.raises(KeyboardInterrupt):
        command.chain(influx="http://127.0.0.1:9")
    assert " ".join(capsys.readouterr().err.split()).endswith(
        "http://127.0.0.1:9 has a part of a chain: what is there stays until you delete the bucket"
    )
