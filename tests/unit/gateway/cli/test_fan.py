"""`footfall fan`: what the ledger knows of one fan, beside a gateway that goes on writing it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from footfall.errors import ConfigError
from gateway.cli.fan import app
from gateway.state.ledger import Ledger
from tests.support.shop_stories import Shop, seen


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "state").mkdir()
    (tmp_path / "gateway.toml").write_text("")
    shop = Shop(Ledger(tmp_path / "state" / "ledger.db")).link("ann", "fan-1")
    shop.hear(*(seen("ann", "a", at) for at in range(0, 60, 5)))
    return shop.touch("transaction", "ann", amount=12.5).checkpoint()


def fan(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(folder / "gateway.toml")])


def test_an_id_alone_shows_the_fan(shop: Shop, tmp_path: Path) -> None:
    found = fan(tmp_path, "fan-1")
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("fan fan-1\nas of 2026-")
    assert "now: s1, zone a, since" in found.stdout
    assert "transaction 12.50" in found.stdout
    assert found.stdout == fan(tmp_path, "show", "fan-1").stdout


def test_programs_get_one_object(shop: Shop, tmp_path: Path) -> None:
    found = json.loads(fan(tmp_path, "fan-1", "--json").stdout)
    assert (found["fan"], found["now"]["zone"], found["visits_total"], found["purchases"][0]["visits_before"]) == ("fan-1", "a", 1, 1)


def test_what_was_folded_after_the_checkpoint_is_not_there_yet(shop: Shop, tmp_path: Path) -> None:
    before = fan(tmp_path, "fan-1").stdout
    shop.touch("transaction", "ann", amount=99.0, event_id="t2")
    assert fan(tmp_path, "fan-1").stdout == before
    shop.checkpoint()
    assert "transaction 99.00" in fan(tmp_path, "fan-1").stdout


def test_nobody_is_an_error_that_may_be_a_command(shop: Shop, tmp_path: Path) -> None:
    found = fan(tmp_path, "sho")
    assert isinstance(found.exception, ConfigError)
    assert "no fan 'sho' is known as of 2026-" in str(found.exception)
    assert "did you mean 'show'?" in str(found.exception)


def test_without_a_ledger_there_is_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("")
    assert "there is no ledger yet" in str(fan(tmp_path, "fan-1").exception)
