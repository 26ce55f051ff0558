from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.events import COUNTED, MAX_DEPTH, MAX_EVENTS, MAX_EVENTS_BYTES, Count, Occupancy, Touch, Void, load_json, parse_event
from tests.unit.footfall.strategies import damaged, outcome

SALE = {
    "kind": "touch", "what": "transaction", "id": "pos-881", "time": "2026-11-21T10:02:03.5+08:00", "zone": "checkout",
    "identifiers": ["member:8613800000000"], "staff_id": "s12", "department": "optics", "channel": "own_store", "campaign": "c7",
    "items": [{"sku": "A1", "n": 1}], "ref": "T-991", "amount": 129.0,
}  # fmt: skip
COUNT = {"kind": "count", "id": "c1", "door": "main", "in": 3, "out": 1}
VOID = {"kind": "void", "id": "v1", "of": "pos-881", "reason": "wrong till", "actor": "anna"}


def test_a_sale_is_read() -> None:
    event = parse_event(SALE)
    assert isinstance(event, Touch)
    assert event.time_ns == 1_795_226_523_500_000_000
    assert (event.items[0].sku, event.items[0].n, event.amount) == ("A1", 1, 129.0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_events_are_read_in_every_encoding_of_json(encoding: str) -> None:
    assert load_json(json.dumps(SALE).encode(encoding)) == [SALE]
    assert load_json(json.dumps([SALE, COUNT]).encode(encoding)) == [SALE, COUNT]


def test_nesting_beyond_what_can_be_read_is_named() -> None:
    with pytest.raises(ContractError, match=r"^not JSON: nested too deeply$"):
        load_json(b"[" * 100_000)


def test_a_count_and_a_void_are_read() -> None:
    count, void = parse_event(COUNT), parse_event(VOID)
    assert isinstance(count, Count)
    assert (count.entered, count.left, count.time_ns) == (3, 1, None)
    assert isinstance(void, Void)
    assert void.of == "pos-881"


def test_an_occupancy_counts_people_or_states_that_somebody_is_there() -> None:
    counted = parse_event({"kind": "occupancy", "zone": "hall", "people": 3})
    assert isinstance(counted, Occupancy)
    assert (counted.people, counted.zone, counted.sensor, counted.id) == (3, "hall", None, None)
    seen = parse_event({"kind": "occupancy", "occupied": False, "sensor": "radar"})
    assert isinstance(seen, Occupancy)
    assert (seen.people, seen.occupied, seen.zone) == (None, False, None)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "needs `people`"),
        ({"people": -1}, "people"),
        ({"people": "3"}, "people"),
        ({"people": 0, "occupied": True}, "contradicts"),
        ({"people": 1, "door": "main"}, "door"),
    ],
)
def test_an_occupancy_that_states_nothing_or_contradicts_itself_is_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ContractError, match=why):
        parse_event({"kind": "occupancy", **wrong})


def test_a_count_has_a_direction_and_may_be_of_nobody() -> None:
    one_way = {key: value for key, value in COUNT.items() if key != "out"}
    assert isinstance(parse_event(one_way | {"in": 0}), Count)


def test_a_basket_may_be_changed_for_a_cheaper_one() -> None:
    event = parse_event(SALE | {"amount": -20, "items": [{"sku": "A1", "n": -1}, {"sku": "A2"}]})
    assert isinstance(event, Touch)
    assert (event.amount, [item.n for item in event.items]) == (-20.0, [-1, 1])


@pytest.mark.parametrize("what", sorted(COUNTED))
def test_money_and_counts_need_an_id(what: str) -> None:
    touch = {"kind": "touch", "what": what, "items": [{"sku": "A1"}]}
    assert parse_event(touch | {"id": "1"})
    with pytest.raises(ContractError, match="needs an `id`") as refused:
        parse_event(touch)
    assert refused.value.reason == "event.invalid"


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        ({"what": "missed", "id": "1"}, "a missed needs `items`"),
        ({"what": "share", "shared_by": "f-1"}, "a share has no `shared_by`"),
        ({"what": "voucher_isue", "id": "1"}, "did you mean 'voucher_issue'?"),
        ({"what": "scan", "campaign": "b", "campaigns": ["a", "b"]}, "`campaign` is not the first of `campaigns`"),
        ({"what": "scan", "campaigns": ["a", "a"]}, "`campaigns` has one campaign twice"),
        ({"what": "scan", "campaigns": ["a"] * 17}, "campaigns"),
        ({"what": "scan", "campaigns": "a"}, "campaigns"),
        ({"what": "scan", "shared_by": "13800000001"}, "written as a phone number"),
        ({"what": "scan", "code": " SH"}, "blanks"),
        ({"what": "scan", "squad": 1}, "squad"),
    ],
)
def test_a_touch_that_makes_no_sense_is_refused_with_the_reason(touch: dict[str, object], why: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse_event({"kind": "touch", **touch})
    assert why in str(refused.value)
    assert "13800000001" not in str(refused.value)


def test_a_scan_needs_no_id() -> None:
    assert parse_event({"kind": "touch", "what": "scan"}).id is None


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ({}, "kind"),
        ([], "event"),
        (None, "event"),
        ("touch", "event"),
        ({"kind": "dance"}, "kind"),
        (SALE | {"what": "dance"}, "what"),
        (SALE | {"surprise": 1}, "surprise"),
        (SALE | {"id": ""}, "id"),
        (SALE | {"id": "a" * 129}, "id"),
        (SALE | {"id": "a\nb"}, "id"),
        (SALE | {"id": "a\x00"}, "id"),
        (SALE | {"id": 881}, "id"),
        (SALE | {"id": "\ud800"}, "id"),
        (SALE | {"\ud800": 1}, "touch"),
        ({"\ud800": 1}, "kind"),
        ({"kind": "x" * 10_000}, "kind"),
        (SALE | {"time": "2026-11-21T10:02:03"}, "time"),
        (SALE | {"time": "yesterday"}, "time"),
        (SALE | {"time": 1_795_226_523}, "time"),
        (SALE | {"time": 1_795_226_523.5}, "time"),
        (SALE | {"time": "1795226523"}, "time"),
        (SALE | {"time": True}, "time"),
        (SALE | {"time": "2026-11-21T24:00:01+08:00"}, "time"),
        (SALE | {"time": "2026-11-21T10:00:61+08:00"}, "time"),
        (SALE | {"time": "2026-02-30T10:00:00+08:00"}, "time"),
        (SALE | {"time": "9999-12-31T24:00:00Z"}, "time"),
        (SALE | {"history": 1}, "history"),
        (SALE | {"history": "true"}, "history"),
        (SALE | {"zone": "check out"}, "zone"),
        (SALE | {"zone": "a,b=c"}, "zone"),
        (SALE | {"zone": "checkout\n"}, "zone"),
        (SALE | {"identifiers": ["8613800000000"]}, "identifiers.0"),
        (SALE | {"identifiers": ["member:"]}, "identifiers.0"),
        (SALE | {"identifiers": ["member:1"] * 17}, "identifiers"),
        (SALE | {"amount": float("nan")}, "amount"),
        (SALE | {"amount": float("inf")}, "amount"),
        (SALE | {"amount": 1e13}, "amount"),
        (SALE | {"items": [{"sku": "A1", "n": 10_001}]}, "items.0.n"),
        (SALE | {"items": [{"n": 1}]}, "items.0.sku"),
        (SALE | {"items": [{"sku": "A1", "n": "1"}]}, "items.0.n"),
        (SALE | {"items": [{"sku": "A1", "n": 1.0}]}, "items.0.n"),
        (SALE | {"items": [{"sku": "A1", "n": True}]}, "items.0.n"),
        (SALE | {"items": [{"sku": "A1", "n": 0}]}, "touch"),
        (SALE | {"amount": "129"}, "amount"),
        (SALE | {"amount": True}, "amount"),
        (SALE | {"amount": 1e300}, "amount"),
        (SALE | {"amount": -1e300}, "amount"),
        (SALE | {"amount": 10**400}, "amount"),
        (SALE | {"what": "return", "amount": -1}, "touch"),
        (SALE | {"what": "return", "items": [{"sku": "A1", "n": -1}]}, "touch"),
        (COUNT | {"in": -1}, "in"),
        (COUNT | {"in": 1_000_001}, "in"),
        (COUNT | {"in": 1.5}, "in"),
        (COUNT | {"in": 1.0}, "in"),
        (COUNT | {"in": "1"}, "in"),
        (COUNT | {"in": True}, "in"),
        (COUNT | {"in": None}, "in"),
        (COUNT | {"out": 2 * 10**13}, "out"),
        ({key: value for key, value in COUNT.items() if key not in ("in", "out")}, "count"),
        ({key: value for key, value in COUNT.items() if key != "id"}, "id"),
        ({key: value for key, value in VOID.items() if key != "actor"}, "actor"),
    ],
)
def test_what_is_wrong_is_named(event: object, where: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse_event(event)
    assert refused.value.reason == "event.invalid"
    assert where in str(refused.value).split(": ")[0]
    assert len(str(refused.value)) <= 300
    assert str(refused.value).encode()


def test_an_error_names_the_key_but_never_the_value() -> None:
    """Messages go into logs and quarantine; what somebody sent may be a phone number."""
    with pytest.raises(ContractError) as refused:
        parse_event(SALE | {"identifiers": ["Member:8613800000000"], "staff_id": "a\n8613800000000"})
    assert "8613800000000" not in str(refused.value)


@given(st.data())
def test_damaged_json_is_a_contract_error_or_events(data: st.DataObject) -> None:
    payload = data.draw(damaged(json.dumps([SALE, COUNT, VOID]).encode()))
    found = outcome(lambda text: [outcome_of(event) for event in load_json(text)], payload)
    if isinstance(found, ContractError):
        assert found.reason.startswith("event.")


def outcome_of(event: object) -> object:
    return outcome(lambda _: parse_event(event), b"")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda v: st.lists(v) | st.dictionaries(st.text(max_size=5), v)
    )
)
def test_any_json_is_a_contract_error_or_an_event(value: object) -> None:
    found = outcome_of(value)
    assert isinstance(found, ContractError)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "event.json"),
        (b"{", "event.json"),
        (b"NaN", "event.json"),
        (b'{"a":Infinity}', "event.json"),
        (b'{"a":-Infinity}', "event.json"),
        (b'{"a":1e999}', "event.json"),
        (b'{"a":-1e999}', "event.json"),
        (b'{"a":1,"a":2}', "event.json"),
        (b'[{"x":{"a":1,"a":2}}]', "event.json"),
        (b"{} {}", "event.json"),
        (b"\xff\xfe\x00", "event.json"),
        (b'{"a":"\xff"}', "event.json"),
        (b'{"a":"\\ud800"}', "event.json"),
        (b'{"a":["\\uDFFF x"]}', "event.json"),
        (b'{"a":"\xed\xa0\x80"}', "event.json"),
        ('{"a":"\\ud800"}'.encode("utf-16"), "event.json"),
        (b'{"\\ud83d":1}', "event.json"),
        (b'{"a":' + b"9" * 5000 + b"}", "event.json"),
        (b"[" * 100_000, "event.json"),
        (b'{"a":' * 100_000, "event.json"),
        (b"[" * 100 + b"]" * 100, "event.depth"),
        (b"[" + b"1," * MAX_EVENTS + b"1]", "event.rows"),
        (b" " * (MAX_EVENTS_BYTES + 1), "event.size"),
    ],
)
def test_what_is_not_strict_json_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(ContractError) as refused:
        load_json(payload)
    assert refused.value.reason == reason
    assert len(str(refused.value)) < 400


def test_depth_and_number_up_to_the_limits_are_read() -> None:
    assert load_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert len(load_json(b"[" + b"1," * (MAX_EVENTS - 1) + b"1]")) == MAX_EVENTS


def test_a_whole_surrogate_pair_is_text() -> None:
    assert load_json(b'{"a":"\\ud83d\\ude00"}') == [{"a": "\U0001f600"}]


def test_one_object_is_a_list_of_one() -> None:
    assert load_json('{"a": 1.5}') == [{"a": 1.5}]
