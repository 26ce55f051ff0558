"""Runs one block of a document against the data set and gives what it prints."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import urllib3

_LIMIT_S = 300


def as_csv(tables: Iterable[Sequence[Sequence[Any]]]) -> str:
    """Tables of rows, the first with the names, an empty line between; floats rounded to 4 digits."""
    return "\n".join(_table(table) for table in tables)


def _table(rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_rounded(value) for value in row] for row in rows)
    return out.getvalue()


def _rounded(value: Any) -> Any:
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def sql(text: str, database: Path) -> str:
    """The rows of each statement; an empty one is an error."""
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    tables = []
    for statement in _statements(text):
        cursor = db.execute(statement)
        rows = cursor.fetchall()
        assert rows, f"no row:\n{statement}"
        tables.append([[column[0] for column in cursor.description], *rows])
    db.close()
    return as_csv(tables)


def _statements(text: str) -> Iterable[str]:
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def influxql(text: str, url: str, bucket: str, token: str) -> str:
    """The series of each statement; an error, or a statement without any, is an error. Works alike on 1.8 and 2.x."""
    fields = {"db": bucket.partition("/")[0], "q": text}
    headers = {"Authorization": f"Token {token}"}
    answer = urllib3.PoolManager().request("POST", f"{url}/query", fields=fields, encode_multipart=False, headers=headers)
    assert answer.status == 200, answer.data.decode()
    tables = []
    for result in answer.json()["results"]:
        assert result.get("series"), f"{text}\n{result}"
        first = result["series"][0]
        names = [*first.get("tags", {}), *first["columns"]]
        tables.append([names, *([*series.get("tags", {}).values(), *row] for series in result["series"] for row in series["values"])])
    return as_csv(tables)


def flux(text: str, url: str, org: str, token: str) -> str:
    """The rows of the answer, without Flux's own columns, the others in the order of their names."""
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json", "Accept": "application/csv"}
    body = json.dumps({"query": text, "dialect": {"header": True, "annotations": ["datatype"]}})
    answer = urllib3.request("POST", f"{url}/api/v2/query?org={org}", body=body, headers=headers)
    assert answer.status == 200, answer.data.decode()
    tables: list[list[list[Any]]] = []
    types: list[str] = []
    for row in csv.reader(io.StringIO(answer.data.decode())):
        if row and row[0] == "#datatype":
            types = row
            tables.append([])
        elif any(row):
            tables[-1].append([float(v) if kind == "double" and v and len(tables[-1]) else v for kind, v in zip(types, row, strict=True)])
    kept = [[_without_own(row, table[0]) for row in table] for table in tables]
    assert any(len(table) > 1 for table in kept), f"no row:\n{text}"
    return as_csv(kept)


def _without_own(row: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Flux promises no order of columns: by name."""
    kept = [(name, value) for name, value in zip(names, row, strict=True) if name not in ("", "result", "table")]
    return [value for _, value in sorted(kept, key=lambda pair: pair[0])]


def shell(text: str, folder: Path, environment: dict[str, str]) -> str:
    """What the block prints; it must succeed, and print or write something."""
    before = {found: found.stat().st_mtime_ns for found in folder.rglob("*")}
    done = bash(text, folder, environment)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    written = [found for found in folder.rglob("*") if found.stat().st_mtime_ns != before.get(found)]
    assert done.stdout.strip() or any(found.stat().st_size for found in written), f"it says nothing and writes nothing:\n{text}"
    return done.stdout


def bash(text: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run commands in a folder, with the programs of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    merged = os.environ | environment | {"PATH": path, "NO_COLOR": "1", "COLUMNS": "80"}
    command = ["bash", "-euo", "pipefail", "-c", text]
    return subprocess.run(command, cwd=folder, env=merged, capture_output=True, text=True, timeout=_LIMIT_S, check=False)


def python(text: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    assert done.stdout.strip(), f"it says nothing:\n{text}"
    return done.stdout
