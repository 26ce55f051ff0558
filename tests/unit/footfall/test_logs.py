"""What a log looks like where no terminal is."""

from __future__ import annotations

import re
import subprocess
import sys

CODE = """
import logging
from footfall.logs import log_to_stderr

log_to_stderr(verbose=False)
logging.getLogger("footfall.gateway").warning("[x] %s", "word " * 40)
logging.getLogger("footfall.gateway").debug("not this")
"""


def test_a_record_is_one_line_with_its_time() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WARNING footfall\.gateway: \[x\] (word )+", line)
