"""The language of paths."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders.paths import PathScope, each, find, leads_somewhere, parse

MESSAGE = {
    "reader": "r1",
    "sensor": {"serial": "s"},
    "logics": [
        {"id": 1, "records": [{"n": 10, "counts": [{"name": "bw", "value": 2}, {"name": "fw", "value": 3}]}, {"n": 11}]},
        {"id": 2, "records": {"n": 20}},
        {"id": 3},
        "nonsense",
    ],
}
ROOT = PathScope(MESSAGE, {"node": "kitchen"})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", MESSAGE),
        ("reader", "r1"),
        ("sensor.serial", "s"),
        ("$.sensor.serial", "s"),
        ("logics[id=2].records.n", 20),
        ("logics[id=9].records", None),
        ("reader.serial", None),
        ("nowhere.at.all", None),
        ("@node", "kitchen"),
        ("@house", None),
        ("^", None),
        ("rssi@1m", None),
        ("nowhere or sensor.serial", "s"),
        ("reader or sensor.serial", "r1"),
        ("nowhere or @house or $.reader", "r1"),
        ("nowhere or reader.serial", None),
        ("logics[id=7|2].records.n", 20),
    ],
)
def test_find(path: str, found: Any) -> None:
    assert find(parse(path), ROOT) == found


def test_items_know_what_they_lie_in() -> None:
    items = list(each(parse("logics[].records[]"), ROOT))
    assert [find(parse("n"), item) for item in items] == [10, 11, 20]
    assert [find(parse("^.id"), item) for item in items] == [1, 1, 2]
    assert [find(parse("^^.reader"), item) for item in items] == ["r1"] * 3
    assert [find(parse("$.sensor.serial"), item) for item in items] == ["s"] * 3
    assert [find(parse("counts[name=fw].value"), item) for item in items] == [3, None, None]
    assert [find(parse("^^^"), item) for item in items] == [None] * 3
    assert {find(parse("@node"), item) for item in items} == {"kitchen"}


def test_without_brackets_the_value_itself_is_the_one_item() -> None:
    (item,) = each(parse("sensor"), ROOT)
    assert (find(parse("serial"), item), find(parse("^.reader"), item), find(parse("$.reader"), item)) == ("s", "r1", "r1")
    assert list(each(parse(""), ROOT)) == [ROOT]
    assert list(each(parse("nowhere"), ROOT)) == []


def test_a_message_that_is_a_list() -> None:
    root = PathScope([{"type": "Gateway", "mac": "g"}, {"type": "S1", "mac": "s"}], {})
    assert [find(parse("mac"), item) for item in each(parse("[]"), root)] == ["g", "s"]
    (_, item) = each(parse("[]"), root)
    assert find(parse("$.[type=Gateway].mac"), item) == "g"


@pytest.mark.parametrize("text", ["a..b", ".a", "a.", "a[b", "a]b", "a[b=]", "a[=b]", "a[]b", "@node.x", "a.^", "a[b=c]d"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match=r"path|level"):
        parse(text)


KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.sampled_from(["", "a", "a.b", "a[].b", "[]", "[].a[]", "a[b=c].c", "^.a", "$.a", "[a=b]", "@c"]))
def test_any_value_can_be_walked(value: Any, text: str) -> None:
    root = PathScope(value, {"c": "x"})
    find(parse(text), root)
    for item in each(parse(text), root):
        find(parse(text), item)


def test_an_empty_list_has_no_elements() -> None:
    scope = PathScope({"a": [], "b": [1], "c": {}}, {})
    assert [leads_somewhere(parse(path), scope) for path in ("a", "a[]", "b[]", "c[]", "d[]")] == [True, False, True, True, False]
