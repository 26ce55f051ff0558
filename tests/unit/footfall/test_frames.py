from __future__ import annotations

import zlib
from dataclasses import fields, replace

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall import topics
from footfall.errors import ContractError
from footfall.frames import (
    COLUMNS,
    KINDS,
    MAX_FRAME_BYTES,
    MAX_NAMES,
    MAX_ROWS,
    Body,
    Header,
    Kind,
    decode_body,
    decode_frame,
    encode_body,
    encode_frame,
)
from tests.unit.footfall.strategies import bodies, damaged, headers, outcome


def same(one: Body, other: Body) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name)) if field.name in COLUMNS or field.name == "t_wall_ns"
        else getattr(one, field.name) == getattr(other, field.name)
        for field in fields(Body)
    )  # fmt: skip


@given(headers(), bodies())
def test_what_was_encoded_is_decoded(header: Header, body: Body) -> None:
    payload = encode_frame(header, encode_body(body))
    decoded, data = decode_frame(payload)
    assert decoded == header
    assert same(decode_body(data), body)


@given(headers(seq=st.just(0)))
def test_a_hello_has_no_body(header: Header) -> None:
    assert decode_frame(encode_frame(header, b"")) == (header, b"")


@given(st.data(), headers(), bodies())
def test_damaged_bytes_are_a_contract_error_or_a_valid_frame(data: st.DataObject, header: Header, body: Body) -> None:
    payload = data.draw(damaged(encode_frame(header, encode_body(body))))
    found = outcome(decode_frame, payload)
    if isinstance(found, ContractError):
        assert found.reason
    else:
        assert decode_frame(encode_frame(*found)) == found


@given(st.data(), bodies())
def test_damaged_bodies_are_a_contract_error_or_a_valid_body(data: st.DataObject, body: Body) -> None:
    """The check sum does not protect the decoder from an agent that computes it over nonsense."""
    payload = data.draw(damaged(encode_body(body)))
    found = outcome(decode_body, payload)
    if isinstance(found, ContractError):
        assert found.reason
    else:
        assert same(decode_body(encode_body(found)), replace(found, unknown_keys=0))
        assert np.isfinite(found.value).all()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_contract_error_or_a_frame(payload: bytes) -> None:
    for found in (outcome(decode_frame, payload), outcome(decode_body, payload)):
        assert not isinstance(found, ContractError) or found.reason


@given(headers(), bodies(), st.data())
def test_no_truncation_is_a_frame(header: Header, body: Body, data: st.DataObject) -> None:
    payload = encode_frame(header, encode_body(body))
    end = data.draw(st.integers(0, len(payload) - 1))
    with pytest.raises(ContractError):
        decode_frame(payload[:end])


def _rows(n: int) -> Body:
    columns = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items()} | {"kind": np.full(n, Kind.STAY, "u1")}
    return Body("b", 0, 0, True, 0, 0, ("z",), ("p",), **columns)


HEADER = Header("s", "a", "e", 1, 1, "b", 0, 0)


def test_the_largest_frame_is_read_and_one_row_more_is_not() -> None:
    payload = encode_frame(HEADER, encode_body(_rows(MAX_ROWS)))
    assert len(payload) < MAX_FRAME_BYTES
    assert len(decode_body(decode_frame(payload)[1])) == MAX_ROWS
    with pytest.raises(ContractError) as refused:
        decode_body(encode_body(_rows(MAX_ROWS + 1)))
    assert refused.value.reason == "body.rows"


def test_a_frame_of_more_than_a_mebibyte_is_not_even_unpacked() -> None:
    with pytest.raises(ContractError) as refused:
        decode_frame(b"\xc1" * (MAX_FRAME_BYTES + 1))
    assert refused.value.reason == "frame.size"


def test_names_up_to_the_limit_are_read() -> None:
    body = replace(_rows(1), zones=tuple(f"z{i}" for i in range(MAX_NAMES)), zone=np.array([MAX_NAMES - 1], "<u2"))
    assert decode_body(encode_body(body)).zones[-1] == f"z{MAX_NAMES - 1}"


def test_echo_of_a_receipt_may_be_missing() -> None:
    """A minimal agent never heard a receipt and leaves both keys out."""
    values = {"v": 1, "store": "s", "agent": "a", "epoch": "e", "seq": 0, "oldest": 1, "boot": "b", "sent_boot_ns": 5, "sent_wall_ns": 6}
    header, _ = decode_frame(msgpack.packb([values | {"crc32": zlib.crc32(b"")}, b""]))
    assert (header.gateway_ns, header.heard_boot_ns) == (0, 0)


@pytest.mark.parametrize("depth", [3, 100, 400])
def test_a_number_that_is_not_finite_is_found_at_any_depth(depth: int) -> None:
    nested: object = float("nan")
    for _ in range(depth):
        nested = [nested]
    with pytest.raises(ContractError):
        decode_body(encode_body(replace(_rows(1), extra={0: {"deep": nested}})))


def test_kinds_are_numbered_from_one_without_gaps() -> None:
    assert [kind.value for kind in Kind] == list(range(1, len(KINDS) + 1))
    assert KINDS == ("enter", "stay", "exit", "in", "out", "gap", "event", "refused")


def test_columns_are_views_of_the_payload() -> None:
    """Decoding costs a few array views a frame, not work per row; what was received cannot be changed by accident."""
    body = decode_body(encode_body(_rows(3)))
    assert not any(getattr(body, name).flags.owndata or getattr(body, name).flags.writeable for name in COLUMNS)


def test_long_lists_of_names_are_not_kept_in_memory() -> None:
    kept = topics._are_names.cache_info().currsize
    for i in range(3):
        zones = tuple(f"z{i}-{j}" for j in range(4000))
        assert decode_body(encode_body(replace(_rows(1), zones=zones))).zones == zones
    assert topics._are_names.cache_info().currsize <= kept + 1  # the list of profiles


@pytest.mark.parametrize("levels", [None, [1], {"r": None}, {"r": "x"}, {"r": True}, {1: -60}])
def test_levels_of_a_row_of_presence_map_names_to_numbers(levels: object) -> None:
    row = replace(_rows(1), kind=np.array([Kind.STAY], "u1"))
    assert decode_body(encode_body(replace(row, extra={0: {"levels": {"r": -60.5}}}))).extra == {0: {"levels": {"r": -60.5}}}
    with pytest.raises(ContractError, match="levels"):
        decode_body(encode_body(replace(row, extra={0: {"levels": levels}})))
