from __future__ import annotations

import shlex
from typing import Any

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from device_profiles.registry import shipped
from edge_agent.scan import MOST_FRAMES, ScanResult, values_text

BEACON = b"\x02\x15" + bytes.fromhex("f007fa1100004000800000000000000000010007") + b"\xc5"


def hear(air: ScanResult, address: str, rssi: int, **fields: Any) -> None:
    empty: dict[str, Any] = {"local_name": None, "manufacturer_data": {}, "service_data": {}, "service_uuids": [], "tx_power": None}
    data = AdvertisementData(**{**empty, **fields}, rssi=rssi, platform_data=())
    air.hear(BLEDevice(address, None, {"path": "", "props": {"AddressType": "random"}}), data)


def test_the_nearest_is_on_top_with_its_mean() -> None:
    air = ScanResult(shipped())
    for rssi in (-50, -70):
        hear(air, "C0:00:00:00:00:01", rssi, manufacturer_data={76: BEACON})
    hear(air, "C0:00:00:00:00:02", -40)
    far, near = air.neighbours()[::-1]
    assert (near.advertisement.address, near.rssi_dbm, near.mean_dbm, near.heard_total) == ("c0:00:00:00:00:02", -40, -40.0, 1)
    assert (far.profile, far.rssi_dbm, far.mean_dbm, far.heard_total) == ("ibeacon", -70, -60.0, 2)
    assert far.identifier.endswith(":1:7")
    assert not far.is_unknown


def test_the_nearest_unknown_that_sends_data_is_the_one_to_describe() -> None:
    air = ScanResult(shipped())
    hear(air, "C0:00:00:00:00:01", -30, manufacturer_data={76: BEACON})
    hear(air, "C0:00:00:00:00:02", -35)
    hear(air, "C0:00:00:00:00:03", -45, manufacturer_data={0xFFFE: b"ours"})
    hear(air, "C0:00:00:00:00:04", -55, manufacturer_data={0xFFFD: b"theirs"})
    found = air.unknown()
    assert found is not None
    assert found.advertisement.address == "c0:00:00:00:00:03"
    assert shlex.split(found.command())[:7] == ["footfall", "profile", "new", "--transport", "ble", "--advertisement", "07fffeff6f757273"]


def test_a_device_may_become_known() -> None:
    """A scan response, or the second kind of advertisement, contains more."""
    air = ScanResult(shipped())
    hear(air, "C0:00:00:00:00:01", -60, manufacturer_data={0xFFFE: b"x"})
    assert air.neighbours()[0].is_unknown
    hear(air, "C0:00:00:00:00:01", -60, manufacturer_data={0xFFFE: b"x", 76: BEACON})
    assert not air.neighbours()[0].is_unknown
    assert air.neighbours()[0].heard_total == 2


def test_it_remembers_so_many_and_forgets_the_silent_first() -> None:
    air = ScanResult(shipped(), most=3)
    for last in (1, 2, 3, 1, 4, 5):
        hear(air, f"C0:00:00:00:00:0{last}", -60)
    assert {found.advertisement.address[-1] for found in air.neighbours()} == {"1", "4", "5"}
    assert air.heard_total == 6


def test_values_are_short() -> None:
    assert values_text({"battery_mv": 3010, "temperature_c": 21.456789}) == "battery_mv 3010, temperature_c 21.46"


def test_a_beacon_that_alternates_has_each_kind_of_message_once() -> None:
    air = ScanResult(shipped())
    for n in range(6):
        hear(air, "C4:00:00:00:07:01", -41, manufacturer_data={0xFFFF: bytes([0xA7, 1 + n % 2, n, 0, 98])})
    (found,) = air.neighbours()
    assert [data.hex() for data in found.frames.values()] == ["08ffffffa701040062", "08ffffffa702050062"]
    assert found.as_json()["frames"] == ["08ffffffa701040062", "08ffffffa702050062"]


def test_kinds_of_messages_are_bounded() -> None:
    air = ScanResult(shipped())
    for n in range(40):
        hear(air, "C4:00:00:00:07:01", -41, manufacturer_data={0xFFFF: bytes([n, 1])})
    assert len(air.neighbours()[0].frames) == MOST_FRAMES


def test_the_command_has_the_address_type_the_other_message_and_a_second_beacon() -> None:
    air = ScanResult(shipped())
    for last, rssi in ((1, -41), (2, -52)):
        for kind in (1, 2):
            hear(air, f"C4:00:00:00:07:0{last}", rssi, manufacturer_data={0xFFFF: bytes([0xA7, kind, last, 98])})
    hear(air, "C4:00:00:00:09:09", -30, manufacturer_data={0xFFFE: b"other"})
    first = next(found for found in air.neighbours() if found.advertisement.address.endswith("07:01"))
    second = air.second(first)
    assert second is not None
    assert second.advertisement.address == "c4:00:00:00:07:02"
    asked = shlex.split(first.command(second))
    options = dict(zip(asked[3::2], asked[4::2], strict=True))
    assert options["--address-type"] == "static"
    assert (options["--advertisement"], options["--also"], options["--second"]) == (
        "07ffffffa7010162",
        "07ffffffa7020162",
        "07ffffffa7010262",
    )
    assert "--second" not in first.command()


def test_a_beacon_that_is_known_by_one_of_its_messages_stays_known() -> None:
    air = ScanResult(shipped())
    hear(air, "C0:00:00:00:00:01", -60, manufacturer_data={76: BEACON})
    hear(air, "C0:00:00:00:00:01", -60, manufacturer_data={0xFFFE: b"battery"})
    (found,) = air.neighbours()
    assert (found.profile, found.is_unknown, len(found.frames)) == ("ibeacon", False, 2)
