"""A fan's id is the brand's own: what is written as an identifier is refused, wherever it is stated."""

from __future__ import annotations

import pytest

from footfall.errors import ContractError
from footfall.events import parse_event
from footfall.fan_ids import check_fan

SCAN = {"kind": "touch", "what": "scan"}


@pytest.mark.parametrize(
    "fan",
    [
        "phone:+8613977040826", "Phone: 8613977040826", "member:77", "mac:aa:bb", "email:kim@example.com", "ibeacon:f7826da6/1/2",
        "tel:030", "+8613977040826", "+49 30 901820", "+1 (212) 555-0100", "8613977040826", "008613977040826", "139 7704 0826",
        "13977040826", "(030) 901820", "212-555-0100", "kim@example.com", "AA:BB:CC:DD:EE:FF", "aa-bb-cc-dd-ee-ff",
        "aabb.ccdd.eeff", "A4C138566D01", "aabbccddeeff", "0xA4C138566D01", "mac-A4C138566D01", "f-A4:C1:38:56:6D:01",
        "mac=a4:c1:38:56:6d:01",        "phone=8613977041008", "phone/8613977041008", "phone_8613977041008", "sha:8613977041008",
        "f-8613977041008", "fan-13977040826",
        "f-139-7704-1008", "vip 13977041008 a", "crm+8613977041008", "member=77", "email/kim", "a@b", "kim@localhost",
        "Kim <kim@example.com>",        "f7826da6-4fa2-4e98-8024-bc5b71e0893e:7:21", "F7826DA64FA24E988024BC5B71E0893E-7-21",
        "urn:epc:id:sgtin:0614141.107346.2018",
        "URN:EPC:tag:x", "\uff11\uff13\uff19\uff17\uff17\uff10\uff14\uff10\uff18\uff12\uff16", " 13977040826 ",
    ],
)  # fmt: skip
def test_a_fan_that_is_written_as_an_identifier_is_refused_without_being_repeated(fan: str) -> None:
    with pytest.raises(ContractError, match="fan: is written as ") as refused:
        parse_event(SCAN | {"fan": fan})
    assert refused.value.reason == "event.invalid"
    assert fan.strip() not in str(refused.value)


@pytest.mark.parametrize(
    "fan",
    [
        "f-1042", "ming", "crm:1042", "shop1:77", "1042", "10042", "0000001042", "20261129001042", "99887766554",
        "6222021234567890123", "c-1700000000000",
        "507f1f77bcf86cd799439011", "a1b2c13977041008d5e6f7a8b9c0d1e2", "shop-3f2504e0-1399-7704-1008-0305e82c3301", "cust-1a2b3c4d5e6f",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "2026-11-29", "@kim", "F/17", "ä" * 128, "phone", "card-1042", "member-77",
    ],
)  # fmt: skip
def test_an_id_of_the_brand_stays_as_it_is(fan: str) -> None:
    assert check_fan(fan) == fan
    assert parse_event(SCAN | {"fan": fan}).fan == fan  # type: ignore[union-attr] # a touch
