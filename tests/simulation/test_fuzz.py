"""A short run of `make fuzz`, as a person starts it."""

from __future__ import annotations

import subprocess
import sys

from simulators.fuzz.harness import JUDGED_INPUTS

INPUTS = JUDGED_INPUTS
"""The fewest by which memory is judged."""
SEED = 7


def test_nothing_unexpected_comes_of_spoilt_and_random_bytes() -> None:
    command = [sys.executable, "-m", "simulators.fuzz", "--inputs", str(INPUTS), "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    assert done.stdout.splitlines()[-1] == f"inputs={INPUTS} unexpected=0", f"seed {SEED}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0


def test_one_input_can_be_tried_again() -> None:
    command = [sys.executable, "-m", "simulators.fuzz", "--target", "hci-event", "--input", "043e"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    assert done.stdout == "hci-event: ProfileError hci.event: not an LE advertising report\n"
    wrong = subprocess.run([*command[:-1], "0"], capture_output=True, text=True, timeout=580, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "fuzz: --input: must be an even number of hex digits\n")
