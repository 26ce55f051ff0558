"""`footfall fan why`, `conflicts`, `largest`: from the ledger's facts, with those that are journaled and not folded yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import ConfigError
from gateway.identity.facts import Fact, Identifier, Link, Merge, Same
from tests.support.fan_shop import FanShop
from tests.support.shop_stories import PEOPLE, seen

ANN = f"{PEOPLE['ann']:016x}"


def card(number: int, id_type: str = "member") -> Identifier:
    return Identifier(id_type, f"{number:016x}")


def link(number: int, fan: str, id_type: str = "member", source: str = "crm", fact_id: str = "") -> Link:
    return Link(id=fact_id or f"l{number}-{fan}", learned_ns=10**18, source=source, actor="kim", identifier=card(number, id_type), fan=fan)


@pytest.fixture
def place(tmp_path: Path) -> FanShop:
    return FanShop(tmp_path / "gateway")


def told(place: FanShop, *facts: Fact) -> FanShop:
    place.shop.know(facts)
    place.fold()
    return place


def asked(place: FanShop, *arguments: str) -> Any:
    found = place.fan(*arguments, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_why_is_the_shortest_path_of_facts_with_who_states_them(place: FanShop) -> None:
    joined = Same(id="s1", learned_ns=10**18, source="crm", identifiers=(card(2), card(1)))
    told(place, link(1, "f"), joined, Merge(id="m1", learned_ns=10**18, source="desk", actor="ann", reason="told so", fans=("e", "f")))
    found = asked(place, "why", card(2).subject)
    assert (found["fan"], [fact["id"] for fact in found["path"]]) == ("f", ["s1", "l1-f"])
    text = place.fan("why", card(2).subject).stdout
    assert text.startswith(f"{card(2).subject}: fan f\n")
    assert f"because l1-f: member {card(1).subject} is f's (crm by kim, learned 2001-09-09 01:46Z)" in text
    assert [fact["id"] for fact in asked(place, "why", "e")["path"]] == ["m1"]
    assert "m1: e and f are one person (desk by ann, learned 2001-09-09 01:46Z: told so)" in place.fan("why", "e").stdout


def test_why_of_what_stores_call_by_one_name_is_each_one_s_own(place: FanShop) -> None:
    tag = Identifier("tag", card(7).subject)
    now_ns = 1_780_000_000 * 10**9
    for store, fan in (("s1", "f"), ("s2", "g")):
        told(place, Link(id=f"in-{store}", learned_ns=now_ns, source="desk", identifier=tag, fan=fan, from_ns=now_ns, store=store))
    at = ("--at", "2026-05-28T20:30:00Z")
    assert [asked(place, "why", tag.subject, *at, "--store", store)["fan"] for store in ("s1", "s2", "s3")] == ["f", "g", None]
    text = place.fan("why", tag.subject, *at).stdout
    assert text.startswith(f"{tag.subject}: nobody is known\n")
    assert "  in s1: fan f\n    because in-s1: tag " in text
    assert "'s from 2026-05-28 20:26Z in s2" in text
    assert "not because in-s2: " in place.fan("why", tag.subject, *at, "--store", "s1").stdout


def test_why_names_what_does_not_count_and_the_rule(place: FanShop) -> None:
    told(place, link(1, "f", source="desk"), link(1, "g"))
    found = place.fan("why", card(1).subject).stdout
    assert f"{card(1).subject}: fan f\n" in found
    assert "not because l1-g: " in found
    assert "a stronger source claims the identifier for another fan" in found


def test_why_of_an_identifier_in_clear_and_of_one_that_nobody_knows(place: FanShop) -> None:
    assert place.fan("link", "member:77", "fan-1", "--actor", "bea", "--reason", "card").exit_code == 0
    assert "member:77: fan fan-1\n" in place.fan("why", "member:77").stdout  # from the journal, before it is folded
    assert place.fan("why", "member:78").stdout == "member:78: nobody is known\n"
    assert isinstance(place.fan("why", "phone:").exception, ConfigError)


def test_why_of_a_touch_is_found_by_its_id_and_shows_each_name(place: FanShop) -> None:
    place.shop.link("ann", "fan-1").touch("transaction", "ann", amount=12.5, event_id="t77")
    place.fold()
    text = place.fan("why", "t77").stdout
    assert "transaction of 2026-" in text
    assert ": fan fan-1\n" in text.partition("\n")[0] + "\n"
    assert f"  {ANN}: fan fan-1\n" in text
    (touch,) = asked(place, "why", "t77")
    assert (touch["fan"], touch["names"][0]["name"], touch["names"][0]["fan"]) == ("fan-1", ANN, "fan-1")


def test_why_of_what_is_nobody_s_names_who_ended_that_it_was_a_fan_s_and_why(place: FanShop) -> None:
    told(place, link(1, "f"))
    ended = place.fan("unlink", card(1).subject, "f", "--to", "2026-01-01T00:00Z", "--actor", "bea", "--reason", "gave it up", "--json")
    (fact,) = json.loads(ended.stdout)["facts"]
    text = place.fan("why", card(1).subject).stdout
    assert text.startswith(f"{card(1).subject}: nobody is known\n  was f's until 2026-01-01 00:00Z: l1-f ended, since the link was ended: ")
    assert f"{fact['id']}: member {card(1).subject} is f's no longer from 2026-01-01 00:00Z on (desk by bea, learned " in text
    assert text.partition("\n  not because")[0].endswith(": gave it up)")
    (end,) = asked(place, "why", card(1).subject)["ends"]
    assert (end["fan"], end["of"], end["by"]["id"], end["by"]["actor"]) == ("f", "l1-f", fact["id"], "bea")


def test_why_of_a_touch_of_fans_whose_merge_was_split_names_the_split(place: FanShop) -> None:
    told(place, link(1, "f"), link(2, "g"), Merge(id="m1", learned_ns=10**18, source="desk", fans=("f", "g")))
    place.shop.event({"kind": "touch", "what": "scan", "id": "t5", "subjects": [card(1).subject, card(2).subject]})
    place.fold()
    assert asked(place, "why", "t5")[0]["fan"] == "f"
    assert place.fan("split", "m1", "--actor", "bea", "--reason", "father and son").exit_code == 0
    place.fold()
    text = place.fan("why", "t5").stdout
    assert "m1 does not count, since it was split by split-" in text
    assert "the merge m1 is undone (desk by bea, learned " in text


def test_conflicts_list_what_waits_for_a_decision_and_households_only_with_all(place: FanShop) -> None:
    told(place, link(1, "f"), link(1, "g"), link(2, "f", "phone"), link(2, "g", "phone"), link(3, "h"))
    assert [(each["subject"], each["label"], each["fans"]) for each in asked(place, "conflicts")["identifiers"]] == [
        (card(1).subject, "conflict", ["f", "g"])
    ]
    assert {each["label"] for each in asked(place, "conflicts", "--all")["identifiers"]} == {"conflict", "household"}
    text = place.fan("conflicts").stdout
    assert f"member {card(1).subject} names nobody (conflict): f, g\n  l1-f: member" in text


def test_a_merge_of_distinct_fans_is_listed_and_a_decision_ends_a_conflict(place: FanShop) -> None:
    told(place, link(1, "f"), link(2, "g"))
    for command in (("distinct", "f", "g"), ("merge", "f", "g")):
        assert place.fan(*command, "--reason", "r").exit_code == 0
        place.fold()
    refused = asked(place, "conflicts")["refused"]
    assert [each["fact"] for each in refused] == ["merge"]
    assert place.fan("revoke", refused[0]["id"], "--reason", "r").exit_code == 0
    place.fold()
    assert (
        "nothing contradicts itself" in place.fan("conflicts").stdout
        or "does not count, since it was revoked" in place.fan("conflicts").stdout
    )


def test_largest_lists_identifiers_by_type_and_what_others_hang_on(place: FanShop) -> None:
    hub = [Same(id=f"s{n}", learned_ns=1, identifiers=(card(1), card(n))) for n in (2, 3)]
    told(place, link(1, "f"), *hub, link(9, "g"))
    first, second = asked(place, "largest")["fans"]
    assert (first["fan"], first["size"], first["identifiers"]) == ("f", 3, {"member": 3})
    assert first["bridges"] == [{"type": "member", "subject": card(1).subject}]
    assert (second["fan"], second["size"]) == ("g", 1)
    assert len(asked(place, "largest", "--limit", "1")["fans"]) == 1
    as_of, shown = place.fan("largest").stdout.split("\n", 1)
    assert as_of.startswith("as of 2026-")
    assert shown.startswith(f"f: 3 identifiers (3 member); others hang on member {card(1).subject}\n")


def test_largest_counts_what_is_stated_and_not_folded_yet(place: FanShop) -> None:
    told(place, link(1, "f"), link(9, "g"))
    for value in ("member:77", "phone:8613912345678"):
        assert place.fan("link", value, "g", "--reason", "r").exit_code == 0
    found = asked(place, "largest")
    assert (found["stated_since"], [(each["fan"], each["size"]) for each in found["fans"]]) == (2, [("g", 3), ("f", 1)])
    assert ", and 2 facts that were stated since\ng: 3 identifiers" in place.fan("largest").stdout


@pytest.mark.parametrize("value", ["phone:13800138000", "member:null", "phone:1.38E+10", "phone:138****8000"])
def test_what_is_no_identifier_is_refused_with_the_reason_by_every_command_that_takes_one(place: FanShop, value: str) -> None:
    told(place, link(1, "f"))
    for command in (("why", value), ("link", value, "f", "--reason", "r"), ("unlink", value, "f", "--reason", "r")):
        found = place.fan(*command)
        assert isinstance(found.exception, ConfigError), found.output
        assert f"{value!r}: the value is no identifier" in str(found.exception)


def test_a_type_that_nobody_described_is_told_with_the_nearest_and_those_that_there_are(place: FanShop) -> None:
    told(place, link(1, "f"))
    for mistyped, near in (("membr:77", "did you mean 'member'? There is member, "), ("foo:zz", "; there is member, ")):
        linked, asked_of, ended = (
            place.fan(*command)
            for command in (("link", mistyped, "f", "--dry-run"), ("why", mistyped), ("unlink", mistyped, "f", "--dry-run"))
        )
        for found in (linked.stderr, asked_of.stderr, str(ended.exception)):
            assert f"{mistyped.partition(':')[0]!r} is a type of identifiers that nobody described, and joins nothing strongly" in found
            assert near in found
            assert "wx-*" in found
            assert "phone.national" not in found
    assert "nobody described" not in place.fan("link", "member:77", "f", "--dry-run").stderr


def test_a_store_that_is_mistyped_is_not_one_where_nobody_has_it(place: FanShop) -> None:
    told(place, link(1, "f"))
    found = place.fan("link", "tag:17", "f", "--from", "2026-01-01", "--reason", "r", "--store", "S1x")
    assert str(found.exception) == "--store: store 'S1x' is not in site.toml: did you mean 's1'?"
    told(place, Link(id="l2", learned_ns=1, source="desk", identifier=card(2, "tag"), fan="f", from_ns=10**18, store="gone"))
    asked_of = {store: place.fan("why", card(2).subject, "--store", store).stderr for store in ("S1x", "s1", "gone")}
    assert asked_of == {"S1x": "note: store 'S1x' is not in site.toml: did you mean 's1'?\n", "s1": "", "gone": ""}


def test_a_mistyped_id_is_not_confirmed(place: FanShop) -> None:
    told(place, link(1, "LZ1"), link(2, "LZ2"))
    found = place.fan("why", "LZ2x")
    assert isinstance(found.exception, ConfigError)
    assert str(found.exception) == "no fan, and no touch by its ref or id, is known as 'LZ2x': did you mean 'LZ2'?"


def test_a_ledger_without_facts_has_nothing_to_review(place: FanShop) -> None:
    assert place.fan("conflicts").stdout == "nothing contradicts itself\n"
    assert place.fan("largest").stdout == "as of the gateway's start\nnobody has an identifier yet\n"


def test_why_of_a_touch_of_what_is_lent_says_whose_the_touch_is(place: FanShop) -> None:
    """The tag is handed on, and given back by a scan of it at that moment, while nobody hears it; one touch is before, one after."""
    shop, tag = place.shop, Identifier("tag", f"{PEOPLE['ben']:016x}")
    shop.hear(*[seen("ben", "a", at_s) for at_s in (100, 150, 200)])
    for what, at_s in (("scan", 250), ("return", 300), ("scan", 310)):
        shop.wait(at_s - shop.now_s).touch(what, "ben", event_id=f"at-{at_s}")
    shop.hear(seen("ben", "a", 400)).close().checkpoint()
    touched_ns = sorted(row.time_ns for row in place.ledger.touches_of(tag.subject))
    for fan, from_ns in (("f", touched_ns[0] - 160 * 10**9), ("g", touched_ns[1])):
        told(place, Link(id=f"lent-{fan}", learned_ns=from_ns, source="desk", identifier=tag, fan=fan, from_ns=from_ns))
    found = {(each["time_ns"], each["fan"]): each["names"] for at_s in (250, 300, 310) for each in asked(place, "why", f"at-{at_s}")}
    assert sorted(found) == list(zip(touched_ns, ("f", "f", "g"), strict=True))
    for (_, fan), names in found.items():
        assert [(each["fan"], [fact["id"] for fact in each["path"]]) for each in names] == [(fan, [f"lent-{fan}"])]
