"""BLE beacons and phones through BlueZ: what each adapter receives, decoded by the profiles of transport `ble`.

    [[sources]]
    kind = "ble"
    name = "ble"
    receivers = { hci0 = "entrance" }                            # each adapter is a receiver

    receivers = { r-door = "entrance", r-shelf = "shelf" }       # or receivers with names of their own
    adapters = { r-door = "hci0", r-shelf = "hci1" }

An active scan also asks devices for their scan response, and receives every advertisement. A passive one sends nothing. BlueZ then
reports only what fits a pattern, and RSSI only when it changes by 8 dB or more. A fault of one adapter restarts all of a source: give
adapters that must not depend on each other a source each.
"""

from __future__ import annotations

import errno
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, model_validator

from device_profiles.advertisement import Advertisement
from device_profiles.reading import Seen
from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.sources.beacon_slots import ALONE, UNDECIDED, BeaconSlots, SlotMeaning, rank_of
from edge_agent.sources.ble_advertisement import from_bleak, key_of
from edge_agent.sources.border import refusal
from edge_agent.sources.settings import AnyReceiver, SourceSettings, require
from edge_agent.sources.source import Gap, Heard, ObservationTask, Sighting, Unexplained
from footfall.events import Name
from footfall.units import NS_PER_S

if TYPE_CHECKING:  # an agent without BLE does not hold bleak in memory
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

    from edge_agent.sources.ble_scanner import Scanner

TURN_S: Final = 0.05
SILENCE_S: Final = 15.0
SLACK_S: Final = 1.0
REMEMBERED: Final = 4_096
"""Advertisements per generation of the cache: at most twice as many are held, some 5 MB."""
UNKNOWN: Final = "ble.unknown"
"""Reason: no profile matches."""
NOBODY: Final = "ble.nobody"
"""Reason: its profile matches, but the message identifies nobody, such as an Eddystone-TLM."""
_FLAGS: Final = ("02", "04", "05", "06", "1a", "1e")

AdapterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,32}\z")]
FilterHex = Annotated[str, Field(pattern=r"^([0-9a-f]{2}){1,31}\z")]
FilterPattern = tuple[Annotated[int, Field(ge=0, le=30)], Annotated[int, Field(ge=1, le=255)], FilterHex]
EVERYTHING: Final[tuple[FilterPattern, ...]] = (
    *((0, 0x01, flags) for flags in _FLAGS),
    (0, 0xFF, "4c00"),
    (0, 0x16, "aafe"),
    (0, 0x16, "d2fc"),
)
"""The widest filter, since BlueZ has no pattern for everything: the usual flags, data of Apple, Eddystone and BTHome."""


def content_patterns(patterns: Iterable[FilterPattern]) -> tuple[tuple[int, int, bytes], ...]:
    """Return patterns with their content as bytes, not hex."""
    return tuple((at, kind, bytes.fromhex(content)) for at, kind, content in patterns)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What an advertisement means: who was seen, or the reason why nobody was. NOBODY may have values in `seen`."""

    seen: Seen | None = None
    profile: str = ""
    reason: str = ""


class DecodeCache:
    """Decoded advertisements. The same device and data always mean the same, so a repeated one costs one lookup.

    Two generations: when the young one is full it becomes the old one, and what was not heard meanwhile is dropped with the old.
    """

    def __init__(self, profiles: Registry, remembered: int = REMEMBERED) -> None:
        self._profiles: Final = profiles
        self._remembered: Final = remembered
        self._young: dict[bytes, SlotMeaning] = {}
        self._old: dict[bytes, SlotMeaning] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def of(self, device: BLEDevice, data: AdvertisementData) -> SlotMeaning:
        key = key_of(device, data)
        who = self._young.get(key)
        return self._renewed(key, device, data) if who is None else who

    def _renewed(self, key: bytes, device: BLEDevice, data: AdvertisementData) -> SlotMeaning:
        who = self._old.get(key) or self._decoded(from_bleak(device, data))
        if len(self._young) >= self._remembered:
            self._young, self._old = {}, self._young
        self._young[key] = who
        return who

    def _decoded(self, advertisement: Advertisement) -> SlotMeaning:
        """Return the meaning without the values, which would take most of the cache's memory."""
        meaning = decode(advertisement, self._profiles)
        seen, reason = meaning.seen, meaning.reason
        if seen is None or reason not in ("", NOBODY):
            return SlotMeaning(meaning.profile, "", reason)
        name = seen.profile or meaning.profile
        return SlotMeaning(name, seen.identifier, reason, rank_of(self._profiles[meaning.profile], advertisement))


def decode(advertisement: Advertisement, profiles: Registry) -> Decoded:
    """Decode by the most specific profile. Never raises: an error becomes a reason."""
    profile = None
    try:
        profile = profiles.best("ble", advertisement)
        if profile is None:
            return Decoded(reason=UNKNOWN)
        readings = profiles.readings(profile, advertisement)
    except Exception as error:  # whatever one message does, its neighbours are heard
        return Decoded(profile=profile.name if profile else "", reason=refusal(error).reason)
    seen = next((reading for reading in readings if isinstance(reading, Seen)), None)
    return Decoded(seen, profile.name, "" if seen and not profile.identifies_nobody else NOBODY)


class BleSource:
    """`unexplained_total` and `dropped_total` count over all its runs."""

    def __init__(
        self,
        name: str,
        receivers: Mapping[str, str],
        clock: Clock,
        profiles: Registry,
        *,
        scan: Literal["active", "passive"] = "active",
        patterns: Sequence[FilterPattern] = EVERYTHING,
        silence_s: float | None = SILENCE_S,
    ) -> None:
        """`receivers`: the receiver's name of each adapter."""
        self.name = name
        self.silence_s = silence_s
        self.unexplained_total: Final[Counter[str]] = Counter()
        self.dropped_total = 0
        self.meanings: Final = DecodeCache(profiles)
        self.slots: Final = BeaconSlots(profiles)
        self._receivers: Final = dict(receivers)
        self._clock: Final = clock
        self._scan: Final[Literal["active", "passive"]] = scan
        self._patterns: Final = content_patterns(patterns)

    def run(self, emit: Callable[[Heard], None], stop: threading.Event) -> None:
        """Scan until `stop`. Raise ScannerFault, an OSError, if bluetoothd, the bus or an adapter is gone or silent."""
        from edge_agent.sources.ble_scanner import Scanner, Scanning  # only an agent with BLE holds bleak in memory

        scanner = Scanner(Scanning(tuple(self._receivers), self._scan, self._patterns), self._clock.boot_ns)
        scanner.start()
        dropped_total = 0
        try:
            while not stop.wait(TURN_S):
                has_ended = not scanner.is_running()
                self._turn(scanner, emit)
                if scanner.dropped_total > dropped_total:
                    dropped_total += self._admit(scanner, scanner.dropped_total - dropped_total, emit)
                if has_ended:
                    raise scanner.fault or RuntimeError("the scanner has died of a bug; its traceback is above")
                self._check(scanner)
        finally:
            scanner.stop()
            if stop.is_set():
                self._turn(scanner, emit)

    def _turn(self, scanner: Scanner, emit: Callable[[Heard], None]) -> None:
        """Emit what was heard since the last turn."""
        receivers, who_of, slots = self._receivers, self.meanings.of, self.slots
        unexplained: Counter[str] = Counter()
        for t_ns, adapter, device, data in scanner.take():
            who = who_of(device, data)
            if who.rank != ALONE:
                who = slots.whose(device.address, who, t_ns)
            sighting = Sighting(t_ns, receivers[adapter], who.profile, who.identifier, data.rssi)
            if not who.reason:
                emit(sighting)
            elif who is UNDECIDED:
                slots.hold(device.address, sighting)
            else:
                unexplained[who.reason] += 1
        for sighting in slots.due(self._clock.boot_ns()):
            emit(sighting)
        self.unexplained_total.update(unexplained)
        for reason, total in unexplained.items():
            emit(Unexplained(self._clock.boot_ns(), reason, total))

    def _admit(self, scanner: Scanner, rows: int, emit: Callable[[Heard], None]) -> int:
        """Emit a gap of the rows that the agent could not take. Return how many they are."""
        self.dropped_total += rows
        now_ns = self._clock.boot_ns()
        from_ns, scanner.dropping_ns = scanner.dropping_ns or now_ns, 0
        emit(Gap(from_ns, now_ns, "ble.overflow", rows))
        return rows

    def _check(self, scanner: Scanner) -> None:
        """Raise ScannerFault for one silent adapter among others: the source is not silent, so its supervisor does not notice."""
        if self.silence_s is None or len(self._receivers) == 1:
            return
        until_ns = self._clock.boot_ns() - round((self.silence_s + SLACK_S) * NS_PER_S)
        for adapter, last_ns in scanner.last_ns.items():
            if last_ns < until_ns:
                raise TimeoutError(errno.ETIMEDOUT, f"adapter {adapter} has heard nothing for {self.silence_s:.0f} s")


class BleSettings(SourceSettings):
    """`[[sources]] kind = "ble"`."""

    kind: Literal["ble"]
    receivers: Annotated[dict[Name, AnyReceiver], Field(min_length=1)]
    """Each adapter: the zone it hears."""
    adapters: dict[Name, AdapterName] = Field(default_factory=dict)
    """The adapter of each receiver that is not named like its adapter."""
    scan: Literal["active", "passive"] = "active"
    patterns: tuple[FilterPattern, ...] = EVERYTHING
    """What a passive scan reports: (position, AD type, hex), any of them."""
    silence_s: Annotated[float, Field(gt=0)] | None = SILENCE_S
    """A longer silence means that the radio has failed: no store is silent for so long."""

    @model_validator(mode="after")
    def _one_adapter_each(self) -> BleSettings:
        if unknown := sorted(set(self.adapters) - set(self.receivers)):
            raise ValueError(f"adapters.{unknown[0]}: is none of the receivers {', '.join(self.receivers)}")
        adapters = list(self.receiver_of())
        if len(adapters) < len(self.receivers):
            raise ValueError("adapters: each receiver needs an adapter of its own")
        return self

    def receiver_of(self) -> dict[str, str]:
        """Return the receiver that each adapter is."""
        return {self.adapters.get(receiver, receiver): receiver for receiver in self.receivers}

    @property
    def task(self) -> ObservationTask:
        return "presence"

    def source(self, clock: Clock, profiles: Registry) -> BleSource:
        require("bleak", "Bluetooth")
        return BleSource(self.name, self.receiver_of(), clock, profiles, scan=self.scan, patterns=self.patterns, silence_s=self.silence_s)
