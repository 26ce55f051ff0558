"""A measurement is added by the edit of the document, and gets from an agent's health into a database of the release before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from footfall.health import Health, SourceHealth, encode_health
from tests.extending.document import Copy, edits, product_files
from tests.support.running_gateway import Place

MOST_FILES = 4
HEALTH = Health(
    state="online", agent="x", store="s1", boot="boot-1", sources={"radio": SourceHealth(state="ok", heard_total=7, restarts_total=2)}
)  # fmt: skip


def rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(statement).fetchall()


def test_a_measurement_takes_four_files_and_reaches_a_database_of_the_release_before(copy: Copy, gateway: Callable[..., Place]) -> None:
    with gateway() as before:
        before.publish(("footfall/1/s1/x/health", encode_health(HEALTH)))
        before.until(lambda: bool(rows(before.database, "SELECT 1 FROM agent")), "the agent's point")
        assert not rows(before.database, "SELECT 1 FROM sqlite_schema WHERE name = 'source'")
    change = edits("A measurement")
    copy.apply(change)
    assert len(product_files(change)) <= MOST_FILES
    with gateway() as after:
        after.publish(("footfall/1/s1/x/health", encode_health(HEALTH)))
        after.until(lambda: bool(rows(after.database, "SELECT 1 FROM source")), "the source's point")
        found = rows(after.database, "SELECT store, agent, source, state, heard, restarts FROM source")
        assert found == [("s1", "x", "radio", "ok", 7, 2)]
        assert len(rows(after.database, "SELECT 1 FROM agent")) == 2
