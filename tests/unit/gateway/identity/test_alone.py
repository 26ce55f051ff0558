"""Which links stand alone, and that they come to what all the rules together make of them."""

from __future__ import annotations

import pytest

from gateway.identity.alone import parted, standings_of
from gateway.identity.facts import Fact, MemoryFactStore
from gateway.identity.resolve import resolve
from tests.support.identity_facts import KEY, TYPES, consent, link, merge, revoke, touch, unlink

CARD = link("member:1", "A", 5, 9)


def _alone(known: list[Fact], *facts: Fact) -> list[str]:
    store = MemoryFactStore()
    store.add(known, [])
    return [each.id for each in parted(store, TYPES, facts).alone]


@pytest.mark.parametrize("spelled", ["member:1", "phone:1", "nfc:1", "card:1", "strange:1"])
@pytest.mark.parametrize("span", [(), (5,), (5, 9)])
def test_a_link_alone_comes_to_what_all_rules_make_of_it(spelled: str, span: tuple[int, ...]) -> None:
    claim = link(spelled, "A", *span)
    (made,) = standings_of(TYPES, [claim])
    assert made == resolve([claim], TYPES, KEY).standings[made.name]._replace(number=1)


def test_links_of_several_identifiers_of_one_fan_each_stand_alone() -> None:
    other = link("member:2", "A")
    assert _alone([], CARD, other) == [CARD.id, other.id]


@pytest.mark.parametrize(
    "other",
    [
        link("member:1", "B"),
        touch(1, "member:1 wx-a:1"),
        revoke(CARD.id),
        unlink("member:1", "A", 7),
        merge("A", "B"),
        consent("A", False, 3),
    ],
)
def test_what_is_of_its_identifier_its_id_or_its_fan_as_such_is_decided_with_it(other: Fact) -> None:
    assert _alone([other], CARD) == []
    assert CARD.id not in _alone([], CARD, other)


def test_what_is_lent_is_never_decided_alone() -> None:
    assert _alone([], link("tag:1", "A")) == []


def test_what_does_not_stand_alone_is_left_for_the_others() -> None:
    lent = link("tag:1", "A")
    assert parted(MemoryFactStore(), TYPES, [lent, CARD]) == ([CARD], [lent])
