"""The devices that can be emulated, by name. A new one is one module and one entry here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Final

from edge_agent.sources.source import Crossing, Sighting
from footfall.errors import ConfigError
from simulators.devices import bluez_practice
from simulators.devices.emulator import Emulator
from simulators.goods import garments, reads
from simulators.world import World

Stream = Iterable[Sighting | Crossing]
GARMENTS: Final = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` is imported only when it is asked for: each needs libraries of its own.

    `receivers`: the names of its antennas, radios or nodes, each with the zone where it hangs in a simulated store.
    `stream`: what such receivers hear in a world, from its `from_ns` on.
    `make` gets the module and the names of receivers and doors. `environment`: what a process must have in its own to reach it.
    """

    title: str
    module: str
    make: Callable[[Any, Sequence[str], Sequence[str]], Emulator]
    stream: Callable[[World, Mapping[str, str], int], Stream]
    receivers: Mapping[str, str] = field(default_factory=dict)
    doors: tuple[str, ...] = ()
    environment: Callable[[Any], Mapping[str, str]] = lambda emulator: {}
    practice: Callable[[Any], AbstractContextManager[None]] = lambda emulator: nullcontext()
    """What else is in the air while somebody practises with `footfall emulate`; `practice_help` describes it."""
    practice_help: str = ""

    def emulator(self, receivers: Sequence[str] | None = None, doors: Sequence[str] | None = None) -> Emulator:
        """A new one; ConfigError if it needs what is not installed."""
        try:
            module = import_module(self.module)
        except ModuleNotFoundError as error:
            raise ConfigError(f"{error.name} is not installed: pip install 'footfall[simulators]'") from None
        return self.make(module, list(self.receivers) if receivers is None else receivers, self.doors if doors is None else doors)


def source_block(name: str, emulator: Emulator, receivers: Mapping[str, str], doors: Sequence[str]) -> dict[str, Any]:
    """The `[[sources]]` of agent.toml that reads it. A device that knows one door leaves it to whoever hangs it there."""
    settings = dict(emulator.settings())
    if receivers:
        settings["receivers"] = dict(receivers)
    if "door" in settings and doors:
        settings["door"] = doors[0]
    return {"name": name, **settings}


def people(world: World, receivers: Mapping[str, str], from_ns: int = 0) -> Stream:
    """Beacons and phones, as receivers in those zones hear them."""
    names = {receiver.name: name for receiver in world.plan.receivers for name, zone in receivers.items() if zone == receiver.zone}
    for heard in world.heard(None, from_ns):
        if isinstance(heard, Sighting) and heard.receiver in names:
            yield replace(heard, receiver=names[heard.receiver])


def goods(world: World, receivers: Mapping[str, str], from_ns: int = 0) -> Stream:
    """Garments, as antennas in those zones read them."""
    antennas = {zone: name for name, zone in receivers.items()}
    return reads(world, garments(world, GARMENTS), antennas, from_ns)


def crossings(world: World, doors: Mapping[str, str], from_ns: int = 0) -> Stream:
    """People through those doors; none named: through all."""
    for heard in world.heard(None, from_ns):
        if isinstance(heard, Crossing) and (not doors or heard.door in doors):
            yield heard


KINDS: Final[Mapping[str, Kind]] = {
    "bluez": Kind(
        "Bluetooth adapters behind BlueZ, on a D-Bus of their own: beacons, cards of two slots and phones at entrance and checkout.",
        "simulators.devices.bluez",
        lambda module, receivers, doors: module.BlueZ(receivers, two_slots=True),
        people,
        {"radio-entrance": "entrance", "radio-checkout": "checkout"},
        environment=lambda emulator: {"DBUS_SYSTEM_BUS_ADDRESS": emulator.bus.address},
        practice=lambda emulator: bluez_practice.practising(emulator, "radio-entrance"),
        practice_help=bluez_practice.HELP,
    ),
    "llrp": Kind(
        "an RFID reader that speaks LLRP on TCP: garments that hang, are tried on, are sold.",
        "simulators.devices.llrp",
        lambda module, receivers, doors: module.LlrpReader(receivers),
        goods,
        {"reader.1": "shelf-a", "reader.2": "shelf-b", "reader.3": "fitting", "reader.4": "checkout"},
    ),
    "modbus": Kind(
        "a door counter whose registers are read by Modbus TCP: people through the door.",
        "simulators.devices.modbus",
        lambda module, receivers, doors: module.ModbusCounter(),
        crossings,
        doors=("main",),
    ),
    "http-push": Kind(
        "a camera above the door that posts how many passed, as Hikvision's do.",
        "simulators.devices.http_push",
        lambda module, receivers, doors: module.PushCamera(doors=doors),
        crossings,
        doors=("main",),
    ),
    "xovis": Kind(
        "a Xovis sensor with firmware 5 above the door: periods with times in milliseconds, and no name of its own.",
        "simulators.devices.http_push",
        lambda module, receivers, doors: module.PushCamera("xovis", doors),
        crossings,
        doors=("main",),
    ),
    "vendor-mqtt": Kind(
        "gateways that publish by themselves, on a broker of their own: ESPresense nodes at the shelves, a Minew G1 in the fitting room.",
        "simulators.devices.vendor_mqtt",
        lambda module, receivers, doors: module.VendorGateways(receivers),
        people,
        {"node-a": "shelf-a", "node-b": "shelf-b", "ac233fc00001": "fitting"},
    ),
}
