"""The transports that a profile's `[device]` may name. A new one is one module and one line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from device_profiles.devices.beams import Beams
from device_profiles.devices.ble import Ble
from device_profiles.devices.epc import Epc
from device_profiles.devices.feed import Feed
from device_profiles.devices.modbus import Modbus

AnyDevice = Annotated[Ble | Epc | Modbus | Beams | Feed, Field(discriminator="transport")]
