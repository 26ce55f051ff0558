"""How much memory an agent takes with many identifiers around it, and whether that grows over an hour.

    python -m benchmarks.agent_memory [IDENTIFIERS] [HOURS]

A process of its own runs the agent's parts as they are: core, spool on disk, publisher's modules loaded. Simulated time: every
identifier is heard about every ten seconds by one of two receivers; a tenth of them are phones that change their address every
quarter of an hour, so that ever new ones appear.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_profiles.registry import shipped
from edge_agent.agent import TIDY_NS
from edge_agent.clock import Moment
from edge_agent.core import Core
from edge_agent.keys import Keys
from edge_agent.sources.source import Sighting
from edge_agent.spool import S, Spool

SEED: Final = 7
PERIOD_S: Final = 10
ROTATE_S: Final = 900
WARM_S: Final = 300


@dataclass(frozen=True, slots=True)
class Memory:
    """`rss_mb` at the end; `growth_mb` since five minutes had passed; `us_per_sighting` of CPU for all of it, spool included."""

    rss_mb: float
    growth_mb: float
    us_per_sighting: float


def measure(identifiers: int = 10_000, hours: float = 1.0) -> Memory:
    """Runs the agent's core and spool in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.agent_memory", "--inside", str(identifiers), str(hours)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    return Memory(*map(float, done.stdout.split()))


def run(identifiers: int, hours: float, folder: Path) -> Memory:
    import time

    rng = random.Random(SEED)
    keys = Keys({"ibeacon": b"k" * 32})
    core = Core("bench", {"r1": "door", "r2": "shelf"}, shipped(), keys)
    spool = Spool(folder / "spool.sqlite", "bench", "bench")
    phones = identifiers // 10
    warm_mb, sightings = 0.0, 0
    begun_s = time.process_time()
    for second in range(round(hours * 3600)):
        t_ns = second * S
        for _ in range(identifiers // PERIOD_S):
            number = rng.randrange(identifiers)
            receiver = "r1" if rng.random() < 0.5 else "r2"
            if number < phones:
                heard = Sighting(t_ns, receiver, "ble-anonymous", f"{second // ROTATE_S:04x}:{number:08x}", -70)
            else:
                heard = Sighting(t_ns, receiver, "ibeacon", f"e2c56db5-dffb-48d2-b060-d0f5a71096e0:1:{number}", -65)
            core.hear(heard)
            sightings += 1
        spool.append(core.tick(Moment(t_ns, t_ns, True)))
        epoch = spool.sending()
        spool.mark(epoch.name, epoch.last, t_ns)
        if t_ns % TIDY_NS == 0:
            spool.tidy(t_ns, t_ns)
        if second == WARM_S:
            warm_mb = rss_mb()
    cpu_s = time.process_time() - begun_s
    spool.close()
    return Memory(rss_mb(), rss_mb() - warm_mb, cpu_s / sightings * 1e6)


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--inside"]
    identifiers = int(arguments[0]) if arguments else 10_000
    hours = float(arguments[1]) if len(arguments) > 1 else 1.0
    if "--inside" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            found = run(identifiers, hours, Path(folder))
        print(found.rss_mb, found.growth_mb, found.us_per_sighting)
        return
    found = measure(identifiers, hours)
    said = f"{found.rss_mb:.1f} MB, grown by {found.growth_mb:.1f} MB, {found.us_per_sighting:.1f} us a sighting"
    print(f"{identifiers} identifiers, {hours:g} h: {said}")


if __name__ == "__main__":
    main()
