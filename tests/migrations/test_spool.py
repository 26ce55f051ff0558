"""A spool of the release before is taken over with all that it holds; one of a later release is refused by name."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from edge_agent.spool import Spool
from edge_agent.spool.schema import SCHEMA
from footfall.errors import ConfigError
from footfall.frames import decode_body
from footfall.units import NS_PER_S as S

OLD = Path(__file__).parent / "files" / "spool-0.db"
"""Epochs e1 (8 frames, 3 receipted) and e2 (4) of boot b1, e3 (2) of b2; journals j0, then j1; one reading."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "spool.db"))


def test_a_spool_of_the_release_before_owes_what_it_owed(path: Path) -> None:
    for run in ("e4", "e5"):
        spool = Spool(path, run, "b2")
        assert (spool.sending().name, spool.sending().mark, spool.sending().last, spool.sending().receipted) == ("e1", 3, 8, 3)
        counts = [int(decode_body(frame.body).count[0]) for epoch in ("e1", "e2", "e3") for frame in spool.frames(epoch, 1, 100)]
        assert counts == list(range(1, 15))
        assert all(frame.is_whole() for epoch in ("e1", "e2", "e3") for frame in spool.frames(epoch, 1, 100))
        assert spool.journals == ["j0", "j1"]
        assert spool.readings() == {'["cam","main"]': "7"}
        assert spool.receipted_ns == 5000 * S
        assert spool.newest() == ("b2", 50 * S)
        assert spool.sending().boots_apart_ns == 700 * S, "b1 lasted so long at least"
        assert spool.problems() == {}
        spool.close()


def test_numbers_go_on_behind_those_of_an_old_file(path: Path) -> None:
    spool = Spool(path, "e4", "b2")
    body = decode_body(spool.frames("e1", 1, 1)[0].body)
    assert spool.append([body, body]) == [1, 2]
    spool.close()
    assert [frame.seq for frame in Spool(path, "e5", "b2").frames("e4", 1, 9)] == [1, 2]


def test_ids_that_a_file_of_the_release_before_gave_out_twice_become_single(path: Path) -> None:
    """When all frames of an epoch were gone, the next ones began at the lowest free id again."""
    with sqlite3.connect(path) as db:
        db.execute("UPDATE frames SET id = id + 1000 WHERE epoch_n = 1")
    spool = Spool(path, "e4", "b2")
    assert [frame.seq for epoch in ("e1", "e2", "e3") for frame in spool.frames(epoch, 1, 100)] == [*range(1, 9), *range(1, 5), 1, 2]
    assert spool.problems() == {}
    spool.close()


def test_a_spool_of_a_later_release_is_refused_by_name(path: Path) -> None:
    Spool(path, "e4", "b2").close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA.version + 1}")
        for table in ("facts", "facts_twin"):
            db.execute(f"DROP TABLE {table}")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=rf"spool\.db: a spool of another release, a newer one \(schema {SCHEMA.version + 1}"):
        Spool(path, "e5", "b2")
    assert path.read_bytes() == before, "nothing is moved or changed"
