from __future__ import annotations

from benchmarks.profiling import report

SAMPLES = """\
thread (10): MainThread;main (a.py:1);read (a.py:5) 30
thread (10): MainThread;main (a.py:1);wait;Condition.wait (threading.py:331) 500
thread (10): MainThread;main (a.py:2) 10
thread (11): fold;run (b.py:1);run (b.py:1);work (b.py:9) 5
"""


def test_a_threads_cpu_is_shared_among_its_stacks_that_ran() -> None:
    lines = report(SAMPLES, {10: 4.0, 11: 1.0}).splitlines()
    assert "   4.000  80.0%  MainThread" in lines
    assert "   3.000  60.0%  read (a.py:5)" in lines
    assert "   4.000  80.0%  main (a.py)" in lines
    assert "   1.000  20.0%  run (b.py)" in lines
    assert not any("Condition.wait" in line for line in lines)
