"""EPC tags: which profile takes one, what it means, and that no bytes are too strange."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.checks import mistakes
from device_profiles.decoders.epc import HEADERS, explain
from device_profiles.devices.epc import LONGEST, Epc, TagRead
from device_profiles.profile import Profile
from device_profiles.reading import RelayedTag, Seen, is_canonical
from device_profiles.registry import Registry, read_profile, shipped
from footfall.config import check
from footfall.errors import ProfileError

SGTIN = bytes.fromhex("3074257bf7194e4000001a85")
SSCC = bytes.fromhex("3174257bf4499602d2000000")
GRAI = bytes.fromhex("3374257bf40c0e400000162e")
GIAI = bytes.fromhex("3474257bf40000000000162e")
WRISTBAND = bytes.fromhex("fa17000000000000000004d2")

CARD = """
name = "fan-wristband"
title = "Wristband of the fan club"
identifier_type = "wristband"
identifier_class = "person"
consented = true

[device]
transport = "epc"
epc_prefixes = ["fa17"]

[[vectors]]
origin = "documentation: the club's numbering, 1234th band"
input = { epc = "fa17000000000000000004d2" }

[[vectors.readings]]
kind = "seen"
identifier = "fa17000000000000000004d2"
values = { scheme = "raw" }
"""


def epc(**keys: object) -> Epc:
    return Epc.model_validate({"transport": "epc", **keys})


@pytest.mark.parametrize(
    ("tag", "profile"),
    [
        (SGTIN, "garment-tag"),
        (b"\xe2\x00", "garment-tag"),
        (SSCC, "logistic-unit"),
        (GRAI, "returnable-asset"),
        (GIAI, "individual-asset"),
        (bytes.fromhex("31ffffffffffffffffffffff"), "garment-tag"),
    ],
)
def test_the_shipped_profile_of_a_tag(tag: bytes, profile: str) -> None:
    for message in (TagRead(tag), RelayedTag(tag)):
        found = shipped().best("epc", message)
        assert found is not None
        assert found.name == profile


def test_a_brands_own_card_is_a_person_and_found_first(tmp_path: Path) -> None:
    path = tmp_path / "fan-wristband.toml"
    path.write_text(CARD)
    card = read_profile(path)
    registry = shipped().with_profiles(Registry({card.name: card}))
    assert mistakes(card, registry) == []
    found = registry.best("epc", TagRead(WRISTBAND))
    assert found is not None
    assert (found.name, found.identifier_class) == ("fan-wristband", "person")


@pytest.mark.parametrize(
    ("device", "tag", "specificity"),
    [
        (epc(), SGTIN, 1),
        (epc(schemes=["sgtin"]), SGTIN, 3),
        (epc(schemes=["sgtin"]), SSCC, 0),
        (epc(schemes=["sgtin", "sscc"]), SSCC, 3),
        (epc(schemes=["raw"]), WRISTBAND, 3),
        (epc(company_prefixes=["0614141"]), SGTIN, 8),
        (epc(company_prefixes=["0614142"]), SGTIN, 0),
        (epc(schemes=["sgtin"], company_prefixes=["0614141"]), SGTIN, 10),
        (epc(schemes=["sscc"], company_prefixes=["0614141"]), SGTIN, 0),
        (epc(epc_prefixes=["3074257b", "3074"]), SGTIN, 17),
        (epc(epc_prefixes=["3075"]), SGTIN, 0),
    ],
)
def test_the_more_is_asked_the_more_specific(device: Epc, tag: bytes, specificity: int) -> None:
    assert device.specificity(TagRead(tag)) == specificity


def test_the_same_item_reads_the_same_from_every_reader() -> None:
    device = epc()
    (one,), (other,) = device.decode(TagRead(SGTIN, 0x3000)), device.decode(RelayedTag(SGTIN, "a1", -40))
    assert isinstance(one, Seen)
    assert isinstance(other, Seen)
    assert one.identifier == other.identifier == "3074257bf7194e4000001a85"


def test_a_tag_whose_pc_reports_that_it_holds_no_epc_and_one_that_is_cut_short_are_raw() -> None:
    assert explain(SGTIN, 0x3000).scheme == "sgtin"
    assert explain(SGTIN, 0x3100).scheme == "raw"
    assert explain(SGTIN[:-1]).scheme == "raw"


def test_the_article_of_an_identifier() -> None:
    device = epc()
    assert device.sku(SGTIN.hex()) == "80614141123458"
    assert device.sku(GRAI.hex()) == "0614141123452"
    assert [device.sku(text) for text in (SSCC.hex(), GIAI.hex(), "", "xyz", "30")] == [""] * 5


hostile = st.one_of(
    st.binary(max_size=LONGEST + 3),
    st.builds(lambda head, rest: bytes([head]) + rest, st.sampled_from(sorted(HEADERS)), st.binary(max_size=30)),
    st.builds(lambda tag, at, byte: tag[:at] + bytes([byte]) + tag[at + 1 :], st.sampled_from([SGTIN, SSCC, GRAI, GIAI]),
              st.integers(1, 11), st.integers(0, 255)),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(hostile, st.none() | st.integers(0, 0xFFFF))
def test_any_bytes_are_readings_or_a_profile_error(tag: bytes, pc: int | None) -> None:
    device, message = epc(schemes=["sgtin"]), TagRead(tag, pc)
    device.specificity(message)
    try:
        (seen,) = device.decode(message)
    except ProfileError as error:
        assert not 0 < len(tag) <= LONGEST, error  # noqa: PT017  it must be this reason and no other
        return
    assert isinstance(seen, Seen)
    assert seen.identifier == tag.hex()
    assert all(is_canonical(str(value)) for value in seen.values.values())
    assert explain(tag, pc).scheme == seen.values["scheme"]


@pytest.mark.parametrize("values", [{}, {"epc": 5}, {"epc": "xy"}, {"epc": "30", "pc": "zz"}, {"epc": "30", "rssi": 1}])
def test_a_vector_that_is_no_tag_is_a_value_error(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        epc().message(values)


def test_a_profile_that_asks_for_nonsense_is_refused() -> None:
    for keys in ({"schemes": ["isbn"]}, {"company_prefixes": ["06141x"]}, {"epc_prefixes": ["FA17"]}, {"epc_prefix": "fa17"}):
        with pytest.raises(ValueError, match="device"):
            Profile.model_validate(
                {"name": "x", "title": "x", "identifier_type": "x", "identifier_class": "goods", "device": {"transport": "epc", **keys}}
            )


@pytest.mark.parametrize(
    ("epc", "takes"),
    [
        ("3074257bf7194e4000001a85", "sgtin"), ("f73795211411234538566cb0afc4", "sgtin"),
        ("fd3795211411234538566cb0afc525065f1876f0d996d800", "sgtin"),
        ("fb342cde795211411234538566cb0afc40", "dsgtin+"), ("f900952012345678912350", "sscc"), ("f439521141123456789060", "gsrn"),
    ],
)  # fmt: skip
def test_a_scheme_is_that_of_tds_2_too(epc: str, takes: str) -> None:
    for scheme in ("sgtin", "dsgtin+", "sscc", "gsrn"):
        made = check({"transport": "epc", "schemes": [scheme]}, Epc, "device")
        assert bool(made.specificity(TagRead(bytes.fromhex(epc)))) is (scheme == takes)


@pytest.mark.parametrize(("prefix", "takes"), [("9521141", True), ("952114", True), ("9521142", False), ("7952114", False)])
def test_a_company_prefix_of_tds_2_is_how_the_key_begins(prefix: str, takes: bool) -> None:
    made = check({"transport": "epc", "company_prefixes": [prefix]}, Epc, "device")
    assert bool(made.specificity(TagRead(bytes.fromhex("f73795211411234538566cb0afc4")))) is takes


def test_a_loyalty_card_is_a_person_and_a_piece_of_goods_is_not() -> None:
    classes = {
        epc: shipped().best("epc", TagRead(bytes.fromhex(epc))) for epc in ("2d76451fd4499602d2000000", "f73795211411234538566cb0afc4")
    }
    assert [profile and profile.identifier_class for profile in classes.values()] == ["person", "goods"]
