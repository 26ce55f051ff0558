from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.advertisement import Advertisement, parse_advertising_data, parse_hci_event, random_type, short_uuid
from device_profiles.reading import Relayed
from device_profiles.vectors import to_values
from footfall.errors import ProfileError

ADDRESS = "c3:00:00:01:02:03"
LEGACY = "043e2a02010001433ea2c96b6a1e02011a1aff4c000215e2c56db5dffb48d2b060d0f5a71096e000640000c5b3"
EXTENDED = "043e300d011300008b376338c1a40100ff7fba0000000000000000001602010612161a188b376338c1a4ce0913107f0b521204"
names = st.text(max_size=20)
payloads = st.binary(max_size=27)


def parsed(data: str) -> Advertisement:
    return parse_advertising_data(bytes.fromhex(data), ADDRESS)


def structure(kind: int, value: bytes) -> bytes:
    return bytes([1 + len(value), kind]) + value


@given(st.binary(max_size=80))
def test_any_bytes_are_an_advertisement(data: bytes) -> None:
    assert parse_advertising_data(data, ADDRESS).address == ADDRESS


@given(st.dictionaries(st.integers(0, 0xFFFF), payloads, max_size=3), st.dictionaries(st.integers(0, 0xFFFF), payloads, max_size=3), names)
def test_what_is_sent_is_read(manufacturer: dict[int, bytes], service_data: dict[int, bytes], name: str) -> None:
    data = structure(9, name.encode()) + b"".join(
        [structure(0xFF, company.to_bytes(2, "little") + value) for company, value in manufacturer.items()]
        + [structure(0x16, uuid.to_bytes(2, "little") + value) for uuid, value in service_data.items()]
    )
    expected = Advertisement(
        ADDRESS, -60, "static", name, manufacturer, {f"{uuid:04x}": value for uuid, value in service_data.items()}
    )  # fmt: skip
    assert parse_advertising_data(data, ADDRESS, -60, "static") == expected


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("", Advertisement(ADDRESS)),
        ("00ff", Advertisement(ADDRESS)),  # a length of zero ends the data
        ("020af40000020a01", Advertisement(ADDRESS, tx_power_dbm=-12)),
        ("020af41aff4c0002", Advertisement(ADDRESS, tx_power_dbm=-12)),  # the last structure is cut off
        ("02ff4c020af4", Advertisement(ADDRESS, tx_power_dbm=-12)),  # half a company
        ("0216aa01160109020a01", Advertisement(ADDRESS, tx_power_dbm=1)),  # half a UUID, none, no name
        ("020af4020a01", Advertisement(ADDRESS, tx_power_dbm=-12)),  # of duplicates the first
        ("04ff4c000104ff4c000204ff060003", Advertisement(ADDRESS, manufacturer={0x4C: b"\x01", 6: b"\x03"}, repeated={0x4C: [b"\x02"]})),
        ("0416aafe010416aafe02", Advertisement(ADDRESS, service_data={"feaa": b"\x01"}, repeated={"feaa": [b"\x02"]})),
        ("020841020942020943", Advertisement(ADDRESS, name="B")),  # complete before shortened, the first of the complete ones
        ("0209ff", Advertisement(ADDRESS, name="\N{REPLACEMENT CHARACTER}")),
        ("0503edfeaafe", Advertisement(ADDRESS, services=("feed", "feaa"))),
        ("0403edfeaa0302edfe", Advertisement(ADDRESS, services=("feed",))),
        ("0319c103", Advertisement(ADDRESS, appearance=961)),
        ("0219c1", Advertisement(ADDRESS)),
        ("1107ffeeddccbbaa99887766554433221100", Advertisement(ADDRESS, services=("00112233-4455-6677-8899-aabbccddeeff",))),
        ("092067452301aabbccdd", Advertisement(ADDRESS, service_data={"01234567": bytes.fromhex("aabbccdd")})),
        ("1221ffeeddccbbaa9988776655443322110069", Advertisement(ADDRESS, service_data={"00112233-4455-6677-8899-aabbccddeeff": b"i"})),
    ],
)
def test_what_is_broken_costs_no_more_than_itself(data: str, found: Advertisement) -> None:
    assert parsed(data) == found


def test_a_report_has_address_kind_of_address_and_rssi() -> None:
    [message] = parse_hci_event(bytes.fromhex(LEGACY))
    assert (message.address, message.address_type, message.rssi_dbm) == ("6a:6b:c9:a2:3e:43", "resolvable", -77)
    assert message.manufacturer[0x4C].hex() == "0215e2c56db5dffb48d2b060d0f5a71096e000640000c5"
    assert parse_hci_event(bytes.fromhex(LEGACY)[1:]) == [message]
    [extended] = parse_hci_event(bytes.fromhex(EXTENDED))
    assert (extended.address, extended.address_type, extended.rssi_dbm) == ("a4:c1:38:63:37:8b", "public", -70)
    assert extended.service_data["181a"].hex() == "8b376338c1a4ce0913107f0b521204"


def test_an_event_may_have_many_reports_and_an_unknown_rssi() -> None:
    report = bytes.fromhex("0000010203040506") + b"\x03\x02\x0a\xf4\x7f"
    event = b"\x3e" + bytes([2 + 2 * len(report)]) + b"\x02\x02" + 2 * report
    assert parse_hci_event(event) == [Advertisement("06:05:04:03:02:01", None, "public", tx_power_dbm=-12)] * 2


@pytest.mark.parametrize(("event", "reason"), [
    ("", "hci.event"), ("04", "hci.event"), ("043e", "hci.event"), ("040e0401030c00", "hci.event"), ("043e0403010203", "hci.event"),
    ("043e0202ff", "hci.short"), (LEGACY[:40], "hci.short"), (EXTENDED[:-2], "hci.short"),
])  # fmt: skip
def test_other_events_and_half_ones_are_refused(event: str, reason: str) -> None:
    with pytest.raises(ProfileError) as refused:
        parse_hci_event(bytes.fromhex(event))
    assert refused.value.reason == reason


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: bytes.fromhex("043e2a0201") + tail))
def test_no_event_raises_anything_else(event: bytes) -> None:
    with suppress(ProfileError):
        assert all(len(message.address) == 17 for message in parse_hci_event(event))


@pytest.mark.parametrize(
    ("address", "kind"), [("3f", "non-resolvable"), ("40", "resolvable"), ("7f", "resolvable"), ("80", "unknown"), ("c0", "static")]
)
def test_the_two_highest_bits_report_what_a_random_address_is(address: str, kind: str) -> None:
    assert random_type(f"{address}:00:00:00:00:00") == kind


@pytest.mark.parametrize(
    ("uuid", "short"),
    [
        ("0000FEAA-0000-1000-8000-00805F9B34FB", "feaa"),
        ("12345678-0000-1000-8000-00805f9b34fb", "12345678"),
        ("FEAA", "feaa"),
        ("0000feaa", "feaa"),
        ("F007FA11-0000-4000-8000-000000000004", "f007fa11-0000-4000-8000-000000000004"),
    ],
)
def test_a_uuid_has_one_form(uuid: str, short: str) -> None:
    assert short_uuid(uuid) == short


def test_a_vector_writes_further_payloads_as_hex() -> None:
    message = parse_advertising_data(bytes.fromhex("0416aafe010416aafe02"), ADDRESS)
    assert to_values(Relayed(message))["advertisement"]["repeated"] == {"feaa": ["02"]}
