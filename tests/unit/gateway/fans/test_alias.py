"""A fan that was merged is asked for under any of its ids."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from footfall.analysis import Footfall
from footfall.cli import build
from gateway.fans.alias import by_standing_fan, standing_fan, unknown_fan
from gateway.identity.facts import Identifier, Merge, Same
from gateway.points import SCHEMA, from_rows
from gateway.points.rows import TrafficPoint, VisitPoint
from gateway.query.answer import Request
from gateway.sinks.sqlite.sink import SQLite
from serve.questions import answer
from tests.support.fan_shop import FanShop
from tests.support.shop_stories import PEOPLE

DAY_NS = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 10**9


@pytest.fixture
def place(tmp_path: Path) -> FanShop:
    return FanShop(tmp_path / "gateway")


@pytest.fixture
def merged(place: FanShop) -> Path:
    """The configuration of a gateway whose fan-2 is fan-1, and whose database has a visit of fan-1."""
    place.shop.link("ann", "fan-1", from_s=0).link("ben", "fan-2", from_s=60)
    place.shop.know([Merge(id="m1", learned_ns=1, fans=("fan-1", "fan-2"))])
    place.fold()
    database = SQLite(place.folder / "footfall.db")
    kinds = SCHEMA["visit"].fields
    values: dict[str, Any] = {name: "" if kinds.get(name) == "text" else 0 for name in VisitPoint._fields}
    values |= {"time_ns": DAY_NS, "agent": "x", "store": "s1"}
    minute = TrafficPoint(**dict.fromkeys(TrafficPoint._fields, 0) | {"time_ns": DAY_NS, "store": "s1"})
    database.write([from_rows("traffic", [minute])])
    database.write([from_rows("visit", [VisitPoint(**values | {"subject": f"{5:016x}", "fan": "fan-1", "seconds": 60.0})])])
    database.close()
    return place.folder / "gateway.toml"


def test_a_merged_id_is_the_one_that_stands_and_it_is_noted(merged: Path) -> None:
    assert [standing_fan(merged, fan) for fan in ("fan-2", "fan-1", "nobody")] == ["fan-1", "fan-1", "nobody"]
    assert by_standing_fan(merged, Request("visits", fan="fan-2")) == (Request("visits", fan="fan-1"), "fan-2 is fan-1 now")
    assert by_standing_fan(merged, Request("visits", fan="fan-1")) == (Request("visits", fan="fan-1"), "")


def test_a_question_about_a_fan_whom_nothing_knows_is_told_whom_it_may_mean(merged: Path) -> None:
    said = [unknown_fan(merged, fan) for fan in ("fan-1", "fan-2", "fan-11")]
    assert said == ["", "", "nothing is known of a fan 'fan-11': did you mean 'fan-1'?"]
    assert unknown_fan(None, "fan-11") == ""
    asked = CliRunner().invoke(build(), ["query", "visits", "--fan", "fan-11", "--config", str(merged)])
    assert "note: nothing is known of a fan 'fan-11': did you mean 'fan-1'?" in asked.stderr


def test_rows_as_of_an_earlier_time_are_asked_for_by_the_id_of_then(merged: Path) -> None:
    then = Request("visits", fan="fan-2", as_of="2026-11-01")
    assert by_standing_fan(merged, then) == (then, "")
    assert by_standing_fan(None, Request("visits", fan="fan-2")) == (Request("visits", fan="fan-2"), ""), "nor is a database alone asked"


@pytest.mark.parametrize("asked", ["fan-1", "fan-2"])
def test_every_way_to_ask_answers_by_an_earlier_id(merged: Path, asked: str) -> None:
    """The command in each format, a page of the API, and Python."""
    span = {"from": "2026-11-20", "to": "2026-11-22"}
    options = [f"--{name}={value}" for name, value in span.items()]
    for form in ("csv", "json"):
        found = CliRunner().invoke(build(), ["query", "visits", "--fan", asked, "--config", str(merged), "--format", form, *options])
        assert (found.stdout.count("fan-1"), found.stderr) == (1, "" if asked == "fan-1" else "note: fan-2 is fan-1 now\n")
    assert [row["fan"] for row in json.loads(answer(merged, "visits", {"fan": asked, **span}))] == ["fan-1"]
    with Footfall(merged) as footfall:
        frame = footfall.visits(fan=asked, from_=span["from"], to=span["to"])
        assert list(frame["fan"]) == ["fan-1"]
        assert ("fan-2 is fan-1 now" in frame.attrs["notes"]) == (asked == "fan-2")


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
