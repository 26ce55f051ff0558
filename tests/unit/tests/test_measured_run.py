"""The figure at the end of `make test`."""

from __future__ import annotations

import subprocess
import sys

from tests.docs.blocks import ROOT
from tests.support.measured_run import MODULE_TESTS, Cpu, _ended, cpu_line


def test_cpu_is_the_sum_of_user_and_system_time() -> None:
    assert "312 s (user 300, system 12; 90 of it tests of one module each)" in cpu_line(Cpu(300.4, 11.6), 90.2)


def test_the_folders_of_tests_of_one_module_each_exist() -> None:
    assert all((ROOT / path).is_dir() for path in MODULE_TESTS), "else pytest would run nothing there, and the other run leaves it out"


def test_a_run_ends_with_its_code_and_with_the_cpu_of_what_it_started() -> None:
    burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(3_000_000))']); sys.exit(3)"
    code, cpu = _ended(subprocess.Popen([sys.executable, "-c", burn]))
    assert code == 3
    assert cpu.s > 0
