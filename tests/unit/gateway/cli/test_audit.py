"""`footfall audit`: facts and corrections with actor and reason, chosen by who, what and when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli.audit import audit
from gateway.fans.fact_text import when
from gateway.identity.facts import Distinct, Merge, Revoke, Split
from tests.support.fan_shop import FanShop

DAY = 86_400_000_000_000
T0 = 1_795_000_000_000_000_000
APP = typer.Typer()
APP.command()(audit)


@pytest.fixture
def place(tmp_path: Path) -> FanShop:
    place = FanShop(tmp_path / "gateway")
    place.shop.touch("transaction", "ann", amount=12.5).void("t1").void("never")
    place.shop.know(
        [
            Merge(id="m1", learned_ns=T0, source="desk", actor="ann", reason="same address", fans=("a", "b")),
            Distinct(id="d1", learned_ns=T0 + DAY, source="crm", actor="kim", fans=("c", "d")),
            Split(id="s1", learned_ns=T0 + 2 * DAY, source="desk", actor="ann", reason="wrong", of="m2"),
        ]
    )
    place.fold()
    return place


def run(place: FanShop, *arguments: str) -> Result:
    found = CliRunner().invoke(APP, ["--config", str(place.folder / "gateway.toml"), *arguments])
    assert found.exit_code == 0, found.output
    return found


def listed(place: FanShop, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(place, "--json", *arguments).stdout.splitlines()]


def test_who_calls_a_touch_the_source_is_listed_too(place: FanShop) -> None:
    place.shop.know([Revoke(id="r1", learned_ns=T0 + 3 * DAY, source="touch", actor="crm", of="m1")])
    place.fold()
    assert [each["id"] for each in listed(place, "--actor", "crm")] == ["r1"]


def test_facts_and_corrections_are_listed_the_newest_first(place: FanShop) -> None:
    found = listed(place)
    assert [(each["kind"], each["actor"], each["reason"]) for each in found] == [
        ("split", "ann", "wrong"),
        ("distinct", "kim", ""),
        ("merge", "ann", "same address"),
        ("void", "test", "wrong"),
        ("void", "test", "wrong"),
    ]
    assert [each["waits"] for each in found] == [
        True,
        False,
        False,
        *sorted([found[3]["waits"], found[4]["waits"]], reverse=found[3]["waits"]),
    ]
    text = run(place).stdout
    assert "2026-11-18 11:06Z merge m1: a and b are one person (desk by ann: same address)\n" in text
    assert "split s1: the merge m2 is undone (desk by ann: wrong), waits for what it corrects\n" in text


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("--actor", "kim"), ["d1"]),
        (("--kind", "merge"), ["m1"]),
        (("--source", "desk"), ["s1", "m1"]),
        (("--text", "address"), ["m1"]),
        (("--text", "c and d"), ["d1"]),
        (("--since", "2026-11-19T00:00:00Z", "--until", "2026-11-20T00:00:00Z"), ["d1"]),
        (("--waiting", "--kind", "split"), ["s1"]),
        (("--limit", "1"), ["s1"]),
        (("--actor", "nobody"), []),
    ],
)
def test_what_is_asked_for_is_chosen(place: FanShop, arguments: tuple[str, ...], ids: list[str]) -> None:
    assert [each["id"] for each in listed(place, *arguments)] == ids


def test_what_is_left_out_is_stated_and_so_is_nothing(place: FanShop) -> None:
    assert "… and more: --limit" in run(place, "--limit", "1").stdout
    assert run(place, "--actor", "nobody").stdout == "nothing that was asked for\n"


def test_a_void_of_what_never_came_waits(place: FanShop) -> None:
    assert [each["waits"] for each in listed(place, "--kind", "void", "--waiting")] == [True]


def test_an_adjustment_of_a_door_and_an_amend_are_listed_with_what_they_state(place: FanShop) -> None:
    place.shop.event({"kind": "count", "id": "n1", "door": "d", "in": 5})
    place.shop.event({"kind": "adjustment", "id": "j1", "door": "d", "in": -3, "actor": "kim", "reason": "a class of children"})
    place.shop.touch("transaction", "ann", amount=5.0, event_id="t2")
    place.shop.event({"kind": "amend", "id": "a1", "of": "t2", "set": {"amount": 7.5}, "actor": "kim", "reason": "mistyped"})
    place.fold()
    found = {each["kind"]: each for each in listed(place, "--actor", "kim")}
    assert (found["adjustment"]["what"], found["adjustment"]["reason"]) == ("door d has -3 in and +0 out", "a class of children")
    assert found["amend"]["what"].endswith(" has amount = 7.5")


def test_an_amend_that_does_not_fit_the_event_as_it_is_by_then_is_listed_with_why(place: FanShop) -> None:
    def amend(number: int, **values: Any) -> dict[str, Any]:
        return {"kind": "amend", "id": f"a{number}", "of": "t2", "set": values, "actor": "kim", "reason": "mistyped"}

    place.shop.event(amend(1, **{"in": 5})).event(amend(2, what="return")).event(amend(3, amount=-5.0))
    place.shop.touch("transaction", "ann", amount=5.0, event_id="t2")
    place.fold()
    found = {each["id"]: each for each in listed(place, "--actor", "kim")}
    assert found["a1"]["unfit"] == "it has keys of a count, and the event is a touch"
    assert (found["a2"]["unfit"], found["a3"]["waits"]) == ("", False)
    assert "amount = -5.0, which does not apply: a return has no negative `amount` or `n`" in found["a3"]["what"]
    assert [each["id"] for each in listed(place, "--text", "does not apply")] == ["a3", "a1"]


def test_what_is_to_take_back_a_void_or_a_fact_and_came_first_is_listed_with_what_to_do(place: FanShop) -> None:
    void = {"kind": "void", "actor": "kim", "reason": "wrong"}
    for event in (void | {"id": "v2", "of": "v3"}, void | {"id": "v3", "of": "t1"}, void | {"id": "v4", "of": "dup1"}):
        place.shop.event(event)
    place.shop.event({"kind": "fact", "id": "dup1", "fact": "link", "identifier": "member:9", "fan": "i"})
    place.fold()
    found = {each["id"]: each for each in listed(place, "--actor", "kim")}
    assert (found["v2"]["unfit"][:29], found["v2"]["waits"]) == ("nothing takes back a void, an", False)
    assert (found["v4"]["unfit"][:20], found["v4"]["waits"]) == ("a fact has this id: ", True)
    assert found["v3"]["unfit"] == ""


def test_an_adjustment_that_takes_back_more_than_was_counted_waits_and_its_line_has_why(place: FanShop) -> None:
    place.shop.event({"kind": "adjustment", "id": "j1", "door": "d", "in": -3, "actor": "kim", "reason": "a class of children"})
    place.fold()
    (found,) = listed(place, "--kind", "adjustment", "--waiting")
    assert "which is not counted: it takes back more than the doors of the store counted on that day" in found["what"]


def test_a_fact_that_states_no_learned_time_is_known_since_it_was_taken(place: FanShop) -> None:
    place.shop.wait(600)
    place.shop.know([Merge(id="m9", learned_ns=0, source="crm", actor="erp", fans=("e", "f"))])
    place.fold()
    (found,) = listed(place, "--actor", "erp", "--since", "2026-01-01T00:00:00Z")
    assert found["time_ns"] > T0 // 2
    taken = when(found["time_ns"])
    assert run(place, "--actor", "erp").stdout == f"{taken} merge m9: e and f are one person (crm by erp)\n"
    assert listed(place, "--actor", "erp", "--until", taken.replace(" ", "T")) == []


def test_a_correction_is_found_by_its_own_id_and_by_that_of_its_event(place: FanShop) -> None:
    place.shop.touch("transaction", "ann", amount=5.0, event_id="sale-0881")
    place.shop.event({"kind": "amend", "id": "amend-17", "of": "sale-0881", "set": {"amount": 7.5}, "actor": "kim", "reason": "mistyped"})
    place.shop.event({"kind": "adjustment", "id": "adjust-3", "door": "d", "in": -3, "actor": "kim", "reason": "a class"})
    place.fold()
    for text in ("sale-0881", "amend-17"):
        assert [(each["id"], each["of"]) for each in listed(place, "--text", text)] == [("amend-17", "sale-0881")]
    assert "amend amend-17: event sale-0881 has amount = 7.5" in run(place, "--text", "amend-17").stdout
    assert [(each["id"], each["of"]) for each in listed(place, "--text", "adjust-3")] == [("adjust-3", "")]


def test_an_id_that_may_hold_an_identifier_is_not_shown_and_is_found_whole(place: FanShop) -> None:
    place.shop.touch("transaction", "ann", amount=5.0, event_id="phone-8613912345678")
    place.shop.event({"kind": "void", "id": "v8613912345678", "of": "phone-8613912345678", "actor": "kim", "reason": "twice"})
    place.fold()
    for text in ("phone-8613912345678", "v8613912345678"):
        (found,) = listed(place, "--text", text)
        assert found["kind"] == "void"
        assert "8613912345678" not in json.dumps(found)
    assert listed(place, "--text", "8613912345678") == []


@pytest.mark.parametrize(
    ("back", "of", "what"),
    [
        ({"fact": "split"}, {"fact": "link", "identifier": "member:9", "fan": "i"}, "has no effect: dup1 is a link"),
        ({"fact": "revoke"}, {"fact": "split", "of": "m1"}, "has no effect: dup1 is a split, which nothing takes back"),
    ],
)
def test_what_takes_back_what_it_cannot_is_listed_as_without_effect_and_as_a_conflict(
    place: FanShop, back: dict[str, str], of: dict[str, str], what: str
) -> None:
    place.shop.event({"kind": "fact", "id": "dup1", **of})
    place.shop.event({"kind": "fact", "id": "back1", "of": "dup1", "actor": "bea", "reason": "wrong", **back})
    place.fold()
    assert [(each["what"], each["waits"]) for each in listed(place, "--actor", "bea")] == [(what, False)]
    shown = place.fan("conflicts", "--json").stdout
    assert '"back1"' in shown


def test_what_is_journaled_and_not_folded_yet_is_listed(place: FanShop) -> None:
    place.fan("merge", "x", "y", "--force", "--actor", "bea", "--reason", "told so")
    assert [each["what"] for each in listed(place, "--actor", "bea")] == ["x and y are one person"]
