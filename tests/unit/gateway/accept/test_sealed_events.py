"""Events whose identifiers were sealed or hashed before they came are the same as those that state them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.consent import ConsentRule
from footfall.errors import ContractError
from footfall.pseudonyms import lasting_subject, to_hex, type_key
from footfall.sealing import public_key, seal
from gateway.accept.events import Pseudonymiser
from gateway.site import Site
from gateway.site.index import Places
from tests.support.accept_inputs import plain_of

SECRET, BEFORE = b"the brand's secret", b"the one before"
T = 1_790_000_000_000_000_000
SCAN = {"kind": "touch", "what": "scan", "id": "e1"}
STATED = {"identifiers": ["member:8613800001111", "ibeacon:u:1:2"]}
PSEUDONYMS = Pseudonymiser(SECRET, BEFORE)
SITE = {"brand": "b", "stores": [{"name": "s1", "zones": [{"name": "hall"}], "doors": [], "agents": [{"name": "a1"}]}]}


def values(value: object, pseudonyms: Pseudonymiser = PSEUDONYMS) -> dict[str, Any]:
    return plain_of(value, Places(Site.model_validate(SITE)), "s1", "a1", T, T, pseudonyms).values


def sealed(value: object, secret: bytes = SECRET) -> str:
    return seal(public_key(secret), json.dumps(value).encode())


@pytest.mark.parametrize("secret", [SECRET, BEFORE])
def test_what_was_sealed_counts_as_if_it_were_stated(secret: bytes) -> None:
    assert values(SCAN | {"sealed": sealed(STATED, secret)}) == values(SCAN | STATED)


def test_subjects_count_as_the_identifiers_of_which_they_are() -> None:
    subjects = [PSEUDONYMS.hex_subject(identifier) for identifier in STATED["identifiers"]]
    hashed = SCAN | {"subjects": subjects, "types": ["member", "ibeacon"]}
    assert values(hashed) == values(SCAN | STATED)
    assert values(hashed, Pseudonymiser(None))["subjects"] == subjects, "they need no secret"
    assert values(SCAN | {"subjects": subjects})["types"] == ["", ""], "of these nobody knows what they are"


@pytest.mark.parametrize("value", ["null", "NULL", "None", "000000", "-1"])
def test_what_is_no_identifier_is_none_hashed_elsewhere(value: str) -> None:
    """The sender holds the key of the type, so it can hash whatever its till wrote."""
    subjects = [to_hex(lasting_subject(type_key(SECRET, "member"), "member", each)) for each in (value, "7")]
    assert values(SCAN | {"subjects": subjects, "types": ["member", "member"]})["subjects"] == subjects[1:]


@pytest.mark.parametrize(
    ("more", "reason", "words"),
    [
        ({"sealed": sealed(STATED, b"another")}, "event.sealed", "which this gateway does not have"),
        ({"sealed": sealed(STATED)[:-30]}, "event.sealed", "damaged"),
        ({"sealed": sealed(["phone:1"])}, "event.sealed", "no JSON object"),
        ({"sealed": seal(public_key(SECRET), b"\xff{")}, "event.sealed", "no JSON object"),
        ({"sealed": sealed(STATED | {"id": "e2"})}, "event.sealed", "no JSON object of the keys that are missing"),
        ({"sealed": sealed(STATED)} | STATED, "event.sealed", "no JSON object of the keys that are missing"),
        ({"sealed": sealed({"amnt": 1})}, "event.invalid", "amnt"),
        ({"sealed": 7}, "event.invalid", "sealed"),
        ({"subjects": ["ffffffffffffffff"]}, "event.invalid", "subjects.0"),
        ({"subjects": ["0123456789abcdef"]} | STATED, "event.invalid", "`subjects` stands in place of identifiers"),
        ({"138 0000 1111": 1}, "event.invalid", "…: Extra inputs"),
    ],
)
def test_what_contradicts_itself_or_cannot_be_opened_is_refused(more: dict[str, Any], reason: str, words: str) -> None:
    with pytest.raises(ContractError, match=words) as refused:
        values(SCAN | more)
    assert refused.value.reason == reason
    assert "1111" not in str(refused.value)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_who_gave_no_consent_gets_no_lasting_subject(is_sealed: bool) -> None:
    stated = {"identifiers": ["phone:1", "mac:a1b2c3d4e5f6"]}
    strict = Pseudonymiser(SECRET)
    value = SCAN | ({"sealed": sealed(stated)} if is_sealed else stated)
    assert len(values(value, strict)["subjects"]) == 2, "a list of things may have them"
    strict.consent = ConsentRule(frozenset({"mac"}))
    with pytest.raises(ContractError, match="'mac' are not consented to") as refused:
        values(value, strict)
    assert refused.value.reason == "event.identifier"
    assert values(SCAN | {"identifiers": ["phone:1"]}, strict)["subjects"]


def test_the_key_to_seal_to_follows_from_the_secret_in_use() -> None:
    assert PSEUDONYMS.seal_key == public_key(SECRET)
    assert Pseudonymiser(None, BEFORE).seal_key is None
