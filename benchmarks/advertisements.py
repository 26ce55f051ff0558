"""From the raw bytes of an HCI event to an identifier: ours beside two other decoders, on the same advertisements.

    shared(peer, count, rng), store(count, rng) -> events
    decode(events, passes) -> us                     # ours
    decode_with(peer, events, passes) -> us          # bleparser or Theengs, in an environment of its own
    resolve(irks) -> us                              # whose is a private address, among so many keys

Each counts CPU time of the best pass over all events. Theengs takes no bytes but JSON of what BlueZ gives; that is made ready beforehand.
Both peers are installed for the benchmark alone, on demand; one that cannot be is left out, and said.
"""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.environments import interpreter
from benchmarks.machine import MEASURED, pinned
from benchmarks.results import Failed
from device_profiles.advertisement import parse_hci_event
from device_profiles.ble_keys import keyed
from device_profiles.decoders.private_address import Resolver
from device_profiles.devices.ble import Ble
from device_profiles.registry import shipped
from footfall.errors import ProfileError

SEED: Final = 4
_UUID: Final = bytes.fromhex("f7826da64fa24e988024bc5b71e0893e")


def shared(peer: str, count: int, rng: random.Random) -> list[bytes]:
    """Events of the formats that the peer knows as well as we, in equal parts."""
    makers = PEERS[peer].makers
    return [_event(makers[i % len(makers)](rng), rng) for i in range(count)]


def store(count: int, rng: random.Random) -> list[bytes]:
    """What is in the air of a store: fans' and staff's beacons, and many phones and computers that nobody registered."""
    makers = rng.choices((_ibeacon, _eddystone, _nearby, _microsoft, _bthome), (40, 10, 35, 10, 5), k=count)
    return [_event(maker(rng), rng) for maker in makers]


def decode(events: list[bytes], passes: int) -> float:
    """Microseconds an advertisement, from bytes to identifier, in a process of its own."""
    return _run([sys.executable, "-m", "benchmarks.advertisements"], [event.hex() for event in events], passes)["ours"]


def decode_with(peer: str, events: list[bytes], passes: int) -> float:
    """The same by a peer. Failed if it does not install."""
    python = interpreter(peer, PEERS[peer].requirements)
    script = str(Path(__file__).parent / "advertisement_peers.py")
    return _run([str(python), script, peer], [event.hex() for event in events], passes)[peer]


def resolve(irks: int, addresses: int = 200) -> float:
    """Microseconds for a private address that was not heard before and that none of so many keys explains."""
    rng = random.Random(SEED)
    resolver = Resolver({f"fan-{number}": rng.randbytes(16) for number in range(irks)})
    strangers = [(bytes([0x40 | rng.randrange(64)]) + rng.randbytes(5)).hex(":") for _ in range(addresses)]
    began_s = time.process_time()
    for address in strangers:
        resolver.owner(address)
    return (time.process_time() - began_s) / addresses * 1e6


def _run(command: list[str], events: list[str], passes: int) -> dict[str, float]:
    done = subprocess.run(
        pinned(MEASURED, command), input=json.dumps({"events": events, "passes": passes}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _inside() -> None:
    """Ours, with the keys of 1,000 phones: an agent's whole registry."""
    task = json.load(sys.stdin)
    events = [bytes.fromhex(text) for text in task["events"]]
    rng = random.Random(SEED)
    registry = keyed(shipped(), {f"fan-{number}": rng.randbytes(16) for number in range(1000)}, {})
    best_s = float("inf")
    for _ in range(task["passes"]):
        began_s = time.process_time()
        for event in events:
            for message in parse_hci_event(event):
                profile = registry.best("ble", message)
                if profile is not None and isinstance(profile.device, Ble):
                    with suppress(ProfileError):  # what is counted instead of read is worked out as well
                        profile.device.decode(message)
        best_s = min(best_s, time.process_time() - began_s)
    print(json.dumps({"ours": best_s / len(events) * 1e6}))


def _event(data: bytes, rng: random.Random) -> bytes:
    """One LE advertising report from a static random address."""
    address = rng.randbytes(5) + bytes([0xC0 | rng.randrange(64)])
    report = b"\x03\x01" + address + bytes([len(data)]) + data + bytes([256 - rng.randrange(40, 100)])
    return b"\x04\x3e" + bytes([2 + len(report)]) + b"\x02\x01" + report


def _structure(kind: int, value: bytes) -> bytes:
    return bytes([1 + len(value), kind]) + value


def _ibeacon(rng: random.Random) -> bytes:
    numbers = struct.pack(">HHb", rng.randrange(1, 50), rng.randrange(1 << 16), -59)
    return b"\x02\x01\x06" + _structure(0xFF, b"\x4c\x00\x02\x15" + _UUID + numbers)


def _bthome(rng: random.Random) -> bytes:
    values = struct.pack("<BBBhBH", 0, rng.randrange(256), 2, rng.randrange(1500, 3000), 3, rng.randrange(2000, 6000))
    return b"\x02\x01\x06" + _structure(0x16, b"\xd2\xfc\x40" + values)


def _ruuvi(rng: random.Random) -> bytes:
    values = struct.pack(
        ">hHHhhhHBH", rng.randrange(3000, 6000), rng.randrange(40_000), 50_000, 4, -4, 1036, 0xAC36, 66, rng.randrange(60_000)
    )
    return b"\x02\x01\x06" + _structure(0xFF, b"\x99\x04\x05" + values + rng.randbytes(6))


def _eddystone(rng: random.Random) -> bytes:
    return b"\x02\x01\x06\x03\x03\xaa\xfe" + _structure(0x16, b"\xaa\xfe\x00\xe8" + _UUID[:10] + rng.randbytes(6) + b"\0\0")


def _nearby(rng: random.Random) -> bytes:
    return b"\x02\x01\x1a\x02\x0a\x0c" + _structure(0xFF, b"\x4c\x00\x10\x05\x03\x1c" + rng.randbytes(3))


def _microsoft(rng: random.Random) -> bytes:
    return _structure(0xFF, b"\x06\x00\x01\x09\x20\x02" + rng.randbytes(23))


def _altbeacon(rng: random.Random) -> bytes:
    return _structure(0xFF, b"\xff\xff\xbe\xac" + _UUID + rng.randbytes(4) + b"\xc4\0")


@dataclass(frozen=True)
class Peer:
    """What to install, and the formats that it decodes as we do."""

    requirements: tuple[str, ...]
    makers: tuple[Callable[[random.Random], bytes], ...]


PEERS: Final = {
    "bleparser": Peer(("bleparser==3.7.3",), (_ibeacon, _altbeacon, _bthome, _ruuvi)),
    "theengs": Peer(("theengsdecoder==2.5.0",), (_ibeacon, _ruuvi)),
}


if __name__ == "__main__":
    _inside()
