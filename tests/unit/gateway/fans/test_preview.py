"""What a decision would change is worked out before it is stated: fans, rows and money; and nothing is changed by asking."""

from __future__ import annotations

from gateway.fans.as_known import all_around, as_known_on, rows_as_known
from gateway.fans.effect import Moved
from gateway.fans.preview import Preview
from gateway.identity.facts import Consent, Fact, Merge, Revoke, Split, claims_name, fan_name
from tests.support.fan_brand import KEY, TYPES, Brand, card, link

S = 1_000_000_000
MERGE = Merge(id="m", learned_ns=50, fans=("a", "b"))


def brand() -> Brand:
    """Fans a and b with a card each; b visits twice and buys."""
    made = Brand(link(1, "a", learned_ns=10), link(2, "b", learned_ns=20))
    made.visit(1, 100)
    made.visit(2, 200)
    made.visit(2, 300)
    made.touch("transaction", 210, 80.0, 2, ref="T1")
    made.touch("return", 310, 30.0, 2)
    made.touch("transaction", 320, 999.0, 2, void=1)
    made.touch("payment", 211, 80.0, ref="T1")
    return made


def previewed(known: Brand, *facts: Fact) -> Preview:
    preview = Preview(known, known, TYPES, KEY)
    preview.take(facts)
    return preview


def test_a_merge_moves_the_rows_and_the_money_of_one_of_both() -> None:
    known = brand()
    effect = previewed(known, MERGE).effect()
    assert (effect.visits, effect.dwells, effect.touches, effect.money) == (2, 2, 3, 50.0)
    assert (effect.rows, effect.fans, effect.moved) == (7, {"a", "b"}, {Moved("b", "a"): 7})
    assert known.standings([fan_name("b")]) == {}


def test_what_undoes_a_fact_moves_them_back() -> None:
    known = brand()
    known.know(MERGE)
    effect = previewed(known, Split(id="s", learned_ns=60, of="m")).effect()
    assert effect.moved == {Moved("a", "b"): 7}


def test_a_link_taken_back_leaves_nobody() -> None:
    effect = previewed(brand(), Revoke(id="r", learned_ns=60, of="link-2-b")).effect()
    assert (effect.visits, effect.touches, effect.money) == (2, 3, 50.0)
    assert {new for _, new in effect.moved} == {""}


def test_withdrawn_consent_moves_what_comes_after_it_alone() -> None:
    consent = Consent(id="c", learned_ns=60, from_ns=250 * S, fan="b", purpose="identify", granted=False)
    effect = previewed(brand(), consent).effect()
    assert (effect.visits, effect.dwells, effect.touches, effect.money) == (1, 1, 1, -30.0)


def test_a_fact_that_changes_nothing_changes_nothing() -> None:
    effect = previewed(brand(), link(1, "a", learned_ns=10)).effect()
    assert (effect.rows, effect.fans, effect.names, effect.money) == (0, set(), 0, 0.0)


def test_facts_that_are_journaled_and_not_folded_yet_are_known_before() -> None:
    known = brand()
    preview = Preview(known, known, TYPES, KEY, [MERGE])
    preview.take([MERGE])
    assert preview.effect().rows == 0
    assert preview.before([fan_name("b")])[fan_name("b")].spans[0].fan == "a"


def test_as_known_on_a_day_a_later_merge_was_not_known() -> None:
    known = brand()
    known.know(MERGE)
    facts = all_around(known, {fan_name("b"), claims_name("b")})
    assert {fact.id for fact in facts} >= {"m", "link-1-a", "link-2-b", "t0", "t3"}
    then, now = (as_known_on(facts, until_ns, TYPES, KEY) for until_ns in (40, 60))
    subject = card(2).subject
    assert then[subject].spans[0].fan == "b"
    assert now[subject].spans[0].fan == "a"
    assert subject not in as_known_on(facts, 5, TYPES, KEY)


def test_rows_as_known_are_those_of_the_person_of_then_up_to_then() -> None:
    known = brand()
    known.know(MERGE)
    facts = all_around(known, {fan_name("b"), claims_name("b")})
    before = [fact for fact in facts if fact.id != "m"]
    rows = rows_as_known(known, as_known_on(before, 250 * S, TYPES, KEY), "b", 250 * S, {})
    assert ([row.start_ns // S for row in rows.visits], [row.start_ns // S for row in rows.dwells]) == ([200], [200])
    assert sorted(row.time_ns // S for row in rows.touches) == [210, 211]
    merged = as_known_on(facts, 400 * S, TYPES, KEY)
    assert rows_as_known(known, merged, "b", 400 * S, {}).visits == []
    assert len(rows_as_known(known, merged, "a", 400 * S, {}).visits) == 3
