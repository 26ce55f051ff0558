"""A `bluetoothd` for clients that scan: org.bluez on a D-Bus, with adapters, devices, discovery and advertisement monitors.

    daemon = Bluetoothd({"hci0": "00:11:22:33:44:00"})
    await daemon.connect(address)                           # owns org.bluez
    daemon.advertise("hci0", advertisement, rssi_dbm)       # True: a signal left; nobody may be listening, or it is kept quiet
    daemon.disconnect()                                     # the name is lost; connect again is a restart, all is forgotten

Everything runs in the event loop that connects. Unlike BlueZ, which gathers changes until it is idle, every advertisement is a signal of
its own, so that what was said can be counted.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from dbus_fast import DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from device_profiles.advertisement import Advertisement
from simulators.devices import bluez_objects
from simulators.devices.bluez_objects import ADAPTER, DEVICE, MONITORS, Adapter, Device, Pattern, Properties, changed, device_properties

SERVICE: Final = "org.bluez"
FORGET_S: Final = 30.0
"""A device that nobody paired with is forgotten when it was silent for so long (TemporaryTimeout in main.conf)."""
_ROOM_MS: Final = 5000
_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_PROPERTIES, _OBJECTS, _MONITOR = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager", "org.bluez.AdvertisementMonitor1"


class Bluetoothd:
    """`counts`: `said` (a signal left), `quiet` (BlueZ would not repeat it), `unheard` (nobody was listening)."""

    def __init__(self, adapters: Mapping[str, str], forget_s: float = FORGET_S) -> None:
        self.counts: Final[Counter[str]] = Counter()
        self.on_change: Callable[[], None] = lambda: None
        self.stalled: list[Message] | None = None
        self._addresses: Final = dict(adapters)
        self._forget_s: Final = forget_s
        self._adapters: dict[str, Adapter] = {}
        self._bus: MessageBus | None = None
        self._room = select.poll()
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    async def connect(self, address: str) -> None:
        """As after its start: adapters are on, no device is known. OSError if there is no bus."""
        bus = await MessageBus(bus_address=address).connect()
        bus.add_message_handler(self._handle)
        rule = f"type='signal',sender='{_BUS}',member='NameOwnerChanged'"
        await bus.call(Message(_BUS, _BUS_PATH, _BUS, "AddMatch", signature="s", body=[rule]))
        self._adapters = {name: Adapter(f"{bluez_objects.ROOT}/{name}", address) for name, address in self._addresses.items()}
        self._bus, self._room = bus, select.poll()
        if bus._sock is not None:
            self._room.register(bus._sock, select.POLLOUT)
        await bus.request_name(SERVICE)
        for adapter in self._adapters.values():
            self._signal("/", _OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [adapter.path, adapter.properties()])

    def disconnect(self) -> None:
        bus, self._bus, self._adapters, self.stalled = self._bus, None, {}, None
        if bus is not None:
            bus.disconnect()
        self.on_change()

    @property
    def is_connected(self) -> bool:
        return self._bus is not None and self._bus.connected

    def is_listening(self, adapter: str) -> bool:
        found = self._adapters.get(adapter)
        return found is not None and found.is_listening()

    def advertise(self, adapter: str, advertisement: Advertisement, rssi_dbm: int) -> bool:
        """One advertisement reaches the adapter."""
        radio = self._adapters.get(adapter)
        asked, monitors = (radio.filter(), radio.takes(advertisement) if radio.monitors else []) if radio else (None, [])
        if radio is None or not radio.powered or (asked is None and not monitors) or self.stalled is not None or not self.is_connected:
            self.counts["unheard"] += 1
            return False
        device = radio.devices.get(advertisement.address)
        outcome = "said" if self._hear(radio, device, advertisement, rssi_dbm, asked, monitors) else "quiet"
        self.counts[outcome] += 1
        return outcome == "said"

    def forget_silent(self, after_s: float | None = None) -> None:
        """To be called now and then."""
        until_s = time.monotonic() - (self._forget_s if after_s is None else after_s)
        for radio in self._adapters.values():
            for address, device in list(radio.devices.items()):
                if device.last_s < until_s:
                    del radio.devices[address]
                    self._signal("/", _OBJECTS, "InterfacesRemoved", "oas", [device.path, [_PROPERTIES, DEVICE]])

    def power(self, adapter: str, on: bool) -> None:
        """As `rfkill` or `bluetoothctl power` do. Sessions end when it goes off, and nobody starts them again when it comes back."""
        radio = self._adapters.get(adapter)
        if radio is None or radio.powered == on:
            return
        radio.powered = on
        if not on:
            self._end_discovery(radio, list(radio.sessions))
            radio.monitors.clear()
        self._change(radio.path, ADAPTER, {"Powered": Variant("b", on)})
        self.on_change()

    def deafen(self, adapter: str) -> None:
        """Current listeners hear nothing more and are not notified; who starts to listen later is fine."""
        if radio := self._adapters.get(adapter):
            radio.deaf |= {*radio.sessions, *radio.monitors}
            self.on_change()

    def stall(self, on: bool) -> None:
        """It answers nobody and sends no signal while it hangs; what was asked meanwhile is answered afterwards."""
        waiting, self.stalled = self.stalled or [], [] if on else None
        for message in waiting if self._bus is not None else []:
            try:
                answer = self._call(message)
            except DBusError as error:
                answer = Message.new_error(message, error.type, error.text)
            if answer is not None:
                self._send(answer)

    # --- the radio ---------------------------------------------------------------------------------------------------------

    def _hear(
        self, radio: Adapter, device: Device | None, advertisement: Advertisement, rssi_dbm: int,
        asked: Mapping[str, Any] | None, monitors: list[tuple[str, str]],
    ) -> bool:  # fmt: skip
        if asked is not None and rssi_dbm < asked["RSSI"] and not monitors:
            return False
        if device is None:
            path = f"{radio.path}/dev_{advertisement.address.upper().replace(':', '_')}"
            properties = device_properties(radio.path, advertisement, rssi_dbm)
            radio.devices[advertisement.address] = Device(path, properties, time.monotonic(), rssi_dbm)
            self._signal("/", _OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, {_PROPERTIES: {}, DEVICE: properties}])
            for client, monitor in monitors:
                self._send(Message(client, monitor, _MONITOR, "DeviceFound", signature="o", body=[path]))
            return True
        device.last_s = time.monotonic()
        said = changed(device, advertisement, rssi_dbm, asked)
        if not said:
            return False
        if "RSSI" in said:
            device.rssi_dbm = rssi_dbm
        device.properties.update(said)
        self._change(device.path, DEVICE, said)
        return True

    def _end_discovery(self, radio: Adapter, clients: list[str]) -> None:
        ended = [client for client in clients if radio.sessions.pop(client, None) is not None]
        radio.deaf -= set(ended)
        if not ended or radio.sessions:
            return
        for device in radio.devices.values():
            device.rssi_dbm = None
            if device.properties.pop("RSSI", None) is not None:
                self._change(device.path, DEVICE, {}, ["RSSI"])
        self._change(radio.path, ADAPTER, {"Discovering": Variant("b", False)})

    # --- D-Bus -------------------------------------------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        """dbus-fast gives a connection up whose socket is full for a moment: so nothing is sent before there is room."""
        if self._bus is not None and self._bus.connected:
            self._room.poll(_ROOM_MS)
            self._bus.send(message)

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        self._send(Message(path=path, interface=interface, member=member, message_type=MessageType.SIGNAL, signature=signature, body=body))

    def _change(self, path: str, interface: str, properties: Properties, gone: list[str] | None = None) -> None:
        self._signal(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, properties, gone or []])

    def _handle(self, message: Message) -> Message | bool | None:
        if message.message_type is MessageType.SIGNAL and message.member == "NameOwnerChanged" and not message.body[2]:
            self._leave(message.body[0])
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if self.stalled is not None:
            self.stalled.append(message)
            return True
        return self._call(message)

    def _call(self, message: Message) -> Message | None:
        method = _METHODS.get((message.interface or "", message.member or ""))
        return method(self, message) if method else None

    def _leave(self, client: str) -> None:
        for radio in self._adapters.values():
            radio.filters.pop(client, None)
            for monitor in [monitor for monitor in radio.monitors if monitor[0] == client]:
                del radio.monitors[monitor]
            self._end_discovery(radio, [client])
        self.on_change()

    def _radio(self, message: Message) -> Adapter:
        for radio in self._adapters.values():
            if radio.path == message.path:
                return radio
        raise DBusError("org.freedesktop.DBus.Error.UnknownObject", f"Method {message.member!r} doesn't exist")

    def _get_managed_objects(self, message: Message) -> Message:
        return Message.new_method_return(message, "a{oa{sa{sv}}}", [bluez_objects.tree(self._adapters.values())])

    def _get_all(self, message: Message) -> Message:
        found = bluez_objects.tree(self._adapters.values()).get(message.path or "", {}).get(message.body[0])
        if found is None:
            raise DBusError("org.freedesktop.DBus.Error.InvalidArgs", f"No such interface {message.body[0]!r}")
        return Message.new_method_return(message, "a{sv}", [found])

    def _get(self, message: Message) -> Message:
        found = bluez_objects.tree(self._adapters.values()).get(message.path or "", {}).get(message.body[0], {}).get(message.body[1])
        if found is None:
            raise DBusError("org.freedesktop.DBus.Error.InvalidArgs", f"No such property {message.body[1]!r}")
        return Message.new_method_return(message, "v", [found])

    def _set(self, message: Message) -> Message:
        interface, name, value = message.body
        if (interface, name) != (ADAPTER, "Powered"):
            raise DBusError("org.freedesktop.DBus.Error.PropertyReadOnly", f"Property {name!r} is not writable")
        self.power(self._radio(message).path.rpartition("/")[2], value.value)
        return Message.new_method_return(message)

    def _set_discovery_filter(self, message: Message) -> Message:
        self._radio(message).filters[message.sender or ""] = {name: value.value for name, value in message.body[0].items()}
        return Message.new_method_return(message)

    def _start_discovery(self, message: Message) -> Message:
        radio, client = self._radio(message), message.sender or ""
        if not radio.powered:
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")
        if client in radio.sessions:
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        radio.sessions[client] = radio.filters.get(client, {})
        self._change(radio.path, ADAPTER, {"Discovering": Variant("b", True)})
        self.on_change()
        return Message.new_method_return(message)

    def _stop_discovery(self, message: Message) -> Message:
        radio, client = self._radio(message), message.sender or ""
        if client not in radio.sessions:
            raise DBusError("org.bluez.Error.Failed", "No discovery started")
        self._end_discovery(radio, [client])
        self.on_change()
        return Message.new_method_return(message)

    def _remove_device(self, message: Message) -> Message:
        radio, path = self._radio(message), message.body[0]
        address = next((address for address, device in radio.devices.items() if device.path == path), None)
        if address is None:
            raise DBusError("org.bluez.Error.DoesNotExist", "Does Not Exist")
        del radio.devices[address]
        self._signal("/", _OBJECTS, "InterfacesRemoved", "oas", [path, [_PROPERTIES, DEVICE]])
        return Message.new_method_return(message)

    def _register_monitor(self, message: Message) -> Message:
        """The client exports the monitor and answers questions about it only after this call has returned."""
        radio = self._radio(message)
        task = asyncio.get_running_loop().create_task(self._activate(radio, message.sender or "", message.body[0]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Message.new_method_return(message)

    async def _activate(self, radio: Adapter, client: str, path: str) -> None:
        for _ in range(100):
            if self._bus is None or not self._bus.connected:
                return
            answer = await self._bus.call(Message(client, path, _PROPERTIES, "GetAll", signature="s", body=[_MONITOR]))
            if answer.message_type is MessageType.METHOD_RETURN and "Patterns" in answer.body[0]:
                patterns: list[Pattern] = [(start, kind, bytes(data)) for start, kind, data in answer.body[0]["Patterns"].value]
                radio.monitors[client, path] = patterns
                self._send(Message(client, path, _MONITOR, "Activate"))
                self.on_change()
                return
            await asyncio.sleep(0.02)

    def _unregister_monitor(self, message: Message) -> Message:
        if self._radio(message).monitors.pop((message.sender or "", message.body[0]), None) is None:
            raise DBusError("org.bluez.Error.DoesNotExist", "Does Not Exist")
        self.on_change()
        return Message.new_method_return(message)


_METHODS: Final[Mapping[tuple[str, str], Callable[[Bluetoothd, Message], Message]]] = {
    (_OBJECTS, "GetManagedObjects"): Bluetoothd._get_managed_objects,
    (_PROPERTIES, "GetAll"): Bluetoothd._get_all,
    (_PROPERTIES, "Get"): Bluetoothd._get,
    (_PROPERTIES, "Set"): Bluetoothd._set,
    (ADAPTER, "SetDiscoveryFilter"): Bluetoothd._set_discovery_filter,
    (ADAPTER, "StartDiscovery"): Bluetoothd._start_discovery,
    (ADAPTER, "StopDiscovery"): Bluetoothd._stop_discovery,
    (ADAPTER, "RemoveDevice"): Bluetoothd._remove_device,
    (MONITORS, "RegisterMonitor"): Bluetoothd._register_monitor,
    (MONITORS, "UnregisterMonitor"): Bluetoothd._unregister_monitor,
}
