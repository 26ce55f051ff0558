"""Words that depend on what they are about."""

from __future__ import annotations

import pytest

from footfall.wording import counted, with_article


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (1200, ("row",), "1,200 rows"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
        (1, ("line has", "lines have"), "1 line has"),
    ],
)
def test_one_is_one_and_all_else_are_several(count: int, words: tuple[str, ...], text: str) -> None:
    assert counted(count, *words) == text


@pytest.mark.parametrize(
    ("noun", "text"), [("amend.set", "an amend.set"), ("void", "a void"), ("user", "a user"), ("ibeacon", "an ibeacon")]
)
def test_an_stands_before_a_vowel(noun: str, text: str) -> None:
    assert with_article(noun) == text
