"""The air of a busy store behind an emulated BlueZ, in a process of its own.

    python -m benchmarks.ble_air RATE COUNT DEVICES     # advertisements a second (0: as fast as they go), how many, of how many devices

Prints the bus's address, waits until somebody scans, sends a fifth to warm up and then all; a line of JSON as each begins and ends.
"""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any, Final

from edge_agent.sources.source import Sighting
from simulators.devices.bluez import BlueZ

SEED: Final = 7
RECEIVER: Final = "hci0"
_SLICE_S: Final = 0.01
_BEACON: Final = "f007fa11-0000-4000-8000-000000000000"


def main(rate: float, count: int, count_devices: int) -> None:
    """Half of the devices are beacons, the others phones."""
    rng = random.Random(SEED)
    devices = [("ibeacon", f"{_BEACON}:1:{number}") for number in range(count_devices // 2)]
    devices += [("ble-anonymous", f"4{rng.randrange(16):x}:" + rng.randbytes(5).hex(":")) for _ in range(count_devices // 2)]
    with BlueZ([RECEIVER]) as bluez:
        tell(address=bluez.bus.address, pids=[bluez.bus.process.pid])
        bluez.wait_listening(timeout_s=60.0)
        for each in (count // 5, count):
            sightings = [Sighting(0, RECEIVER, *rng.choice(devices), rng.randint(-90, -50)) for _ in range(each)]
            before, began_s = bluez.said_total, time.monotonic()
            tell(began=True)
            say(bluez, sightings, rate)
            bluez.wait_said(120.0)
            tell(said=bluez.said_total - before, took_s=time.monotonic() - began_s)
            sys.stdin.readline()  # until all has been heard


def say(bluez: BlueZ, sightings: list[Sighting], rate: float) -> None:
    began_s, said = time.monotonic(), 0
    while said < len(sightings):
        due = min(len(sightings), int((time.monotonic() - began_s) * rate) + 1) if rate else len(sightings)
        for sighting in sightings[said:due]:
            bluez.say(sighting)
        said = due
        time.sleep(_SLICE_S if rate else 0.0)


def tell(**values: Any) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
