"""Beacons to practise with beside an emulated store: two of a model that no profile knows, and a fan's card with two slots.

    with practising(bluez, "radio-entrance"):      # they are in the air until the end
        …

Of the unknown model: company ffff, whose messages alternate. `a7 01`, three bytes that name the beacon, battery in per cent;
`a7 02`, temperature in tenths of a degree. Both beacons send from static random addresses.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from device_profiles.advertisement import Advertisement

if TYPE_CHECKING:  # the emulator needs D-Bus
    from simulators.devices.bluez import BlueZ

COMPANY: Final = 0xFFFF
EVERY_S: Final = 0.5
CARD: Final = "dd:88:00:00:37:77"
_IBEACON: Final = bytes.fromhex("0215426c7565436861726d426561636f6e730efe1355c5")
_TELEMETRY: Final = bytes.fromhex("20000bfe1c000000070800003e7c")
UNKNOWN: Final = {"c4:00:00:00:07:01": (bytes.fromhex("00a101"), 98), "c4:00:00:00:07:02": (bytes.fromhex("00a102"), 91)}
"""Address -> the bytes that name it, and its battery."""
RSSI_DBM: Final = {CARD: -58, "c4:00:00:00:07:01": -41, "c4:00:00:00:07:02": -52}
HELP: Final = (
    "To practise with, beside the people: `footfall scan` shows two unknown beacons, c4:00:00:00:07:01 and c4:00:00:00:07:02, whose"
    " messages alternate, and a fan's card, dd:88:00:00:37:77, that sends iBeacon in one slot and Eddystone-TLM in another: one person."
)


def messages(n: int) -> Iterator[Advertisement]:
    """Yield what each of them sends in its n-th message."""
    for address, (name, battery) in UNKNOWN.items():
        data = b"\xa7\x02" + (215).to_bytes(2, "big") if n % 2 else b"\xa7\x01" + name + bytes([battery])
        yield Advertisement(address, address_type="static", manufacturer={COMPANY: data})
    if n % 2:
        yield Advertisement(CARD, address_type="static", service_data={"feaa": _TELEMETRY}, services=("feaa",))
    else:
        yield Advertisement(CARD, address_type="static", manufacturer={0x4C: _IBEACON})


@contextmanager
def practising(bluez: BlueZ, receiver: str) -> Iterator[None]:
    """Send them twice a second until the end."""
    stop = threading.Event()

    def send() -> None:
        n = 0
        while not stop.wait(EVERY_S):
            for advertisement in messages(n):
                bluez.advertise(receiver, advertisement, RSSI_DBM[advertisement.address])
            n += 1

    thread = threading.Thread(target=send, name="practice", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
