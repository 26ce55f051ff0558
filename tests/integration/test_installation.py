"""docs/operating.md, followed to the letter on machines of their own: from the wheel to rows in InfluxDB, with TLS, as the user footfall.

`make install-test` also lets pip fetch what the wheel needs. Else the packages of this environment stand in, which takes a minute less.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from simulators.parts import guard
from simulators.parts.influxdb import binary
from tests.docs.blocks import extract
from tests.support.machine import DEPENDENCIES, Machine, require_machine
from tests.support.real_parts import REPOSITORY, missing, require_mosquitto
from tests.support.source_copy import copied_source
from tests.support.waiting import until

HERE: Final = "/srv/footfall"
INTAKE: Final = "-H 'Content-Type: application/json' http://127.0.0.1:8781/events"
TOKEN: Final = "a-token-of-the-test"  # of a database that lives for this test
DOORS: Final = 'SELECT sum("in"), sum("out") FROM door'
IS_WHOLE: Final = os.environ.get("FOOTFALL_INSTALL") == "whole"
DOCUMENT: Final = (REPOSITORY / "docs" / "operating.md").read_text(encoding="utf-8")
BLOCKS: Final = [block.text for block in extract(DOCUMENT.partition("\n## Configure\n")[0], "docs/operating.md") if block.tag == "sh root"]


def step(begins: str, number: int = 0) -> str:
    """The block of the chapter Install that has a command, the first of several."""
    return [text for text in BLOCKS if begins in text][number]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(copied_source(folder / "source"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((folder / "dist").glob("*.whl"))


def prepare(machine: Machine, wheel: Path) -> None:
    """What somebody copied there: the wheel, and the folder deploy."""
    here = machine.folder / HERE.removeprefix("/")
    (here / "dist").mkdir(parents=True)
    shutil.copy(wheel, here / "dist")
    shutil.copytree(REPOSITORY / "deploy", here / "deploy")


def install(machine: Machine, text: str) -> None:
    """Run a block with pip; without the whole installation the packages stand in of the environment that runs this test."""
    lines = text.splitlines()
    pip = next(number for number, line in enumerate(lines, 1) if "pip install" in line)
    stands_in = [] if IS_WHOLE else ["export PIP_NO_DEPS=1 PIP_NO_INDEX=1"]
    machine.run("\n".join([*stands_in, *lines[:pip]]), HERE, network=not IS_WHOLE)
    if not IS_WHOLE:
        (site,) = (machine.folder / "opt/footfall/lib").glob("python3*/site-packages")
        (site / "dependencies.pth").write_text(f"{DEPENDENCIES}\n")
    machine.run("\n".join(lines[pip:]), HERE)


@pytest.fixture(scope="module")
def headquarters(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Iterator[Machine]:
    """The machine of the gateway, with InfluxDB and Mosquitto."""
    folder = tmp_path_factory.mktemp("headquarters")
    with Machine(folder / "machine") as machine:
        prepare(machine, wheel)
        database = subprocess.Popen(
            [*machine.inside(mounts=False), str(binary("2.7")), "--http-bind-address=127.0.0.1:8086",
             "--reporting-disabled", "--log-level=error",
             f"--engine-path={folder}/engine", f"--bolt-path={folder}/meta.bolt", f"--sqlite-path={folder}/meta.sqlite"],
            env=guard.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until(lambda: "ready" in machine.run("curl -s http://127.0.0.1:8086/health || true"))
            person = {"username": "footfall", "password": "footfall-password", "org": "footfall", "bucket": "footfall", "token": TOKEN}
            machine.run(f"curl -sf -d '{json.dumps(person)}' http://127.0.0.1:8086/api/v2/setup")
            install(machine, step("[gateway]"))
            machine.run(step("issue client gateway"), HERE)
            machine.run(step("/dev/stdin"), HERE, stdin=TOKEN)
            yield machine
        finally:
            database.kill()
            database.wait()


@pytest.fixture(scope="module")
def box(headquarters: Machine, tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Iterator[Machine]:
    """The box in the store, with what was carried there."""
    headquarters.run(step("footfall keys"), HERE)
    with Machine(tmp_path_factory.mktemp("box") / "machine", beside=headquarters) as machine:
        prepare(machine, wheel)
        shutil.copytree(headquarters.folder / "root/flagship-door", machine.folder / HERE.removeprefix("/") / "flagship-door")
        install(machine, step("[edge]"))
        yield machine


def asked(machine: Machine, query: str) -> str:
    return machine.run(
        f"curl -sG -H 'Authorization: Token {TOKEN}' http://127.0.0.1:8086/query --data-urlencode db=footfall --data-urlencode 'q={query}'"
    )


@pytest.fixture(scope="module", autouse=True)
def _parts() -> None:
    require_machine()
    require_mosquitto()
    if not shutil.which("mosquitto", path="/usr/sbin"):
        missing("mosquitto with its unit: apt-get install mosquitto")


def problems(machine: Machine) -> str:
    return machine.run("footfall status --json || true")


def test_what_a_till_sends_to_a_box_is_in_the_database(headquarters: Machine, box: Machine) -> None:
    until(lambda: "flagship-door" in problems(headquarters))
    event = {"kind": "count", "id": "c-1", "door": "main-door", "in": 3, "out": 1}
    log = box.folder / "var/log/units/footfall-agent.log"
    until(lambda: box.run(f"curl -s -o /dev/null -w '%{{http_code}}' -d '{json.dumps(event)}' {INTAKE} || true") == "202", log.read_text)
    until(lambda: "main-door" in asked(headquarters, "SELECT * FROM door"), lambda: asked(headquarters, "SELECT * FROM door"), 30.0)
    counted = json.loads(asked(headquarters, DOORS))["results"][0]["series"][0]["values"][0]
    assert counted[1:] == [3, 1]


def test_each_process_runs_as_footfall_and_nobody_else_reads_its_files(headquarters: Machine, box: Machine) -> None:
    for machine, names in ((headquarters, ("footfall-gateway", "footfall-serve")), (box, ("footfall-agent",))):
        for name in names:
            pid = (machine.folder / f"run/units/{name}.pid").read_text()
            assert machine.run(f"ps -o user= -p {pid}").strip() == "footfall"
            assert "CapEff:\t0000000000000000" in machine.run(f"cat /proc/{pid}/status")
        machine.run("find /etc/footfall /var/lib/footfall* -type f -exec runuser -u nobody -- cat {} + ", fails=True)
        assert not machine.run("find /etc/footfall -type f -perm /027 -o -type f -not -user root").strip()
    until(lambda: "footfall_serve_broker_connected 1" in headquarters.run("curl -s http://127.0.0.1:8090/metrics || true"))
    for key in ("ca.key", "broker.key"):
        assert not list((headquarters.folder / "etc/footfall").rglob(key)), "it stays where certificates are issued"
    assert not list((box.folder / "etc/footfall").rglob("brand.secret"))


def test_a_reload_is_systemds_and_one_with_mistakes_fails_by_name(headquarters: Machine, box: Machine) -> None:
    site = headquarters.folder / "etc/footfall/site.toml"
    text = site.read_text()
    site.write_text(text.replace("doors", "dores"))
    assert "did you mean `doors`?" in headquarters.run("systemctl reload footfall-gateway", fails=True)
    until(lambda: "reload_refused" in problems(headquarters))
    site.write_text(text + '\n[[stores]]\nname = "sanya-2"\nagents = [{ name = "sanya-2-a" }]\n')
    headquarters.run("systemctl reload footfall-gateway")
    until(lambda: "sanya-2-a" in problems(headquarters))
    assert "reload_refused" not in problems(headquarters)
    agent = box.folder / "etc/footfall/agent.toml"
    known = agent.read_text()
    agent.write_text(known.replace('"ble"', '"blee"'))
    box.run("systemctl reload footfall-agent", fails=True)
    agent.write_text(known)
    box.run("systemctl reload footfall-agent")


def test_a_stolen_box_is_shut_out_by_what_the_document_says(headquarters: Machine, box: Machine) -> None:
    until(lambda: '"state": "ok"' in problems(headquarters))
    before = asked(headquarters, DOORS)
    assert "revoked" in headquarters.run(step("issue revoke"), HERE)
    until(lambda: "revoked" in (box.folder / "var/log/units/footfall-agent.log").read_text())
    event = {"kind": "count", "id": "c-2", "door": "main-door", "in": 1, "out": 0}
    box.run(f"curl -sf -d '{json.dumps(event)}' {INTAKE}")
    until(lambda: '"broker_lost"' not in problems(headquarters))
    assert asked(headquarters, DOORS) == before
