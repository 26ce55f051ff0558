"""The oracle alone, by stories each of which one rule decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from simulators.identity.oracle import Oracle
from simulators.identity.oracle_facts import Visit

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 24 * 60


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


def touch(minute: float, *identifiers: str, **values: Any) -> dict[str, Any]:
    return {"kind": "touch", "what": "scan", "id": f"t{minute}", "time": at(minute), "identifiers": list(identifiers), **values}


def fact(kind: str, number: int, **values: Any) -> dict[str, Any]:
    return {"kind": "fact", "fact": kind, "id": f"{kind}{number}", "learned": at(number), "source": "crm", **values}


def link(number: int, identifier: str, fan: str, from_min: float | None = None, to_min: float | None = None, **more: Any) -> dict[str, Any]:
    times = {"from": None if from_min is None else at(from_min), "to": None if to_min is None else at(to_min)}
    return fact("link", number, identifier=identifier, fan=fan, **times, **more)


def fans(events: list[dict[str, Any]], *asked: dict[str, Any], visits: list[Visit] | None = None) -> list[str]:
    """Return whom touches are, "" for whoever is not registered."""
    oracle = Oracle([*events, *asked], visits or [])
    found = [oracle.fan_of_touch(oracle.facts.touches[each["id"]]) for each in asked]
    return ["" if fan.startswith("anon-") else fan for fan in found]


def ms(minute: float) -> int:
    return round((START + timedelta(minutes=minute)).timestamp() * 1000)


PHONE = "phone:13900000003"
A = touch(0, "member:a", "phone:13900000001", fan="A")
B = touch(1, "member:b", "phone:13900000002", fan="B")
STORIES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]] = {
    "any identifier of a touch counts": ([A], [touch(9, "wx-mini:x", "phone:13900000001")], ["A"]),
    "what was named together is one person's, also before": ([A, touch(5, "wx-oa:x", "member:a")], [touch(2, "wx-oa:x")], ["A"]),
    "a number of two is nobody's": ([A, touch(2, "member:c", "phone:13900000001", fan="C")], [touch(9, "phone:13900000001")], [""]),
    "a number of two that are one person is theirs": (
        [A, touch(2, "member:c", "phone:13900000001", fan="C"), fact("merge", 3, fans=["C", "A"])],
        [touch(9, "phone:13900000001")],
        ["A"],
    ),
    "a number that is used beside another's card is nobody's": (
        [A, B, touch(4, "member:b", "phone:13900000001")],
        [touch(9, "phone:13900000001"), touch(10, "member:a"), touch(11, "member:b")],
        ["", "A", "B"],
    ),
    "a number that passes on": (
        [A, link(2, "phone:13900000001", "C", from_min=50)],
        [touch(9, "phone:13900000001"), touch(60, "phone:13900000001")],
        ["A", "C"],
    ),
    "a number that is handed back, and registered anew": (
        [A, fact("revoke", 2, of_link=["phone:13900000001", "A"], to=at(20)), touch(30, "phone:13900000001", fan="C")],
        [touch(9, "phone:13900000001"), touch(40, "phone:13900000001")],
        ["A", "C"],
    ),
    "a number that was quiet for 90 days passes on": (
        [A, touch(91 * DAY, "phone:13900000001", "member:c", fan="C")],
        [touch(9, "phone:13900000001"), touch(92 * DAY, "phone:13900000001")],
        ["A", "C"],
    ),
    "the desk decides against the CRM": (
        [link(1, "member:a", "A"), link(2, "member:a", "B", source="desk.x")],
        [touch(9, "member:a")],
        ["B"],
    ),
    "strong facts of one class that contradict each other name nobody": (
        [link(1, "member:a", "A"), link(2, "member:a", "B")],
        [touch(9, "member:a")],
        [""],
    ),
    "the browser gives way between two": (
        [A, B, touch(5, "web:w", "phone:13900000001"), touch(6, "web:w", "phone:13900000002")],
        [touch(4, "web:w"), touch(9, "phone:13900000001")],
        ["", "A"],
    ),
    "a browser that hangs on a number which gives way names nobody": (
        [A, B, touch(5, PHONE, "member:a"), touch(6, PHONE, "member:b"), touch(7, "web:w", PHONE)],
        [touch(8, "web:w")],
        [""],
    ),
    "the reference names who has no identifiers": (
        [A, touch(5, "card:c", fan="A", ref="s0"), touch(8, "card:c", ref="s1")],
        [touch(7, ref="s1"), touch(9, "card:c")],
        ["A", ""],
    ),
    "two fans of one reference are nobody": (
        [A, B, touch(5, "member:a", ref="s"), touch(6, "member:b", ref="s")],
        [touch(7, ref="s")],
        [""],
    ),
    "a split before its merge": (
        [fact("split", 1, of="merge2"), fact("merge", 2, fans=["A", "B"]), A, B],
        [touch(9, "member:b")],
        ["B"],
    ),
    "distinct keeps a merge from joining": (
        [A, B, fact("distinct", 1, fans=["A", "B"]), fact("merge", 2, fans=["A", "B"])],
        [touch(9, "member:b")],
        ["B"],
    ),
    "a merge that names three of whom two are distinct is out": (
        [A, B, fact("distinct", 1, fans=["A", "B"]), fact("merge", 2, fans=["A", "C"]), fact("merge", 3, fans=["C", "B"])],
        [touch(9, "member:b")],
        ["B"],
    ),
    "a revoke takes a link out": ([link(2, "member:x", "A"), fact("revoke", 1, of="link2")], [touch(9, "member:x")], [""]),
    "a voided registration names nobody": ([A, {"kind": "void", "id": "v", "of": "t0"}], [touch(9, "member:a")], [""]),
    "a later link of one source replaces": (
        [link(1, "member:a", "A"), link(2, "member:a", "A", to_min=5)],
        [touch(4, "member:a"), touch(9, "member:a")],
        ["A", ""],
    ),
    "whoever withdrew is nobody until they grant again": (
        [
            A,
            fact("consent", 1, fan="A", purpose="identify", granted=False, version="1", **{"from": at(5)}),
            fact("consent", 2, fan="A", purpose="identify", granted=True, version="2", **{"from": at(9)}),
        ],
        [touch(4, "member:a"), touch(6, "member:a"), touch(10, "member:a")],
        ["A", "", "A"],
    ),
    "blocked values are no identifiers": ([touch(0, "member:null", "phone:13800138000", fan="A")], [touch(9, "phone:13800138000")], [""]),
    "a card number counts in its own reference only": (
        [touch(0, "card:c", "member:a", fan="A")],
        [touch(9, "card:c"), touch(8, "card:c", ref="r")],
        ["", "A"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_the_oracle_keeps_the_rule(story: str) -> None:
    events, asked, expected = STORIES[story]
    assert fans(events, *asked) == expected


@pytest.mark.parametrize("story", STORIES)
def test_the_order_of_facts_does_not_matter(story: str) -> None:
    events, asked, expected = STORIES[story]
    for order in permutations(events[:4]):
        assert fans([*order, *events[4:]], *reversed(asked)) == expected[::-1]


def test_what_is_lent_ends_with_its_visit_if_nobody_recorded_the_return() -> None:
    visits = [Visit("tag:1", ms(6), ms(30)), Visit("tag:1", ms(90), ms(120))]
    handed_out = link(1, "tag:1", "A", from_min=5)
    asked = touch(20, "tag:1"), touch(100, "tag:1")
    assert fans([handed_out], *asked, visits=visits) == ["A", ""]
    assert fans([handed_out, link(2, "tag:1", "B", from_min=10)], *asked, visits=visits) == ["B", ""]
    assert fans([link(1, "tag:1", "A", from_min=5, to_min=110)], *asked, visits=visits) == ["A", "A"]


def test_a_silence_that_ends_no_visit_ends_no_loan_before_the_next_handover_in_it() -> None:
    lent, asked = [link(1, "tag:1", "A", from_min=5), link(2, "tag:1", "B", from_min=45)], [touch(40, "tag:1"), touch(62, "tag:1")]
    for next_min, until_then in ((60, "A"), (60.1, "")):
        visits = [Visit("tag:1", ms(6), ms(30)), Visit("tag:1", ms(next_min), ms(70))]
        assert fans(lent, *asked, visits=visits) == [until_then, "B"]
    back = touch(45, "tag:1", what="return")
    assert fans([*lent, back], *asked, back, visits=[]) == ["A", "B", "A"]
    assert fans([*lent, touch(35, "tag:1", what="return")], *asked, visits=[]) == ["", "B"]


def test_what_stores_call_by_one_name_is_each_one_s_own_where_a_link_states_the_store() -> None:
    lent = [link(1, "tag:1", "A", from_min=5, store="s1"), link(2, "tag:1", "B", from_min=6, store="s2")]
    asked = [touch(20 + nth, "tag:1", store=store) for nth, store in enumerate(("s1", "s2", "s3"))]
    assert fans(lent, *asked) == ["A", "B", ""]
    assert fans([*lent, touch(10, "tag:1", what="return", store="s2")], *asked) == ["A", "", ""]
    assert fans([*lent, touch(10, "tag:1", fan="C", store="web")], *asked) == ["C", "C", "C"]


def test_a_cluster_without_a_fan_has_a_provisional_one_and_a_hub_has_none() -> None:
    apart = [touch(number, f"member:{number}", "phone:13900000009") for number in range(2, 9)]
    oracle = Oracle(
        [touch(0, "wx-oa:a", "wx-union:u"), touch(1, "wx-union:u", "web:w"), *apart, touch(20, "web:w"), touch(21, "phone:13900000009")]
    )
    anonymous = oracle.fan_of_touch(oracle.facts.touches["t20"])
    assert anonymous.startswith("anon-")
    assert anonymous == oracle.fan_of_touch(oracle.facts.touches["t0"])
    assert oracle.fan_of_touch(oracle.facts.touches["t21"]) == ""
    assert oracle.shared == {"phone:13900000009"}


def test_what_hundreds_meet_in_is_nobodys_at_any_time() -> None:
    code = "alipay.app7:shop"
    named = [link(1, "phone:13900000001", "A"), *(touch(number, code, f"wx-oa:{number}") for number in range(256))]
    assert fans(named[:-1], touch(900, "wx-oa:7"), touch(901, code)) == ["", ""]
    crowd = [*named, touch(300, code, "phone:13900000001")]
    assert fans(crowd, touch(900, code), touch(901, "phone:13900000001")) == ["", "A"]
    assert Oracle(crowd).shared == {code}
    assert Oracle(crowd).fan_of_touch(Oracle(crowd).facts.touches["t7"]) == "", "nor does it bind anybody to anybody"
