"""The benchmark of `footfall query`: its answers are compared with plain SQL before anything is measured."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import query
from benchmarks.effort import Effort
from benchmarks.plain_sql import totals
from benchmarks.results import Failed
from footfall.units import NS_PER_DAY

SMALL = query.Case("small", stores=2, days=2, interval="1d", interval_ns=NS_PER_DAY, limit_s=60.0)
QUICK = Effort(quick=True, say=lambda text: None)


def test_the_command_and_plain_sql_are_measured_on_the_same_rows(tmp_path: Path) -> None:
    path = query._database(tmp_path, SMALL)
    found = query._measured(SMALL, path, QUICK)
    assert (found.peer, found.reached) == ("plain_sql", True)
    assert found.peer_value is not None
    assert found.value > found.peer_value > 0


def test_another_answer_than_that_of_sql_has_no_result(tmp_path: Path) -> None:
    path = query._database(tmp_path, SMALL)
    with pytest.raises(Failed, match=r"footfall query has .* plain SQL"):
        query._measured(replace(SMALL, days=1), path, QUICK)


def test_the_database_is_as_wide_as_described(tmp_path: Path) -> None:
    path = query._database(tmp_path, SMALL)
    with closing(sqlite3.connect(path)) as db:
        rows, stores, days = db.execute(
            "SELECT count(*), count(DISTINCT store), count(DISTINCT time_ns / 86400000000000) FROM traffic"
        ).fetchone()
    assert (stores, days) == (2, 2)
    assert 0.8 < rows / (2 * 2 * query.OPEN_MINUTES) < 1
    assert totals(str(path), NS_PER_DAY)["visits"] > 2 * 2 * query.VISITS_A_DAY * 0.8


def test_a_command_keeps_its_compiled_modules_as_an_installed_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert query._cpu_of([sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"]).output == "False\n"


@pytest.mark.parametrize("case", query.CASES, ids=lambda case: case.name)
def test_every_case_asks_for_its_days(case: query.Case) -> None:
    assert case.arguments[:4] == ["--from", "2025-01-01", "--to", "2025-12-31" if case.days == 365 else "2025-01-01"]
