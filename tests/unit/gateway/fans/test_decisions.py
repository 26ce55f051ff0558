"""A decision is a fact with an actor, a reason and an id of its own; what means nothing is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.fans.decisions import Deciding
from gateway.fans.import_plan import Stamp
from gateway.identity.facts import Consent, Distinct, Fact, Identifier, Link, Merge, Ownership, Revoke, RevokeLink, Same, Split
from gateway.identity.ownership import Owner

DAY_NS = 86_400 * 10**9
PHONE = (Identifier("phone", "1" * 16), Identifier("phone.national", "2" * 16))
DESK = Deciding(Stamp(77, "ann", "same address"))


def test_each_decision_is_a_fact_of_the_desk_with_actor_and_reason() -> None:
    made: list[tuple[type[Fact], list[Fact]]] = [
        (Merge, DESK.merge(["a", "b", "c"])),
        (Distinct, DESK.distinct(["a", "b"])),
        (Split, DESK.split("merge-1")),
        (Revoke, DESK.revoke("link-1")),
        (Link, DESK.link(PHONE[:1], "a", 5, 9)),
        (RevokeLink, DESK.unlink(PHONE[:1], "a", 9)),
        (Same, DESK.same(PHONE)),
        (Consent, DESK.consent("a", granted=False, from_ns=5)),
        (Ownership, DESK.own("a", Owner("s12"), 5)),
    ]
    for kind, facts in made:
        assert [type(fact) for fact in facts] == [kind]
        assert {(fact.source, fact.actor, fact.reason, fact.learned_ns) for fact in facts} == {("desk", "ann", "same address", 77)}
    assert len({fact.id for _, facts in made for fact in facts}) == len(made)


def test_what_begins_or_ends_before_anybody_lived_is_refused() -> None:
    card, old_ns = [Identifier("member", f"{1:016x}")], -70 * 366 * 86_400 * 10**9
    for decide in (
        lambda: DESK.link(card, "f", old_ns),
        lambda: DESK.link(card, "f", to_ns=old_ns),
        lambda: DESK.unlink(card, "f", old_ns),
        lambda: DESK.consent("f", True, old_ns),
        lambda: DESK.own("f", Owner("s1"), old_ns),
    ):
        with pytest.raises(ValueError, match="before the year 1901"):
            decide()


def test_the_spellings_of_an_identifier_are_stated_to_be_one() -> None:
    link, same = DESK.link(PHONE, "a")
    assert isinstance(same, Same)
    assert (same.id, same.identifiers) == (f"{link.id}~national", PHONE)


@pytest.mark.parametrize(
    ("decide", "why"),
    [
        (lambda: DESK.merge(["a"]), "two fans or more"),
        (lambda: DESK.merge(["a", "a"]), "each once"),
        (lambda: DESK.merge(["a", "phone:8613800000001"]), "written as an identifier"),
        (lambda: DESK.merge(["a", "b\x07"]), "characters that can be printed"),
        (lambda: DESK.merge(["a", ""]), "characters that can be printed"),
        (lambda: DESK.distinct(["a", "b", "c"]), "distinct names two fans"),
        (lambda: DESK.link(PHONE, "a", 9, 9), "--from is not before --to"),
        (lambda: DESK.link(PHONE, "a", 400 * DAY_NS), "`from` is .* days after"),
        (lambda: DESK.consent("a", granted=False, from_ns=400 * DAY_NS), "`from` is .* days after"),
        (lambda: DESK.consent("a", granted=False, from_ns=5, purpose="idenfity"), "--purpose .*: did you mean 'identify'?"),
        (lambda: DESK.consent("a", granted=False, from_ns=5, purpose="marketing"), "The purposes are: identify"),
        (lambda: DESK.own("a", Owner(), 5), "state --staff, --store or both"),
        (lambda: DESK.own("a", Owner("s12"), 9, 9), "--from is not before --to"),
        (lambda: DESK.own("a", Owner("s12"), 400 * DAY_NS), "`from` is .* days after"),
        (lambda: DESK.link((), "a"), "the value is no identifier"),
        (lambda: DESK.same(PHONE[:1]), "two identifiers or more"),
        (lambda: DESK.split(""), "the id of a fact"),
    ],
)
def test_what_decides_nothing_is_refused(decide: Callable[[], list[Fact]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decide()
