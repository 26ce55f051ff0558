"""The real bleak on an emulated BlueZ: what is advertised is what is heard; each fault heals and leaves a dated gap; counts are exact."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import pytest

from device_profiles.advertisement import Advertisement
from device_profiles.registry import shipped
from edge_agent.clock import SystemClock
from edge_agent.sources import ble_scanner
from edge_agent.sources.ble import BleSettings, BleSource
from edge_agent.sources.source import Gap, Heard, Sighting, Unexplained
from edge_agent.supervisor import Supervisor
from footfall.health import SourceHealth
from simulators.devices.bluez import BlueZ
from simulators.devices.bluez_practice import messages
from tests.support.waiting import PATIENCE_S, Stopwatch

RECOVERED_S: Final = 30.0
CLOCK: Final = SystemClock()
BEACON: Final = "f007fa11-0000-4000-8000-000000000000"
STRANGER: Final = Advertisement("00:1b:dc:00:00:01", address_type="public", manufacturer={0xFFFF: b"\x00nobody knows this"})


def sightings(count: int, seed: int, receiver: str = "left") -> list[Sighting]:
    rng = random.Random(seed)
    beacons = [("ibeacon", f"{BEACON}:1:{number}") for number in range(20)]
    phones = [("ble-anonymous", f"{0x40 | number:02x}:00:00:00:00:07") for number in range(20)]
    return [Sighting(0, receiver, *rng.choice(beacons + phones), rng.randint(-95, -40)) for _ in range(count)]


def timeless(heard: list[Heard]) -> list[tuple[str, str, str, int]]:
    return [(h.receiver, h.profile, h.identifier, h.rssi_dbm) for h in heard if isinstance(h, Sighting)]


def source_of(bluez: BlueZ, **more: Any) -> BleSource:
    values = {"name": "ble", "receivers": {"left": "door", "right": "shelf"}, **bluez.settings(), **more}
    return BleSettings.model_validate(values).source(CLOCK, shipped())


@contextmanager
def running(bluez: BlueZ, emit: Callable[[Heard], None], **more: Any) -> Iterator[BleSource]:
    """A source without a supervisor: it must not fail, and end within a second."""
    source, stop, errors = source_of(bluez, **more), threading.Event(), []

    def run() -> None:
        try:
            source.run(emit, stop)
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        bluez.wait_listening()
        yield source
    finally:
        with Stopwatch() as watch:
            stop.set()
            thread.join(PATIENCE_S)
        assert not errors
        assert watch.kept_up_s < 1.0


def await_(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s, "it did not come to pass"
        time.sleep(0.02)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_advertised_is_what_is_heard(bluez: BlueZ, seed: int) -> None:
    said = sightings(500, seed) + sightings(500, seed + 100, "right")
    random.Random(seed).shuffle(said)
    heard: list[Heard] = []
    before_ns = CLOCK.boot_ns()
    with running(bluez, heard.append):
        for sighting in said:
            bluez.say(sighting)
        await_(lambda: len(heard) >= len(said))
    assert bluez.said_total == len(said)
    for receiver in ("left", "right"):
        expected = [said_ for said_ in timeless(list(said)) if said_[0] == receiver]
        assert [heard_ for heard_ in timeless(heard) if heard_[0] == receiver] == expected, f"seed {seed}"
    times_ns = [h.t_boot_ns for h in heard if isinstance(h, Sighting)]
    assert times_ns == sorted(times_ns)
    assert before_ns < times_ns[0] <= times_ns[-1] < CLOCK.boot_ns()


def test_a_card_of_two_slots_is_one_person_whatever_bluez_keeps(bluez: BlueZ) -> None:
    """BlueZ keeps a device's service data while its next advertisement has manufacturer data alone: all of it is one beacon's."""
    heard: list[Heard] = []
    with running(bluez, heard.append):
        for n in range(40):
            for advertisement in messages(n):
                bluez.advertise("left", advertisement, -60 - n % 2)
        await_(lambda: sum(isinstance(one, Sighting) and one.profile != "ble-anonymous" for one in heard) >= 40)
    who = [
        (one.profile, one.identifier) for one in heard if isinstance(one, Sighting) and one.profile not in ("ble-thing", "ble-anonymous")
    ]
    assert who == [("ibeacon", "426c7565-4368-6172-6d42-6561636f6e73:3838:4949")] * 40


def test_a_passive_scan_hears_what_bluez_lets_through(bluez: BlueZ) -> None:
    """Without a filter BlueZ keeps RSSI changes below 8 dB quiet: the emulator does as it does, and counts it."""
    heard: list[Heard] = []
    beacon = f"{BEACON}:1:1"
    levels = [-60, -61, -68, -67, -76, -90, -90, -82]
    with running(bluez, heard.append, scan="passive"):
        for rssi_dbm in levels:
            bluez.say(Sighting(0, "left", "ibeacon", beacon, rssi_dbm))
        bluez.wait_said()
        await_(lambda: len(heard) >= 5)
    assert timeless(heard) == [("left", "ibeacon", beacon, rssi_dbm) for rssi_dbm in (-60, -68, -76, -90, -82)]
    assert bluez.daemon.counts == {"said": 5, "quiet": 3}


def test_a_passive_scan_is_limited_to_its_patterns(bluez: BlueZ) -> None:
    heard: list[Heard] = []
    with running(bluez, heard.append, scan="passive", patterns=[(0, 255, "4c000215")]):
        bluez.say(Sighting(0, "left", "ble-anonymous", "40:00:00:00:00:07", -60))
        bluez.say(Sighting(0, "left", "ibeacon", f"{BEACON}:1:1", -60))
        await_(lambda: bool(heard))
    assert timeless(heard) == [("left", "ibeacon", f"{BEACON}:1:1", -60)]


def test_it_starts_stops_and_starts_again(bluez: BlueZ) -> None:
    heard: list[Heard] = []
    for _ in range(3):
        with running(bluez, heard.append):
            for sighting in sightings(50, 3):
                bluez.say(sighting)
            bluez.wait_said()
        await_(lambda: not bluez.daemon.is_listening("hci0"))
        bluez.say(sightings(1, 4)[0])
        bluez.wait_said()
    assert len(timeless(heard)) == 150 == bluez.said_total
    assert bluez.daemon.counts["unheard"] == 3


def test_what_no_profile_takes_is_counted_and_is_a_sign_of_life(bluez: BlueZ, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Heard] = []
    with running(bluez, heard.append) as source:
        monkeypatch.setattr(source.slots, "_settle_ns", 0)
        for rssi_dbm in range(-90, -50):
            bluez.advertise("left", STRANGER, rssi_dbm)
        await_(lambda: source.unexplained_total.total() + len(timeless(heard)) >= 40)
    counted = Counter[str]()
    for said in heard:
        if isinstance(said, Unexplained):
            counted[said.reason] += said.total
    assert counted == source.unexplained_total
    assert counted.total() + len(timeless(heard)) == 40


def test_a_full_agent_holds_nothing_up_and_what_was_lost_is_a_counted_gap(bluez: BlueZ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble_scanner, "QUEUE", 100)
    heard: list[Heard] = []
    full = threading.Event()

    def emit(said: Heard) -> None:
        full.wait(PATIENCE_S)
        heard.append(said)

    with running(bluez, emit) as source:
        for sighting in sightings(2000, 5):
            bluez.say(sighting)
        bluez.wait_said()
        time.sleep(0.5)
        full.set()
        await_(lambda: len(timeless(heard)) + source.dropped_total == 2000)
        gaps = [said for said in heard if isinstance(said, Gap)]
        assert 0 < len(timeless(heard)) < 2000
        assert sum(gap.rows for gap in gaps) == source.dropped_total
        assert all(gap.reason == "ble.overflow" and 0 < gap.from_boot_ns <= gap.to_boot_ns for gap in gaps)


class Watched:
    """A source under a supervisor."""

    def __init__(self, bluez: BlueZ, **more: Any) -> None:
        self.heard: list[Heard] = []
        self._stop = threading.Event()
        self._supervisor = Supervisor([source_of(bluez, **more)], self.heard.append, CLOCK)

    def __enter__(self) -> Watched:
        self._supervisor.start(self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        await_(lambda: not self._supervisor.is_running())

    @property
    def health(self) -> SourceHealth:
        return self._supervisor.health["ble"]

    def gaps(self) -> list[Gap]:
        return [heard for heard in self.heard if isinstance(heard, Gap)]


FAULTS: Final = {
    "bluetoothd-restart": ("source.fault", "ScannerFault: bluetoothd"),
    "bus-restart": ("source.fault", "ScannerFault: the connection to D-Bus was lost"),
    "power-cycle": ("source.fault", "ScannerFault: adapter hci"),
    "scanner-silent": ("source.silent", "nothing heard"),
    "stall": ("source.silent", "nothing heard"),
}


@pytest.mark.parametrize("scan", ["active", "passive"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_heals_within_30_s_and_leaves_a_dated_gap(bluez: BlueZ, fault: str, scan: str) -> None:
    reason, detail = FAULTS[fault]
    with Watched(bluez, scan=scan, silence_s=1.0) as watched:
        bluez.wait_listening()
        for sighting in sightings(100, 6):
            bluez.say(sighting)
        bluez.wait_said()
        await_(lambda: len(timeless(watched.heard)) == bluez.said_total > 0)
        before, broke_ns, broke_s = bluez.said_total, CLOCK.boot_ns(), time.monotonic()
        bluez.faults[fault]()
        await_(lambda: bool(watched.gaps()) or watched.health.state != "ok")
        assert watched.health.detail.startswith(detail), watched.health
        await_(lambda: len(watched.gaps()) > 0)
        bluez.wait_listening(timeout_s=RECOVERED_S)
        assert time.monotonic() - broke_s < RECOVERED_S
        for sighting in sightings(100, 7):
            bluez.say(sighting)
        bluez.wait_said()
        await_(lambda: len(timeless(watched.heard)) == bluez.said_total)
        assert bluez.said_total > before
        await_(lambda: watched.health.state == "ok")
    gaps = watched.gaps()
    assert {gap.reason for gap in gaps} <= {reason, "source.fault"}
    assert gaps[0].from_boot_ns <= broke_ns + 10**9
    assert gaps[-1].to_boot_ns > broke_ns
    for one, next_ in pairwise(gaps):
        assert 0 <= next_.from_boot_ns - one.to_boot_ns < 10**9


def test_one_deaf_adapter_among_others_is_a_fault(bluez: BlueZ) -> None:
    """The source is not silent, so only the source can notice."""
    with Watched(bluez, silence_s=1.0) as watched:
        bluez.wait_listening()
        until_s = time.monotonic() + PATIENCE_S
        while not watched.gaps():
            assert time.monotonic() < until_s
            bluez.say(sightings(1, 8)[0])
            time.sleep(0.1)
    assert watched.gaps()[0].reason == "source.fault"


def test_an_adapter_that_is_not_there_is_a_fault_that_names_it(bluez: BlueZ) -> None:
    with Watched(bluez, receivers={"hci7": "door"}, adapters={}) as watched:
        await_(lambda: watched.health.state == "fault")
        assert "adapter hci7 is not there" in watched.health.detail


def test_no_address_is_logged_however_much_is_advertised(bluez: BlueZ, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[Heard] = []
    with running(bluez, heard.append):
        bluez.say(Sighting(0, "left", "ble-anonymous", "40:00:00:00:ab:07", -60))
        await_(lambda: bool(heard))
    said = caplog.text.lower()
    assert "40:00:00:00:ab:07" not in said
    assert "40_00_00_00_ab_07" not in said


def test_devices_that_bluez_has_forgotten_are_heard_again(bluez: BlueZ) -> None:
    heard: list[Heard] = []
    with running(bluez, heard.append):
        for _ in range(2):
            for sighting in sightings(50, 9):
                bluez.say(sighting)
            bluez.wait_said()
            bluez.forget()
        await_(lambda: len(timeless(heard)) == 100)
