"""A live calibration: the installer carries a beacon, taps where they are, and agents' frames come by the gateway's broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.live import Live

from footfall.beacons import BeaconRule
from footfall.config import secret
from footfall.errors import ConfigError, ContractError
from footfall.frames import decode_body, decode_frame
from footfall.topics import topic_of
from gateway.accept.events import Pseudonymiser
from gateway.config import GatewayConfig
from gateway.mqtt.connection import BrokerMessage, Connection
from gateway.site import Store
from simulators.calibration.live_keys import keys_at, single_keys
from simulators.calibration.live_screen import keyed, pages, screen
from simulators.calibration.live_walk import LiveWalk

KEYS_EVERY_S: Final = 0.1
SCREENS_A_SECOND: Final = 5
CONNECT_S: Final = 5.0


def subject_of_beacon(config: GatewayConfig, beacon: str, rule: BeaconRule) -> int:
    """Return the subject that agents give a beacon (`type:value`). Raise ConfigError without the brand's secret."""
    if ":" not in beacon:
        raise ConfigError(f"--beacon {beacon!r}: write type:value, as `footfall scan` shows it, such as ibeacon:UUID:1:2")
    try:
        pseudonyms = Pseudonymiser(secret(config.brand_secret, config.brand_secret_file))
        pseudonyms.beacons = rule
        return pseudonyms.subject(beacon)
    except ContractError as error:
        raise ConfigError(str(error)) from None


class LiveCalibration:
    """`run` returns when the installer is done; the walk is in `walk`."""

    def __init__(self, config: GatewayConfig, store: Store, subject: int, clock_ns: Callable[[], int]) -> None:
        self.walk: Final = LiveWalk(subject)
        self._zones: Final = [zone.name for zone in store.zones]
        self._clock_ns: Final = clock_ns
        self._page = 0
        self._parts = 0
        self._stop: Final = threading.Event()
        topic = topic_of(store.name, "+", "frames")
        self._connection: Final = Connection(config.broker, f"{config.broker.client_id}-calibrate", [topic], persistent=False)

    def run(self, console: Console) -> None:
        """Show levels and take keys until `q`, or ctrl-c. Raise ConfigError if the broker does not answer, or there is no terminal."""
        with single_keys() as keyboard:
            if why := self._connect():
                raise ConfigError(f"no walk without the broker: {why}")
            try:
                with Live(console=console, refresh_per_second=SCREENS_A_SECOND, transient=True) as live:
                    while not self._stop.is_set():
                        self._press(keys_at(keyboard, KEYS_EVERY_S))
                        self._read()
                        live.update(screen(self.walk, self._zones, self._page, self._clock_ns(), self._trouble()))
            except KeyboardInterrupt:
                pass
            finally:
                self._connection.close()

    def _connect(self) -> str:
        """Return why there is no connection; "" if there is one."""
        ends_s = time.monotonic() + CONNECT_S
        self._connection.open()
        while not self._connection.connected and time.monotonic() < ends_s and self._connection.socket() is not None:
            self._read()
            time.sleep(KEYS_EVERY_S / 10)
        return "" if self._connection.connected else self._connection.error or "it does not answer"

    def _press(self, keys: str) -> None:
        now_ns = self._clock_ns()
        for key in keys:
            zone = keyed(self._zones, self._page).get(key)
            if zone:
                self.walk.state(zone, now_ns)
            elif key == "c":
                self.walk.cross(now_ns)
            elif key == "p":
                self.walk.pause(now_ns)
            elif key == "u":
                self.walk.undo()
            elif key == "0":
                self._page = (self._page + 1) % pages(self._zones)
            elif key == "q":
                self._stop.set()

    def _read(self) -> None:
        if self._connection.socket() is None:
            self._connection.open()
        messages = self._connection.read()
        for message in messages:
            self._take(message)
        self._connection.acknowledge(messages)
        self._connection.keep_alive()
        self._connection.flush()

    def _take(self, message: BrokerMessage) -> None:
        """What cannot be read is the gateway's to refuse."""
        try:
            header, data = decode_frame(message.payload)
            if header.parts > 1:
                self._parts += 1
            elif header.seq:
                self.walk.hear(header, decode_body(data), self._clock_ns())
        except ContractError:
            return

    def _trouble(self) -> str:
        if self._connection.error:
            return self._connection.error
        if self._parts:
            return f"{self._parts} frames came in parts and are left out"
        if not self.walk.frames:
            return "no agent of this store has sent anything yet"
        return "" if self.walk.profiles else f"{self.walk.frames} frames came, none with this beacon: is it awake, and --beacon right?"


def profile_of(walk: LiveWalk) -> str:
    """Return the profile by which agents heard the beacon. Raise ConfigError if none did."""
    if not walk.profiles:
        raise ConfigError("no agent heard the beacon: look whether it is awake, --beacon is right, and agents read its type")
    return walk.profiles.most_common(1)[0][0]


def zones_outside(store: Store) -> Sequence[str]:
    return [zone.name for zone in store.zones if zone.type == "outside"]
