"""What is fuzzed. A new target is one line in `_parsers`.

A target takes any bytes and returns, or raises ProfileError or ContractError; whatever else it does is unexpected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from device_profiles.advertisement import parse_advertising_data, parse_hci_event
from device_profiles.checks import wrong
from device_profiles.decoders.epc import explain
from device_profiles.device import Device
from device_profiles.profile import Profile
from device_profiles.reading import Reading, Relayed, RelayedTag
from device_profiles.registry import Registry
from simulators.fuzz import llrp
from simulators.fuzz.heard import HeardAgent
from simulators.fuzz.messages import WIRES, read_advertisement
from simulators.fuzz.rare import Grammar, rare, tag

ADDRESS: Final = "c3:00:00:01:02:03"


@dataclass(frozen=True)
class Target:
    """`seeds`: valid inputs, to be spoilt; `rare` makes others that are valid, too."""

    name: str
    run: Callable[[bytes], object]
    seeds: Sequence[bytes] = ()
    rare: Grammar | None = None


class Impossible(Exception):
    """A decoder gave what no profile may yield."""


def targets(registry: Registry) -> list[Target]:
    """The decoders of every profile, and everything else that reads bytes of devices."""
    agent = HeardAgent(registry)
    profiles = [of_profile(profile, profile.device, registry, agent) for profile in registry.values() if profile.device is not None]
    return [*profiles, *_parsers(registry, agent)]


def of_profile(profile: Profile, device: Device, registry: Registry, agent: HeardAgent) -> Target:
    """Its device is asked whether a message is its own, then to decode it whatever it answered: no decoder may rely on being asked."""
    wire = WIRES[device.transport]

    def run(data: bytes) -> None:
        message = wire.read(data)
        device.specificity(message)
        registry.best(device.transport, message)
        for reading in device.decode(message):
            _check(reading, registry)
            agent.hear(reading, profile)

    seeds = [wire.write(device.message(vector.input)) for vector in profile.vectors]
    return Target(f"profile:{profile.name}", run, seeds, rare(device.transport))


def _check(reading: Reading, registry: Registry) -> None:
    for mistake in wrong(reading, registry):
        raise Impossible(f"{mistake}: {reading}")
    if isinstance(reading, Relayed):
        registry.best("ble", reading.advertisement)
    if isinstance(reading, RelayedTag):
        registry.best("epc", reading)


def _parsers(registry: Registry, agent: HeardAgent) -> list[Target]:
    """Whatever reads bytes before a profile sees them."""
    heard = _advertisements(registry)
    return [
        Target("advertising-data", lambda data: parse_advertising_data(data, ADDRESS), [data[8:] for data in heard]),
        Target("advertisement", lambda data: registry.best("ble", read_advertisement(data)), heard),
        Target("hci-event", parse_hci_event, [_event(data) for data in heard]),
        Target("epc-tag", read_tag_of_seed),
        Target("llrp-message", llrp.read_message, llrp.messages()),
        Target("llrp-reports", llrp.read_reports, llrp.reports()),
        Target("llrp-tags", llrp.hear_reports(registry, agent), llrp.reports(), llrp.rare_reports()),
        Target("llrp-stream", llrp.read_stream, [b"".join(llrp.messages())]),
    ]


def read_tag_of_seed(data: bytes) -> None:
    """A valid tag, drawn with the bytes as seed: it is of its scheme, and holds what was put into it."""
    drawn = tag(Random(data))
    meaning = explain(drawn.epc)
    if (meaning.scheme, meaning.uri) != (drawn.scheme, drawn.uri):
        raise Impossible(f"a valid tag is not what it says: {drawn}: {meaning}")


def _advertisements(registry: Registry) -> list[bytes]:
    devices = [(profile, profile.device) for profile in registry.values() if profile.device is not None]
    return [
        WIRES["ble"].write(device.message(vector.input))
        for profile, device in devices
        if device.transport == "ble"
        for vector in profile.vectors
    ]


def _event(heard: bytes) -> bytes:
    """An LE advertising report (Core Vol 4 Part E 7.7.65.2) of what `read_advertisement` reads."""
    data = heard[8:]
    return b"\x04\x3e" + bytes([12 + len(data), 0x02, 1, 0, 1]) + heard[5::-1] + bytes([len(data)]) + data + heard[7:8]
