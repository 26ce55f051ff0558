"""Why a name means whom it means: the shortest path of facts, and what does not count."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from footfall.units import NS_PER_MS
from gateway.identity import ended
from gateway.identity.facts import Fact
from gateway.identity.why import AT_ONCE, DECIDED, DISSOLVED, NOT_THEN, REPLACED, STRONGER, Because, why
from tests.support.identity_facts import KEY, TYPES, at, consent, distinct, link, merge, name, revoke, same, split, touch, unlink


def _why(facts: Sequence[Fact], asked: str, minute: float = 50) -> Because:
    return why(facts, TYPES, KEY, asked, at(minute))


def test_the_path_leads_from_the_identifier_over_what_was_named_together_to_the_claim_and_the_merges() -> None:
    longer = [touch(1, "wx-oa:1 wx-union:1"), touch(2, "wx-union:1 wx-mini:1"), touch(3, "wx-mini:1 member:1")]
    short, claim, merged = touch(4, "wx-oa:1 member:1"), link("member:1", "B", 3), merge("A", "B")
    because = _why([*longer, touch(0, "member:2", fan="A"), short, claim, merged, link("member:2", "A")], name("wx-oa:1"))
    assert (because.fan, because.path, because.refused) == ("A", [short, claim, merged], [])


def test_of_two_links_that_state_the_same_the_first_is_shown() -> None:
    first, second = link("member:1", "A", 0), link("member:1", "A", 5)
    assert _why([second, first], name("member:1")).path == [first]


def test_a_path_is_that_of_the_time() -> None:
    before, after = link("member:1", "A", 0, 40), link("member:1", "B", 40)
    assert _why([before, after], name("member:1"), 30).path == [before]
    assert _why([before, after], name("member:1"), 50) == Because("B", [after], [(before, NOT_THEN)])


def test_what_nobody_has_is_led_to_what_it_was_named_with() -> None:
    named = touch(1, "wx-oa:1 alipay.app:1")
    because = _why([named], name("alipay.app:1"))
    assert because.path == [named]
    assert (because.fan or "").startswith("anon-")


@pytest.mark.parametrize(
    ("facts", "asked", "nth", "rule"),
    [
        (
            [link("member:1", "A"), link("member:1", "B", 99, source="desk"), link("member:1", "B", end=99, source="desk")],
            "member:1",
            0,
            STRONGER,
        ),
        ([link("member:1", "A", learned_ns=1), link("member:1", "A", end=9, learned_ns=2)], "member:1", 0, REPLACED),
        ([link("member:1", "A"), link("member:1", "B")], "member:1", 0, DISSOLVED["conflict"]),
        ([touch(1, "phone:1", fan="A"), touch(2, "phone:1", fan="B")], "phone:1", 1, DISSOLVED["household"]),
        ([touch(n, f"phone:1 member:{n}") for n in range(6)], "phone:1", 0, DISSOLVED["shared"]),
        ([touch(n, f"phone:1 member:{n}") for n in range(6)], "member:3", 3, DISSOLVED["shared"]),
        ([touch(1, "phone:1 member:2"), link("phone:1", "B", source="desk"), link("member:2", "A")], "phone:1", 0, DECIDED),
        ([link("member:1", "A", id="a"), revoke("a")], "member:1", 0, "it was revoked"),
        ([link("member:1", "A", 9), unlink("member:1", "A", 9)], "member:1", 0, AT_ONCE),
    ],
)
def test_what_does_not_count_has_its_rule(facts: list[Fact], asked: str, nth: int, rule: str) -> None:
    because = _why(facts, name(asked))
    assert (facts[nth], rule) in because.refused
    assert because.fan in (None, "B")


def test_a_withdrawn_consent_names_nobody_and_the_path_stays() -> None:
    claim = link("member:1", "A")
    assert _why([claim, consent("A", False, 20)], name("member:1")) == Because("", [claim], [])


def test_a_fan_id_is_led_to_the_id_that_stands() -> None:
    first, second, third = merge("A", "B"), merge("B", "C"), merge("C", "D", "B")
    facts = [touch(0, "member:1", fan="A"), first, second, third]
    assert _why(facts, "fan:D") == Because("A", [third, first], [])
    assert _why(facts, "fan:A") == Because("A", [], [])


def test_a_merge_that_does_not_count_is_refused_by_its_rule() -> None:
    merged = merge("A", "B")
    because = _why([merged, distinct("A", "B")], "fan:B")
    assert (because.fan, because.path) == ("B", [])
    assert [each.fact for each in because.refused] == [merged]


def test_a_reference_is_led_over_the_touch_that_names_somebody() -> None:
    bare, paid, claim = touch(1, ref="r"), touch(2, "wx-mini:1", ref="r"), link("wx-mini:1", "A")
    assert _why([bare, paid, claim], "ref:r") == Because("A", [paid, claim], [])
    named = touch(3, fan="B", ref="r")
    assert _why([bare, paid, claim, named], "ref:r") == Because("B", [named], [])
    assert _why([bare], "ref:r") == Because(None, (), [])
    assert _why([bare], "ref:q") == Because(None, (), [])


def _ends(facts: Sequence[Fact], asked: str, minute: float = 50) -> list[tuple[str, Fact, Fact | None]]:
    return [(each.rule, each.fact, each.by) for each in _why(facts, asked, minute).ends]


DESK = {"source": "desk"}


@pytest.mark.parametrize(
    ("asked", "facts", "rule"),
    [
        ("member:1", [link("member:1", "A", 0, 40)], ended.OWN_END),
        ("member:1", [link("member:1", "A", 0), unlink("member:1", "A", 40)], ended.UNLINKED),
        ("member:1", [link("member:1", "A", 0), unlink("member:1", "A", 40), merge("A", "B")], ended.UNLINKED),
        ("tag:1", [link("tag:1", "A", 0), touch(40, "tag:1", returned=True)], ended.GIVEN_BACK),
        ("nfc:1", [link("nfc:1", "A", 0), link("nfc:1", "B", 40), link("nfc:1", "C", 40)], ended.PASSED_ON),
        ("member:1", [link("member:1", "A", 0), link("member:1", "B", 40, **DESK), link("member:1", "C", 40, **DESK)], ended.STRONGER),
        ("member:1", [link("wx-oa:1", "A", 0), same("member:1 wx-oa:1", 0, 40)], ended.OWN_END),
    ],
)
def test_what_is_nobody_s_has_what_ended_that_it_was_a_fan_s(asked: str, facts: list[Fact], rule: str) -> None:
    """The first fact made it the fan's, the second ended that, if there is one."""
    because = _why(facts, name(asked))
    (end,) = because.ends
    assert (because.fan, end.rule, end.by, end.fan) == (None, rule, facts[:2][-1], "A")
    assert end.fact in facts[:2]
    assert end.until_ns in (at(40), at(40) + NS_PER_MS)


def test_what_hung_on_a_link_that_ended_has_that_end() -> None:
    claim, gone = link("member:1", "A", 0), unlink("member:1", "A", 40)
    assert _ends([touch(1, "phone:1 member:1"), claim, gone], name("phone:1")) == [(ended.UNLINKED, claim, gone)]


def test_what_silence_or_the_span_of_a_touch_ended_has_no_fact_that_did() -> None:
    claim = link("phone:1", "A", 0)
    assert _ends([claim], name("phone:1"), 3 * 525_600) == [(ended.UNSEEN, claim, None)]


def test_what_somebody_took_back_has_who_did() -> None:
    claim, back = link("member:1", "A", id="a"), revoke("a")
    assert _ends([claim, back], name("member:1")) == [("it was revoked", claim, back)]
    merged, undone = merge("A", "B", id="m"), split("m")
    assert _ends([merged, undone], "fan:B") == [("it was split", merged, undone)]
    assert _ends([link("member:1", "A", 0)], name("member:1")) == [], "it is a fan's"
