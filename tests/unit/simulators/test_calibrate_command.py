"""`footfall calibrate SITE --recording …`: site.toml is changed where that wins, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli import build
from footfall.errors import ConfigError
from gateway.config import load_site
from tests.support.calibration_walks import less_is_tried
from tests.support.mapped_rooms import MAPPING

SITE = """brand = "b"
[[stores]]
name = "shop" # the only one
zones = [{ name = "hall" }, { name = "yard", type = "outside" }]
"""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    less_is_tried(monkeypatch)


@pytest.fixture
def walks(tmp_path: Path) -> Path:
    """The yard's receiver is 14 dB too loud: it seems to have whoever is in the hall, too."""
    stays = [("hall", -66, -62), ("yard", -76, -52)] * 6
    levels = [(hall_dbm, yard_dbm, zone) for zone, hall_dbm, yard_dbm in stays for _ in range(40)]
    rows = (f"{1_700_000_000 + k / 2},{hall},{yard},{zone}\n" for k, (hall, yard, zone) in enumerate(levels))
    (tmp_path / "heard.csv").write_text("t,hall_dbm,yard_dbm,room\n" + "".join(rows))
    (tmp_path / "columns.toml").write_text(MAPPING)
    (tmp_path / "site.toml").write_text(SITE)
    return tmp_path


def calibrate(folder: Path, *more: str) -> str:
    arguments = ["--recording", str(folder / "heard.csv"), "--mapping", str(folder / "columns.toml"), *more]
    result = CliRunner().invoke(build(), ["calibrate", str(folder / "site.toml"), *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_it_finds_the_offset_writes_it_and_keeps_the_file_before(walks: Path) -> None:
    printed = calibrate(walks, "--plot", str(walks / "after.svg"))
    (found,) = load_site(walks / "site.toml", {}).stores[0].calibrations
    assert 4 < found.offset_db.get("hall", 0) - found.offset_db.get("yard", 0) < 24
    assert found.score is not None
    assert found.score > 0.9
    (kept,) = walks.glob("site.toml.before-*")
    assert kept.read_text() == SITE
    assert (walks / "site.toml").read_text().startswith(SITE)
    assert (walks / "after.svg").exists()
    assert "zones right, calibrated for" in printed
    assert "stored as, % of the time" in printed


def test_a_dry_run_shows_the_change_and_makes_none(walks: Path) -> None:
    assert "+[[stores.calibrations]]" in calibrate(walks, "--dry-run")
    assert (walks / "site.toml").read_text() == SITE


def test_a_second_calibration_on_the_same_walks_wins_nothing_more(walks: Path) -> None:
    calibrate(walks)
    once = (walks / "site.toml").read_text()
    assert "stays as it is" in calibrate(walks)
    assert (walks / "site.toml").read_text() == once


def test_a_zone_that_the_store_lacks_is_named(walks: Path) -> None:
    (walks / "site.toml").write_text(SITE.replace('"yard"', '"yards"'))
    with pytest.raises(ConfigError, match=r"zone 'yard', which store 'shop' of .* lacks: did you mean 'yards'"):
        calibrate(walks)


def test_a_profile_that_is_none_is_named_with_the_nearest(walks: Path) -> None:
    columns = walks / "columns.toml"
    columns.write_text('profile = "ble-tga"\n' + columns.read_text().replace('profile = "ble-tag"\n', ""))
    with pytest.raises(ConfigError, match="no profile 'ble-tga': did you mean 'ble-tag'"):
        calibrate(walks)


def test_what_is_to_be_known_of_the_recording_is_printed(walks: Path) -> None:
    lines = (walks / "heard.csv").read_text().splitlines()
    lines.insert(180, "not a time,-60,-60,hall")
    lines[300:300] = ["1700000050.0,-66,-63,hall"]
    (walks / "heard.csv").write_text("\n".join(lines) + "\n")
    printed = calibrate(walks, "--dry-run")
    assert "cannot be read" in printed
    assert "the clock jumps back" in printed


def test_areas_are_written_where_they_win(walks: Path) -> None:
    """A porch between hall and yard has no receiver of its own."""
    stays = [("hall", -55, -75), ("porch", -66, -65), ("yard", -75, -55), ("porch", -65, -66)] * 3 + [("hall", -55, -75)]
    levels = [(hall_dbm + k % 3 - 1, yard_dbm + k % 2, zone) for zone, hall_dbm, yard_dbm in stays for k in range(40)]
    rows = (f"{1_700_000_000 + k / 2},{hall},{yard},{zone}\n" for k, (hall, yard, zone) in enumerate(levels))
    (walks / "heard.csv").write_text("t,hall_dbm,yard_dbm,room\n" + "".join(rows))
    (walks / "site.toml").write_text(SITE.replace('{ name = "hall" }', '{ name = "hall" }, { name = "porch" }'))
    calibrate(walks, "--plot", str(walks / "after.svg"))
    (store,) = load_site(walks / "site.toml", {}).stores
    assert {area.zone for area in store.areas} == {"hall", "porch", "yard"}
    assert store.calibrations == ()


def test_a_walk_without_a_receiver_is_refused_and_nothing_is_written(walks: Path) -> None:
    """Misspelt in the mapping: what the store was before would be judged without it, too."""
    columns = walks / "columns.toml"
    columns.write_text(columns.read_text().replace("yard_dbm =", "yarx_dbm ="))
    with pytest.raises(ConfigError, match=r"(?s)stays as it is.*yarx_dbm \(yard\) heard nothing.*did you mean 'yard_dbm'"):
        calibrate(walks)
    assert (walks / "site.toml").read_text() == SITE
    assert list(walks.glob("site.toml.before-*")) == []


def test_areas_that_ruin_a_store_are_taken_out_by_a_right_walk(walks: Path) -> None:
    calibrate(walks)
    good = (walks / "site.toml").read_text()
    areas = "".join(
        f'[[stores.areas]]\nzone = "{zone}"\nprofile = "ble-tag"\nmean_sd_db = 1.0\nlevel_dbm = {{ hall = {dbm} }}\n'
        for zone, dbm in (("hall", -95), ("yard", -96))
    )
    (walks / "site.toml").write_text(good + areas)
    calibrate(walks)
    (store,) = load_site(walks / "site.toml", {}).stores
    assert store.areas == ()
    assert "areas" not in (walks / "site.toml").read_text()
    assert len(store.calibrations) == 1


def test_without_a_walk_it_shows_what_to_type(walks: Path) -> None:
    found = CliRunner().invoke(build(), ["calibrate", str(walks / "site.toml")], catch_exceptions=False)
    assert found.exit_code == 0
    assert "stores are to be calibrated" in found.output
    assert "--beacon TYPE:VALUE" in found.output


def test_a_walk_with_an_hour_of_silence_in_it_is_calibrated_all_the_same(walks: Path) -> None:
    rows = (walks / "heard.csv").read_text().splitlines()
    later = [
        f"{float(line.partition(',')[0]) + (7200 if number > len(rows) // 2 else 0)},{line.partition(',')[2]}"
        for number, line in enumerate(rows[1:])
    ]
    (walks / "heard.csv").write_text("\n".join([rows[0], *later]) + "\n")
    assert "zones right, calibrated" in calibrate(walks, "--dry-run")


def test_a_walk_is_taken_now_or_was_recorded(walks: Path) -> None:
    asked = ["calibrate", str(walks / "site.toml"), "--recording", str(walks), "--beacon", "ibeacon:u"]
    with pytest.raises(ConfigError, match="--beacon to walk now, or --recording"):
        CliRunner().invoke(build(), asked, catch_exceptions=False)
