"""What is renewed on disk: certificates, passwords, tokens; and what is expired or revoked there."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from simulators.faultcases.agents import Box
from simulators.faultcases.case import case
from simulators.faultcases.certificates import Authority
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.scene import NAMED_S, Scene
from simulators.parts.mosquitto import Mosquitto

CLIENTS: Final = ("gateway", "a1")


def _world(scene: Scene, authority: Authority) -> tuple[Mosquitto, Gateway, Box]:
    broker = scene.broker(more=authority.listener())
    gateway = scene.gateway(broker, broker={"host": "localhost", "tls": authority.tls("gateway")})
    box = scene.box(broker, broker={"host": "localhost", "tls": authority.tls("a1")})
    box.feed(crossings=10)
    box.wait_sent()
    return broker, gateway, box


@case()
def certificates_renewed(scene: Scene) -> None:
    """Authority, broker's and clients' certificates are replaced on disk: agent and gateway go on at their next connection."""
    authority = Authority(scene.folder / "certificates", CLIENTS)
    broker, gateway, box = _world(scene, authority)
    renewed = Authority(scene.folder / "renewed", CLIENTS)
    for path in renewed.folder.iterdir():
        shutil.copy2(path, authority.folder / path.name)
    broker.stop()
    broker.start()
    box.feed(crossings=10)
    box.wait_sent(90)
    scene.judge(gateway)


@case()
def passwords_renewed(scene: Scene) -> None:
    """The broker's passwords are changed, and the files that name them: agent and gateway go on at their next connection."""
    passwords = scene.folder / "passwords"
    users = _passwords(scene.folder, passwords)
    broker = scene.broker(anonymous=False, more=f"password_file {passwords}")
    gateway = scene.gateway(broker, broker={"username": "gateway", "password_file": str(users / "gateway")})
    box = scene.box(broker, broker={"username": "a1", "password_file": str(users / "a1")})
    box.feed(crossings=10)
    box.wait_sent()
    _passwords(scene.folder, passwords)
    broker.stop()
    broker.start()
    box.feed(crossings=10)
    box.wait_sent(90)
    scene.judge(gateway)


def _passwords(folder: Path, passwords: Path) -> Path:
    """New passwords for all, in Mosquitto's file and in a file for each."""
    passwords.unlink(missing_ok=True)
    passwords.touch(mode=0o600)
    users = folder / "users"
    users.mkdir(exist_ok=True)
    for name in CLIENTS:
        path = users / name
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(8), encoding="utf-8")
        command = ["mosquitto_passwd", "-b", str(passwords), name, path.read_text(encoding="utf-8")]
        subprocess.run(command, check=True, capture_output=True, timeout=20)
    return users


@case()
def token_renewed(scene: Scene) -> None:
    """The database's token is changed, and the file that names it: the sink goes on."""
    broker = scene.broker()
    influx = scene.influx()
    gateway = scene.gateway(broker, influx=influx)
    box = scene.box(broker)
    box.feed(crossings=10)
    box.wait_sent()
    scene.settled(gateway)
    influx.influxql("SET PASSWORD FOR \"footfall\" = 'another-password'")
    influx.token = "footfall:another-password"  # noqa: S105 # of a server that ends with the case
    box.feed(crossings=10)
    box.wait_sent()
    scene.named(gateway, "sink_down")
    (gateway.folder / "token").write_text(influx.token, encoding="utf-8")
    scene.judge(gateway, limit_s=60)


@case()
def certificate_expires(scene: Scene) -> None:
    """An agent's certificate ends in some days, and then has ended: status names both, and the agent goes on with a new one."""
    authority = Authority(scene.folder / "certificates", CLIENTS)
    (authority.folder / "a1.crt").rename(authority.folder / "a1.old.crt")
    (authority.folder / "a1.key").rename(authority.folder / "a1.old.key")
    authority.issue("client", "a1", days=20)
    broker, gateway, box = _world(scene, authority)
    scene.named(gateway, "certificate_ends", text="a1")
    for suffix in ("crt", "key"):
        (authority.folder / f"a1.{suffix}").unlink()
    clock = scene.folder / "long-ago"
    clock.write_text("-400d\n", encoding="utf-8")
    authority.issue("client", "a1", clock=clock, days=30)
    broker.stop()
    broker.start()
    box.feed(crossings=10)
    _said_by_agent(scene, box, "certificate_expired", "expired")
    for suffix in ("crt", "key"):
        shutil.copy2(authority.folder / f"a1.old.{suffix}", authority.folder / f"a1.{suffix}")
    box.wait_sent(90)
    scene.judge(gateway)


def _said_by_agent(scene: Scene, box: Box, code: str, word: str) -> None:
    """The agent is not connected: its own page and its log name it."""
    deadline_s = time.monotonic() + NAMED_S
    while time.monotonic() < deadline_s:
        if code in box.health().get("problems", {}) or any(word in line for line in box.log().splitlines() if "connect" in line):
            break
        time.sleep(0.5)
    else:
        scene.findings.silent.append(f"{box.agent} does not say {code}: {box.health().get('problems')}; {box.log()[-300:]}")
    scene.expect("Unspecified error" not in box.log(), "silent", "the reason is `Unspecified error`")


@case()
def certificate_revoked(scene: Scene) -> None:
    """An agent's certificate is revoked: the agent names it, nothing that it spools is lost, and a new one is used."""
    authority = Authority(scene.folder / "certificates", CLIENTS)
    broker, gateway, box = _world(scene, authority)
    saved = {suffix: (authority.folder / f"a1.{suffix}").read_bytes() for suffix in ("crt", "key")}
    authority.issue("revoke", "a1")
    for suffix, data in saved.items():
        (authority.folder / f"a1.{suffix}").write_bytes(data)
    broker.stop()
    broker.start()
    box.feed(crossings=10)
    _said_by_agent(scene, box, "certificate_revoked", "certificate")
    for suffix in saved:
        (authority.folder / f"a1.{suffix}").unlink()
    authority.issue("client", "a1")
    box.wait_sent(90)
    scene.judge(gateway)


@case()
def key_of_another_certificate(scene: Scene) -> None:
    """A key that does not fit its certificate is found by `config check`, for gateway.toml and agent.toml."""
    authority = Authority(scene.folder / "certificates", CLIENTS)
    _, gateway, box = _world(scene, authority)
    shutil.copy2(authority.folder / "a1.key", authority.folder / "gateway.key")
    shutil.copy2(authority.folder / "ca.key", authority.folder / "a1.key")
    site = gateway.folder / "site.toml"
    for files in ([gateway.config, site], [box.config]):
        done = gateway.footfall("config", "check", *map(str, files))
        said = done.stdout + done.stderr
        scene.expect(done.returncode == 2 and "key" in said, "silent", f"config check of {files[0].name}: {said}"[:400])
