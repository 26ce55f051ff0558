"""The gateway's disk is full: journal, ledger, keys, quarantine and database on one small real one. It waits, reports it, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.pipeline.pipeline import SHUTDOWN_TIMEOUT_S
from simulators.parts.broker import EmbeddedBroker
from tests.support.running_gateway import Place, recording

LOOK_S = 5.0
BUSY_SHARE = 0.6
"""Of one core: a gateway that does nothing but fold the same again takes all of it."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "gateway" / "disk"
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


def fill(folder: Path) -> Path:
    """To the last byte."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ends(place: Place) -> float:
    """How long it takes to end when it is asked to."""
    process, began_s = place.gateway.process, time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    while process.is_running and time.monotonic() < began_s + 3 * SHUTDOWN_TIMEOUT_S:
        time.sleep(0.05)
    took_s = time.monotonic() - began_s
    process.stop()
    return took_s


def test_a_full_disk_is_waited_for_reported_and_left_when_asked(tmp_path: Path, disk: Path, embedded_broker: EmbeddedBroker) -> None:
    sink = {"kind": "sqlite", "path": "disk/footfall.db"}
    place = Place(tmp_path / "gateway", embedded_broker, sink, state_dir="disk/state")
    place.database = disk / "footfall.db"
    first, second = recording(tmp_path / "first"), recording(tmp_path / "second", start_s=1_790_100_000)
    with place:
        place.play(first)
        place.settle()
        ballast = fill(disk)
        player = threading.Thread(target=place.play, args=(second, 600.0), daemon=True)
        player.start()
        place.events(*({"kind": "touch", "what": "scan", "id": f"t{n}", "zone": "shelf"} for n in range(20)), {"kind": "nonsense"})
        place.until(lambda: "not_ready" in codes(place), "it to say that the disk is full")
        before_s = cpu_s(place.gateway.process.pid)
        time.sleep(LOOK_S)
        assert cpu_s(place.gateway.process.pid) - before_s < BUSY_SHARE * LOOK_S
        assert "disk" in str(place.gateway.status()["problems"])
        assert ends(place) < SHUTDOWN_TIMEOUT_S + 10
        place.gateway.process.start()
        place.until(lambda: "not_ready" in codes(place), "it to say so after a start on the full disk, too")
        ballast.unlink()
        place.until(lambda: not codes(place) & {"not_ready", "card_full", "sink_down"}, "it to go on")
        player.join(120)
        assert not player.is_alive()
        balance = place.settle()
    rows = place.stored()
    assert sum(key[0] == "touch" for key in rows) == 20
    assert sum(key[0] == "door" for key in rows) == 4 * 6
    assert (balance["pending"], balance["quarantined_total"], balance["dropped_total"]) == (0, 1, {})


def codes(place: Place) -> set[str]:
    return {problem["code"] for problem in place.gateway.status().get("problems", [])}
