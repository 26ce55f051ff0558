"""A question is added by the edit of the document, and `footfall query` answers it in each of its formats."""

from __future__ import annotations

import csv
import io
from pathlib import Path

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
    assert "departments" in copy.footfall("query", "--help", cwd=tmp_path)
    printed = copy.footfall("query", "departments", "--db", "footfall.db", "--format", "csv", cwd=tmp_path)
    found = list(csv.DictReader(io.StringIO(printed)))
    assert found
    assert list(found[0]) == ["store", "department", "touches", "amount"]
    assert sum(int(row["touches"]) for row in found) == len(SqliteReader(tmp_path / "footfall.db").rows("touch"))
