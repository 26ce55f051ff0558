"""A large cluster that gets one more identifier: it comes to the same as if all were read again, and reads next to nothing."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import pytest

from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import ANONYMOUS, Fact, Identifier, Link, Mention, Same, names_of
from gateway.identity.growing import LARGE
from gateway.identity.identity import Identity
from gateway.identity.limits import DISTINCT
from gateway.state.ledger import Ledger
from tests.support.identity_facts import DAY, KEY, TYPES, consent, identifier, link, merge, name, revoke, same, touch

KINDS = ("wx-mini", "wx-oa")
NTH = LARGE + 4


class Reading(MemoryFactStore):
    """Counts the facts that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        found = list(super().facts_naming(names))
        self.read += len(found)
        return found


def text(nth: int) -> str:
    return f"{KINDS[nth % 2]}:{nth}"


END, NEXT = text(NTH - 1), text(NTH)


def chain(length: int = NTH) -> list[Same]:
    return [same(f"{text(nth)} {text(nth + 1)}") for nth in range(length - 1)]


def standings(store: MemoryFactStore, facts: Iterable[Fact]) -> dict[str, tuple[object, ...]]:
    """Return all that names of facts come to, but for the numbers of standings."""
    names = {each.subject for fact in facts if isinstance(fact, Same) for each in fact.identifiers}
    names |= {fact.identifier.subject for fact in facts if isinstance(fact, Link)}
    names |= {each for fact in facts if isinstance(fact, Mention) for each in names_of(fact)}
    return {each: found[2:] for each, found in store.standings(names).items() if found.spans or found.label}


def grown(known: Sequence[Fact], more: Sequence[Fact]) -> int:
    """Take facts at once, and more one by one; the same as all at once. Return how many facts were read for the last one."""
    store, whole = Reading(), MemoryFactStore()
    stage = Identity(store, TYPES, KEY)
    stage.take(known)
    for fact in more:
        store.read = 0
        stage.take([fact])
    Identity(whole, TYPES, KEY).take([*more, *known])
    assert standings(store, [*known, *more]) == standings(whole, [*known, *more])
    return store.read


@pytest.mark.parametrize("owner", [[], [link(text(5), "A")], [link(text(3), "B"), link(text(9), "A"), merge("A", "B")]])
def test_one_more_identifier_of_a_large_cluster_is_whoever_the_cluster_is_and_reads_nothing_of_it(owner: list[Fact]) -> None:
    assert grown([*chain(), *owner], [same(f"{text(NTH)} {text(NTH - 1)}")]) == 0
    assert grown([*chain(), *owner], [same(f"{text(nth)} {text(nth + 1)}") for nth in range(NTH - 1, NTH + 5)]) == 0


@pytest.mark.parametrize("owner", [[], [link(text(5), "A")]])
@pytest.mark.parametrize(
    ("known", "more"),
    [
        ([], touch(5, f"{END} {NEXT}")),
        ([], touch(5, f"{END} {NEXT} wx-oa:x")),
        ([], touch(5, f"{END} {NEXT} order:1", ref="1")),
        ([touch(1, "order:1 tag:1")], touch(5, f"{END} order:1")),
        ([], touch(5, f"{END} web:1")),
        ([], touch(5, f"{END} phone:1")),
        ([touch(1, "phone:1", ref="r"), touch(2, ref="r")], touch(5, f"{END} phone:1")),
        ([], touch(5, f"{text(3)} {text(4)}")),
        ([], touch(5, f"{text(3)} {text(9)}")),
        ([touch(1, f"{END} web:1")], touch(1, f"web:1 {END}")),
        ([revoke("gone"), same(f"{END} wx-oa:y", id="gone")], touch(5, f"{END} {NEXT}")),
    ],
)
def test_a_touch_that_repeats_what_is_joined_or_adds_what_is_new_reads_nothing_of_the_cluster(
    owner: list[Fact], known: list[Fact], more: Fact
) -> None:
    assert grown([*chain(), *owner, *known], [replace(more, id="z")]) < LARGE // 2


def test_many_identifiers_hang_on_one_of_a_person_and_few_on_any_other() -> None:
    known, many = [*chain(), link(text(5), "A")], DISTINCT + 3
    assert grown(known, [touch(nth, f"{END} email:{nth}") for nth in range(many)]) == 0
    assert grown([*known, same(f"{END} email:0")], [touch(nth, f"email:0 web:{nth}") for nth in range(many)]) > 0


def test_each_of_several_clusters_is_remembered_and_what_comes_together_too() -> None:
    others = [same(f"wx-a:{nth} wx-a:{nth + 1}") for nth in range(NTH)]
    store = Reading()
    stage = Identity(store, TYPES, KEY)
    stage.take(chain())
    stage.take(others)
    store.read = 0
    stage.take([touch(3, f"{END} {NEXT}"), touch(3, "wx-a:3 wx-a:4"), touch(4, f"{text(2)} web:1"), touch(5, "wx-a:2 web:2")])
    assert store.read == 0
    assert len({span.fan for each in store.standings([name("web:1"), name("web:2")]).values() for span in each.spans}) == 2


def test_an_identifier_that_is_stated_to_be_of_another_type_is_read() -> None:
    end, new = Identifier("wx-a", name(END)), identifier("wx-oa:new")
    assert grown([*chain(), link(text(5), "A")], [Same(id="t", learned_ns=0, identifiers=(end, new))]) > 0


def test_a_small_cluster_is_read_again() -> None:
    assert grown(chain(LARGE - 2), [same(f"{text(LARGE - 2)} {text(LARGE - 3)}")]) > LARGE - 4


def test_a_fact_with_a_smaller_id_gives_a_provisional_fan_another_name() -> None:
    known = chain()
    first = same(f"{text(NTH)} {text(NTH - 1)}", id="a")
    assert grown(known, [first]) >= NTH - 1
    assert grown([*known, link(text(2), "A")], [first]) == 0, "but not a registered one"


@pytest.mark.parametrize(
    ("known", "more"),
    [
        ([], [same(f"{text(0)} {END}")]),  # both are of it
        ([link(NEXT, "B")], [same(f"{END} {NEXT}")]),  # somebody else's
        ([touch(3, f"{NEXT} member:7")], [same(f"{END} {NEXT}")]),  # of another cluster
        ([], [same(f"{END} {NEXT}", 5)]),  # from a time on
        ([touch(1, f"{END} web:1")], [touch(60 * DAY, f"{END} web:1"), touch(45 * DAY, "web:1 web:2")]),  # another span
        ([], [touch(5, f"{END} {NEXT}", "B")]),
        ([touch(1, f"{END} phone:1", "A")], [touch(800 * DAY, f"{END} phone:1"), touch(1500 * DAY, f"{END} phone:1")]),  # seen again
        ([link("phone:1", "B", 0, 9)], [touch(5, f"{END} phone:1")]),
        ([], [same(f"{END} {NEXT} wx-oa:x")]),
        ([revoke("taken back")], [same(f"{END} {NEXT}", id="taken back")]),
        (
            [link("card:1", "A")],
            [Same(id="c", learned_ns=0, identifiers=(Identifier("app", name("card:1")), identifier(NEXT)))],
        ),  # not joined
        ([touch(3, f"{END} web:1")], [same(f"{END} {NEXT}")]),  # with a join that ends
        ([consent("A", False, 9)], [same(f"{END} {NEXT}")]),
        ([link(text(3), "B")], [same(f"{END} {NEXT}")]),  # of two persons
        ([], [consent("A", False, 9), same(f"{END} {NEXT}")]),  # what changed since it was read
        ([], [link(text(7), "B"), same(f"{END} {NEXT}")]),
        ([], [same(f"{END} {NEXT}"), revoke("owner"), same(f"{END} wx-oa:y")]),
        ([], [same(f"{END} {NEXT}", id="g"), revoke("g"), same(f"{NEXT} wx-oa:y")]),
        ([], [same(f"{END} wx-oa:{nth}") for nth in range(DISTINCT + 3)]),  # over a limit
    ],
)
def test_whatever_is_not_as_plain_comes_to_the_same_as_all_at_once(known: list[Fact], more: list[Fact]) -> None:
    grown([*chain(), link(text(5), "A", id="owner"), *known], more)


def test_what_was_lost_with_a_crash_of_the_fold_is_not_taken_to_be_known() -> None:
    """The stage goes on while its store falls back to its last checkpoint."""
    ledger = Ledger(":memory:")
    stage, known = Identity(ledger, TYPES, KEY), chain()
    stage.take(known)
    ledger.checkpoint([])
    stage.take([link(text(5), "A")])
    stage.take([same(f"{END} {NEXT}")])
    ledger.roll_back()
    stage.take([same(f"{END} wx-oa:y")])
    fans = {span.fan for each in ledger.standings([name("wx-oa:y"), name(END), name(text(0))]).values() for span in each.spans}
    assert len(fans) == 1
    assert fans.pop().startswith(ANONYMOUS)


def test_random_clusters_grow_as_if_they_were_read_again() -> None:
    dice = random.Random(5)
    for _ in range(12):
        order: list[Fact] = [same(f"{text(dice.randrange(nth))} {text(nth)}") for nth in range(1, 40)]
        order.insert(dice.randrange(25), link(text(dice.randrange(3)), "A")) if dice.random() < 0.6 else None
        grown(order[:25], order[25:])
