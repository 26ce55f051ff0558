from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from gateway.allocator import keep_memory
if sys.argv[1] == "keep":
    assert keep_memory()
def batch():
    parts = [bytes(100_000) for _ in range(40)]
    return len(b"".join(parts))
batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_the_next_batch_reuses_the_memory_of_the_last() -> None:
    def faults(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True).stdout)

    assert faults("keep") * 10 < faults("default")


COLLECTIONS = """
import gc, sys
from gateway.allocator import collect_seldom
if sys.argv[1] == "seldom":
    collect_seldom()
def runs():
    return sum(generation["collections"] for generation in gc.get_stats())
before = runs()
batch = [[i] for i in range(45_000)]
print(runs() - before)
"""


def test_a_batch_of_many_objects_is_not_looked_through_for_garbage() -> None:
    def collections(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", COLLECTIONS, how], capture_output=True, text=True, check=True).stdout)

    assert collections("default") > 50
    assert collections("seldom") == 0
