"""Corrections: who, why, what; and each mistake is named."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.errors import ContractError
from footfall.events import parse_event
from footfall.identified import sealed_event, sealed_keys, stated_identifiers
from footfall.sealing import public_key

WHY: dict[str, Any] = {"reason": "mistyped", "actor": "kim"}
VOID = WHY | {"kind": "void", "id": "v1", "of": "t1"}
AMEND = WHY | {"kind": "amend", "id": "a1", "of": "t1", "set": {"amount": 12.5}}
ADJUSTMENT = WHY | {"kind": "adjustment", "id": "j1", "door": "main", "in": -3}


@pytest.mark.parametrize("event", [VOID, VOID | {"publisher": "till-2", "store": "s2"}, AMEND, ADJUSTMENT, ADJUSTMENT | {"store": "s2"}])
def test_each_correction_is_read(event: dict[str, Any]) -> None:
    assert parse_event(event).id == event["id"]


@pytest.mark.parametrize("event", [VOID, AMEND, ADJUSTMENT])
@pytest.mark.parametrize("key", ["id", "reason", "actor"])
def test_each_names_who_decided_it_and_why(event: dict[str, Any], key: str) -> None:
    with pytest.raises(ContractError, match=rf"{event['kind']}\.{key}: Field required"):
        parse_event({name: value for name, value in event.items() if name != key})


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (VOID | {"of": "v1"}, "`of` is its own id"),
        (AMEND | {"of": "a1"}, "`of` is its own id"),
        (AMEND | {"set": {}}, "`set` has no key"),
        (AMEND | {"set": None}, "an amend needs `set`"),
        (AMEND | {"set": {"amout": 5}}, "did you mean 'amount'?; an amend.set may have what, zone"),
        (AMEND | {"set": {"items": [{"sku": "A", "m": 1}]}}, "an item has sku and n"),
        (AMEND | {"set": {"time": "2026-09-01T00:00:00Z"}}, "amend.set.time: Extra inputs"),
        (AMEND | {"set": {"amount": 5, "in": 1}}, "keys of a touch and of a count"),
        (AMEND | {"set": {"what": None}}, "`set` empties what"),
        (AMEND | {"set": {"in": None}}, "`set` empties in"),
        (AMEND | {"set": {"in": -1}}, "amend.set.in: Input should be greater than or equal to 0"),
        (AMEND | {"set": {"items": [{"sku": "A", "n": 0}]}}, "an item of `items` has `n` 0"),
        (AMEND | {"set": {"fan": "anon-1"}}, "amend.set.fan: begins with 'anon-'"),
        (ADJUSTMENT | {"in": 0}, "an adjustment needs `in`, `out` or both, and not 0"),
        (ADJUSTMENT | {"in": 1.5}, "adjustment.in: Input should be a valid integer"),
        (ADJUSTMENT | {"dor": "main"}, "did you mean 'door'?"),
    ],
)
def test_a_mistake_names_what_to_change(event: dict[str, Any], words: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse_event(event)
    assert (refused.value.reason, words in str(refused.value)) == ("event.invalid", True), str(refused.value)


def test_an_event_of_another_publisher_may_have_the_correction_s_id() -> None:
    parse_event(VOID | {"of": "v1", "publisher": "till-2"})


def test_an_amend_is_sealed_where_it_has_identifiers_and_only_there() -> None:
    public = public_key(b"secret")
    assert sealed_keys(AMEND, parse_event(AMEND)) == {}
    named = AMEND | {"set": {"identifiers": ["member:7"], "zone": "a"}}
    assert stated_identifiers(parse_event(named)) == ["member:7"]
    hidden = sealed_event(named, parse_event(named), public)
    assert ("set" in hidden, "sealed" in hidden) == (False, True)
    parse_event(hidden)
