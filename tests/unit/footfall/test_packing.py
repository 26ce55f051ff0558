from __future__ import annotations

import tracemalloc

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ContractError
from footfall.packing import integer, integer_or_none, required, unpack, unpack_flat, unpack_map
from tests.unit.footfall.strategies import MAX_INT, damaged, outcome, scalars, texts

values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts | st.integers(-5, 5), inner, max_size=4), max_leaves=10
)


@given(values)
def test_what_was_packed_is_unpacked(value: object) -> None:
    assert unpack(msgpack.packb(value), "x") == value


@given(st.data(), values)
def test_damaged_bytes_are_a_contract_error_or_a_value(data: st.DataObject, value: object) -> None:
    payload = data.draw(damaged(msgpack.packb(value)))
    found = outcome(lambda packed: [unpack(packed, "x")], payload)
    if isinstance(found, ContractError):
        assert found.reason == "x.msgpack"


HOSTILE = {
    "nothing": b"",
    "never used": b"\xc1",
    "two values": b"\xc0\xc0",
    "4 GiB of bytes": b"\xc6\xff\xff\xff\xff",
    "4 GiB of text": b"\xdb\xff\xff\xff\xff",
    "4 G values": b"\xdd\xff\xff\xff\xff",
    "4 G keys": b"\xdf\xff\xff\xff\xff",
    "4 GiB of extension": b"\xc9\xff\xff\xff\xff\x05",
    "a million nulls": b"\xdd\x00\x0f\x42\x40" + b"\xc0" * 1_000_000,
    "deep arrays": b"\x91" * 200_000 + b"\xc0",
    "deep maps": b"\x81\x00" * 200_000 + b"\xc0",
    "deep keys": b"\x81" * 200_000 + b"\xc0",
    "extension": msgpack.packb(msgpack.ExtType(1, b"")),
    "timestamp": msgpack.packb(msgpack.Timestamp(1)),
    "same key twice": b"\x82\xa1a\x01\xa1a\x02",
    "same number twice": b"\x82\x01\x01\x01\x02",
    "1 and true": b"\x82\x01\x01\xc3\x02",
    "null as key": b"\x81\xc0\x01",
    "true as key": b"\x81\xc3\x01",
    "float as key": b"\x81\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\x01",
    "bytes as key": b"\x81\xc4\x01a\x01",
    "list as key": b"\x81\x90\x01",
    "map as key": b"\x81\x80\x01",
    "bad UTF-8": b"\xa2\xc3\x28",
    "surrogate": b"\xa3\xed\xa0\x80",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_refused_without_taking_memory(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ContractError) as refused:
            unpack(HOSTILE[name], "x")
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert refused.value.reason == "x.msgpack"
    assert len(str(refused.value)) < 400


def test_limits_are_the_callers() -> None:
    assert unpack(msgpack.packb(bytes(100)), "x", max_bytes=100) == bytes(100)
    with pytest.raises(ContractError):
        unpack(msgpack.packb(bytes(101)), "x", max_bytes=100)
    with pytest.raises(ContractError):
        unpack(msgpack.packb([1, 2, 3]), "x", max_items=2)


def test_a_map_is_a_map() -> None:
    assert unpack_map(b"\x80", "x") == {}
    with pytest.raises(ContractError) as refused:
        unpack_map(b"\x90", "x")
    assert refused.value.reason == "x.type"


@pytest.mark.parametrize("value", [0, 1, MAX_INT])
def test_integers(value: int) -> None:
    assert integer({"k": value}, "k", "x") == value
    assert integer_or_none({"k": value}, "k", "x") == value


@pytest.mark.parametrize("value", [-1, MAX_INT + 1, 1.0, True, "1", b"1", None, [1]])
def test_no_integers(value: object) -> None:
    with pytest.raises(ContractError) as refused:
        integer({"k": value}, "k", "x")
    assert refused.value.reason == "x.type"


def test_missing_keys() -> None:
    assert integer_or_none({}, "k", "x") is None
    assert integer_or_none({"k": None}, "k", "x") is None
    with pytest.raises(ContractError) as refused:
        required({}, "k", "x")
    assert refused.value.reason == "x.missing"


@pytest.mark.parametrize("payload", [b"\x80", b"\x90", b"\xc0", b"\xde", b"\xde\x00\x00", b"\x91\x80", b"\xdc\x00\x01\x80", b""])
@pytest.mark.parametrize("map_at", [0, 1])
def test_the_short_way_reads_what_the_long_way_reads_however_short(payload: bytes, map_at: int) -> None:
    def read(how: object) -> object:
        try:
            return how()  # type: ignore[operator] # one of the two below
        except ContractError as error:
            return error.reason

    assert read(lambda: unpack_flat(payload, "x", map_at)) == read(lambda: unpack(payload, "x"))


@given(st.data(), values, st.sampled_from([0, 1]))
def test_the_short_way_reads_what_the_long_way_reads(data: st.DataObject, value: object, map_at: int) -> None:
    payload = data.draw(damaged(msgpack.packb(value)))
    short, long = (
        outcome(how, payload) for how in (lambda packed: [unpack_flat(packed, "x", map_at)], lambda packed: [unpack(packed, "x")])
    )
    assert repr(short) == repr(long)
