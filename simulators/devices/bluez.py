"""An emulated BlueZ: one Bluetooth adapter for each receiver, on a D-Bus daemon of its own, for the real bleak and whoever else scans.

    with BlueZ(["r-door", "r-shelf"]) as bluez:          # hci0 and hci1; this process's system bus is now the emulator's
        settings = {"name": "ble", "receivers": {"r-door": "entrance", "r-shelf": "shelf"}, **bluez.settings()}
        bluez.say(Sighting(0, "r-door", "ibeacon", "f007fa11-0000-4000-8000-000000000000:1:7", -61))
        bluez.faults["bluetoothd-restart"]()

Other processes reach it with `DBUS_SYSTEM_BUS_ADDRESS` set to `bluez.bus.address`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from dbus_fast.errors import AuthError

from device_profiles.advertisement import Advertisement
from edge_agent.sources.source import Crossing, Sighting
from simulators.devices.bluetoothd import FORGET_S, Bluetoothd
from simulators.devices.bluez_air import advertisement_of, slots_of
from simulators.devices.emulator import SAID_S
from simulators.parts.private_bus import PrivateBus

DOWN_S: Final = 2.0
"""How long what goes away stays away."""
STALLS: Final = 3
"""Times as long hangs what hangs: longer than a scan that only waits would notice."""
_START_S: Final = 20.0
_TIDY_S: Final = 1.0


class BlueZ:
    """`receivers[k]` is the adapter `hci{k}`. What is sent while nobody scans with it is lost, as in the air.

    `two_slots`: every fourth iBeacon is a card that also sends Eddystone-TLM, in every second message.
    """

    def __init__(
        self,
        receivers: Sequence[str] = ("hci0",),
        folder: Path | None = None,
        *,
        down_s: float = DOWN_S,
        forget_s: float = FORGET_S,
        two_slots: bool = False,
    ) -> None:
        self.bus: Final = PrivateBus(folder)
        self.adapters: Final = {receiver: f"hci{k}" for k, receiver in enumerate(receivers)}
        self.daemon: Final = Bluetoothd({name: f"00:11:22:33:44:{k:02X}" for k, name in enumerate(self.adapters.values())}, forget_s)
        self.daemon.on_change = self._notice
        self.faults: Final[Mapping[str, Callable[[], None]]] = {
            "bluetoothd-restart": partial(self._begin, self._restart),
            "bus-restart": partial(self._begin, self._restart_bus),
            "power-cycle": partial(self._begin, self._cycle_power),
            "scanner-silent": partial(self._begin, self._deafen),
            "stall": partial(self._begin, self._stall),
        }
        self._down_s: Final = down_s
        self._two_slots: Final = two_slots
        self._sent: Final[Counter[tuple[str, str]]] = Counter()
        """Messages of each device, by the receiver that hears it: each hears both slots."""
        self._said: Final[deque[tuple[str, Advertisement, int]]] = deque()
        self._told_total = 0
        self._due = False
        self._changed: Final = threading.Condition()
        self._stack: Final = ExitStack()
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(target=self._run, name="bluez", daemon=True)
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    @property
    def said_total(self) -> int:
        return self.daemon.counts["said"]

    def settings(self) -> Mapping[str, Any]:
        return {"kind": "ble", "adapters": dict(self.adapters)}

    def say(self, heard: Sighting | Crossing) -> None:
        """An iBeacon, an Eddystone or a bare address, by the profile of the sighting; ValueError for anything else."""
        if not isinstance(heard, Sighting):
            raise ValueError("a Bluetooth adapter hears nothing of doors")
        if self._two_slots:
            heard_by = heard.receiver, heard.identifier
            advertisement = slots_of(heard, self._sent[heard_by])
            self._sent[heard_by] += 1
        else:
            advertisement = advertisement_of(heard)
        self.advertise(heard.receiver, advertisement, heard.rssi_dbm)

    def advertise(self, receiver: str, advertisement: Advertisement, rssi_dbm: int) -> None:
        """Any advertisement."""
        adapter = self.adapters.get(receiver)
        if adapter is None:
            raise ValueError(f"{receiver!r} is none of the receivers {', '.join(self.adapters)}")
        self._told_total += 1
        self._said.append((adapter, advertisement, rssi_dbm))
        if not self._due:
            self._due = True
            self._loop.call_soon_threadsafe(self._transmit)

    def power(self, receiver: str, on: bool) -> None:
        """Switch an adapter, as `bluetoothctl power` does."""
        self._loop.call_soon_threadsafe(self.daemon.power, self.adapters[receiver], on)

    def forget(self) -> None:
        """All devices at once, as if none had been heard for long."""
        self._loop.call_soon_threadsafe(self.daemon.forget_silent, 0.0)

    def wait_listening(self, receiver: str | None = None, timeout_s: float = 30.0) -> None:
        """Until somebody scans by this receiver, or by all of them; TimeoutError if nobody does."""
        wanted = list(self.adapters.values()) if receiver is None else [self.adapters[receiver]]
        self._await(lambda: all(self.daemon.is_listening(adapter) for adapter in wanted), timeout_s, "nobody scans")

    def wait_said(self, timeout_s: float = SAID_S) -> None:
        self._await(lambda: self.daemon.counts.total() >= self._told_total, timeout_s, "it has not said all")

    def __enter__(self) -> Self:
        self._stack.enter_context(self.bus)
        self._stack.enter_context(self.bus.in_environment())
        self._thread.start()
        self._do(self.daemon.connect(self.bus.address))
        self._begin(self._tidy)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_S)
        self._stack.close()

    # --- the daemon's thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S)

    def _begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Return once it has begun: the loop takes its first step before it takes what was asked for later."""
        has_begun = threading.Event()

        def start() -> None:
            task = self._loop.create_task(work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._loop.call_soon(has_begun.set)

        self._loop.call_soon_threadsafe(start)
        has_begun.wait(_START_S)

    async def _end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        self.daemon.disconnect()
        await asyncio.sleep(0)

    def _transmit(self) -> None:
        self._due = False
        while self._said:
            self.daemon.advertise(*self._said.popleft())
        self._notice()

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(_TIDY_S)
            self.daemon.forget_silent()

    async def _restart(self) -> None:
        self.daemon.disconnect()
        await asyncio.sleep(self._down_s)
        await self._connect()

    async def _restart_bus(self) -> None:
        self.bus.kill()
        self.daemon.disconnect()
        await asyncio.sleep(self._down_s)
        await asyncio.to_thread(self.bus.start)
        await self._connect()

    async def _connect(self) -> None:
        """As a supervisor such as systemd would: again and again."""
        while not self.daemon.is_connected:
            with contextlib.suppress(OSError, EOFError, AuthError):
                await self.daemon.connect(self.bus.address)
                return
            await asyncio.sleep(0.1)

    async def _cycle_power(self) -> None:
        for on in (False, True):
            for adapter in self.adapters.values():
                self.daemon.power(adapter, on)
            await asyncio.sleep(0.0 if on else self._down_s)

    async def _deafen(self) -> None:
        for adapter in self.adapters.values():
            self.daemon.deafen(adapter)

    async def _stall(self) -> None:
        self.daemon.stall(True)
        await asyncio.sleep(STALLS * self._down_s)
        self.daemon.stall(False)

    # --- those who wait ------------------------------------------------------------------------------------------------------

    def _notice(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _await(self, condition: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
        until_s = time.monotonic() + timeout_s
        with self._changed:
            while not condition():
                if not self._changed.wait(min(0.1, until_s - time.monotonic())) and time.monotonic() > until_s:
                    raise TimeoutError(f"{otherwise} after {timeout_s:.0f} s")
