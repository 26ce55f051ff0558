"""What ends the connection of a box that was stolen, with a real Mosquitto: what docs/operating.md advises, and what does not suffice."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.parts.mosquitto import binary
from simulators.parts.process import Process, free_port, is_listening
from tests.integration.test_broker_access import Deployed, issue
from tests.support.real_parts import missing, require_mosquitto
from tests.support.waiting import PATIENCE_S, until

TOPIC = "footfall/1/s/lost/frames"
PLUGINS = ("/usr/lib", "/usr/local/lib")


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """With those of a box, of which a thief has copies."""
    require_mosquitto()
    folder = tmp_path / "certificates"
    for arguments in (["ca"], ["broker", "localhost", "127.0.0.1"], ["client", "gateway"], ["client", "lost"]):
        assert issue(folder, *arguments).returncode == 0
    for suffix in (".crt", ".key"):
        shutil.copy2(folder / f"lost{suffix}", folder / f"stolen{suffix}")
    return folder


@pytest.fixture
def broker(certificates: Path, tmp_path: Path) -> Iterator[Deployed]:
    with Deployed(tmp_path / "mosquitto", certificates) as running:
        yield running


def probe(certificates: Path, port: int) -> tuple[int, str]:
    done = issue(certificates, "probe", "lost", f"localhost:{port}")
    return done.returncode, done.stdout + done.stderr


def test_a_reload_leaves_the_thief_connected_and_a_restart_ends_him_for_good(broker: Deployed, certificates: Path) -> None:
    assert probe(certificates, broker.agents) == (2, f"issue: lost is let in by localhost:{broker.agents}\n")
    thief = broker.connect("stolen", broker.agents)
    assert thief.may_publish(TOPIC)
    revoked = issue(certificates, "revoke", "lost")
    assert "systemctl restart mosquitto" in revoked.stdout
    os.kill(broker.process.pid, signal.SIGHUP)
    until(lambda: probe(certificates, broker.agents)[0] == 0, "the broker to have read the list")
    assert thief.may_publish(TOPIC), "the connection that is there goes on"
    thief.client.reconnect_delay_set(1, 1)
    broker.process.stop()
    until(lambda: not thief.client.is_connected(), "his connection to end")
    broker.process.start()
    thief.answered.clear()
    assert probe(certificates, broker.agents) == (0, f"lost is refused by localhost:{broker.agents}: revoked\n")
    assert not thief.answered.wait(3.0), "he tries every second"
    thief.close()
    gateway = broker.connect("gateway", broker.gateway, "g")
    assert gateway.may_publish("footfall/1/s/live"), "everybody else comes back"
    gateway.close()


def test_the_name_can_be_issued_anew_and_only_the_new_certificate_is_let_in(broker: Deployed, certificates: Path) -> None:
    issue(certificates, "revoke", "lost")
    broker.process.stop()
    broker.process.start()
    assert issue(certificates, "client", "lost").returncode == 0
    box, thief = broker.connect("lost", broker.agents), broker.connect("stolen", broker.agents)
    assert box.may_publish(TOPIC)
    assert not thief.answered.wait(1.0)
    box.close()
    thief.close()
    assert probe(certificates, broker.agents)[0] == 2, "of a name that has a certificate that one is asked"


def test_dynamic_security_ends_a_connection_and_lets_the_certificate_in_again(certificates: Path, tmp_path: Path) -> None:
    control = shutil.which("mosquitto_ctrl") or missing("mosquitto_ctrl is missing: apt-get install mosquitto")
    found = [path for folder in PLUGINS for path in Path(folder).rglob("mosquitto_dynamic_security.so")]
    plugin = found[0] if found else missing("mosquitto_dynamic_security.so is missing: apt-get install mosquitto")
    agents, admin, state = free_port(), free_port(), tmp_path / "dynamic.json"
    subprocess.run([control, "dynsec", "init", str(state), "admin", "secret"], check=True, capture_output=True)
    (tmp_path / "conf").write_text(
        f"user {getpass.getuser()}\nper_listener_settings false\nallow_anonymous false\nplugin {plugin}\n"
        f"plugin_opt_config_file {state}\nlistener {admin} 127.0.0.1\nlistener {agents} 127.0.0.1\n"
        f"cafile {certificates}/ca.crt\ncertfile {certificates}/broker.crt\nkeyfile {certificates}/broker.key\n"
        "require_certificate true\nuse_identity_as_username true\nuse_username_as_clientid true\n"
    )
    process = Process([str(binary()), "-c", str(tmp_path / "conf")], tmp_path / "log", lambda: is_listening(agents) and is_listening(admin))

    def change(*words: str) -> None:
        command = [control, "-h", "127.0.0.1", "-p", str(admin), "-u", "admin", "-P", "secret", "dynsec", *words]
        done = subprocess.run(command, input="\n\n", check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    process.start()
    try:
        change("createRole", "agent")
        change("addRoleACL", "agent", "publishClientSend", "footfall/#", "allow", "1")
        change("createClient", "lost", "-p", "unused")
        change("addClientRole", "lost", "agent", "1")
        peers = Deployed.__new__(Deployed)
        peers.certificates = certificates
        thief = peers.connect("stolen", agents)
        assert thief.may_publish(TOPIC)
        thief.client.reconnect_delay_set(1, 1)
        thief.answered.clear()
        change("disableClient", "lost")
        assert thief.answered.wait(PATIENCE_S), "kicked, he is back with the same certificate within seconds"
        thief.close()
    finally:
        process.stop()
