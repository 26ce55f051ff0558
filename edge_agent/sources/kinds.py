"""The kinds of sources that `[[sources]]` may name. A new kind is one module and one line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_agent.sources.ble import BleSettings
from edge_agent.sources.gpio import Gpio
from edge_agent.sources.http_push import HttpPush
from edge_agent.sources.llrp import Llrp
from edge_agent.sources.modbus import ModbusSettings
from edge_agent.sources.mqtt_vendor import MqttVendor
from edge_agent.sources.replay import Replay
from edge_agent.sources.simulated import Simulated

AnySource = Annotated[BleSettings | Llrp | ModbusSettings | Gpio | MqttVendor | HttpPush | Simulated | Replay, Field(discriminator="kind")]
