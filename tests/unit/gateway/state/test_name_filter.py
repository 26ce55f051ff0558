"""The filter before the look-ups of names: it may name too many, never too few."""

from __future__ import annotations

from gateway.state.name_filter import NameFilter


def test_names_that_were_there_and_names_that_were_added_are_among_those_found() -> None:
    known = NameFilter(lambda: ["a", "fact:1"])
    known.add(["b"])
    assert known.among(["a", "b", "c", "fact:1"]) == ["a", "b", "fact:1"]


def test_a_filter_too_small_names_others_too() -> None:
    names = [f"{number:016x}" for number in range(200)]
    known = NameFilter(lambda: names[:100], size_bytes=8)
    assert set(names[:100]) <= set(known.among(names))


def test_what_was_there_is_read_when_somebody_asks() -> None:
    asked = list[str]()
    known = NameFilter(lambda: asked.append("once") or ["a"])  # type: ignore[func-returns-value] # it is asked
    assert asked == []
    assert known.among(["a"]) == known.among(["a", "b"]) == ["a"]
    assert asked == ["once"]
