"""`footfall.analysis` gives the same frames from every database."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from footfall.analysis import Footfall
from gateway.query.questions import QUESTIONS
from tests.support.analysed import write_dataset
from tests.support.real_parts import Bucket


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("analysis"))


def ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the same moment have no order."""
    names = [name for name in ("time_utc", "store", "subject", "zone", "kind") if name in rows]
    return rows.astype(dict.fromkeys(names[1:], "string")).sort_values(names, ignore_index=True)


def test_sqlite_and_influxdb_give_the_same_frames(config: Path, filled: Bucket, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(filled.token)
    asked = {"from_": "2026-10-24", "to": "2026-10-25"}
    with (
        Footfall(config) as one,
        Footfall(influx=filled.url, bucket=filled.name, token_file=tmp_path / "token", site=config.with_name("site.toml")) as other,
    ):
        for question in QUESTIONS:
            here, there = one.ask(question, **asked), other.ask(question, **asked)
            assert (len(here) > 0) == (question != "together"), f"{question}: in these days nobody carries two devices"
            pd.testing.assert_frame_equal(here, there, check_categorical=False)
            assert here.attrs["meanings"] == there.attrs["meanings"]
        for measurement in ("visit", "dwell", "presence"):
            pd.testing.assert_frame_equal(*(ordered(each.rows(measurement, **asked)) for each in (one, other)), check_categorical=False)
        pd.testing.assert_frame_equal(one.stores(), other.stores())
