"""The database that is one file, without the settings of a sink: a question to it starts in less time."""

from __future__ import annotations

from pathlib import Path

from gateway.sinks.reader import PointReader
from gateway.sinks.sqlite.reader import SqliteReader


def file_reader(path: Path) -> PointReader:
    """Return a reader of the file. Raise Unreadable if it cannot be read or is none of the gateway's."""
    return SqliteReader(path)
