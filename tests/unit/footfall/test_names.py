"""Any text has a name of the wire, and what people tell apart has two."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from footfall.names import name_of, plain
from footfall.topics import is_name


def test_names_are_those_of_the_wire() -> None:
    assert (name_of("Back Yard/2"), name_of(" "), name_of("b8:27:EB"), name_of("(Hall)")) == ("back-yard-2", "-", "b8-27-eb", "-hall-")


def test_what_people_tell_apart_has_two_names() -> None:
    texts = ["大厅", "收银台", "Zone Ä", "Zone Ö", "Zone A", "gw+1", "gw 1", "A+", "A-", "की", "का", "🚪", "🏠", "x" * 65, "x" * 66]
    assert not [pair for pair in combinations(texts, 2) if name_of(pair[0]) == name_of(pair[1])]


def test_capitals_widths_forms_and_signs_between_words_make_no_difference() -> None:
    for texts in (("Küche", "KÜCHE", " Ku\u0308che "), ("１号", "1号"), ("AA:01", "aa-01", "AA/01", "AA 01")):
        assert len(set(map(name_of, texts))) == 1


@given(st.text(max_size=80))
def test_any_text_has_a_name_which_is_its_own(text: str) -> None:
    name = name_of(text)
    assert is_name(name)
    assert name_of(name) == name


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_texts_of_one_name_are_plainly_one(one: str, other: str) -> None:
    assert name_of(one) != name_of(other) or plain(one.strip()).strip("-") == plain(other.strip()).strip("-")
