from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from footfall.signals import ENDING

PROGRAM = """
import threading
from footfall.signals import when_asked_to_end

event, asked = threading.Event(), []
when_asked_to_end(lambda: (asked.append(1), event.set()))
with event._cond:  # what the main thread holds inside event.set() and event.wait()
    print("ready", flush=True)
    input()
event.wait()
print("ended", len(asked), flush=True)
input()
"""


@pytest.mark.parametrize("number", ENDING)
def test_signals_end_a_main_thread_that_holds_the_events_lock(number: signal.Signals) -> None:
    """It gets several of them meanwhile, as from a shell and a service manager at once."""
    child = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        for _ in range(100):
            child.send_signal(number)
        child.stdin.write("go on\n")
        child.stdin.flush()
        assert child.stdout.readline() == "ended 1\n"
    finally:
        child.kill()
        child.wait()
