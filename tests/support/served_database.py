"""The points of tests/docs/dataset.py as those of s1 and s2, for the application of `footfall serve`.

write_database(folder / "footfall.db")
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.points import Coded
from gateway.sinks.sqlite.sink import SQLite
from tests.docs import dataset

DAYS: Final = {"from": "2026-10-24", "to": "2026-10-25"}
"""Of which there are points."""
_NAMES: Final = {"berlin": "s1", "shanghai": "s2"}


def write_database(path: Path) -> None:
    """Write the file."""
    sink = SQLite(path)
    found = (each for each in dataset.points() if each.measurement != "store")  # what stores are is in site.toml
    sink.write([replace(each, tags={**each.tags, "store": _renamed(each.tags["store"])}) for each in found])
    sink.close()


def _renamed(stores: Coded) -> Coded:
    return Coded(stores.codes, tuple(_NAMES[name] for name in stores.names))
