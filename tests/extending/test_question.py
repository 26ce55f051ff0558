"""A question is added by the edit of the document, and `footfall query` answers it in each of its formats."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from gateway.cli.query_output import SCREEN_ROWS
from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite
from tests.docs import dataset
from tests.extending.document import Copy, edits, product_files

MOST_FILES = 2


def test_a_question_takes_two_files_and_is_answered(copy: Copy, tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    change = edits("A question")
    copy.apply(change)
    assert len(product_files(change)) <= MOST_FILES
    assert "fans" in copy.footfall("query", "--help", cwd=tmp_path)
    printed = copy.footfall("query", "fans", "--db", "footfall.db", "--format", "csv", cwd=tmp_path)
    found = list(csv.DictReader(io.StringIO(printed)))
    assert list(found[0]) == ["store", "started", "fan", "seconds", "amount"]
    stored = SqliteReader(tmp_path / "footfall.db").rows("visit")
    assert len(found) == int(stored.numbers("known").sum()) > 0
    assert sum(float(row["amount"]) for row in found) == pytest.approx(float(stored.numbers("amount").sum()))
    shown = copy.footfall("query", "fans", "--db", "footfall.db", cwd=tmp_path)
    assert sum(shown.count(fan) for fan in {row["fan"] for row in found}) == SCREEN_ROWS < len(found)
    assert f"… and {len(found) - SCREEN_ROWS} more" in shown
