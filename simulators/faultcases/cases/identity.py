"""An agent and the journal that it is bound to; a storage card that is not what it was."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from footfall.errors import ConfigError
from simulators.faultcases.agents import Box
from simulators.faultcases.case import case
from simulators.faultcases.findings import Stuck
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.oracle import Sent, judge_doors
from simulators.faultcases.scene import NOTICE_S, Scene, estate

AROUND_ROW_BYTES = 24
"""Before and behind an epoch's name on its page: the other columns of its row."""


UNKNOWN_ROWS = 1_000_000


@case(is_short=True)
def second_gateway(scene: Scene) -> None:
    """A second gateway with a state of its own is on the broker for 10 s: the agents stay with theirs, and status names it."""
    broker = scene.broker()
    first = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=20)
    box.wait_sent()
    second = scene.gateway(broker, name="second", broker={"client_id": "another"})
    box.feed(crossings=50, over_s=8.0)
    scene.named(first, "two_gateways")
    time.sleep(2)
    second.stop()
    box.feed(crossings=20)
    box.wait_sent()
    scene.judge(first)


@case()
def second_gateway_stays(scene: Scene) -> None:
    """A second gateway with a state of its own stays: the agents' own gateway stores everything once, whoever else listens."""
    broker = scene.broker()
    first = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=20)
    box.wait_sent()
    scene.gateway(broker, name="second", broker={"client_id": "another"})
    box.feed(crossings=60, over_s=20.0)
    scene.named(first, "two_gateways")
    box.wait_sent()
    box.stop()
    box.start()
    box.feed(crossings=20)
    box.wait_sent()
    scene.judge(first)


@case(is_short=True)
def empty_state_before_backup(scene: Scene) -> None:
    """A gateway is started with an empty state, and then the old state is put back: the agents come back to it."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=30)
    box.wait_sent()
    scene.settled(gateway)
    gateway.stop()
    backup = scene.copy(gateway.state, "backup")
    shutil.rmtree(gateway.state)
    gateway.start()
    box.feed(crossings=20, over_s=2.0)
    time.sleep(3 * NOTICE_S)
    gateway.stop()
    scene.put_back(backup, gateway.state)
    gateway.start()
    box.feed(crossings=20)
    box.wait_sent(90)
    scene.judge(gateway)


@case(limit_s=200)
def journal_swapped(scene: Scene) -> None:
    """Two states take turns under one gateway, two times each: every row is there once, whichever state it came to first."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    states = {"one": scene.folder / "one", "two": scene.folder / "two"}
    for name in ("one", "two", "one", "two"):
        gateway.stop()
        shutil.rmtree(gateway.state, ignore_errors=True)
        if states[name].exists():
            scene.put_back(states[name], gateway.state)
        gateway.start()
        box.feed(crossings=15, over_s=2.0)
        box.wait_sent(90)
        scene.settled(gateway)
        gateway.stop()
        scene.copy(gateway.state, name)
    gateway.start()
    scene.judge(gateway)


@case(each={"seconds": {"runs_between": 0}, "older": {"runs_between": 2}}, is_short=True)
def card_rolled_back(scene: Scene, runs_between: int) -> None:
    """The storage card of a box goes back to what it was some seconds ago, or some runs of the agent ago."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=20)
    box.wait_sent()
    copy = _copied_while_unsent(scene, gateway.made.process.pid, box)
    for _ in range(runs_between):
        box.stop()
        box.start()
        box.feed(crossings=10)
        box.wait_sent()
    box.feed(crossings=20)
    box.wait_sent()
    box.kill()
    _replace_spool(box.spool, copy)
    box.start()
    box.feed(crossings=20)
    box.wait_sent()
    scene.judge(gateway)


def _copied_while_unsent(scene: Scene, gateway_pid: int, box: Box) -> Path:
    """A copy of the spool in which there are frames that no receipt covers; the gateway takes them afterwards."""

    os.kill(gateway_pid, signal.SIGSTOP)
    box.feed(crossings=12)
    box.wait_spooled()
    copy = scene.folder / "card.db"
    with closing(sqlite3.connect(box.spool)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    os.kill(gateway_pid, signal.SIGCONT)
    box.wait_sent()
    return copy


def _replace_spool(spool: Path, copy: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        spool.with_name(spool.name + suffix).unlink(missing_ok=True)
    shutil.copy2(copy, spool)


@case(is_short=True)
def spool_deleted(scene: Scene) -> None:
    """The spool's file is deleted under a running agent: nothing of it is lost, and status names it."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    gateway.stop()
    box.feed(crossings=10)
    box.wait_spooled()
    for suffix in ("", "-wal", "-shm"):
        box.spool.with_name(box.spool.name + suffix).unlink(missing_ok=True)
    box.feed(crossings=10)
    box.wait_spooled()
    gateway.start()
    scene.named(gateway, "spool_damaged")
    box.kill()
    box.start()
    box.feed(crossings=10)
    box.wait_sent()
    scene.judge(gateway)


@case(limit_s=400, each={"epochs": {"near_epoch": True}, "anywhere": {"near_epoch": False}})
def spool_bits(scene: Scene, near_epoch: bool) -> None:
    """A bit is flipped in the spool, 16 times, in an epoch's row or anywhere: losses are stored as gaps, nothing doubled, nobody stuck."""
    broker = scene.broker()
    names = [f"b{number}" for number in range(16)]
    site = estate({"s1": ["a1", *names]})
    gateway = scene.gateway(broker, site=site)
    base = scene.box(broker)
    base.feed(crossings=8)
    base.wait_sent()
    gateway.stop()
    for _ in range(2):
        base.feed(crossings=8)
        base.wait_spooled()
        base.stop()
        base.start()
    base.stop()
    gateway.start()
    wanted = dict(scene.sent.passed)
    for start in range(0, len(names), 4):
        boxes = [scene.box(broker, agent=name, start=False) for name in names[start : start + 4]]
        for box in boxes:
            box.set_clock(boot="a1-boot-1")  # the card changes, not the machine
            _replace_spool(box.spool, base.spool)
            _flip(box, scene, near_epoch)
            _started(scene, box)
        for box in boxes:
            _drained(scene, box)
            box.stop()
    scene.settled(gateway)
    gaps = {name: _told_lost(gateway, name) for name in names}
    for name in names:
        sent = Sent({number: replace(each, agent=name) for number, each in wanted.items()})
        scene.findings.add(judge_doors(sent, [row for row in gateway.doors() if row.agent == name], gaps[name]))
    scene.note(f"gaps: {gaps}")


def _told_lost(gateway: Gateway, agent: str) -> int:
    """Return how many rows its gaps stand for; a broken spool that cannot know the number reports 0."""
    told = [row for row in gateway.rows("gap") if row["agent"] == agent]
    unknown = any(row["reason"].startswith("spool.") and not row["rows"] for row in told)
    return UNKNOWN_ROWS if unknown else sum(row["rows"] for row in told)


def _flip(box: Box, scene: Scene, near_epoch: bool) -> None:
    with closing(sqlite3.connect(box.spool)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        epochs = [row[0].encode() for row in db.execute("SELECT epoch FROM epochs")]
    data = bytearray(box.spool.read_bytes())
    if near_epoch:
        start = scene.rng.choice([at for epoch in epochs for at in _places(data, epoch)])
        at = start + scene.rng.randrange(-AROUND_ROW_BYTES // 2, len(epochs[0]) + AROUND_ROW_BYTES)
        where = f"{at - start:+} from an epoch's name"
    else:
        at = scene.rng.choice([at for at in range(100, len(data)) if data[at]])  # not in the file's head, nor where nothing is written
        where = f"in page {at // 4096 + 1}"
    bit = scene.rng.randrange(8)
    data[at] ^= 1 << bit
    box.spool.write_bytes(data)
    scene.note(f"{box.agent}: bit {bit} of byte {at}, {where}")


def _places(data: bytes | bytearray, what: bytes) -> list[int]:
    found, at = [], data.find(what)
    while at >= 0:
        found.append(at)
        at = data.find(what, at + 1)
    return found


def _started(scene: Scene, box: Box) -> None:
    try:
        box.start()
    except ConfigError as error:
        scene.findings.stuck.append(f"{box.agent} does not start: {str(error)[-300:]}")


def _drained(scene: Scene, box: Box) -> None:
    if not box.process.process.is_running:
        return
    try:
        scene.until(lambda: box.health().get("spool_frames", 1) == 0, f"{box.agent} to have all receipted", 45)
    except Stuck as error:
        scene.findings.stuck.append(str(error))
