"""Files that outlive a release."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from footfall.errors import ConfigError
from simulators.faultcases import box as box_module
from simulators.faultcases.agents import Box
from simulators.faultcases.case import case
from simulators.faultcases.findings import Missing
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.scene import Scene
from simulators.parts.process import free_port
from simulators.parts.programs import FOOTFALL, AgentProcess, GatewayProcess

RELEASE_BEFORE: Final = "6c2b348"
BOX_OF_THEN: Final = "84c4c3b"
"""The commit whose box runs that release's agent."""
REPOSITORY: Final = Path(__file__).parents[3]
RAW: Final = ("presence", "door", "touch", "item", "gap")
TOO_NEW: Final = 99


@case()
def release_before(scene: Scene) -> None:
    """State, spool and database of the release before are taken over, with frames under way: nothing is lost, doubled or changed."""
    # Safe path: else the folder in which it is started, which may be this repository, comes before that release.
    python = ("env", "PYTHONSAFEPATH=1", f"PYTHONPATH={_release_before(scene)}", sys.executable)
    broker = scene.broker()
    gateway = scene.gateway(broker, start=False)
    box = scene.box(broker, start=False)
    as_gateway = (*python, "-c", "import typer; from gateway.command import gateway; typer.run(gateway)")
    _use(gateway, box, as_gateway, (*python, "-m", box_module.__name__), without=("status",))
    gateway.start()
    box.start()
    box.feed(crossings=30, people=3, over_s=3.0)
    box.wait_sent()
    scene.settled(gateway)
    before = _raw_rows(gateway.database)
    gateway.kill()
    box.feed(crossings=20)
    box.wait_spooled()
    box.kill()
    _use(gateway, box, (FOOTFALL, "gateway"), box_module.COMMAND)
    gateway.start()
    box.start()
    box.feed(crossings=10, people=1)
    box.wait_sent(60)
    scene.judge(gateway)
    after = _raw_rows(gateway.database, {name: columns for name, (columns, _) in before.items()})
    for name, (_, rows) in before.items():
        gone = rows - after[name][1]
        scene.expect(not gone, "lost", f"{len(gone)} rows of {name} are not as they were: {sorted(gone, key=str)[:2]}")


def _use(gateway: Gateway, box: Box, gateway_command: Sequence[str], box_command: Sequence[str], without: Sequence[str] = ()) -> None:
    """Other programs on the same files; keys that they do not know are left out of the configuration."""
    values = {key: value for key, value in gateway.values.items() if key not in without}
    gateway.made = GatewayProcess(gateway.folder, free_port(), values, gateway_command)
    values = {key: value for key, value in box.values.items() if key not in without}
    box.process = AgentProcess(box.folder, free_port(), values, box_command)


def _release_before(scene: Scene) -> Path:
    """Its source, with the box that a case can command."""
    target = scene.folder / "release-before"
    target.mkdir()
    for commit, *paths in ((RELEASE_BEFORE,), (BOX_OF_THEN, "simulators/faultcases")):
        archive = scene.folder / f"{commit}.tar"
        command = ["git", "archive", "-o", str(archive), commit, *paths]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"the release before is not here: {done.stderr.strip()}")
        shutil.unpack_archive(archive, target, filter="data")
    return target


_Rows = dict[str, tuple[tuple[str, ...], set[tuple[Any, ...]]]]


def _raw_rows(database: Path, columns: Mapping[str, tuple[str, ...]] | None = None) -> _Rows:
    """Columns and rows of each table, as they lie in the file; only these `columns`, if they are given. How late a row came may differ."""
    found: _Rows = {}
    with closing(sqlite3.connect(database)) as db:
        for name in RAW:
            there = tuple(row[1] for row in db.execute(f"PRAGMA table_info({name})") if row[1] != "lag_ms")
            wanted = (columns or {}).get(name, there)
            found[name] = (wanted, set(db.execute(f"SELECT {', '.join(map(_quoted, wanted))} FROM {name}")))
    return found


def _quoted(name: str) -> str:
    return f'"{name}"'


@case()
def release_behind(scene: Scene) -> None:
    """A file of a newer release is refused by its name and version, each of them, and nothing is changed by it."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    scene.settled(gateway)
    gateway.stop()
    box.stop()
    # Not the spool: its content names its version, too, so that a version by itself is a flipped bit, and mended.
    files = [*(gateway.state / name for name in ("journal.db", "ledger.db", "quarantine.db", "keys.db")), gateway.database]
    for path in files:
        with closing(sqlite3.connect(path)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            db.execute(f"PRAGMA user_version = {TOO_NEW}")
        _expect_refused(scene, path, gateway)
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA user_version = {version}")
    gateway.start()
    box.start()
    box.feed(crossings=10)
    box.wait_sent()
    scene.judge(gateway)


def _expect_refused(scene: Scene, path: Path, gateway: Gateway) -> None:
    try:
        gateway.start()
    except ConfigError as error:
        said = str(error)
        scene.expect(path.name in said and str(TOO_NEW) in said, "silent", f"{path.name}: not named: {said[-400:]}")
    else:  # the database may be found too new only when it is written
        said = f"{path.name} of version {TOO_NEW} is taken"
        scene.expect(any(path.name in text for text in gateway.problems().values()), "silent", said)
        gateway.stop()
