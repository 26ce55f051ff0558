"""`footfall simulate chain` fills a database that `footfall query` answers from; mistakes are reported before anything is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli import build
from footfall.errors import ConfigError

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
    (tmp_path / "there.db").touch()
    with pytest.raises(ConfigError, match="name another one"):
        run("simulate", "chain", "--db", str(tmp_path / "there.db"))
