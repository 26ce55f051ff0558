"""What a decision would change is worked out before it is stated: fans, rows and money; and nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.fans.as_known import Then, all_around, as_known_on, rows_as_known
from gateway.fans.effect import Moved
from gateway.fans.history import FanRows
from gateway.fans.known_touches import TouchesThen
from gateway.fans.preview import Preview
from gateway.identity.facts import Consent, Fact, Identifier, Link, Merge, Revoke, RevokeLink, Split, claims_name, fan_name
from tests.support.fan_brand import KEY, TYPES, Brand, card, link

S = 1_000_000_000
TIMEOUT_NS = {"s1": 30 * S, "s2": 30 * S}
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
    preview = Preview(known, known, TYPES, KEY, TIMEOUT_NS)
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
    assert (effect.visits, effect.dwells, effect.touches, effect.money) == (2, 1, 1, -30.0), "a visit that reaches it is nobody's"


def test_a_fact_that_changes_nothing_changes_nothing() -> None:
    effect = previewed(brand(), link(1, "a", learned_ns=10)).effect()
    assert (effect.rows, effect.fans, effect.names, effect.money) == (0, set(), 0, 0.0)


def test_facts_that_are_journaled_and_not_folded_yet_are_known_before() -> None:
    known = brand()
    preview = Preview(known, known, TYPES, KEY, TIMEOUT_NS, [MERGE])
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


def rows_then(known: Brand, facts: Iterable[Fact], person: str, until_s: int) -> FanRows:
    then = Then(until_s * S, as_known_on(facts, until_s * S, TYPES, KEY), TouchesThen([], lambda _: None, until_s * S, TYPES))
    return rows_as_known(known, then, person, TIMEOUT_NS)


def test_rows_as_known_are_those_of_the_person_of_then_up_to_then() -> None:
    known = brand()
    known.know(MERGE)
    facts = all_around(known, {fan_name("b"), claims_name("b")})
    before = [fact for fact in facts if fact.id != "m"]
    rows = rows_then(known, before, "b", 250)
    assert ([row.start_ns // S for row in rows.visits], [row.start_ns // S for row in rows.dwells]) == ([200], [200])
    assert sorted(row.time_ns // S for row in rows.touches) == [210, 211]
    assert rows_then(known, facts, "b", 400).visits == []
    assert len(rows_then(known, facts, "a", 400).visits) == 3


def test_a_handover_cuts_a_visit_and_its_dwell_and_the_next_one_cuts_them_again() -> None:
    """The tag is heard for 600 s; what it buys at the end passes on with it."""
    tag = Identifier("tag", card(2).subject)
    known = Brand()
    known.visit(2, 100, seconds=600, dwell_s=600)
    known.touch("transaction", 650, 80.0, 2)
    first, second = (
        Link(id=fan, learned_ns=50 * S, source="desk", identifier=tag, fan=fan, from_ns=from_ns)
        for fan, from_ns in (("a", 90 * S), ("b", 400 * S))
    )
    effect = previewed(known, first).effect()
    assert (effect.visits, effect.added, effect.voided, effect.dwells, effect.money) == (1, 0, 0, 1, 80.0)
    known.know(first)
    effect = previewed(known, second).effect()
    assert (effect.visits, effect.added, effect.voided, effect.dwells, effect.money) == (2, 1, 0, 2, 80.0)
    assert (effect.fans, effect.moved) == ({"a", "b"}, {Moved("a", "b"): 3})
    known.know(second)
    effect = previewed(known, Revoke(id="r", learned_ns=60 * S, of="b")).effect()
    assert (effect.visits, effect.added, effect.voided, effect.dwells, effect.moved) == (2, 0, 1, 2, {Moved("b", "a"): 3})


def test_visits_that_become_one_are_counted_longer_and_no_more() -> None:
    """Both fans had one tag in a visit of it: as one person's it is one visit, and two again once the merge is undone."""
    tag = Identifier("tag", card(2).subject)
    known = Brand(*(
        Link(id=fan, learned_ns=50 * S, source="desk", identifier=tag, fan=fan, from_ns=from_ns)
        for fan, from_ns in (("a", 90 * S), ("b", 400 * S))
    ))  # fmt: skip
    known.visit(2, 100, seconds=600, dwell_s=600)
    effect = previewed(known, MERGE).effect()
    assert (effect.visits, effect.added, effect.voided, effect.dwells) == (2, 0, 1, 2)
    assert effect.moved == {Moved("b", "a"): 2}
    known.know(MERGE)
    effect = previewed(known, Split(id="s", learned_ns=60 * S, of="m")).effect()
    assert (effect.visits, effect.added, effect.voided, effect.dwells) == (2, 1, 0, 2)


def test_visits_of_two_who_come_together_are_one_as_one_person_s() -> None:
    """Each has a card; b comes 20 s after a leaves, and so does it later but for a touch between; another time b is there alone."""
    known = Brand(link(1, "a"), link(2, "b"))
    for number, start_s in ((1, 100), (2, 180), (1, 1000), (2, 1110), (2, 2000)):
        known.visit(number, start_s)
    known.touch("scan", 1085, 0.0, 1)
    effect = previewed(known, MERGE).effect()
    assert (effect.visits, effect.added, effect.voided, effect.dwells) == (5, 0, 2, 3)
    assert effect.moved == {Moved("b", "a"): 6}


def test_tags_that_change_hands_in_one_millisecond_are_each_counted() -> None:
    known = Brand()
    links = []
    for number, fan in ((2, "a"), (3, "b")):
        known.visit(number, 100 + number, seconds=600)
        links.append(
            Link(id=fan, learned_ns=900 * S, source="desk", identifier=Identifier("tag", card(number).subject), fan=fan, from_ns=400 * S)
        )
    effect = previewed(known, *links).effect()
    assert (effect.visits, effect.added, effect.voided) == (4, 2, 0)


def test_visits_are_cut_by_what_was_known_then() -> None:
    tag = Identifier("tag", card(2).subject)
    known = Brand()
    known.visit(2, 100, seconds=600)
    facts = [
        Link(id=fan, learned_ns=learned_s * S, source="desk", identifier=tag, fan=fan, from_ns=from_s * S)
        for fan, from_s, learned_s in (("a", 90, 800), ("b", 400, 900))
    ]
    for until_s, last_s in ((850, 700), (950, 400)):
        assert [(row.start_ns // S, row.last_ns // S) for row in rows_then(known, facts, "a", until_s).visits] == [(100, last_s)]


def test_what_was_lent_ended_with_its_visit_also_as_known_then() -> None:
    """The tag is heard twice; the next one who has it is nobody known, whatever was stated of its return."""
    tag = Identifier("tag", card(2).subject)
    handed = Link(id="l", learned_ns=50 * S, source="desk", identifier=tag, fan="b", from_ns=90 * S)
    returned = RevokeLink(id="r", learned_ns=60 * S, source="desk", identifier=tag, fan="b", from_ns=90 * S, to_ns=290 * S)
    known = Brand()
    for start_s, store in ((100, "s1"), (300, "s1"), (700, "s2")):
        known.visit(2, start_s, store)
        known.touch("scan", start_s + 10, 0.0, 2)
    for facts in ([handed], [handed, returned]):
        rows = rows_then(known, facts, "b", 1000)
        assert [row.start_ns // S for row in rows.visits] == [100]
        assert [row.start_ns // S for row in rows.dwells] == [100]
        assert [row.time_ns // S for row in rows.touches] == [110]
