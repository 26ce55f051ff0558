"""Rows as they are stored, with real times and present names; and the stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from footfall.analysis import Footfall
from footfall.errors import ConfigError
from gateway.points import SCHEMA
from tests.docs.dataset import SITE_TOML, points
from tests.support.analysed import write_dataset


@pytest.fixture(scope="module")
def footfall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Footfall]:
    with Footfall(write_dataset(tmp_path_factory.mktemp("stored"))) as opened:
        yield opened


@pytest.mark.parametrize("measurement", sorted(set(SCHEMA) - {"store"}))
def test_all_rows_but_void_ones_are_there_in_the_order_of_time(footfall: Footfall, measurement: str) -> None:
    frame = footfall.rows(measurement, from_="2026-10-23", to="2026-10-27")
    (stored,) = [each for each in points() if each.measurement == measurement]
    void = stored.fields.get("void")
    assert len(frame) == len(stored) - (0 if void is None else int(void.sum()))
    assert frame["time_utc"].is_monotonic_increasing
    named = {"started_ms": "started", "from_ns": "from", "to_ns": "to"}
    expected = {named.get(name, name) for name in (*SCHEMA[measurement].tags, *SCHEMA[measurement].fields)} - {"void", "merged_into"}
    assert expected <= set(frame)


def test_times_are_those_of_the_store_and_end_at_the_millisecond(footfall: Footfall) -> None:
    frame = footfall.rows("visit", stores="berlin")
    assert str(frame["time"].dtype) == "datetime64[us, Europe/Berlin]"
    assert (frame["time"].dt.microsecond % 1000 == 0).all()
    assert "time_utc" not in frame
    both = footfall.rows("visit")
    shanghai = both[both["store"] == "shanghai"]
    assert (shanghai["time"] - shanghai["time_utc"].dt.tz_localize(None)).unique().tolist() == [pd.Timedelta("8h")]
    pd.testing.assert_series_equal(shanghai["started"], shanghai["time"], check_names=False)


def test_a_renamed_store_has_its_present_name(tmp_path: Path) -> None:
    config = write_dataset(tmp_path)
    renamed = SITE_TOML.replace('name = "berlin"', 'name = "mitte"\naliases = [{ name = "berlin", until = 2026-10-25 }]')
    config.with_name("site.toml").write_text(renamed, encoding="utf-8")
    with Footfall(config) as footfall:
        assert set(footfall.rows("visit", stores="mitte")["store"]) == {"mitte"}


def test_a_store_without_rows_has_an_empty_frame(footfall: Footfall) -> None:
    frame = footfall.rows("visit", stores="berlin", from_="2020-01-01", to="2020-01-02")
    assert len(frame) == 0
    assert str(frame["seconds"].dtype) == "float64"


def test_an_unknown_measurement_is_refused_with_the_nearest(footfall: Footfall) -> None:
    with pytest.raises(ConfigError, match="no measurement 'dwel': did you mean 'dwell'"):
        footfall.rows("dwel")
    with pytest.raises(ConfigError, match="interval: means nothing for rows of dwell"):
        footfall.rows("dwell", interval="1h")


def test_stores_have_what_they_are_now(footfall: Footfall) -> None:
    frame = footfall.stores()
    assert frame["store"].to_list() == ["berlin", "shanghai"]
    assert frame["title"].to_list()[1] == "南京路店"
    assert frame["day_start"].to_list() == ["04:00", "04:00"]
    assert frame["valid_from"].isna().all()
