"""What an import comes to is what it states less what was known, and what it contradicts is listed with whom."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import pytest

from gateway.fans.import_plan import ImportPlan, Outcome, Stamp
from gateway.fans.known_links import latest_of
from gateway.fans.link_lines import StatedLink
from gateway.fans.sheet import Unread
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import FOR_EVER_NS, Fact, Identifier, Link, Revoke, Same, Span, Standing, fan_name

DAY = 86_400_000_000_000
NOW = 1000 * DAY


def identify(text: str) -> Sequence[Identifier]:
    id_type, _, value = text.partition(":")
    hashed = blake2b(text.encode(), digest_size=8).hexdigest()
    return [] if value == "null" else [Identifier(id_type, f"0{hashed[1:]}")]


def stated(
    identifier: str, fan: str, from_ns: int = -FOR_EVER_NS, to_ns: int = FOR_EVER_NS, source: str = "crm", line: int = 2
) -> StatedLink:
    return StatedLink(line, identifier, fan, from_ns, to_ns, source)


class Store(MemoryFactStore):
    """It has no facts of touches."""

    statements_naming = MemoryFactStore.facts_naming


class Brand:
    """A store into which imports go one after the other, a day apart."""

    def __init__(self) -> None:
        self.store = Store()
        self.facts: list[Fact] = []
        self.now_ns = NOW

    def import_(self, *links: StatedLink, is_snapshot: bool = False) -> ImportPlan:
        self.now_ns += DAY
        plan = ImportPlan(self.store, identify, Stamp(self.now_ns, "ann", ""), is_snapshot)
        facts = [fact for link in links for fact in plan.take([link])]
        if is_snapshot:
            backs = [fact for fact in self.facts if isinstance(fact, Revoke)]
            known = latest_of((fact for fact in self.facts if isinstance(fact, Link) and fact.source in plan.sources), backs)
            facts += plan.close(known, self.now_ns)
        self.add(*facts)
        return plan

    def add(self, *facts: Fact) -> None:
        self.facts += facts
        self.store.add(facts, [])

    def links(self) -> set[tuple[str, int, int]]:
        """What holds now: fan, from, to."""
        latest = latest_of((f for f in self.facts if isinstance(f, Link)), (f for f in self.facts if isinstance(f, Revoke)))
        return {(each.link.fan, each.link.from_ns, each.link.to_ns) for each in latest.values() if each.taken_back is None}


@pytest.fixture
def brand() -> Brand:
    return Brand()


def test_the_same_again_adds_nothing(brand: Brand) -> None:
    assert brand.import_(stated("phone:1", "f"), stated("phone:2", "g")).counts == {Outcome.NEW: 2}
    before = len(brand.facts)
    again = brand.import_(stated("phone:1", "f"), stated("phone:2", "g"))
    assert again.counts == {Outcome.UNCHANGED: 2}
    assert len(brand.facts) == before
    assert again.contradictions() == []


def test_a_line_that_is_there_twice_is_one_link_and_two_ends_are_refused(brand: Brand) -> None:
    plan = brand.import_(
        stated("member:1", "f", line=2),
        stated("member:1", "f", line=3),
        stated("member:1", "f", to_ns=DAY, line=4),
        stated("member:1", "f", 5 * DAY, line=5),
        stated("member:1", "f", source="erp", line=6),
    )
    assert plan.counts == {Outcome.NEW: 3, Outcome.REPEATED: 1}
    assert plan.unread == [Unread(4, 4, "the same identifier, fan, source and from as in line 2, with another to: state one")]


def test_another_end_replaces_and_an_earlier_one_closes(brand: Brand) -> None:
    brand.import_(stated("phone:1", "f", 5 * DAY))
    assert brand.import_(stated("phone:1", "f", 5 * DAY, 9 * DAY)).counts == {Outcome.CLOSED: 1}
    assert brand.links() == {("f", 5 * DAY, 9 * DAY)}
    assert brand.import_(stated("phone:1", "f", 5 * DAY)).counts == {Outcome.REPLACED: 1}
    assert brand.links() == {("f", 5 * DAY, FOR_EVER_NS)}
    assert brand.import_(stated("phone:1", "f", 6 * DAY)).counts == {Outcome.NEW: 1}
    assert brand.import_(stated("phone:1", "f", 5 * DAY, source="erp")).counts == {Outcome.NEW: 1}


def test_another_fan_is_a_contradiction_with_whom(brand: Brand) -> None:
    brand.import_(stated("member:1", "f"))
    plan = brand.import_(stated("member:1", "g", line=7), stated("member:1", "h", line=8))
    assert plan.counts == {Outcome.NEW: 2}
    assert [(each.line, each.fan, each.other_fan, each.other_source, each.other_line) for each in plan.contradictions()] == [
        (7, "g", "f", "crm", 0),
        (8, "h", "f", "crm", 0),
        (8, "h", "g", "crm", 7),
    ]


def test_one_after_the_other_is_no_contradiction(brand: Brand) -> None:
    brand.import_(stated("phone:1", "f", to_ns=5 * DAY))
    assert brand.import_(stated("phone:1", "g", 5 * DAY)).contradictions() == []


def test_of_what_is_lent_the_next_handover_is_no_contradiction(brand: Brand) -> None:
    brand.import_(stated("tag:1", "f", DAY))
    plan = brand.import_(
        stated("tag:1", "g", 2 * DAY, line=7), stated("tag:1", "h", 2 * DAY, line=8), stated("tag:1", "i", 3 * DAY, line=9)
    )
    assert [(each.line, each.other_fan) for each in plan.contradictions()] == [(8, "g")], "to two at once it is"


def test_two_stores_may_lend_what_both_call_by_one_name_also_to_one_fan_at_once(brand: Brand) -> None:
    in_s1 = stated("tag:1", "f", DAY)._replace(store="s1")
    plan = brand.import_(in_s1, stated("tag:1", "g", DAY, line=3)._replace(store="s2"))
    assert (plan.counts, plan.contradictions()) == ({Outcome.NEW: 2}, [])
    assert brand.import_(in_s1).counts == {Outcome.UNCHANGED: 1}
    again = brand.import_(in_s1._replace(store="s3", line=4), in_s1._replace(store="s4", to_ns=5 * DAY, line=5))
    assert (again.counts, again.unread) == ({Outcome.NEW: 2}, [])


def test_one_person_with_two_ids_is_no_contradiction(brand: Brand) -> None:
    brand.store.add([], [Standing(fan_name("g"), 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, "f"),))])
    brand.import_(stated("phone:1", "f"))
    assert brand.import_(stated("phone:1", "g")).contradictions() == []


def test_what_somebody_took_back_is_not_brought_again(brand: Brand) -> None:
    brand.import_(stated("phone:1", "f"))
    link = brand.facts[0]
    brand.add(Revoke(id="r", learned_ns=NOW, source="desk", actor="bea", of=link.id))
    plan = brand.import_(stated("phone:1", "f", line=9))
    assert plan.counts == {Outcome.TAKEN_BACK: 1}
    assert [(line, back.actor) for line, back in plan.taken_back] == [(9, "bea")]
    assert brand.links() == set()
    assert brand.import_(stated("phone:1", "g")).contradictions() == []


def test_what_is_no_identifier_is_counted_by_type(brand: Brand) -> None:
    plan = brand.import_(stated("phone:null", "f"))
    assert (plan.counts, plan.blocked) == ({Outcome.BLOCKED: 1}, {"phone": 1})
    assert brand.facts == []


def test_the_spellings_of_an_identifier_are_stated_to_be_one_once() -> None:
    store, second = Store(), Identifier("phone.national", "0" * 16)
    stamp = Stamp(NOW, "", "")
    plan = ImportPlan(store, lambda text: [*identify(text), second], stamp)
    facts = plan.take([stated("phone:1", "f"), stated("phone:1", "f", source="erp")])
    assert [type(fact) for fact in facts] == [Link, Same, Link]
    assert plan.counts == {Outcome.NEW: 2}
    store.add(facts, [])
    again = ImportPlan(store, lambda text: [*identify(text), second], stamp)
    assert [type(fact) for fact in again.take([stated("phone:1", "f", source="shop")])] == [Link]


def test_a_snapshot_closes_what_it_no_longer_names_of_its_own_source(brand: Brand) -> None:
    brand.import_(stated("phone:1", "f"), stated("phone:2", "g"), stated("phone:3", "h", source="erp"))
    brand.import_(stated("phone:4", "i", 5000 * DAY), stated("phone:5", "j", to_ns=5 * DAY))
    plan = brand.import_(stated("phone:1", "f"), is_snapshot=True)
    assert plan.counts == {Outcome.UNCHANGED: 1, Outcome.CLOSED: 2}
    ever = -FOR_EVER_NS
    assert brand.links() == {("f", ever, FOR_EVER_NS), ("g", ever, brand.now_ns), ("h", ever, FOR_EVER_NS), ("j", ever, 5 * DAY)}
    assert brand.import_(stated("phone:1", "f"), is_snapshot=True).counts == {Outcome.UNCHANGED: 1, Outcome.CLOSED: 0}


def test_an_identifier_that_passes_from_one_snapshot_to_the_next_begins_when_the_other_ends(brand: Brand) -> None:
    brand.import_(stated("phone:1", "f"), is_snapshot=True)
    plan = brand.import_(stated("phone:1", "g"), is_snapshot=True)
    handed_ns = brand.now_ns
    assert plan.counts == {Outcome.NEW: 1, Outcome.CLOSED: 1}
    assert plan.contradictions() == []
    assert brand.links() == {("f", -FOR_EVER_NS, handed_ns), ("g", handed_ns, FOR_EVER_NS)}
    assert brand.import_(stated("phone:1", "g"), is_snapshot=True).counts == {Outcome.UNCHANGED: 1, Outcome.CLOSED: 0}
    brand.import_(is_snapshot=True)
    assert ("g", handed_ns, FOR_EVER_NS) in brand.links()  # a file without a line has no source


def test_a_snapshot_that_names_both_fans_contradicts_itself(brand: Brand) -> None:
    brand.import_(stated("phone:1", "f"), is_snapshot=True)
    plan = brand.import_(stated("phone:1", "g", line=2), stated("phone:1", "f", line=3), is_snapshot=True)
    assert [(each.line, each.other_fan, each.other_line) for each in plan.contradictions()] == [(3, "g", 2)]
    assert brand.links() == {("f", -FOR_EVER_NS, FOR_EVER_NS), ("g", -FOR_EVER_NS, FOR_EVER_NS)}


def test_what_was_imported_before_contradicts_the_same_lines_and_fans_of_refused_ones_are_not_counted(brand: Brand) -> None:
    lines = [
        stated("member:1", "a", line=2), stated("member:1", "b", line=3), stated("member:1", "b", to_ns=NOW, line=4),
        stated("member:null", "c", line=5), stated("member:2", "d", line=6),
    ]  # fmt: skip
    first, second = (brand.import_(*lines) for _ in range(2))
    assert [each.line for each in first.contradictions()] == [each.line for each in second.contradictions()] == [3]
    assert first.fans == second.fans == {"a", "b", "d"}


def test_whom_an_import_takes_identifiers_from_is_listed(brand: Brand) -> None:
    phone = identify("phone:1")[0]
    brand.store.add([], [Standing(phone.subject, 1, (Span(0, FOR_EVER_NS, "till-1"),))])
    plan = brand.import_(stated("phone:1", "f"), stated("phone:2", "g", line=3), stated("phone:1", "h", source="inferred", line=4))
    assert [(each.line, each.fan, each.other_fan) for each in plan.takings()] == [(2, "f", "till-1")]
    assert plan.contradictions()[0].line == 4
    assert brand.import_(stated("phone:1", "f")).takings() == []


def test_what_a_link_gave_to_somebody_else_or_the_same_person_has_is_taken_from_nobody(brand: Brand) -> None:
    phone = identify("phone:1")[0]
    brand.import_(stated("phone:1", "a"))
    brand.store.add(
        [], [Standing(phone.subject, 1, (Span(0, FOR_EVER_NS, "a"),)), Standing(fan_name("a2"), 1, (Span(0, FOR_EVER_NS, "a"),))]
    )
    assert brand.import_(stated("phone:1", "f")).takings() == []
    assert brand.import_(stated("phone:1", "a2", source="erp")).takings() == []
