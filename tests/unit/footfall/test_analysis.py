"""The public door: one name that leads to the gateway, and a clear word where pandas is missing."""

from __future__ import annotations

import subprocess
import sys

import footfall.analysis
from gateway.analysis.asking import Footfall

BLOCKED = """
import sys
sys.meta_path.insert(0, type("Blocked", (), {"find_spec": staticmethod(lambda name, path=None, target=None: blocked(name))}))
def blocked(name):
    if name == "pandas":
        raise ModuleNotFoundError(name=name)
import footfall.analysis
"""


def test_the_door_leads_to_the_gateway() -> None:
    assert footfall.analysis.Footfall is Footfall


def test_without_pandas_the_command_that_installs_it_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: footfall.analysis needs pandas: pip install 'footfall[analysis]'"


def test_the_kernel_does_not_open_the_door_by_itself() -> None:
    program = "import sys, footfall, footfall.cli; print('pandas' in sys.modules, 'gateway' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split() == ["False", "False"]
