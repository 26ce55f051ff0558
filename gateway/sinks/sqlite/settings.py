"""[sink] kind = "sqlite": one file, which analysts read while the gateway writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gateway.sinks.reader import PointReader
from gateway.sinks.settings import SinkSettings, ignore_request
from gateway.sinks.sink import Sink


class SqliteSink(SinkSettings):
    """One file, which analysts read while the gateway writes."""

    kind: Literal["sqlite"] = "sqlite"
    path: Path = Path("footfall.db")
    batch_lines: Annotated[int, Field(ge=1, le=100_000)] = 5000

    @property
    def where(self) -> str:
        return str(self.path)

    @property
    def title(self) -> str:
        return f"SQLite {self.path}"

    def sink(self, on_request: Callable[[], None] = ignore_request) -> Sink:
        from gateway.sinks.sqlite.sink import SQLite

        return SQLite(self.path)

    def reader(self, token: str = "") -> PointReader:
        from gateway.sinks.sqlite.reader import SqliteReader

        return SqliteReader(self.path)

    def check(self, online: bool) -> Iterator[str]:
        existing = next(path for path in self.path.parents if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK):
            yield f"sink.path: {existing} is not a folder that this user may write to"
