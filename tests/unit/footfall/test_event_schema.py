"""The JSON Schema of plain events agrees with what checks them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from footfall.errors import ContractError
from footfall.event_schema import schema
from footfall.events import parse_event

SCHEMA = schema()
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float),
}  # fmt: skip
TOUCH: dict[str, Any] = {"kind": "touch", "what": "scan"}
SALE: dict[str, Any] = {"kind": "touch", "what": "transaction", "id": "t1"}
COUNT: dict[str, Any] = {"kind": "count", "id": "c1", "door": "main", "in": 1}
VOID: dict[str, Any] = {"kind": "void", "id": "v1", "of": "t1", "reason": "wrong", "actor": "till"}

OCCUPANCY: dict[str, Any] = {"kind": "occupancy"}
LINK: dict[str, Any] = {"kind": "fact", "fact": "link", "id": "l1", "identifier": "member:7", "fan": "F1"}
SAME: dict[str, Any] = {"kind": "fact", "fact": "same", "id": "s1", "identifiers": ["member:7", "phone:h1"]}
MERGE: dict[str, Any] = {"kind": "fact", "fact": "merge", "id": "m1", "fans": ["A", "B"]}
REVOKE: dict[str, Any] = {"kind": "fact", "fact": "revoke", "id": "r1"}
CONSENT: dict[str, Any] = {"kind": "fact", "fact": "consent", "id": "c1", "fan": "F1", "purpose": "identify", "granted": False}
OWNER: dict[str, Any] = {"kind": "fact", "fact": "owner", "id": "o1", "fan": "F1", "staff_id": "s12"}
AMEND: dict[str, Any] = {"kind": "amend", "id": "a1", "of": "t1", "set": {"amount": 5.0}, "reason": "wrong", "actor": "till"}
ADJUSTMENT: dict[str, Any] = {"kind": "adjustment", "id": "a1", "door": "main", "in": -3, "reason": "class", "actor": "kim"}
AT = "2026-09-01T00:00:00Z"
SEALED = f"{'0' * 16}.{'A' * 80}"


def fits(value: Any, rule: Any) -> bool:
    """Whether a value fits a schema, as far as this one uses keywords; others would be a KeyError."""
    return all(_RULES[key](value, given, rule) for key, given in rule.items() if key not in _NOTES)


def _is_of(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


_NOTES = {"title", "description", "default", "discriminator", "format", "then", "$defs", "$schema"}
_RULES: dict[str, Any] = {
    "$ref": lambda value, given, _: fits(value, SCHEMA["$defs"][given.rpartition("/")[2]]),
    "anyOf": lambda value, given, _: any(fits(value, each) for each in given),
    "oneOf": lambda value, given, _: sum(fits(value, each) for each in given) == 1,
    "allOf": lambda value, given, _: all(fits(value, each) for each in given),
    "not": lambda value, given, _: not fits(value, given),
    "if": lambda value, given, rule: fits(value, rule["then"]) if fits(value, given) else True,
    "const": lambda value, given, _: value == given,
    "enum": lambda value, given, _: value in given,
    "type": lambda value, given, _: _is_of(value, given),
    "required": lambda value, given, _: not isinstance(value, dict) or all(key in value for key in given),
    "properties": lambda value, given, _: not isinstance(value, dict) or all(fits(value[key], given[key]) for key in given if key in value),
    "additionalProperties": lambda value, given, rule: given or not isinstance(value, dict) or set(value) <= set(rule["properties"]),
    "items": lambda value, given, _: not isinstance(value, list) or all(fits(each, given) for each in value),
    "minItems": lambda value, given, _: not isinstance(value, list) or len(value) >= given,
    "minProperties": lambda value, given, _: not isinstance(value, dict) or len(value) >= given,
    "uniqueItems": lambda value, given, _: not isinstance(value, list) or len(set(value)) == len(value),
    "maxItems": lambda value, given, _: not isinstance(value, list) or len(value) <= given,
    "pattern": lambda value, given, _: not isinstance(value, str) or re.search(given, value) is not None,
    "maxLength": lambda value, given, _: not isinstance(value, str) or len(value) <= given,
    "minLength": lambda value, given, _: not isinstance(value, str) or len(value) >= given,
    "minimum": lambda value, given, _: not isinstance(value, int | float) or value >= given,
    "maximum": lambda value, given, _: not isinstance(value, int | float) or value <= given,
}


@pytest.mark.parametrize(
    "event",
    [
        TOUCH, SALE, COUNT, VOID, {}, {"kind": "dance"}, [], "x", None,
        TOUCH | {"zone": "shelf"}, TOUCH | {"zone": "Shelf"}, TOUCH | {"amout": 1}, TOUCH | {"what": "nap"},
        {key: value for key, value in SALE.items() if key != "id"}, SALE | {"amount": -5}, SALE | {"amount": "5"},
        TOUCH | {"what": "return", "id": "r", "amount": -5}, TOUCH | {"what": "return", "id": "r", "amount": 5},
        SALE | {"items": [{"sku": "a", "n": -1}]}, TOUCH | {"items": [{"sku": "a", "n": -1}]}, SALE | {"items": [{"n": 1}]},
        SALE | {"items": [{"sku": "a", "n": 1, "m": 2}]}, SALE | {"items": [{"sku": "a"}] * 201},
        TOUCH | {"identifiers": ["member:1"]}, TOUCH | {"identifiers": ["1"]}, TOUCH | {"identifiers": ["m:1"] * 17},
        TOUCH | {"sealed": SEALED}, TOUCH | {"sealed": SEALED, "identifiers": ["m:1"]}, TOUCH | {"sealed": SEALED, "identifiers": []},
        TOUCH | {"subjects": ["0" * 16]}, TOUCH | {"subjects": ["0" * 16], "sealed": SEALED}, TOUCH | {"sealed": "x"},
        TOUCH | {"subjects": ["0" * 16], "identifiers": ["m:1"]}, TOUCH | {"subjects": ["f" * 16]}, COUNT | {"sealed": SEALED},
        SALE | {"id": None}, TOUCH | {"id": None}, OCCUPANCY, OCCUPANCY | {"people": 0}, OCCUPANCY | {"people": 3, "zone": "shelf"},
        OCCUPANCY | {"people": 3, "occupied": True}, OCCUPANCY | {"people": 3, "occupied": False}, OCCUPANCY | {"occupied": False},
        OCCUPANCY | {"people": 0, "occupied": True}, OCCUPANCY | {"people": 0, "occupied": None}, OCCUPANCY | {"people": None},
        OCCUPANCY | {"people": 1_000_001}, OCCUPANCY | {"people": 1, "sensor": "s 1"},
        COUNT | {"out": 3, "seconds": 3600}, COUNT | {"seconds": 0}, COUNT | {"seconds": 86_401}, COUNT | {"in": 1_000_001},
        COUNT | {"in": -1}, COUNT | {"in": 1.5}, COUNT | {"in": True}, COUNT | {"door": ""},
        {key: value for key, value in COUNT.items() if key != "in"}, {key: value for key, value in COUNT.items() if key != "id"},
        COUNT | {"history": True, "time": "2020-01-01T00:00:00Z"}, COUNT | {"time": 1_700_000_000}, COUNT | {"history": "yes"},
        VOID | {"reason": ""}, {key: value for key, value in VOID.items() if key != "actor"},
        SALE | {"id": "x" * 129}, SALE | {"id": "a\nb"}, TOUCH | {"subjects": ["0" * 16], "types": ["member"]}, TOUCH | {"types": ["m:"]},
        TOUCH | {"what": "missed", "id": "m"}, TOUCH | {"what": "missed", "items": [{"sku": "a"}]},
        TOUCH | {"what": "missed", "id": "m", "items": []}, TOUCH | {"what": "missed", "id": "m", "items": [{"sku": "a"}]},
        TOUCH | {"what": "share", "code": "c"}, TOUCH | {"what": "share", "shared_by": "F"}, TOUCH | {"shared_by": "F", "code": "c"},
        TOUCH | {"campaigns": ["a", "b"], "squad": "s"}, TOUCH | {"campaigns": ["a", "a"]}, TOUCH | {"campaigns": ["a"] * 17},
        TOUCH | {"campaigns": None}, TOUCH | {"what": "voucher_verify"}, TOUCH | {"what": "voucher_verify", "id": "v"},
        OWNER, OWNER | {"store": "s1"}, OWNER | {"staff_id": None}, OWNER | {"staff_id": None, "store": "s1"},
        OWNER | {"from": AT, "to": None},
        OWNER | {"store": "S 1"}, AMEND | {"set": {"campaigns": ["a", "a"]}}, AMEND | {"set": {"campaigns": None, "code": None}},
        LINK, LINK | {"fact": "lnk"}, LINK | {"identifier": None}, LINK | {"identifier": None, "sealed": SEALED}, LINK | {"sealed": SEALED},
        LINK | {"from": AT, "to": None, "learned": AT, "source": "desk", "actor": "kim", "reason": "asked"}, LINK | {"frm": AT},
        LINK | {"from": 5}, {key: value for key, value in LINK.items() if key != "fan"}, SAME, SAME | {"identifiers": ["member:7"]},
        SAME | {"identifiers": [], "sealed": SEALED}, SAME | {"sealed": SEALED}, MERGE, MERGE | {"fans": ["A"]},
        MERGE | {"fans": ["A", "A"]},
        MERGE | {"fact": "distinct"}, MERGE | {"fact": "distinct", "fans": ["A", "B", "C"]}, MERGE | {"fans": ["A", "B", "C"]},
        REVOKE, REVOKE | {"of": "l1"}, REVOKE | {"of_link": ["member:7", "F1"]}, REVOKE | {"of": "l1", "of_link": ["member:7", "F1"]},
        REVOKE | {"of_link": ["member:7", "F1"], "to": AT}, REVOKE | {"of": "l1", "to": AT}, REVOKE | {"of_link": ["m:7", "F"], "from": AT},
        REVOKE | {"sealed": SEALED, "to": AT}, REVOKE | {"of_link": ["member:7"]}, {**REVOKE, "fact": "split", "of": "m1"}, CONSENT,
        AMEND, AMEND | {"set": {}}, AMEND | {"set": None}, AMEND | {"set": {"amount": 5, "in": 1}}, AMEND | {"set": {"in": 1, "out": 0}},
        AMEND | {"set": {"amout": 5}}, AMEND | {"set": None, "sealed": SEALED}, AMEND | {"sealed": SEALED}, AMEND | {"set": {"fan": None}},
        AMEND | {"publisher": "till", "store": "s1"}, VOID | {"publisher": "till", "store": "s1"}, VOID | {"store": "S1"},
        ADJUSTMENT, ADJUSTMENT | {"in": 0}, ADJUSTMENT | {"in": 0, "out": 2}, ADJUSTMENT | {"in": -1_000_001}, ADJUSTMENT | {"seconds": 60},
        {key: value for key, value in ADJUSTMENT.items() if key != "reason"}, AMEND | {"set": {"items": [{"sku": "A"}]}},
        CONSENT | {"granted": 0}, CONSENT | {"to": AT}, CONSENT | {"from": AT, "version": "3"},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_what_fits_the_schema_is_taken_and_nothing_else(event: Any) -> None:
    try:
        parse_event(event)
    except ContractError:
        is_taken = False
    else:
        is_taken = True
    assert fits(event, SCHEMA["$defs"]["Event"]) == is_taken
    assert fits([event, TOUCH], SCHEMA) == is_taken


def test_a_message_is_one_event_or_an_array_of_at_most_a_thousand() -> None:
    assert fits(TOUCH, SCHEMA)
    assert fits([TOUCH] * 1000, SCHEMA)
    assert not fits([TOUCH] * 1001, SCHEMA)
    assert not fits([[TOUCH]], SCHEMA)
