"""Whatever a device sends, its profile gives readings that may be, or a ProfileError."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_profiles.registry import shipped
from footfall.errors import ContractError, ProfileError
from simulators.fuzz.messages import WIRES
from simulators.fuzz.mutate import mutated
from simulators.fuzz.targets import Target, targets

TARGETS = targets(shipped())


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random=st.binary(max_size=300), rng=st.randoms(use_true_random=False))
def test_decoders_are_total(target: Target, random: bytes, rng: Random) -> None:
    for data in (random, mutated(rng, target.seeds)):
        try:
            target.run(data)
        except (ProfileError, ContractError) as error:
            assert error.reason  # noqa: PT017 # that it may be raised at all is what is tested


def test_every_transport_can_be_fuzzed() -> None:
    assert WIRES.keys() == {profile.device.transport for profile in shipped().values() if profile.device}


@pytest.mark.parametrize("transport", WIRES)
def test_messages_of_vectors_survive_being_bytes(transport: str) -> None:
    devices = [(profile, profile.device) for profile in shipped().values() if profile.device and profile.device.transport == transport]
    assert devices
    for profile, device in devices:
        for vector in profile.vectors:
            message = device.message(vector.input)
            assert WIRES[transport].read(WIRES[transport].write(message)) == message, (profile.name, vector.origin)
