from __future__ import annotations

import re
import subprocess
import sys
import time
from random import Random

import pytest

from device_profiles.decoders import epc
from device_profiles.decoders.epc import explain
from footfall.errors import ProfileError
from simulators.fuzz.harness import Failure, Run, reproduce
from simulators.fuzz.mutate import LONGEST, mutated
from simulators.fuzz.targets import Target, read_tag_of_seed

SEEDS = [b"\x02\x01\x06", b'{"a": 1, "b": "text"}']


def planned(data: bytes) -> None:
    if data:
        raise ProfileError("short", "as planned")


def broken(data: bytes) -> None:
    if len(data) > 2 and data[0] == 2:
        raise KeyError(data[1])


def hanging(data: bytes) -> None:
    if data.startswith(b'{"a"'):
        while True:
            time.sleep(0.01)


def test_the_same_seed_gives_the_same_inputs_and_another_gives_others() -> None:
    def made(seed: int) -> list[bytes]:
        rng = Random(seed)
        return [mutated(rng, SEEDS) for _ in range(500)]

    assert made(1) == made(1) != made(2)
    assert max(map(len, made(1))) <= LONGEST
    assert len(set(made(1))) > 400


def test_planned_errors_are_counted_and_others_reported_once_with_their_input() -> None:
    result = Run([Target("planned", planned, SEEDS), Target("broken", broken, SEEDS)], seed=1).go(4000)
    assert (result.inputs, len(result.failures)) == (4000, 1)
    assert result.refused > 1500
    assert result.unexpected > 100
    failure = result.failures[0]
    assert (failure.target, failure.data[0]) == ("broken", 2)
    again = reproduce(Target("broken", broken), failure.data)
    assert isinstance(again, Failure)
    assert again.what == failure.what
    assert "KeyError" in again.trace
    assert reproduce(Target("planned", planned), b"x") == "ProfileError short: as planned"
    assert reproduce(Target("planned", planned), b"") == "taken"


def test_a_hang_is_found_with_its_input_and_the_run_goes_on() -> None:
    result = Run([Target("hanging", hanging, SEEDS[1:])], seed=3, limit_s=0.1).go(12)
    assert result.inputs == 12
    assert result.unexpected >= 1
    assert len(result.failures) == 1
    assert result.failures[0].what.startswith("Hang")
    assert result.failures[0].data.startswith(b'{"a"')


def test_an_endless_search_of_a_pattern_is_a_hang_too() -> None:
    pattern = re.compile(r"(a+)+b")
    found = reproduce(Target("pattern", lambda data: pattern.match(data.decode())), b"a" * 60)
    assert isinstance(found, Failure)
    assert found.what.startswith("Hang")


GROWING = """
from simulators.fuzz import harness
from simulators.fuzz.targets import Target, read_tag_of_seed
harness.JUDGED_INPUTS = 2000
held = []
growing = harness.Run([Target("growing", lambda data: held.append(b"x" * 20_000), (b"seed",))], seed=1).go(2000)
held.clear()
flat = harness.Run([Target("flat", lambda data: None, (b"seed",))], seed=1).go(2000)
print(growing.is_flat, flat.is_flat)
"""


def test_a_valid_tag_that_its_decoder_does_not_understand_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library alone does not read a serial with a slash: without what stands before it, the fuzzer reports it."""
    tags = Target("epc-tag", read_tag_of_seed)
    explain.cache_clear()
    assert Run([tags], seed=1).go(2000).unexpected == 0
    monkeypatch.setattr(epc, "_TEXTS", {})
    explain.cache_clear()
    assert Run([tags], seed=1).go(2000).unexpected > 0
    explain.cache_clear()


def test_memory_that_grows_is_not_flat() -> None:
    """In a process of its own: in this one, what others have freed is there to grow into."""
    done = subprocess.run([sys.executable, "-c", GROWING], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
