"""LLRP between bytes and values: laws over every message of the tables, and totality over any bytes."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.llrp.codec import DEEPEST, HEADER, Codec, LlrpMessage, Parameter
from edge_agent.llrp.layout import Bits
from edge_agent.llrp.tables import CORE, IMPINJ
from footfall.errors import ProfileError
from tests.unit.edge_agent.llrp.strategies import messages

CODEC = Codec(IMPINJ)


def message(body: bytes, type_: int = 61, message_id: int = 1) -> bytes:
    return HEADER.pack(1 << 10 | type_, HEADER.size + len(body), message_id) + body


@settings(max_examples=120, deadline=None)
@given(messages())
def test_what_is_encoded_decodes_to_the_same_and_is_valid(said: LlrpMessage) -> None:
    data = CODEC.encode(said)
    assert CODEC.decode(data) == said
    CODEC.check(said)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(range(110)) | st.just(1023), st.binary(max_size=200))
def test_any_body_is_a_message_or_a_profile_error(type_: int, body: bytes) -> None:
    try:
        said = CODEC.decode(message(body, type_))
    except ProfileError:
        return
    assert CODEC.decode(CODEC.encode(said)) == said


@settings(max_examples=100, deadline=None)
@given(messages(), st.randoms(use_true_random=False))
def test_a_message_with_wrong_bytes_is_a_message_or_a_profile_error(said: LlrpMessage, rng: random.Random) -> None:
    data = bytearray(CODEC.encode(said))
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    try:
        CODEC.decode(bytes(data))
    except ProfileError:
        return


def test_parameters_a_thousand_deep_are_refused() -> None:
    """Each level of four bytes: no stack holds what 64 KiB of them ask for."""
    body = b""
    for _ in range(3000):
        body = struct.pack("!HH", 289, 8 + len(body)) + b"\0\0\0\0" + body
    status = struct.pack("!HHHH", 287, 8 + len(body), 0, 0) + body
    with pytest.raises(ProfileError, match=f"more than {DEEPEST} deep") as caught:
        CODEC.decode(message(status, 30))
    assert caught.value.reason == "llrp.depth"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "llrp.length"),
        (message(b"")[:-1], "llrp.length"),
        (message(b"") + b"\0", "llrp.length"),
        (message(b"", 999), "llrp.message"),
        (b"\xe4" + message(b"")[1:], "llrp.header"),
        (message(b"\0\0\0\1", 62), "llrp.trailing"),
        (message(b"\x00\xf0\x00\x03"), "llrp.length"),
        (message(b"\x00\xf0\x00\x05"), "llrp.length"),
        (message(b"\x00\x0d\x00\x04"), "llrp.header"),
        (message(b"\x8d\x00"), "llrp.length"),
        (message(b"\xff"), "llrp.parameter"),
        (message(struct.pack("!HHHB", 241, 7, 9, 1)), "llrp.length"),
        (message(struct.pack("!HHHH", 287, 8, 0, 9), 30), "llrp.length"),
    ],
)  # fmt: skip
def test_refusals(data: bytes, reason: str) -> None:
    with pytest.raises(ProfileError) as caught:
        CODEC.decode(data)
    assert caught.value.reason == reason


def test_parameters_of_later_versions_and_of_other_vendors_are_kept_with_their_bytes() -> None:
    body = struct.pack("!HHH", 400, 6, 7) + struct.pack("!HHIIB", 1023, 13, 1111, 2, 255)
    said = CODEC.decode(message(body))
    assert said.parameters == (
        Parameter("Unknown", {"Type": 400, "Data": b"\0\7"}),
        Parameter("Custom", {"VendorIdentifier": 1111, "ParameterSubtype": 2, "Data": b"\xff"}),
    )
    assert CODEC.encode(said) == message(body)


def test_a_vendors_message_is_named_only_where_its_tables_are_known() -> None:
    data = message(bytes.fromhex("0000651a1500000000"), 1023)
    assert CODEC.decode(data).name == "IMPINJ_ENABLE_EXTENSIONS"
    assert Codec(CORE).decode(data).name == "CUSTOM_MESSAGE"
    assert CODEC.encode(CODEC.decode(data)) == data


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (LlrpMessage("NO_SUCH"), "there is no NO_SUCH"),
        (LlrpMessage("KEEPALIVE", {"Period": 1}), "there is no field Period"),
        (LlrpMessage("DELETE_ROSPEC", {"ROSpecID": 1 << 32}), "does not fit"),
        (LlrpMessage("DELETE_ROSPEC", {"ROSpecID": "1"}), "does not fit"),
        (LlrpMessage("SET_READER_CONFIG", {"ResetToFactoryDefault": 2}), "number of 0 to 1"),
        (LlrpMessage("RO_ACCESS_REPORT", {}, (Parameter("EPCData", {"EPC": Bits(9, b"1")}),)), "bytes fit their length"),
        (LlrpMessage("RO_ACCESS_REPORT", {}, (Parameter("Custom", {"Data": b"x" * 70_000}),)), "65,535 is the most"),
    ],
)
def test_a_message_that_the_tables_do_not_have_is_a_value_error(wrong: LlrpMessage, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CODEC.encode(wrong)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (LlrpMessage("ADD_ROSPEC"), "llrp.missing"),
        (LlrpMessage("ADD_ROSPEC_RESPONSE", {}, (Parameter("LLRPStatus"),) * 2), "llrp.repeated"),
        (LlrpMessage("ADD_ROSPEC_RESPONSE", {}, (Parameter("LLRPStatus"), Parameter("KeepaliveSpec"))), "llrp.unexpected"),
        (LlrpMessage("ADD_ROSPEC_RESPONSE", {}, (Parameter("LLRPStatus", {}, (Parameter("ROSpec"),)),)), "llrp.unexpected"),
    ],
)
def test_parameters_out_of_place_are_found(wrong: LlrpMessage, reason: str) -> None:
    with pytest.raises(ProfileError) as caught:
        CODEC.check(wrong)
    assert caught.value.reason == reason
