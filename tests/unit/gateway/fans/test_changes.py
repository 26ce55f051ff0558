"""Who keeps fans' ids is given what became of them: old id, new id, and the fact that did it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gateway.fans.changes import FanChange, ObservedStore, What, changes_of
from gateway.fans.whose import person_of
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import FOR_EVER_NS, Consent, Identifier, Link, Merge, Revoke, Same, Span, Split, Standing, fan_name
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes

EVER = -FOR_EVER_NS


def fan(fan_id: str, person: str, *more: Span, number: int = 1) -> Standing:
    return Standing(fan_name(fan_id), number, (Span(EVER, more[0].from_ns if more else FOR_EVER_NS, person), *more))


MERGE = Merge(id="m", learned_ns=1, fans=("a", "b"))
SPLIT = Split(id="s", learned_ns=2, of="m")
MERGED = {fan_name("b"): fan("b", "a")}


def test_a_merge_names_the_id_that_is_no_longer_its_own() -> None:
    assert changes_of([MERGE], {}, [fan("b", "a")]) == [FanChange(What.MERGED, "b", "b", "a", ("m",))]


def test_a_split_gives_the_id_back() -> None:
    assert changes_of([SPLIT], MERGED, [Standing(fan_name("b"), 2)]) == [FanChange(What.SPLIT, "b", "a", "b", ("s",))]


def test_a_person_whose_standing_id_changes_was_not_merged() -> None:
    link = Link(id="l", learned_ns=3, from_ns=1, identifier=Identifier("member", "1" * 16), fan="b")
    after = [Standing(fan_name("b"), 2), fan("a", "b")]
    assert changes_of([link], MERGED, after) == [FanChange(What.ID_CHANGED, "a", "a", "b", ("l",))]


def test_who_passes_from_one_person_to_another_is_split_and_merged() -> None:
    changes = changes_of([SPLIT, Merge(id="n", learned_ns=3, fans=("b", "c"))], MERGED, [fan("b", "c", number=2)])
    assert [(each.what, each.old, each.new) for each in changes] == [(What.SPLIT, "a", "c"), (What.MERGED, "a", "c")]


def test_consent_withdrawn_and_granted_again() -> None:
    consent = Consent(id="c", learned_ns=1, from_ns=5, fan="a", purpose="identify", granted=False)
    withdrawn = fan("a", "a", Span(5, FOR_EVER_NS, ""))
    assert changes_of([consent], {}, [withdrawn]) == [FanChange(What.WITHDRAWN, "a", "a", "", ("c",))]
    granted = fan("a", "a", Span(5, 9, ""), Span(9, FOR_EVER_NS, "a"), number=2)
    assert [each.what for each in changes_of([consent], {fan_name("a"): withdrawn}, [granted])] == [What.GRANTED]


def test_a_provisional_fan_that_becomes_a_registered_one_changes_its_id_once() -> None:
    before = {str(n) * 16: Standing(str(n) * 16, 1, (Span(EVER, FOR_EVER_NS, "anon-1"),)) for n in (1, 2)}
    after = [Standing(str(n) * 16, 2, (Span(EVER, FOR_EVER_NS, "a"),)) for n in (1, 2)]
    link = Link(id="l", learned_ns=3, identifier=Identifier("member", "1" * 16), fan="a")
    assert changes_of([link], before, after) == [FanChange(What.ID_CHANGED, "anon-1", "anon-1", "a", ("l",))]


class EverNamed:
    """What a ledger knows of names: every name that ever meant a fan, and the standings of now."""

    def __init__(self, store: MemoryFactStore, subjects: Collection[str]) -> None:
        self._store, self._subjects = store, subjects

    def names_of_fan(self, fan: str) -> list[str]:
        return sorted(self._subjects)

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        return self._store.standings(names)


def test_a_provisional_fan_whose_smallest_fact_comes_late_has_another_id_and_the_feed_names_it() -> None:
    def beside(fact_id: str, *subjects: str) -> Same:
        return Same(id=fact_id, learned_ns=1, identifiers=tuple(Identifier("wx-mini", each * 16) for each in subjects))

    store, types, found = MemoryFactStore(), IdentifierTypes(), []
    observed = ObservedStore(store)
    for fact in (beside("m", "1", "2"), beside("n", "2", "3"), beside("a", "3", "4")):
        Identity(observed, types, b"key").take([fact])
        found.append((observed.take_changes(), store.standings(["1" * 16])["1" * 16].spans[0].fan))
    (first, was), (grown, same), (late, now) = found
    assert (first, grown, same) == ([], [], was), "a larger id that comes later changes nothing"
    assert now != was
    assert late == [FanChange(What.ID_CHANGED, was, was, now, ("a",))]
    assert person_of(EverNamed(store, ["1" * 16, "2" * 16]), was).fan == now, "and the earlier id answers"


def test_a_part_that_leaves_a_provisional_fan_changes_no_id() -> None:
    before = {str(n) * 16: Standing(str(n) * 16, 1, (Span(EVER, FOR_EVER_NS, "anon-1"),)) for n in (1, 2)}
    left = Standing("2" * 16, 2, (Span(EVER, FOR_EVER_NS, "anon-2"),))
    assert changes_of([Revoke(id="r", learned_ns=2, of="m")], before, [left]) == []


def test_what_takes_back_is_named_though_it_names_no_fan_and_other_facts_are_not() -> None:
    other = Merge(id="o", learned_ns=1, fans=("x", "y"))
    assert changes_of([other, Revoke(id="r", learned_ns=2, of="m")], MERGED, [Standing(fan_name("b"), 2)])[0].facts == ("r",)


def test_standings_that_mean_the_same_are_no_change() -> None:
    assert changes_of([MERGE], MERGED, [fan("b", "a", number=2)]) == []
