"""The documents' data set as an analyst has it: a folder with footfall.db, site.toml and gateway.toml."""

from __future__ import annotations

from pathlib import Path

from gateway.sinks.sqlite.sink import SQLite
from tests.docs import dataset

GATEWAY_TOML = 'site = "site.toml"\n[sink]\nkind = "sqlite"\npath = "footfall.db"\n'


def write_dataset(folder: Path) -> Path:
    """Return the gateway.toml of the data set, written into a folder."""
    sink = SQLite(folder / "footfall.db")
    sink.write(dataset.points())
    sink.close()
    (folder / "site.toml").write_text(dataset.SITE_TOML, encoding="utf-8")
    (folder / "gateway.toml").write_text(GATEWAY_TOML)
    return folder / "gateway.toml"
