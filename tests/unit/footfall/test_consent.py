"""Addresses of people's devices are refused, whatever they are called."""

from __future__ import annotations

import pytest

from footfall.consent import NOTHING_REFUSED, ConsentRule
from footfall.errors import ContractError

RULE = ConsentRule(frozenset({"mac"}), frozenset({"ble-tag"}))


@pytest.mark.parametrize(
    "identifier",
    [
        "mac:anything", "ble:a4:c1:38:56:6d:01", "wifi:A4-C1-38-56-6D-01", "bluetooth:a4c1.3856.6d01", "device:A4C138566D01",
        "wifi-mac:0xA4C138566D01", "member:a4:c1:38:56:6d:01", "crm:12:34:56:78:90:12", "x:phone/a4:c1:38:56:6d:01 (random)",
        "bt:123456789012", "ble: a4c138566d01 ",
    ],
)  # fmt: skip
def test_what_is_written_as_the_address_of_a_device_is_refused_under_any_type(identifier: str) -> None:
    with pytest.raises(ContractError, match="consented to") as refused:
        RULE.check(["member:77", identifier])
    assert refused.value.reason == "event.identifier"
    assert identifier.partition(":")[2] not in str(refused.value)


@pytest.mark.parametrize(
    "identifier",
    [
        "ble-tag:a4:c1:38:56:6d:01", "member:A4C138566D01", "member:123456789012", "card:12-34-56-78-90-12", "nfc:04:a2:b3:c4:d5:e6:f7",
        "nfc:04-a2-b3-c4-d5-e6-f7-00",
        "phone:+86 139-7704-1008", "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:7:21", "email:a.b.c@example.com", "wifi:guest",
    ],
)  # fmt: skip
def test_devices_of_the_brand_and_what_is_no_address_pass(identifier: str) -> None:
    RULE.check([identifier])


def test_where_addresses_are_consented_to_they_pass_under_any_type() -> None:
    NOTHING_REFUSED.check(["ble:a4:c1:38:56:6d:01", "mac:a4:c1:38:56:6d:01"])
