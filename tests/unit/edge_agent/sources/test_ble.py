from __future__ import annotations

import errno
from typing import Any

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError
from dbus_fast.errors import AuthError, InvalidAddressError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from device_profiles.advertisement import Advertisement, parse_advertising_data
from device_profiles.registry import shipped
from edge_agent.sources.ble import NOBODY, UNKNOWN, BleSettings, DecodeCache, decode
from edge_agent.sources.ble_advertisement import advertising_data, from_bleak, key_of, long_uuid
from edge_agent.sources.ble_faults import ScannerFault, explain

BEACON = b"\x02\x15" + bytes.fromhex("f007fa1100004000800000000000000000010007") + b"\xc5"
UUIDS = st.one_of(
    st.integers(1, 0xFFFF).map(lambda number: f"{number:04x}"),
    st.integers(0x10000, 0xFFFFFFFF).map(lambda number: f"{number:08x}"),
    st.uuids(version=4).map(str),
)
ADVERTISEMENTS = st.builds(
    Advertisement,
    st.just("c0:00:00:00:00:01"),
    name=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
    manufacturer=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=24), max_size=2),
    service_data=st.dictionaries(UUIDS, st.binary(max_size=24), max_size=2),
    services=st.lists(UUIDS, unique=True, max_size=3).map(lambda uuids: tuple(sorted(uuids, key=len))),
    tx_power_dbm=st.none() | st.integers(-127, 20),
    appearance=st.none() | st.integers(0, 0xFFFF),
)


def heard(address: str = "C0:00:00:00:00:01", rssi: int = -60, kind: str = "random", **fields: Any) -> tuple[BLEDevice, AdvertisementData]:
    """As bleak calls back."""
    empty: dict[str, Any] = {"local_name": None, "manufacturer_data": {}, "service_data": {}, "service_uuids": [], "tx_power": None}
    data = AdvertisementData(**{**empty, **fields}, rssi=rssi, platform_data=())
    return BLEDevice(address, None, {"path": "", "props": {"AddressType": kind}}), data


@given(ADVERTISEMENTS)
def test_bytes_made_of_an_advertisement_report_the_same(advertisement: Advertisement) -> None:
    assert parse_advertising_data(advertising_data(advertisement), advertisement.address) == advertisement


def test_bleak_s_words_become_ours() -> None:
    device, data = heard(
        "4A:00:00:00:00:0F",
        local_name="Tag",
        manufacturer_data={76: BEACON},
        service_data={long_uuid("feaa"): b"\x00"},
        service_uuids=[long_uuid("feaa"), "0000FD5A-0000-1000-8000-00805F9B34FB", "f007fa11-0000-4000-8000-000000000000"],
        tx_power=-4,
    )
    assert from_bleak(device, data) == Advertisement(
        "4a:00:00:00:00:0f",
        None,
        "resolvable",
        "Tag",
        {76: BEACON},
        {"feaa": b"\x00"},
        ("feaa", "fd5a", "f007fa11-0000-4000-8000-000000000000"),
        -4,
    )


@pytest.mark.parametrize(
    ("address", "kind", "of_type"),
    [
        ("00:1B:DC:00:00:01", "public", "public"),
        ("C0:1B:DC:00:00:01", "random", "static"),
        ("4A:1B:DC:00:00:01", "random", "resolvable"),
        ("0A:1B:DC:00:00:01", "random", "non-resolvable"),
        ("8A:1B:DC:00:00:01", "random", "unknown"),
        ("8A:1B:DC:00:00:01", "", "unknown"),
    ],
)
def test_the_type_of_an_address(address: str, kind: str, of_type: str) -> None:
    assert from_bleak(*heard(address, kind=kind)).address_type == of_type


@pytest.mark.parametrize(
    "fields",
    [
        {"local_name": "x"}, {"manufacturer_data": {1: b"a"}}, {"manufacturer_data": {1: b"b"}}, {"manufacturer_data": {2: b"a"}},
        {"service_data": {long_uuid("feaa"): b"a"}}, {"service_uuids": [long_uuid("feaa")]}, {"tx_power": 0},
        {"address": "C0:00:00:00:00:02"},
    ],
)  # fmt: skip
def test_other_data_has_another_key_but_other_rssi_has_not(fields: dict[str, Any]) -> None:
    assert key_of(*heard(**fields)) != key_of(*heard())
    assert key_of(*heard(**fields)) == key_of(*heard(**fields, rssi=-90))


def test_what_is_heard_again_is_not_explained_again() -> None:
    meanings = DecodeCache(shipped())
    first = meanings.of(*heard(manufacturer_data={76: BEACON}))
    assert first.identifier == "f007fa11-0000-4000-8000-000000000000:1:7"
    assert meanings.of(*heard(manufacturer_data={76: BEACON}, rssi=-90)) is first


def test_meanings_are_bounded_and_what_is_heard_lately_stays() -> None:
    meanings = DecodeCache(shipped(), remembered=100)
    loyal = meanings.of(*heard(manufacturer_data={76: BEACON}))
    for number in range(1000):
        meanings.of(*heard(f"C0:00:00:00:{number >> 8:02X}:{number & 255:02X}", manufacturer_data={0xFFFF: b"x"}))
        assert meanings.of(*heard(manufacturer_data={76: BEACON})) is loyal
        assert len(meanings) <= 200


def test_what_is_not_explained_has_a_reason() -> None:
    nothing_known = Advertisement("00:1b:dc:00:00:01", address_type="public")
    assert decode(nothing_known, type(shipped())({})).reason == UNKNOWN
    cut_off = Advertisement("c0:00:00:00:00:01", manufacturer={76: BEACON[:10]})
    found = decode(cut_off, shipped())
    assert found.seen is None
    assert found.reason not in ("", UNKNOWN, NOBODY)


BASE: dict[str, Any] = {"kind": "ble", "name": "ble"}


def test_a_receiver_is_its_adapter_or_names_which() -> None:
    settings = BleSettings.model_validate({**BASE, "receivers": {"hci0": "door", "r-shelf": "shelf"}, "adapters": {"r-shelf": "hci1"}})
    assert settings.receiver_of() == {"hci0": "hci0", "hci1": "r-shelf"}
    assert settings.silence_s == 15.0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "receivers"),
        ({"receivers": {}}, "receivers"),
        ({"receivers": {"a": "door"}, "adapters": {"b": "hci0"}}, "none of the receivers a"),
        ({"receivers": {"a": "door", "b": "shelf"}, "adapters": {"a": "hci0", "b": "hci0"}}, "an adapter of its own"),
        ({"receivers": {"a": "door"}, "adapters": {"a": "../hci0"}}, "adapters"),
        ({"receivers": {"a": "door"}, "scan": "quiet"}, "'active' or 'passive'"),
        ({"receivers": {"a": "door"}, "patterns": [[0, 255, "4c0"]]}, "patterns"),
    ],
)
def test_wrong_settings_report_what_is_wrong(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        BleSettings.model_validate(BASE | more)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]), errno.ENETDOWN, "adapter hci0 is off"),
        (BleakDBusError("org.bluez.Error.InProgress", ["x"]), errno.EBUSY, "busy"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["x"]), errno.ECONNREFUSED, "systemctl start bluetooth"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["x"]), errno.EACCES, "group bluetooth"),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["x"]), errno.EACCES, "group bluetooth"),
        (BleakDBusError("org.example.Odd", ["C0:00:00:00:00:01"]), errno.EIO, "org.example.Odd"),
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM), errno.EACCES, "refuses this user"),
        (AuthError("x"), errno.EACCES, "refuses this user"),
        (BleakError("passive scanning on Linux requires BlueZ >= 5.56"), errno.EOPNOTSUPP, "5.56"),
        (TimeoutError(), errno.ETIMEDOUT, "does not answer"),
        (PermissionError(errno.EACCES, "x"), errno.EACCES, "may not be opened"),
        (FileNotFoundError(errno.ENOENT, "x"), errno.ENOENT, "no D-Bus at"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), errno.ENOENT, "no D-Bus at"),
        (InvalidAddressError("x"), errno.EINVAL, "no D-Bus address"),
        (EOFError(), errno.ECONNRESET, "was lost"),
    ],
)
def test_a_fault_names_what_to_do(error: Exception, code: int, said: str) -> None:
    fault = explain(error, "hci0")
    assert isinstance(fault, ScannerFault)
    assert fault.errno == code
    assert said in str(fault.strerror)
    assert "C0:00" not in str(fault.strerror)
