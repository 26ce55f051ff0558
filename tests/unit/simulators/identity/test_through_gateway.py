"""A small month through accept, fold and SQLite: the rows that are read back are those of the oracle."""

from __future__ import annotations

from pathlib import Path

from simulators.identity.oracle import Oracle
from simulators.identity.score import differences
from simulators.identity.through_gateway import Month
from simulators.identity.world import Sizes
from simulators.identity.world_made import make_world


def test_stored_rows_name_whom_the_oracle_names(tmp_path: Path) -> None:
    world = make_world(39, Sizes(fans=60, stores=2))
    assert {"void", "amend"} <= {each.event["kind"] for each in world.sent}
    right = Oracle(world.events(), world.visits()).names()
    month, shares = Month(world, tmp_path, is_sparse=True), list[float]()
    month.play(month.end_ms, shares.append)
    month.close()
    found = month.names()
    assert found.keys() == right.keys()
    assert differences(right, found) == []
    assert shares[-1] == 1.0
