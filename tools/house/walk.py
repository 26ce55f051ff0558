"""Follow a frame through a real gateway, from the broker to a line of InfluxDB, and count the files that it enters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from footfall.frames import COLUMNS, Body, Header, Kind, encode_body, encode_frame
from simulators.files import toml_text
from simulators.load import boot_ns
from simulators.parts.process import free_port
from tools.house.tree import PRODUCT

FRAMES: Final = 8
"""The first warms up. Of the others only what all of them do is counted, since a worker may wake for a chore meanwhile."""
LIMIT_S: Final = 120
_STORE, _AGENT, _ZONE = "walk", "walk-1", "entrance"
_SITE: Final = {
    "brand": "walk",
    "stores": [{"name": _STORE, "zones": [{"name": _ZONE}], "agents": [{"name": _AGENT, "receivers": {"r": _ZONE}}]}],
}


@dataclass(frozen=True, slots=True)
class Walk:
    """`files`: of the gateway, that every frame entered. `kernel_files`: those of the packages that it stands on.

    `pairs`: those of the gateway's files between which execution passes, by calls and returns, for every frame.
    """

    files: tuple[str, ...]
    kernel_files: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    @property
    def rooms(self) -> tuple[str, ...]:
        return tuple(sorted({_room(file) for file in self.files}))

    @property
    def room_pairs(self) -> set[frozenset[str]]:
        """The pairs of rooms between which execution passes."""
        return {frozenset(map(_room, pair)) for pair in self.pairs if _room(pair[0]) != _room(pair[1])}


class WalkFailed(Exception):
    """The gateway of the tree could not be followed; the message has the end of what it logged."""


def walk(root: Path) -> Walk:
    """Run the gateway of the tree `root` on a broker of its own and send it frames of one row. Raise WalkFailed."""
    with tempfile.TemporaryDirectory(prefix="footfall-house.") as folder:
        found = _walked(root, Path(folder))
    if len(found) < FRAMES:
        raise WalkFailed(f"{len(found)} of {FRAMES} frames came through the gateway of {root}")
    entered = set.intersection(*({file for _, file in moves} for moves in found[1:]))
    gateway = {file for file in entered if file.startswith("gateway/")}
    pairs = set.intersection(*({frozenset(move) for move in moves} for moves in found[1:]))
    within = sorted((min(pair), max(pair)) for pair in pairs if pair <= gateway)
    return Walk(tuple(sorted(gateway)), tuple(sorted(entered - gateway)), tuple(within))


def _room(file: str) -> str:
    """The file or folder at the root of gateway/ in which a file lies."""
    return file.split("/")[1].removesuffix(".py")


def _walked(root: Path, folder: Path) -> list[list[tuple[str, str]]]:
    broker, sink, http = free_port(), free_port(), free_port()
    (folder / "site.toml").write_text(toml_text(_SITE))
    (folder / "token").write_text("walk:walk")
    config: dict[str, dict[str, Any]] = {
        "broker": {"embedded": True, "port": broker},
        "http": {"port": http},
        "sink": {"kind": "influxdb", "url": f"http://127.0.0.1:{sink}", "bucket": "walk", "token_file": "token"},
    }
    if (root / "serve").is_dir():  # older trees refuse the key
        config["serve"] = {"enabled": False}
    (folder / "gateway.toml").write_text(toml_text(config))
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    order = {
        "root": str(root),
        "packages": PRODUCT,
        "command": project["entry-points"]["footfall.commands"]["gateway"],
        "config": str(folder / "gateway.toml"),
        "broker_port": broker,
        "sink_port": sink,
        "topic": f"footfall/1/{_STORE}/{_AGENT}/frames",
        "frames": [_frame(seq).hex() for seq in range(1, FRAMES + 1)],
    }
    environment = os.environ | {"PYTHONPATH": str(root)}
    program = Path(__file__).with_name("walked_gateway.py")
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=folder, env=environment, input=json.dumps(order) + "\n", capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    try:
        return cast(list[list[tuple[str, str]]], json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError):
        raise WalkFailed(f"the gateway of {root} ended with {done.returncode}: {done.stderr[-1000:]}") from None


def _frame(seq: int) -> bytes:
    """A frame with one ENTER of another subject each."""
    now_ns = boot_ns()
    values = {"kind": Kind.ENTER, "t_boot_ns": now_ns, "subject": seq, "rssi_dbm": -60, "count": 1}
    columns: dict[str, Any] = {name: np.array([values.get(name, 0)], dtype) for name, dtype in COLUMNS.items()}
    made: dict[str, Any] = {"boot": "walk-boot", "made_boot_ns": now_ns, "made_wall_ns": time.time_ns(), "wall_synced": True}
    body = encode_body(Body(**made, first_row=seq - 1, key_id=1, zones=(_ZONE,), profiles=("ibeacon",), **columns))
    return encode_frame(Header(_STORE, _AGENT, "walk-epoch", seq, 1, "walk-boot", boot_ns(), time.time_ns(), 0, 0), body)
