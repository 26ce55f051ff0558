"""A fan that was merged is asked for under any of its ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.fan_alias import standing_fan
from gateway.identity.facts import Identifier, Merge, Same
from tests.support.fan_shop import FanShop
from tests.support.shop_stories import PEOPLE


@pytest.fixture
def place(tmp_path: Path) -> FanShop:
    return FanShop(tmp_path / "gateway")


def test_a_merged_id_is_the_one_that_stands_and_it_is_noted(place: FanShop, capsys: pytest.CaptureFixture[str]) -> None:
    place.shop.link("ann", "fan-1", from_s=0).link("ben", "fan-2", from_s=60)
    place.shop.know([Merge(id="m1", learned_ns=1, fans=("fan-1", "fan-2"))])
    place.fold()
    config = place.folder / "gateway.toml"
    assert standing_fan(config, "fan-2") == "fan-1"
    assert capsys.readouterr().err == "note: fan-2 is fan-1 now\n"
    assert [standing_fan(config, fan) for fan in ("fan-1", "nobody")] == ["fan-1", "nobody"]
    assert capsys.readouterr().err == ""


def test_a_provisional_id_is_that_of_the_fan_who_registered(place: FanShop) -> None:
    ann = Identifier("", f"{PEOPLE['ann']:016x}")
    place.shop.know([Same(id="s1", learned_ns=1, identifiers=(Identifier("member", "0" * 15 + "9"), ann))])
    place.fold()
    provisional = place.ledger.standings([ann.subject])[ann.subject].spans[0].fan
    assert provisional.startswith("anon-")
    place.shop.link("ann", "fan-1")
    place.fold()
    assert standing_fan(place.folder / "gateway.toml", provisional) == "fan-1"


def test_without_a_ledger_an_id_is_itself(place: FanShop) -> None:
    place.ledger.close()
    (place.folder / "state" / "ledger.db").unlink()
    assert standing_fan(place.folder / "gateway.toml", "fan-2") == "fan-2"
