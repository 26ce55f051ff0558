"""The benchmark of the report of anonymity asks for what it wrote."""

from __future__ import annotations

from pathlib import Path

from benchmarks.anonymity import asked, written


def test_all_of_a_month_is_asked_for(tmp_path: Path) -> None:
    assert asked(written(tmp_path, stores=2, days=2), stores=2, days=2) > 0
