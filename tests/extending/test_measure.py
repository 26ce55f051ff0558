"""A measure is added by the edit of the document, and every way of asking has it."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from subprocess import run

from gateway.sinks.sqlite.reader import SqliteReader
from gateway.sinks.sqlite.sink import SQLite
from tests.docs import dataset
from tests.extending.document import Copy, edits, product_files

MOST_FILES = 1
NAME = "touches_per_visitor"
DOCUMENT = "from gateway.query.explain import document; print(document('traffic'))"
BY_HTTP = """
import json, pathlib, serve.questions as questions
print(questions.answer(pathlib.Path("gateway.toml"), "traffic", {"interval": "1w", "store": "berlin"}))
"""


def test_a_measure_takes_one_file_and_is_everywhere(copy: Copy, tmp_path: Path) -> None:
    sink = SQLite(tmp_path / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    change = edits("A measure")
    copy.apply(change)
    assert len(product_files(change)) <= MOST_FILES
    asked = ("query", "traffic", "--db", "footfall.db", "--interval", "1w", "--store", "berlin")
    printed = copy.footfall(*asked, "--format", "csv", cwd=tmp_path)
    (week,) = csv.DictReader(io.StringIO(printed))
    stored = SqliteReader(tmp_path / "footfall.db").rows("traffic", "berlin")
    assert float(week[NAME]) == stored.numbers("touches").sum() / stored.numbers("in").sum() > 0
    assert NAME in copy.footfall("query", "measures", cwd=tmp_path)
    assert "touches / in" in copy.footfall(*asked, "--wide", "--explain", cwd=tmp_path)
    (tmp_path / "site.toml").write_text(dataset.SITE_TOML, encoding="utf-8")
    (tmp_path / "gateway.toml").write_text(f'site = "{tmp_path}/site.toml"\n[sink]\nkind = "sqlite"\npath = "footfall.db"\n')
    by_http = run([sys.executable, "-c", BY_HTTP], cwd=tmp_path, env=copy.environment, capture_output=True, text=True, check=True)
    document = run([sys.executable, "-c", DOCUMENT], cwd=tmp_path, env=copy.environment, capture_output=True, text=True, check=True)
    assert f"| `{NAME}` |" in document.stdout, "the table that docs/analysing.md is held to"
    assert json.loads(by_http.stdout)[0][NAME] == float(week[NAME])
