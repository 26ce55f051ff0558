"""How much memory an agent takes with many identifiers around it, and whether that grows over an hour.

    python -m benchmarks.agent_memory [IDENTIFIERS] [HOURS]

A process of its own is `footfall agent` with a source of kind `ble`: all its modules, bleak with BlueZ's, and its parts as they are, the
spool on disk. Only the radio is not there: what bleak would call back with goes to the source's profiles and on into core and spool.
Simulated time: every identifier is heard about every ten seconds by one of two receivers; a tenth of them are phones that change their
address every quarter of an hour, so that ever new ones appear. What bleak itself keeps of each device is measured in benchmarks/ble.py.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bleak.backends.bluezdbus.scanner  # noqa: F401 # the agent's thread loads it when it scans
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

import edge_agent.command  # as in the command, and so the two below
import edge_agent.sources.ble_scanner  # noqa: F401
import footfall.cli  # noqa: F401
from benchmarks.results import Failed
from edge_agent.agent import TIDY_NS, EdgeAgent
from edge_agent.clock import Moment, SystemClock
from edge_agent.config import AgentSettings
from edge_agent.sources.ble import BleSettings
from edge_agent.sources.source import Sighting
from footfall.config import check
from footfall.units import NS_PER_S

SEED: Final = 7
PERIOD_S: Final = 10
ROTATE_S: Final = 900
WARM_S: Final = 300
BEACON: Final = bytes.fromhex("e2c56db5dffb48d2b060d0f5a71096e0")
APPLE: Final = 0x004C


@dataclass(frozen=True, slots=True)
class Memory:
    """`rss_mb` at the end; `growth_mb` since five minutes had passed; `us_per_sighting` of the agent's CPU, from bleak's callback into the
    spool: what makes the sightings up does not count."""

    rss_mb: float
    growth_mb: float
    us_per_sighting: float


def measure(identifiers: int = 10_000, hours: float = 1.0) -> Memory:
    """In a process of its own, which holds what `footfall agent` holds."""
    command = [sys.executable, "-m", "benchmarks.agent_memory", "--inside", str(identifiers), str(hours)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    return Memory(*map(float, done.stdout.split()))


def run(identifiers: int, hours: float, folder: Path) -> Memory:
    settings = _settings(folder)
    clock, profiles = SystemClock(), settings.registry()
    agent = EdgeAgent(settings, clock, profiles)
    (block,) = settings.sources
    assert isinstance(block, BleSettings)
    who_of = block.source(clock, profiles).meanings.of
    rng = random.Random(SEED)
    warm_mb, sightings, cpu_s = 0.0, 0, 0.0
    for second in range(round(hours * 3600)):
        t_ns = second * NS_PER_S
        called_back = [_called_back(rng, identifiers, second) for _ in range(identifiers // PERIOD_S)]
        begun_s = time.process_time()
        for receiver, device, data in called_back:
            who = who_of(device, data)
            if who.reason:
                raise Failed(f"an advertisement was not explained: {who.reason}")
            agent.core.hear(Sighting(t_ns, receiver, who.profile, who.identifier, data.rssi))
        sightings += len(called_back)
        agent.spool.append(agent.core.tick(Moment(t_ns, t_ns, True)))
        epoch = agent.spool.sending()
        agent.spool.mark(epoch.name, epoch.last, t_ns)
        if t_ns % TIDY_NS == 0:
            agent.spool.tidy(t_ns, t_ns)
        cpu_s += time.process_time() - begun_s
        if second == WARM_S:
            warm_mb = rss_mb()
    agent.spool.close()
    return Memory(rss_mb(), rss_mb() - warm_mb, cpu_s / sightings * 1e6)


def _settings(folder: Path) -> AgentSettings:
    (folder / "keys.toml").write_text(f'ibeacon = "{"6b" * 32}"\n')
    source = {"kind": "ble", "name": "ble", "receivers": {"r1": "door", "r2": "shelf"}, "adapters": {"r1": "hci0", "r2": "hci1"}}
    values = {
        "store": "s", "agent": "a", "spool": {"path": str(folder / "spool.sqlite")}, "keys": {"file": str(folder / "keys.toml")},
        "sources": [source],
    }  # fmt: skip
    return check(values, AgentSettings, "the benchmark")


def _called_back(rng: random.Random, identifiers: int, second: int) -> tuple[str, BLEDevice, AdvertisementData]:
    """Any device at one of the two receivers."""
    receiver = "r1" if rng.random() < 0.5 else "r2"
    return receiver, *_heard(rng.randrange(identifiers), identifiers, second)


def _heard(number: int, identifiers: int, second: int) -> tuple[BLEDevice, AdvertisementData]:
    """As bleak calls back: the first tenth are phones with resolvable addresses, the others beacons."""
    if number < identifiers // 10:
        address, payload, rssi_dbm = f"4{second // ROTATE_S % 16:X}:00:{number:08X}", bytes.fromhex("10050118000000"), -70
        address = ":".join([address[:5], *(address[6:][i : i + 2] for i in range(0, 8, 2))])
    else:
        address = ":".join(["C0", "00", *(f"{number:08X}"[i : i + 2] for i in range(0, 8, 2))])
        payload, rssi_dbm = b"\x02\x15" + BEACON + (1).to_bytes(2, "big") + number.to_bytes(2, "big") + b"\xc5", -65
    data = AdvertisementData(None, {APPLE: payload}, {}, [], None, rssi_dbm, ())
    return BLEDevice(address, None, {"props": {"AddressType": "random"}}), data


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--inside"]
    identifiers = int(arguments[0]) if arguments else 10_000
    hours = float(arguments[1]) if len(arguments) > 1 else 1.0
    if "--inside" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            found = run(identifiers, hours, Path(folder))
        print(found.rss_mb, found.growth_mb, found.us_per_sighting)
        return
    found = measure(identifiers, hours)
    said = f"{found.rss_mb:.1f} MB, grown by {found.growth_mb:.1f} MB, {found.us_per_sighting:.1f} us a sighting"
    print(f"{identifiers} identifiers, {hours:g} h: {said}")


if __name__ == "__main__":
    main()
