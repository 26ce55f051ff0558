"""Tag reports from bytes to values: ours beside two other LLRP libraries, on the same messages.

    messages() -> list[bytes]                        # RO_ACCESS_REPORTs as an Impinj reader sends them
    decode(messages, passes) -> float                # ours, tags/s
    peers(messages, passes, say) -> {name: tags/s}   # sllurp and pyllrp

Each counts CPU time of the best pass over all messages, in a process of its own. sllurp is GPL: it is installed for the benchmark alone.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.environments import interpreter
from benchmarks.machine import MEASURED, pinned
from benchmarks.results import Failed
from edge_agent.llrp.codec import Codec, LlrpMessage, Parameter
from edge_agent.llrp.layout import LlrpValue
from edge_agent.llrp.reports import tag_reports
from edge_agent.llrp.tables import IMPINJ

SEED: Final = 4
MESSAGES: Final = 20
TAGS: Final = 100
PEERS: Final = {"sllurp": ("sllurp==3.0.5",), "pyllrp": ("pyllrp==3.1.1", "bitstring==4.0.2")}
"""pyllrp is not made for the bitstring of today; this is the one that it is fastest with."""
_US: Final = 1_700_000_000_000_000


def messages() -> list[bytes]:
    """Two thousand reports of EPC-96 tags: antenna, RSSI, first and last seen, count, and Impinj's phase and finer RSSI."""
    rng, codec = random.Random(SEED), Codec(IMPINJ)
    return [codec.encode(LlrpMessage("RO_ACCESS_REPORT", {}, tuple(_tag(rng) for _ in range(TAGS)))) for _ in range(MESSAGES)]


def decode(reports: list[bytes], passes: int) -> float:
    return _run([sys.executable, "-m", "benchmarks.llrp"], reports, passes)


def peers(reports: list[bytes], passes: int, say: Callable[[str], None]) -> dict[str, float]:
    """Of each peer that could be installed."""
    found = {}
    for name, requirements in PEERS.items():
        try:
            python = interpreter(name, requirements)
        except Failed as error:
            say(f"{name}: not measured, it does not install: {error}")
            continue
        found[name] = _run([str(python), str(Path(__file__).parent / "llrp_peers.py"), name], reports, passes)
    return found


def _tag(rng: random.Random) -> Parameter:
    said = (
        _p("EPC_96", EPC=b"\x30" + rng.randbytes(11)),
        _p("AntennaID", AntennaID=rng.randint(1, 4)),
        _p("PeakRSSI", PeakRSSI=rng.randint(-75, -35)),
        _p("FirstSeenTimestampUTC", Microseconds=_US + rng.randrange(10**9)),
        _p("LastSeenTimestampUTC", Microseconds=_US + rng.randrange(10**9)),
        _p("TagSeenCount", TagCount=rng.randint(1, 20)),
        _p("ImpinjRFPhaseAngle", PhaseAngle=rng.randrange(4096)),
        _p("ImpinjPeakRSSI", RSSI=rng.randint(-7500, -3500)),
    )
    return Parameter("TagReportData", {}, said)


def _p(name: str, **fields: LlrpValue) -> Parameter:
    return Parameter(name, fields)


def _run(command: list[str], reports: list[bytes], passes: int) -> float:
    """Tags a second."""
    task = json.dumps({"messages": [report.hex() for report in reports], "passes": passes})
    done = subprocess.run(pinned(MEASURED, command), input=task, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    said = json.loads(done.stdout)
    if said["tags"] != MESSAGES * TAGS:
        raise Failed(f"{' '.join(command)} decoded {said['tags']} of {MESSAGES * TAGS} tags")
    return float(said["tags"] / said["cpu_s"])


def _inside() -> None:
    task = json.load(sys.stdin)
    reports = [bytes.fromhex(text) for text in task["messages"]]
    best_s, tags = float("inf"), 0
    for _ in range(task["passes"]):
        began_s = time.process_time()
        tags = sum([len(tag_reports(report)) for report in reports])
        best_s = min(best_s, time.process_time() - began_s)
    print(json.dumps({"tags": tags, "cpu_s": best_s}))


if __name__ == "__main__":
    _inside()
