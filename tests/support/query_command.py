"""`footfall query` in this process, and the files that it reads: the documents' data set in SQLite."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from footfall.cli import build
from footfall.errors import FootfallError
from gateway.sinks.sqlite.sink import SQLite
from tests.docs import dataset

GATEWAY_TOML = """\
site = "site.toml"
[sink]
kind = "sqlite"
path = "footfall.db"
"""


def write_files(folder: Path) -> Path:
    """Write the data set's database, its site.toml and a gateway.toml, whose path is returned; the database is footfall.db."""
    sink = SQLite(folder / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    (folder / "site.toml").write_text(dataset.SITE_TOML, encoding="utf-8")
    (folder / "gateway.toml").write_text(GATEWAY_TOML, encoding="utf-8")
    return folder / "gateway.toml"


def query(*arguments: str | Path) -> str:
    """Return what it prints. Raise the error that ends it."""
    result = CliRunner().invoke(build(), ["query", *map(str, arguments)])
    if isinstance(result.exception, FootfallError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout
