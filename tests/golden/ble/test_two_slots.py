"""What one message means that has the fields of several slots of a beacon: BlueZ merges them, and one advertisement may have two."""

from __future__ import annotations

import pytest

from device_profiles.advertisement import AddressType, Advertisement, parse_advertising_data
from device_profiles.registry import shipped
from edge_agent.sources.ble import NOBODY, decode

BLUECHARM = "426c7565-4368-6172-6d42-6561636f6e73:3838:4949"
IBEACON = "1aff4c000215426c7565436861726d426561636f6e730efe1355c5"
FIND_MY = "1eff4c00121910000102030405060708090a0b0c0d0e0f1011121314150100"
TLM = "1116aafe20000bfe1c000000070800003e7c"
ENCRYPTED_TLM = "1516aafe2001112233445566778899aabbcc5a17c4ec"
MINEW = "1016e1ffa1016418df3389" + "0102033f23ac"
BTHOME = "0a16d2fc4002ca0903bf13"
RUUVI = "1bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f"
UID = "1716aafe00e800112233445566778899aabbccddeeff0000"
URL = "1016aafe10000367657470617265746f07"
EID = "0d16aafe30fc0011223344556677"
ALTBEACON = "1bffffffbeacd3162f5af3ee494799db09756062d0fc005a0005c400"
FAST_PAIR = "06162cfe123456"
APPLE_NEARBY = "0aff4c0010050b1c4d5e6f"
NAMED = "080946462d30303132"


def meaning(hex_: str, address_type: AddressType = "unknown") -> tuple[str, str, dict[str, object]]:
    found = decode(parse_advertising_data(bytes.fromhex(hex_), "dd:88:00:00:37:77", None, address_type), shipped())
    assert found.seen is not None, found
    return found.profile, found.seen.identifier, dict(found.seen.values)


def test_an_ibeacon_stays_itself_beside_its_telemetry() -> None:
    assert meaning("0303aafe" + IBEACON + TLM) == (
        "ibeacon",
        BLUECHARM,
        {"battery_mv": 3070, "temperature_c": 28.0, "advertisements_total": 1800, "uptime_s": 1599.6, "power_1m_dbm": -59},
    )


@pytest.mark.parametrize(
    "beside", [TLM, ENCRYPTED_TLM, MINEW, BTHOME, UID, URL, EID, FAST_PAIR, TLM + MINEW + BTHOME], ids=lambda data: data[:14]
)
@pytest.mark.parametrize("address_type", ["unknown", "public", "static", "resolvable", "non-resolvable"])
def test_no_other_slot_takes_an_ibeacon_s_identity(beside: str, address_type: AddressType) -> None:
    for message in (IBEACON + beside, beside + IBEACON):
        assert meaning(message, address_type)[:2] == ("ibeacon", BLUECHARM)


@pytest.mark.parametrize(
    ("identity", "profile", "beside"),
    [
        (UID, "eddystone-uid", MINEW),
        (UID, "eddystone-uid", BTHOME),
        (UID, "eddystone-uid", RUUVI),
        (UID, "eddystone-uid", FIND_MY),
        (UID, "eddystone-uid", FAST_PAIR),
        (ALTBEACON, "altbeacon", TLM),
        (ALTBEACON, "altbeacon", RUUVI),
        (ALTBEACON, "altbeacon", FIND_MY),
        (NAMED, "ble-name", TLM),
        (NAMED, "ble-name", EID),
        (NAMED, "ble-name", URL),
        (NAMED, "ble-name", FIND_MY),
        (NAMED, "ble-name", FAST_PAIR),
        (EID, "eddystone-eid", MINEW),
        (EID, "eddystone-eid", RUUVI),
    ],
)
def test_an_identity_comes_before_what_else_a_message_means(identity: str, profile: str, beside: str) -> None:
    alone = meaning(identity)
    for message in (identity + beside, beside + identity):
        found = meaning(message)
        assert found[:2] == (profile, alone[1])
        assert alone[2].items() <= found[2].items()


@pytest.mark.parametrize(
    ("identity", "profile", "beside"),
    [(UID, "eddystone-uid", TLM), (UID, "eddystone-uid", URL), (UID, "eddystone-uid", ENCRYPTED_TLM), (UID, "eddystone-uid", EID),
     (EID, "eddystone-eid", TLM), (IBEACON, "ibeacon", APPLE_NEARBY), (IBEACON, "ibeacon", FIND_MY)],
)  # fmt: skip
def test_of_several_payloads_under_one_uuid_or_company_the_identity_comes_first(identity: str, profile: str, beside: str) -> None:
    """An active scan yields the advertisement and its scan response as one message."""
    alone = meaning(identity)
    for message in (identity + beside, beside + identity, beside + MINEW + identity):
        found = meaning(message)
        assert found[:2] == (profile, alone[1])
        assert alone[2].items() <= found[2].items()
    if beside == TLM:
        assert meaning(beside + identity)[2]["battery_mv"] == 3070


def test_telemetry_without_an_identity_stays_with_the_address() -> None:
    assert meaning(MINEW)[:2] == ("minew", "dd:88:00:00:37:77")


def test_telemetry_that_another_message_s_identity_owns_is_nobody_alone() -> None:
    """BlueZ holds one value of a UUID: of UID and TLM each is heard alone, and the beacon must not become a thing beside the fan."""
    found = decode(parse_advertising_data(bytes.fromhex(TLM), "dd:88:00:00:37:77"), shipped())
    assert (found.profile, found.reason) == ("eddystone-tlm", NOBODY)


def test_a_ruuvi_url_with_a_measurement_is_its_sender_s() -> None:
    for fragment in ("AjwYAMFf", "AjwYAMFg", "BEgYAMFfp"):
        url = b"\xaa\xfe\x10\xf9\x03ruu.vi/#" + fragment.encode()
        assert meaning((bytes([len(url) + 1, 0x16]) + url).hex())[:2] == ("ruuvi", "dd:88:00:00:37:77")


def test_telemetry_that_cannot_be_read_costs_its_values_alone() -> None:
    cut = "0916e1ffa1016418df33"
    assert meaning(IBEACON + cut)[:2] == ("ibeacon", BLUECHARM)


def test_a_staff_badge_with_telemetry_is_staff() -> None:
    badge = {0x4C: bytes.fromhex("0215f007fa1100004000800000000000000400010003c5")}
    telemetry = {"feaa": bytes.fromhex("20000bfe1c000000070800003e7c")}
    found = decode(Advertisement("c0:ff:ee:00:00:03", None, "static", manufacturer=badge, service_data=telemetry), shipped())
    assert (found.profile, found.seen.identifier if found.seen else "") == ("staff-badge", "f007fa11-0000-4000-8000-000000000004:1:3")
    assert found.seen is not None
    assert found.seen.values["battery_mv"] == 3070
