"""What the process that measures an agent's memory holds."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = "import sys, benchmarks.agent_memory; print('rich' in sys.modules)"


def test_the_measured_process_holds_no_library_that_draws_tables() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
