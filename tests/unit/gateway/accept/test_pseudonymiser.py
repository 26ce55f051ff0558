"""Identifiers as subjects: one for every spelling, none for what is no identifier."""

from __future__ import annotations

import pytest

from footfall.beacons import BeaconRule, OwnBeacon
from footfall.errors import ContractError
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from gateway.accept.pseudonymiser import Identified, Pseudonymiser
from gateway.identity.facts import Identifier
from gateway.identity.types import IdentifierTypes
from gateway.site.identifier_types import IdentifierTypeEntry

SECRET = b"the brand's secret"


def hashed(id_type: str, form: str) -> str:
    return to_hex(lasting_subject(type_key(SECRET, id_type), id_type, form))


@pytest.mark.parametrize(
    ("identifier", "form"),
    [
        ("phone:+86 138 0000 1111", "8613800001111"),
        ("email: Kim@Example.cn", "kim@example.cn"),
        ("mac:A1-B2-C3-D4-E5-F6", "a1:b2:c3:d4:e5:f6"),
        ("epc:3074257BF7194E4000001A85", "3074257bf7194e4000001a85"),
        ("member:Ab 7 ", "Ab 7"),
    ],
)
def test_a_subject_is_that_of_the_one_form(identifier: str, form: str) -> None:
    id_type = identifier.partition(":")[0]
    assert Pseudonymiser(SECRET).hex_subject(identifier) == hashed(id_type, form)
    assert Pseudonymiser(SECRET).identified(identifier) == [Identifier(id_type, hashed(id_type, form))]


def test_a_beacon_is_known_by_what_identifies_it_however_it_is_written() -> None:
    pseudonyms = Pseudonymiser(SECRET)
    uuid = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
    pseudonyms.beacons = BeaconRule((OwnBeacon(uuid, major=True, minor=False),))
    assert pseudonyms.hex_subject(f"ibeacon:{uuid.upper()}:7:21") == hashed("ibeacon", f"{uuid}:7:*")


def test_a_brand_s_types_decide_what_is_none() -> None:
    pseudonyms = Pseudonymiser(SECRET)
    pseudonyms.types = IdentifierTypes([IdentifierTypeEntry(type="phone", blocked=("021-1234 5678",))])
    assert pseudonyms.identified("phone:+86 21 1234 5678") == []
    assert pseudonyms.is_none("phone", hashed("phone", "862112345678"))
    assert not Pseudonymiser(SECRET).is_none("phone", hashed("phone", "862112345678"))


@pytest.mark.parametrize("identifier", ["member:7", "member:null"])
def test_without_the_secret_every_identifier_is_refused_alike(identifier: str) -> None:
    with pytest.raises(ContractError, match="brand_secret_file"):
        Pseudonymiser(None).identified(identifier)


def test_what_was_none_or_unknown_is_noted_by_type() -> None:
    found = Identified(Pseudonymiser(SECRET))
    named = found.of(["member:7", "member:null", "wx-mini:nil", "loyalty:7", "loyalty:none", "member:7 "])
    assert named == [Identifier("member", hashed("member", "7")), Identifier("loyalty", hashed("loyalty", "7"))]
    assert (found.blocked, found.unknown) == (["member", "wx-*", "unknown"], ["loyalty", "loyalty"])


def test_what_was_hashed_elsewhere_keeps_its_type_unless_it_is_none() -> None:
    found = Identified(Pseudonymiser(SECRET))
    subjects = [hashed("member", "7"), hashed("member", "NULL"), hashed("member", "8")]
    assert found.of_subjects(subjects, ["member", "member", ""]) == [Identifier("member", subjects[0]), Identifier("", subjects[2])]
    assert found.blocked == ["member"]
