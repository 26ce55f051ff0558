"""bleak, scanning in a thread with an event loop of its own, until `stop` or a fault.

    scanner = Scanner(Scanning(adapters=("hci0",)), clock.boot_ns)
    scanner.start()
    for heard in scanner.take(): …          # what came since: bounded, what did not fit is counted
    scanner.fault                           # a ScannerFault once it is wrong; then it has ended
    scanner.stop()

bleak falls silent without an exception when bluetoothd or the bus goes away, or the adapter is switched off or unplugged. So the same
loop watches for these on a connection of its own. Only silence shows that a radio has failed for another reason.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from bleak import BleakScanner
from bleak.args.bluez import BlueZDiscoveryFilters, BlueZScannerArgs
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.bluezdbus import manager
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from edge_agent.sources.ble_faults import ScannerFault, explain

log = logging.getLogger("footfall.agent.ble")

QUEUE: Final = 5_000
"""Advertisements queued at most: a second of the busiest radio traffic, some 10 MB."""
START_S: Final = 10.0
STOP_S: Final = 0.3
JOIN_S: Final = 0.8
FILTERS: Final[BlueZDiscoveryFilters] = {"DuplicateData": True, "RSSI": -127}
"""Filter for every advertisement with its RSSI: without it BlueZ withholds changes below 8 dB."""
NO_RSSI: Final = -127
"""RSSI that bleak reports where BlueZ had none: another property changed, nothing was received."""
STOPPING: Final = (BleakError, OSError, EOFError, AssertionError, TimeoutError)
"""What `stop` may raise on a bus that is gone. It must be called all the same, or the old scanner keeps calling back."""

ScanPattern = tuple[int, int, bytes]


@dataclass(frozen=True, slots=True)
class Scanning:
    """`patterns`: what a passive scan reports, as (position, AD type, content); an active one reports everything."""

    adapters: tuple[str, ...]
    mode: Literal["active", "passive"] = "active"
    patterns: tuple[ScanPattern, ...] = ()


class HeardAdvertisement(NamedTuple):
    """One advertisement, as bleak reported it."""

    t_boot_ns: int
    adapter: str
    device: BLEDevice
    data: AdvertisementData


class Scanner:
    """`heard_total`, `dropped_total` (the queue was full) and `blank_total` (callbacks without RSSI) only grow."""

    def __init__(self, scanning: Scanning, boot_ns: Callable[[], int]) -> None:
        self.heard_total = self.dropped_total = self.blank_total = 0
        self.dropping_ns = 0
        """When the queue last began to overflow."""
        self.fault: ScannerFault | None = None
        self.ready: Final = threading.Event()
        self.last_ns: Final = dict.fromkeys(scanning.adapters, boot_ns())
        self._scanning: Final = scanning
        self._boot_ns: Final = boot_ns
        self._heard: Final[deque[HeardAdvertisement]] = deque()
        self._is_stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread: Final = threading.Thread(target=self._run, name="ble-scanner", daemon=True)

    def start(self) -> None:
        logging.getLogger("bleak").setLevel(logging.WARNING)  # its details are full of addresses
        logging.getLogger("dbus_fast").setLevel(logging.WARNING)
        self._thread.start()

    def is_running(self) -> bool:
        return self._thread.is_alive()

    def take(self) -> Iterator[HeardAdvertisement]:
        """Yield the advertisements that were not yet taken."""
        heard = self._heard
        for _ in range(len(heard)):
            yield heard.popleft()

    def stop(self) -> None:
        """Stop within a second. A thread that hangs on a dead bus is abandoned, and what it reports is dropped."""
        self._is_stopped = True
        with suppress(RuntimeError):  # the loop is closed: it has ended by itself
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(JOIN_S)

    # --- the loop's thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._scan())
        except ScannerFault as fault:
            self.fault = fault
        except (BleakError, OSError, EOFError, AuthError, InvalidAddressError) as error:
            self.fault = explain(error, ", ".join(self._scanning.adapters))

    async def _scan(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_note)
        if self._is_stopped:
            return
        async with AsyncExitStack() as stack:
            wrong = await stack.enter_async_context(_watched(self._scanning.adapters))
            stack.push_async_callback(_leave_bus)
            await _require(self._scanning.adapters)
            for adapter in self._scanning.adapters:
                await stack.enter_async_context(_started(self._bleak(adapter)))
            self.ready.set()
            ends: list[asyncio.Future[Any]] = [wrong, self._loop.create_task(self._stop.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if wrong.done():
                raise wrong.result()

    def _bleak(self, adapter: str) -> BleakScanner:
        bluez: BlueZScannerArgs = {"adapter": adapter, "filters": FILTERS}
        if self._scanning.mode == "passive":
            bluez["or_patterns"] = [(at, AdvertisementDataType(kind), content) for at, kind, content in self._scanning.patterns]
        return BleakScanner(partial(self._hear, adapter), scanning_mode=self._scanning.mode, bluez=bluez)

    def _hear(self, adapter: str, device: BLEDevice, data: AdvertisementData) -> None:
        """Queue an advertisement. dbus-fast would swallow an exception here, so everything that may fail is left to the consumer."""
        if data.rssi == NO_RSSI:
            self.blank_total += 1
            return
        t_ns = self.last_ns[adapter] = self._boot_ns()
        self.heard_total += 1
        if len(self._heard) < QUEUE:
            self._heard.append(HeardAdvertisement(t_ns, adapter, device, data))
        else:
            self.dropping_ns = self.dropping_ns or t_ns
            self.dropped_total += 1


async def _require(adapters: tuple[str, ...]) -> None:
    """Raise ScannerFault, which names the missing adapter and those present."""
    async with asyncio.timeout(START_S):
        known = sorted(path.rpartition("/")[2] for path in (await manager.get_global_bluez_manager())._adapters)
    for adapter in adapters:
        if adapter not in known:
            there = f"there is {', '.join(known)}" if known else "there is none at all: is one plugged in? `rfkill list` shows it"
            raise ScannerFault(errno.ENODEV, f"adapter {adapter} is not there; {there}")


@asynccontextmanager
async def _started(scanner: BleakScanner) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(START_S):
            await scanner.start()
        yield
    finally:
        with suppress(*STOPPING):
            async with asyncio.timeout(STOP_S):
                await scanner.stop()


def _note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Drop what asyncio reports of futures that dbus-fast leaves behind on a dead connection: the fault is reported elsewhere."""
    log.debug("%s: %s", context.get("message"), type(context.get("exception")).__name__)


async def _leave_bus() -> None:
    """Close the connection that bleak keeps open for the next loop: the bus would queue signals for it meanwhile."""
    kept = manager._global_instances.pop(asyncio.get_running_loop(), None)
    if kept is not None and kept._bus is not None:
        kept._bus.disconnect()


# --- what bleak does not notice ----------------------------------------------------------------------------------------------

_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_ADAPTER: Final = "org.bluez.Adapter1"


@asynccontextmanager
async def _watched(adapters: tuple[str, ...]) -> AsyncIterator[asyncio.Future[ScannerFault]]:
    """Yield a future that is done when bluetoothd or the bus is gone, or one of `adapters` is off or unplugged."""
    wrong: asyncio.Future[ScannerFault] = asyncio.get_running_loop().create_future()
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        bus.add_message_handler(partial(_judge, {f"/org/bluez/{name}": name for name in adapters}, wrong))
        rules = [f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='org.bluez'"]
        for name in adapters:
            rules.append(f"type='signal',sender='org.bluez',member='PropertiesChanged',path='/org/bluez/{name}'")
            rules.append(f"type='signal',sender='org.bluez',member='InterfacesRemoved',arg0path='/org/bluez/{name}'")
        for rule in rules:
            await bus.call(Message(_BUS, _BUS_PATH, _BUS, "AddMatch", signature="s", body=[rule]))
        watching = asyncio.create_task(_lost(bus, wrong))
        yield wrong
        watching.cancel()
    finally:
        bus.disconnect()


async def _lost(bus: MessageBus, wrong: asyncio.Future[ScannerFault]) -> None:
    with suppress(OSError, EOFError):
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # dbus-fast forgot its return type
    _fail(wrong, ScannerFault(errno.ECONNRESET, "the connection to D-Bus was lost"))


def _judge(adapters: dict[str, str], wrong: asyncio.Future[ScannerFault], message: Message) -> None:
    if message.message_type is not MessageType.SIGNAL:
        return
    body = message.body
    if message.member == "NameOwnerChanged" and body[0] == "org.bluez" and body[1]:
        _fail(wrong, ScannerFault(errno.ECONNRESET, "bluetoothd has ended or was restarted"))
    elif message.member == "PropertiesChanged" and message.path in adapters and body[0] == _ADAPTER:
        powered = body[1].get("Powered")
        if powered is not None and not powered.value:
            _fail(wrong, ScannerFault(errno.ENETDOWN, f"adapter {adapters[message.path]} was switched off"))
    elif message.member == "InterfacesRemoved" and body[0] in adapters and _ADAPTER in body[1]:
        _fail(wrong, ScannerFault(errno.ENODEV, f"adapter {adapters[body[0]]} is gone"))


def _fail(wrong: asyncio.Future[ScannerFault], fault: ScannerFault) -> None:
    with suppress(asyncio.InvalidStateError):  # something else was wrong before
        wrong.set_result(fault)
