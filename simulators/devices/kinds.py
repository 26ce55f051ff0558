"""The devices that can be emulated, by name. A new one is one module and one entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Final

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from simulators.devices.emulator import Emulator
from simulators.goods import garments, reads
from simulators.world import World

Stream = Iterable[Sighting | Crossing]
GARMENTS: Final = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` is imported only when it is asked for: each needs libraries of its own.

    `receivers`: the names of its antennas, radios or nodes, each with the zone where it hangs in a simulated store.
    `stream`: what of a world such receivers say, from the world's `from_ns` on.
    `make` gets the module and the receivers' names. `environment`: what a process must have in its own to reach the device.
    """

    title: str
    module: str
    make: Callable[[Any, Sequence[str]], Emulator]
    stream: Callable[[World, Mapping[str, str], int], Stream]
    receivers: Mapping[str, str] = field(default_factory=dict)
    environment: Callable[[Any], Mapping[str, str]] = lambda emulator: {}

    def emulator(self, receivers: Sequence[str] | None = None) -> Emulator:
        """A new one; ConfigError if it needs what is not installed."""
        try:
            module = import_module(self.module)
        except ModuleNotFoundError as error:
            raise ConfigError(f"{error.name} is not installed: pip install 'footfall[simulators]'") from None
        return self.make(module, list(self.receivers) if receivers is None else receivers)


def people(world: World, receivers: Mapping[str, str], from_ns: int = 0) -> Stream:
    """Beacons and phones, as receivers in those zones hear them."""
    names = {receiver.name: name for receiver in world.plan.receivers for name, zone in receivers.items() if zone == receiver.zone}
    for heard in world.heard(None, from_ns):
        if isinstance(heard, Sighting) and heard.receiver in names:
            yield replace(heard, receiver=names[heard.receiver])


def goods(world: World, receivers: Mapping[str, str], from_ns: int = 0) -> Stream:
    """Garments, as antennas in those zones read them."""
    antennas = {zone: name for name, zone in receivers.items()}
    return (read for read in reads(world, garments(world, GARMENTS), antennas) if read.t_boot_ns >= from_ns)


def crossings(world: World, doors: Mapping[str, str], from_ns: int = 0) -> Stream:
    """People through those doors; none named: through all."""
    for heard in world.heard(None, from_ns):
        if isinstance(heard, Crossing) and (not doors or heard.door in doors):
            yield heard


KINDS: Final[Mapping[str, Kind]] = {
    "bluez": Kind(
        "Bluetooth adapters behind BlueZ, on a D-Bus of their own: beacons and phones near the entrance and the checkout.",
        "simulators.devices.bluez",
        lambda module, receivers: module.BlueZ(receivers),
        people,
        {"radio-entrance": "entrance", "radio-checkout": "checkout"},
        lambda emulator: {"DBUS_SYSTEM_BUS_ADDRESS": emulator.bus.address},
    ),
    "modbus": Kind(
        "a door counter whose registers are read by Modbus TCP: people through the door.",
        "simulators.devices.modbus",
        lambda module, receivers: module.ModbusCounter(),
        crossings,
    ),
}
