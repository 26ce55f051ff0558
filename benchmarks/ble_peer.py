"""bleak alone: counts its callbacks, in total and as a line of output ten times a second."""

from __future__ import annotations

import asyncio
from typing import Final

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from edge_agent.sources.ble_scanner import FILTERS

ADAPTER: Final = "hci0"


async def main() -> None:
    heard_total = 0

    def hear(device: BLEDevice, data: AdvertisementData) -> None:
        nonlocal heard_total
        heard_total += 1

    async with BleakScanner(hear, bluez={"adapter": ADAPTER, "filters": FILTERS}):
        while True:
            print(heard_total, flush=True)
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
