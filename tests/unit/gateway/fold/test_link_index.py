"""Who a subject is, whatever the size of the filter in front of the look-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from footfall.pseudonyms import TOP_BIT
from gateway.fold.link_index import Changed, LinkIndex
from gateway.identity.facts import FOR_EVER_NS, InStore, Span, Standing
from gateway.state.ledger import Ledger
from tests.support.memory_fold_store import MemoryStore


@pytest.mark.parametrize("filter_bytes", [8, 1 << 10, 1 << 21])
def test_the_filter_s_size_changes_no_answer(filter_bytes: int) -> None:
    links = LinkIndex(MemoryStore(), filter_bytes)
    linked = [number * 2_654_435_761 % (1 << 62) for number in range(1, 200)]
    links.add([Standing(f"{number:016x}", 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, f"fan-{number}"),)) for number in linked])
    assert all(links.fan_of(number, 0) == f"fan-{number}" for number in linked)
    assert all(links.fan_of(number + 1, 0) == "" for number in linked if number + 1 not in linked)
    assert links.may_be_linked(np.array(linked, np.uint64)).all()


@pytest.mark.parametrize("filter_bytes", [0, 4, 1000])
def test_a_filter_has_a_power_of_two_bytes(filter_bytes: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        LinkIndex(MemoryStore(), filter_bytes)


# Who a subject was: the highest number counts, whenever it came


SUBJECT, OTHER = 5, 6
NAME, OTHER_NAME = f"{SUBJECT:016x}", f"{OTHER:016x}"
MS = 1_000_000


def standing(number: int, *spans: tuple[int, int, str], name: str = NAME, **more: Any) -> Standing:
    """A standing with spans as (from, to, fan), in milliseconds."""
    return Standing(name, number, tuple(Span(from_ms * MS, to_ms * MS, fan) for from_ms, to_ms, fan in spans), **more)


def links(*standings: Standing) -> LinkIndex:
    found = LinkIndex(MemoryStore(), 1 << 10)
    found.add(standings)
    return found


def test_a_span_holds_from_its_beginning_and_not_at_its_end() -> None:
    found = links(standing(1, (10, 20, "fan-1"), (20, 30, "fan-2"), (40, 50, "")))
    at_ms = (9, 10, 19, 20, 29, 30, 39, 40)
    assert [found.fan_of(SUBJECT, each * MS) for each in at_ms] == ["", "fan-1", "fan-1", "fan-2", "fan-2", "", "", ""]


def test_a_span_holds_for_the_whole_millisecond_in_which_it_begins() -> None:
    found = links(Standing(NAME, 1, (Span(10 * MS + 700, 20 * MS, "fan-1"),)))
    assert found.fan_of(SUBJECT, 10 * MS) == "fan-1"


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_of_two_standings_the_one_with_the_higher_number_counts(numbers: tuple[int, int]) -> None:
    found = links()
    for number in numbers:
        found.add([standing(number, (0, 100, f"fan-{number}"))])
    assert found.fan_of(SUBJECT, 60 * MS) == "fan-2"


def test_one_that_comes_again_or_too_late_changes_nothing() -> None:
    found = links(standing(2, (0, 100, "fan-2")))
    assert found.add([standing(2, (0, 100, "fan-2")), standing(1, (0, 100, "fan-1"))]) == []


def test_what_a_standing_changes_lies_between_the_spans_that_differ() -> None:
    found = links(standing(1, (0, 10, "fan-1"), (10, 20, "fan-2"), (50, 60, "fan-1")))
    assert found.add([standing(2, (0, 10, "fan-1"), (10, 25, "fan-2"), (50, 60, "fan-1"))]) == [Changed(NAME, 10 * MS, 25 * MS)]
    assert found.add([standing(3, (0, 10, "fan-1"), (10, 25, "fan-2"), (50, 60, "fan-1"), label="shared")]) == []
    assert found.add([standing(4, (0, 10, "fan-1"), (10, 25, "fan-2"), (50, 60, "fan-1"), lent=(50 * MS,))]) == [
        Changed(NAME, 0, 60 * MS)
    ], "what is lent passes on at each begin and end, what is owned from one fan to another"
    assert found.add([standing(5, (0, 10, "fan-1"), (10, 25, "fan-2"), (50, 60, "fan-1"), lent=(50 * MS,), rank=9)]) == [
        Changed(NAME, -FOR_EVER_NS, FOR_EVER_NS)
    ]


def test_whoever_had_it_in_between_changes_when_it_passes_on_before_and_after() -> None:
    found = links(standing(1, (0, 10, "fan-1"), (50, 60, "fan-1")))
    assert found.add([standing(2, (0, 10, "fan-1"), (20, 30, "fan-2"), (50, 60, "fan-1"))]) == [Changed(NAME, 10 * MS, 50 * MS)]


def test_what_one_store_knows_of_something_lent_changes_nothing_in_another() -> None:
    in_stores = tuple(InStore(store, (Span(0, 10 * MS, "fan-1"),), lent=(0,)) for store in ("s1", "s2"))
    found = links(standing(1, in_stores=in_stores))
    handed = InStore("s2", (Span(0, 10 * MS, "fan-1"), Span(10 * MS, 20 * MS, "fan-2")), lent=(0, 10 * MS))
    assert found.add([standing(2, in_stores=(in_stores[0], handed))]) == [Changed(NAME, 10 * MS, 20 * MS, ("s2",))]
    assert found.add([standing(3, in_stores=(handed._replace(store="s1"),))]) == [Changed(NAME, 0, 20 * MS, ("s1", "s2"))]
    everywhere = standing(4, (0, 5, "fan-3"), in_stores=(handed._replace(store="s1"),))
    assert found.add([everywhere]) == [Changed(NAME, 0, 5 * MS)]


def test_a_subject_of_the_day_is_nobody_whatever_standings_state() -> None:
    stranger = TOP_BIT | SUBJECT
    assert links(standing(1, (0, 100, "fan-1"), name=f"{stranger:016x}")).fan_of(stranger, 50 * MS) == ""


def test_a_standing_that_comes_after_a_look_up_counts() -> None:
    found = links(standing(1, (0, 100, "fan-1")))
    assert found.fan_of(SUBJECT, 50 * MS) == "fan-1"
    found.add([standing(2, (0, 100, "fan-2"))])
    assert found.fan_of(SUBJECT, 50 * MS) == "fan-2"


def test_standings_of_a_store_are_known_after_a_restart() -> None:
    kept = MemoryStore()
    LinkIndex(kept, 1 << 10).add([standing(1, (0, 100, "fan-1"))])
    assert LinkIndex(kept, 1 << 10).fan_of(SUBJECT, 50 * MS) == "fan-1"


def test_a_fan_has_all_subjects_that_were_ever_its_own() -> None:
    found = links(standing(1, (0, 10, "fan-1")))
    found.add([standing(1, (50, 60, "fan-1"), name=OTHER_NAME), standing(1, (0, 10, "fan-1"), name="ref:r1")])
    found.add([standing(2, (0, 10, "fan-2"))])
    assert found.subjects_of("fan-1") == [NAME, OTHER_NAME]


def test_a_change_without_beginning_or_end_can_be_asked_of_a_store() -> None:
    found = links(Standing(NAME, 1, (Span(-FOR_EVER_NS, FOR_EVER_NS, "fan-1"),)))
    (changed,) = found.add([Standing(NAME, 2, (Span(-FOR_EVER_NS, FOR_EVER_NS, "fan-2"),))])
    assert changed == Changed(NAME, -FOR_EVER_NS, FOR_EVER_NS)
    assert Ledger(":memory:").visits(NAME, "s1", changed.from_ns, changed.to_ns) == []


def test_what_is_read_ahead_is_found_as_one_by_one() -> None:
    kept = MemoryStore()
    LinkIndex(kept, 1 << 10).add([standing(1, (0, 100, "fan-1")), standing(1, (0, 50, "fan-2"), name=OTHER_NAME)])
    found = LinkIndex(kept, 1 << 10)
    found.read_ahead(np.array([SUBJECT, OTHER, 7, 7, TOP_BIT | SUBJECT], np.uint64))
    kept.save_standings([standing(9, (0, 100, "fan-9"))])
    assert [found.fan_of(each, 20 * MS) for each in (SUBJECT, OTHER, 7)] == ["fan-1", "fan-2", ""], "it is at hand by now"


def test_of_two_standings_of_a_name_at_once_the_higher_number_counts() -> None:
    found = links(standing(1, (0, 100, "fan-1")))
    found.add([standing(3, (0, 100, "fan-3")), standing(2, (0, 100, "fan-2"))])
    assert found.fan_of(SUBJECT, 20 * MS) == "fan-3"
