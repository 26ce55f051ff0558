"""What `edge_agent/sources/source.py` promises, held against every kind of source and a device that really speaks to it.

A new kind is done when it stands in ADAPTERS and passes: a kind without an adapter fails the suite.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, get_args

import pytest

from device_profiles.profile import CounterLimits
from device_profiles.registry import Registry, shipped
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings
from edge_agent.counters import Counters
from edge_agent.sources.kinds import AnySource
from edge_agent.sources.source import Crossing, Gap, Heard, RefusedReading, Sighting, Source, Tally
from edge_agent.supervisor import Supervisor
from footfall.config import check
from simulators.devices.beams import BeamPins
from simulators.devices.bluez import BlueZ
from simulators.devices.emulator import Emulator
from simulators.devices.http_push import PushCamera
from simulators.devices.llrp import LlrpReader
from simulators.devices.modbus import ModbusCounter
from simulators.devices.vendor_mqtt import VendorGateways
from tests.support.waiting import PATIENCE_S, Stopwatch

CLOCK = SystemClock()
STOP_S = 1.0
RECOVERY_S = 30.0
LINES = 40
EVERY_S = 0.01
SERVES = "serves"


class Rig(Protocol):
    """A device under test, running. `block` is what agent.toml has for it, without a name.

    `fail` ends an attempt of the source, `mute` leaves it without a word; both mend themselves within ten seconds, and return at once.
    `most`: how much it may send in one go. `plays_by_itself`: it speaks once a run, and fails or falls silent only before.
    """

    block: Mapping[str, Any]
    fail: Callable[[], None]
    mute: Callable[[], None]
    most: int
    silence_s: float
    profiles: Registry
    plays_by_itself: bool

    @property
    def said_total(self) -> int:
        """How many sightings or people it has put on its wire since it began."""

    def say(self, n: int) -> None: ...


class Ear:
    """What a source emitted; `people` as the agent counts them, with its own memory of counters."""

    def __init__(self, every_s: float = 0.0) -> None:
        self.sightings: list[Sighting] = []
        self.gaps: list[Gap] = []
        self.refused: list[RefusedReading] = []
        self.people = 0
        self.unheard = 0
        self.every_s = every_s
        self._counters = Counters(CLOCK.boot)

    @property
    def total(self) -> int:
        return len(self.sightings) + self.people

    def __call__(self, heard: Heard) -> None:
        match heard:
            case Sighting():
                self.sightings.append(heard)
            case Crossing(_, _, entered, left):
                self.people += entered + left
            case Tally():
                for counted in self._counters.count(heard, _limits(heard.profile)):
                    self(counted)
            case Gap():
                self.gaps.append(heard)
            case RefusedReading():
                self.refused.append(heard)
        if self.every_s:
            time.sleep(self.every_s)


def _limits(profile: str) -> CounterLimits:
    return shipped()[profile].counter


# --- the kinds -----------------------------------------------------------------------------------------------------------------


@dataclass
class FileRig:
    """A recording that is played once a run."""

    path: Path
    block: Mapping[str, Any]
    most: int = LINES
    silence_s: float = 1.0
    profiles: Registry = field(default_factory=shipped)
    plays_by_itself: bool = True
    said_total: int = 0

    def __post_init__(self) -> None:
        self.path.write_text("".join(_line(n, n * EVERY_S) for n in range(LINES)))

    def say(self, n: int) -> None:
        """It sends all it has, and then has nothing left to send."""
        self.said_total += LINES

    def fail(self) -> None:
        away = self.path.rename(self.path.with_suffix(".away"))
        threading.Timer(0.7, lambda: away.rename(self.path)).start()

    def mute(self) -> None:
        whole = self.path.read_text()
        self.path.write_text(_line(LINES, 0.0) + _line(LINES, 60.0))
        threading.Timer(0.7, lambda: self.path.write_text(whole)).start()


def _line(n: int, at_s: float) -> str:
    heard = {"t_ns": round(at_s * 1e9), "receiver": "radio", "profile": "ibeacon", "identifier": f"u:1:{n}", "rssi_dbm": -60}
    return json.dumps(heard) + "\n"


@contextmanager
def replay(folder: Path) -> Iterator[Rig]:
    path = folder / "heard.jsonl"
    yield FileRig(path, {"kind": "replay", "format": "jsonl", "paths": [str(path)]})


@contextmanager
def simulated(folder: Path) -> Iterator[Rig]:
    path = folder / "heard.jsonl"
    yield FileRig(path, {"kind": "simulated", "path": str(path)})


@dataclass
class DeviceRig:
    """An emulated device. `words` is the n-th thing that it sends; `fault` and `silence` are names of its faults.

    `fault` is SERVES for a source that its devices call: nothing that they do ends it.
    """

    device: Emulator
    block: Mapping[str, Any]
    words: Callable[[int], Sighting | Crossing]
    fault: str
    silence: str
    most: int = 300
    silence_s: float = 1.0
    profiles: Registry = field(default_factory=shipped)
    plays_by_itself: bool = False

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    @property
    def said_total(self) -> int:
        return self.device.said_total

    def say(self, n: int) -> None:
        for number in itertools.islice(self._numbers, n):
            self.device.say(self.words(number))

    def fail(self) -> None:
        self.device.faults[self.fault]()

    def mute(self) -> None:
        self.device.faults[self.silence]()


def beacon(receiver: str) -> Callable[[int], Sighting]:
    """Another beacon each time."""
    return lambda n: Sighting(0, receiver, "ibeacon", f"f007fa11-0000-4000-8000-000000000000:{n >> 16}:{n & 0xFFFF}", -60)


def passing(door: str) -> Callable[[int], Crossing]:
    """Two come, one goes, and again."""
    return lambda n: Crossing(0, door, int(n % 3 != 0), int(n % 3 == 0))


@contextmanager
def ble(folder: Path) -> Iterator[Rig]:
    with BlueZ(["radio"], folder) as device:
        yield DeviceRig(device, device.settings(), beacon("radio"), "bluetoothd-restart", "scanner-silent")


@contextmanager
def modbus(folder: Path) -> Iterator[Rig]:
    with ModbusCounter(mend_s=2.0) as device:
        yield DeviceRig(device, device.settings(), passing("main"), "reboot", "stall")


def garment(receiver: str) -> Callable[[int], Sighting]:
    """Another tag each time."""
    return lambda n: Sighting(0, receiver, "garment-tag", f"3074257bf7194e40{n:08x}", -60)


@contextmanager
def llrp(folder: Path) -> Iterator[Rig]:
    with LlrpReader(["radio"]) as device:
        yield DeviceRig(device, device.settings(), garment("radio"), "drop", "stall")


@contextmanager
def mqtt_vendor(folder: Path) -> Iterator[Rig]:
    with VendorGateways(["radio"], mend_s=1.5) as device:
        yield DeviceRig(device, device.settings(), beacon("radio"), "broker-gone", "silence")


@contextmanager
def http_push(folder: Path) -> Iterator[Rig]:
    with PushCamera(push_s=0.3, mend_s=1.5) as device:
        yield DeviceRig(device, device.settings(), passing("main"), SERVES, "silence")


@contextmanager
def gpio(folder: Path) -> Iterator[Rig]:
    """People who hurry, and beams that nobody may cover for long."""
    pair = shipped()["beam-pair"]
    assert pair.device is not None
    quick = pair.device.model_copy(update={"bounce_ms": 3.0, "follow_ms": 40.0, "stuck_s": 1.5})
    profiles = Registry({"beam-pair": pair.model_copy(update={"device": quick})})
    with BeamPins(hurry=6.0, mend_s=2.2) as device:
        yield DeviceRig(device, device.settings(), passing("main"), "stick", "stick", most=12, silence_s=1.2, profiles=profiles)


Adapter = Callable[[Path], AbstractContextManager[Rig]]
ADAPTERS: Mapping[str, Adapter] = {
    "replay": replay,
    "simulated": simulated,
    "ble": ble,
    "modbus": modbus,
    "llrp": llrp,
    "mqtt_vendor": mqtt_vendor,
    "http_push": http_push,
    "gpio": gpio,
}


# --- the promises --------------------------------------------------------------------------------------------------------------


def kinds() -> list[str]:
    """Those that agent.toml may name."""
    union = get_args(AnySource)[0]
    return sorted(get_args(model.model_fields["kind"].annotation)[0] for model in get_args(union))


def test_every_kind_has_an_adapter() -> None:
    assert kinds() == sorted(ADAPTERS), "ADAPTERS must say how to make a device for every kind of source, and nothing else"


@pytest.fixture(params=sorted(ADAPTERS))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Nothing may be left behind by device and source together."""
    with nothing_left(), ADAPTERS[request.param](tmp_path) as made:
        yield made


def source_of(rig: Rig, **more: Any) -> Source:
    block = {"name": "device", "receivers": {"radio": "entrance"}, **rig.block, **more}
    settings = check({"store": "s", "agent": "a", "spool": {"path": "-"}, "sources": [block]}, AgentSettings, "the adapter's block")
    return settings.sources[0].source(CLOCK, rig.profiles)


class Run:
    """A source that runs in a thread of its own; leaving it stops it, which must take no longer than promised."""

    def __init__(self, source: Source, emit: Callable[[Heard], None]) -> None:
        self.error: Exception | None = None
        self.stop = threading.Event()
        self._source, self._emit = source, emit
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Run:
        self.thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with Stopwatch() as watch:
            self.stop.set()
            self.thread.join(PATIENCE_S)
        if kind is None:
            assert not self.thread.is_alive(), "it did not stop"
            assert watch.kept_up_s <= STOP_S, "it took too long to stop"

    def _run(self) -> None:
        try:
            self._source.run(self._emit, self.stop)
        except Exception as error:  # a source may raise anything
            self.error = error


@contextmanager
def supervised(source: Source, emit: Callable[[Heard], None]) -> Iterator[Supervisor]:
    supervisor, stop = Supervisor([source], emit, CLOCK, backoff_s=0.2), threading.Event()
    supervisor.start(stop)
    try:
        yield supervisor
    finally:
        stop.set()
        until(lambda: not supervisor.is_running(), PATIENCE_S, "the supervisor does not end")


def until(reached: Callable[[], object], limit_s: float, what: str) -> None:
    deadline_s = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.01)


def warm(rig: Rig, ear: Ear) -> None:
    """Until the device is heard, and then until all that it sent is: from there on counts are exact."""
    if rig.plays_by_itself:
        return
    before, deadline_s = ear.total, time.monotonic() + RECOVERY_S
    while ear.total == before:
        assert time.monotonic() < deadline_s, f"it is not heard within {RECOVERY_S:.0f} s"
        rig.say(1)
        pause_s = time.monotonic() + 0.5
        while ear.total == before and time.monotonic() < pause_s:
            time.sleep(0.02)
    settle(rig, ear)
    ear.unheard = rig.said_total - ear.total


def settle(rig: Rig, ear: Ear, looks: int = 13) -> None:
    """Until nothing was sent or heard from one look to the next, so many times: a quarter of a second, more where all take longer."""
    seen, same = (-1, -1), 0
    while same < looks:
        same = same + 1 if (rig.said_total, ear.total) == seen else 0
        seen = (rig.said_total, ear.total)
        time.sleep(0.02)


def exact(rig: Rig, ear: Ear, n: int, limit_s: float = PATIENCE_S) -> None:
    """`n` more things are sent, and each of them is heard once."""
    said = rig.said_total
    rig.say(n)
    until(lambda: rig.said_total > said, limit_s, "the device says nothing: nobody listens")
    until(lambda: ear.total >= rig.said_total - ear.unheard, limit_s, f"{ear.total} heard, {ear.unheard} said before, of {rig.said_total}")
    settle(rig, ear)
    assert ear.total == rig.said_total - ear.unheard


def test_all_is_heard_once_by_a_slow_agent_too_and_again_after_a_stop(rig: Rig) -> None:
    """While the agent takes 20 ms for each thing, the device waits, or what it sends is kept for it."""
    source, ear = source_of(rig), Ear()
    with Run(source, ear):
        warm(rig, ear)
        exact(rig, ear, rig.most)
        if not rig.plays_by_itself:
            ear.every_s = 0.02
            exact(rig, ear, min(rig.most, 50))
    assert not ear.refused
    ear.every_s = 0.02 if rig.plays_by_itself else 0.0
    with Run(source, ear):
        warm(rig, ear)
        exact(rig, ear, 3)


def test_it_stops_within_a_second_though_nothing_was_sent(rig: Rig) -> None:
    for after_s in (0.0, 0.4):
        with Run(source_of(rig), Ear()) as run:
            time.sleep(after_s)
        assert run.error is None


def test_a_fault_is_a_dated_gap_and_then_it_is_heard_again(rig: Rig) -> None:
    if isinstance(rig, DeviceRig) and rig.fault == SERVES:
        pytest.skip("it is called by its devices: nothing that they do ends it")
    _fails_and_recovers(rig, "fault", rig.fail, source_of(rig))


def test_silence_is_a_dated_gap_and_then_it_is_heard_again(rig: Rig) -> None:
    _fails_and_recovers(rig, "silent", rig.mute, source_of(rig, silence_s=rig.silence_s))


def _fails_and_recovers(rig: Rig, state: str, fail: Callable[[], None], source: Source) -> None:
    ear, states = Ear(), set[str]()
    if rig.plays_by_itself:
        fail()
    failed_ns = CLOCK.boot_ns()
    with supervised(source, ear) as supervisor:
        if not rig.plays_by_itself:
            warm(rig, ear)
            failed_ns = CLOCK.boot_ns()
            fail()
        before, deadline_s = ear.total, time.monotonic() + RECOVERY_S
        while not (ear.gaps and ear.total > before):
            assert time.monotonic() < deadline_s, f"{supervisor.health['device']}, {len(ear.gaps)} gaps, {ear.total - before} heard"
            rig.say(1)
            for _ in range(10):
                states.add(supervisor.health["device"].state)
                time.sleep(0.025)
        assert state in states, f"health never said {state!r}"
        assert supervisor.health["device"].restarts_total
        if not rig.plays_by_itself:
            warm(rig, ear)
            exact(rig, ear, 3)
    gap = ear.gaps[0]
    assert gap.from_boot_ns <= failed_ns + 10**9, "the gap begins when it was last heard"
    assert failed_ns < gap.to_boot_ns <= failed_ns + round(RECOVERY_S * 1e9)
    assert gap.reason == f"source.{state}"


# --- nothing left behind -------------------------------------------------------------------------------------------------------


@contextmanager
def nothing_left() -> Iterator[None]:
    """Threads and sockets of this process are after it what they were before."""
    threads, sockets = set(threading.enumerate()), _sockets()
    yield
    gc.collect()
    deadline_s = time.monotonic() + PATIENCE_S
    while left := [*(set(threading.enumerate()) - threads), *(_sockets() - sockets)]:
        assert time.monotonic() < deadline_s, f"left behind: {left}"
        time.sleep(0.02)


def _sockets() -> set[str]:
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith("socket:"):
                found.add(target)
    return found
