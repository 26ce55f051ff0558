"""A record, an entry or a file that cannot be read: it is set aside and named, and the gateway goes on."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from footfall.errors import ConfigError
from simulators.faultcases.case import case
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.scene import Scene, estate
from simulators.faultcases.wire import Wire


@case()
def staff_without_department(scene: Scene) -> None:
    """`[[staff]]` without `department`, which is optional: `config check` accepts it, and it works."""
    broker = scene.broker()
    site = estate({"s1": ["a1", "till"]}, staff=[{"staff_id": "p1", "identifiers": ["ibeacon:x:1:1"]}])
    gateway = scene.gateway(broker, start=False)
    gateway.write_site(site)
    checked = gateway.footfall("config", "check", "gateway.toml", "site.toml")
    scene.note(checked.stdout)
    gateway.start()
    box = scene.box(broker)
    box.feed(crossings=10)
    try:
        box.wait_sent()
        gateway.kill()
        gateway.start()
    except ConfigError as error:
        scene.findings.stuck.append(f"the gateway does not start again: {error}"[-800:])
        return
    box.feed(crossings=10)
    box.wait_sent()
    scene.judge(gateway)


@case()
def entry_that_cannot_be_unsealed(scene: Scene) -> None:
    """An entry of the quarantine whose key is lost is replayed: the gateway stays up, starts again, and names it."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    with Wire(broker.port, "s1", "till") as till:
        till.publish("events", b'{"kind": "count", "id": "x", "door": "no-such-door", "in": 1}')
        till.listen(1)
    scene.until(lambda: sum(gateway.status()["quarantine"].values()) >= 1, "it to be in quarantine")
    gateway.stop()
    key = gateway.state / "quarantine.key"
    key.write_bytes(secrets.token_bytes(len(key.read_bytes())))
    try:
        gateway.start()
        done = gateway.footfall("quarantine", "replay", "--reason", "site.door", "--config", "gateway.toml")
        scene.note(done.stdout + done.stderr)
        box.feed(crossings=10)
        box.wait_sent()
        time.sleep(3)
        scene.expect(gateway.is_running, "stuck", "the gateway has ended")
        gateway.stop()
        gateway.start()
        box.feed(crossings=10)
        box.wait_sent()
    except ConfigError as error:
        scene.findings.stuck.append(f"the gateway does not start again: {error}"[-800:])
        return
    scene.judge(gateway)


@case(limit_s=300)
def journal_bits(scene: Scene) -> None:
    """A bit is flipped in a record of the journal, 16 times: no row is silently wrong, each gateway starts, and names what it set aside."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    for _ in range(4):
        box.feed(crossings=15, people=1)
        box.wait_spooled()
    box.wait_sent()
    scene.settled(gateway)
    scene.judge(gateway)
    right = {key: fields for key, fields in gateway.dump().items() if key[0] in ("door", "presence")}
    gateway.stop()
    box.kill()
    pristine = scene.copy(gateway.state, "pristine")
    for number in range(16):
        _one_bit(scene, broker, pristine, right, number)


def _one_bit(scene: Scene, broker: Any, pristine: Path, right: dict[Any, Any], number: int) -> None:
    """The journal as it was but for one bit, folded again from its begin into an empty database."""
    gateway = scene.gateway(broker, name=f"bit-{number}", start=False, broker={"client_id": f"bit-{number}"})
    shutil.copytree(pristine, gateway.state)
    for path in gateway.state.glob("ledger.db*"):
        path.unlink()
    where = _flip_in_record(scene, gateway.state / "journal.db")
    try:
        gateway.start()
    except ConfigError as error:
        scene.findings.stuck.append(f"bit {number}: {where}: the gateway does not start: {str(error)[-400:]}")
        return
    deadline_s = time.monotonic() + 20
    while not gateway.made.is_settled() and gateway.is_running and time.monotonic() < deadline_s:
        time.sleep(0.2)
    _judge_bit(scene, gateway, right, f"bit {number}: {where}")
    gateway.kill()


def _judge_bit(scene: Scene, gateway: Gateway, right: dict[Any, Any], where: str) -> None:
    if not gateway.is_running:
        scene.findings.stuck.append(f"{where}: the gateway has ended: {gateway.log()[-400:]}")
        return
    found = {key: fields for key, fields in gateway.dump().items() if key[0] in ("door", "presence")}
    wrong = [key for key, fields in found.items() if right.get(key) != fields]
    missing = Counter(key[0] for key in right if key not in found)
    if wrong:
        scene.findings.misdated.append(f"{where}: silently wrong: {[(key, found[key]) for key in wrong[:2]]}")
    if missing and not wrong:
        told = {"records_set_aside"} & gateway.problems().keys()
        scene.expect(bool(told), "silent", f"{where}: {dict(missing)} are missing, and status says {gateway.problems()}")
    scene.note(f"{where}: {len(wrong)} wrong, {dict(missing)} missing, {sorted(gateway.problems())}")


def _flip_in_record(scene: Scene, journal: Path) -> str:
    """A bit of a random record: of its body, or of the columns beside it."""
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        bodies = [bytes(row[0]) for row in db.execute("SELECT body FROM records WHERE kind = 1 AND length(body) > 200")]
    data = bytearray(journal.read_bytes())
    body = scene.rng.choice(bodies)
    at = data.find(body[:64])
    offset = scene.rng.choice([scene.rng.randrange(-30, 0), scene.rng.randrange(len(body))])
    bit = scene.rng.randrange(8)
    data[at + offset] ^= 1 << bit
    journal.write_bytes(data)
    return f"bit {bit} of byte {offset:+} from a record's body"


@case()
def damaged_files(scene: Scene) -> None:
    """A page of ledger, keys or quarantine is rubbish: the gateway starts, or names the file and the way out."""
    broker = scene.broker()
    gateway = scene.gateway(broker)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    scene.settled(gateway)
    gateway.stop()
    pristine = scene.copy(gateway.state, "pristine")
    for name in ("ledger.db", "keys.db", "quarantine.db"):
        scene.put_back(pristine, gateway.state)
        path = gateway.state / name
        data = bytearray(path.read_bytes())
        data[4096 : 2 * 4096] = scene.rng.randbytes(min(4096, max(0, len(data) - 4096)))
        data[100:140] = scene.rng.randbytes(40)
        path.write_bytes(data)
        try:
            gateway.start()
        except ConfigError as error:
            scene.expect(name in str(error) and "Traceback" not in str(error), "silent", f"{name}: {str(error)[-500:]}")
            continue
        box.feed(crossings=5)
        box.wait_sent()
        gateway.stop()
    scene.put_back(pristine, gateway.state)
    gateway.start()
    box.feed(crossings=5)
    box.wait_sent()
    scene.judge(gateway)
