"""Who a subject is, whatever the size of the filter in front of the look-up."""

from __future__ import annotations

import numpy as np
import pytest

from footfall.pseudonyms import TOP_BIT
from gateway.fold.link_index import LinkIndex
from gateway.identity.links import FOR_EVER_NS, Link
from tests.support.memory_fold_store import MemoryStore


@pytest.mark.parametrize("filter_bytes", [8, 1 << 10, 1 << 21])
def test_the_filter_s_size_changes_no_answer(filter_bytes: int) -> None:
    links = LinkIndex(MemoryStore(), filter_bytes)
    linked = [number * 2_654_435_761 % (1 << 62) for number in range(1, 200)]
    links.add([Link(f"{number:016x}", f"fan-{number}", -FOR_EVER_NS, FOR_EVER_NS, "crm", 1.0) for number in linked])
    assert all(links.fan_of(number, 0) == f"fan-{number}" for number in linked)
    assert all(links.fan_of(number + 1, 0) == "" for number in linked if number + 1 not in linked)
    assert links.may_be_linked(np.array(linked, np.uint64)).all()


@pytest.mark.parametrize("filter_bytes", [0, 4, 1000])
def test_a_filter_has_a_power_of_two_bytes(filter_bytes: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        LinkIndex(MemoryStore(), filter_bytes)


# Who a subject was: links by their span, never by when they came


SUBJECT, OTHER = 5, 6
MS = 1_000_000


def links(*links: tuple[str, int, int, float], subject: int = SUBJECT) -> LinkIndex:
    """Links of one subject as (fan, from, to, confidence), in milliseconds."""
    found = LinkIndex(MemoryStore(), 1 << 10)
    found.add([Link(f"{subject:016x}", fan, from_ms * MS, to_ms * MS, "crm", sure) for fan, from_ms, to_ms, sure in links])
    return found


def test_a_link_holds_from_its_beginning_and_not_at_its_end() -> None:
    found = links(("fan-1", 10, 20, 1.0))
    assert [found.fan_of(SUBJECT, at_ms * MS) for at_ms in (9, 10, 19, 20)] == ["", "fan-1", "fan-1", ""]


def test_a_link_holds_for_the_whole_millisecond_in_which_it_begins() -> None:
    found = LinkIndex(MemoryStore(), 1 << 10)
    found.add([Link(f"{SUBJECT:016x}", "fan-1", 10 * MS + 700, 20 * MS, "crm", 1.0)])
    assert found.fan_of(SUBJECT, 10 * MS) == "fan-1"


def test_of_two_links_the_more_confident_one_wins() -> None:
    assert links(("fan-1", 0, 100, 0.9), ("fan-2", 50, 100, 0.5)).fan_of(SUBJECT, 60 * MS) == "fan-1"


def test_of_equally_confident_links_the_one_that_began_last_wins() -> None:
    assert links(("fan-1", 50, 100, 0.9), ("fan-2", 0, 100, 0.9)).fan_of(SUBJECT, 60 * MS) == "fan-1"


def test_of_links_that_are_alike_the_larger_id_wins_whichever_came_last() -> None:
    for order in (("fan-1", "fan-2"), ("fan-2", "fan-1")):
        assert links(*((fan, 0, 100, 0.9) for fan in order)).fan_of(SUBJECT, 60 * MS) == "fan-2"


def test_a_subject_of_the_day_is_nobody_whatever_links_state() -> None:
    stranger = TOP_BIT | SUBJECT
    assert links(("fan-1", 0, 100, 1.0), subject=stranger).fan_of(stranger, 50 * MS) == ""


def test_a_link_that_comes_after_a_look_up_counts() -> None:
    found = links(("fan-1", 0, 100, 0.5))
    assert found.fan_of(SUBJECT, 50 * MS) == "fan-1"
    found.add([Link(f"{SUBJECT:016x}", "fan-2", 0, 100 * MS, "crm", 0.9)])
    assert found.fan_of(SUBJECT, 50 * MS) == "fan-2"


def test_links_of_a_store_are_known_after_a_restart() -> None:
    kept = MemoryStore()
    LinkIndex(kept, 1 << 10).add([Link(f"{SUBJECT:016x}", "fan-1", 0, 100 * MS, "crm", 1.0)])
    assert LinkIndex(kept, 1 << 10).fan_of(SUBJECT, 50 * MS) == "fan-1"


def test_a_fan_has_all_subjects_that_were_ever_linked_to_it() -> None:
    found = links(("fan-1", 0, 10, 1.0))
    found.add([Link(f"{OTHER:016x}", "fan-1", 50 * MS, 60 * MS, "crm", 0.1)])
    assert found.subjects_of("fan-1") == [f"{SUBJECT:016x}", f"{OTHER:016x}"]
