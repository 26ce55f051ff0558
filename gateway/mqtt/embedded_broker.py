"""The embedded broker: rumqttd from the `iotcore` wheel, for one machine. Loopback only, since it knows no access control.

It listens on `port` for MQTT 5 and on `port + 1` for MQTT 3.1.1; what is published on one reaches the subscribers of the other.
It runs in a child process that ends with its parent. Sessions and retained messages are in memory: a restart forgets them.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError

START_S: Final = 15.0
_PORT_OF: Final = {"4": ("3.1.1", "5", 1), "5": ("5", "3.1.1", 0)}
"""By level: the version, what its client met instead, and what is added to the port for its own."""
_EVERY_S: Final = 10.0
_LISTENER: Final = """
[v{version}.1]
name = "v{version}"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload_bytes}
max_inflight_count = 1000
dynamic_filters = true
"""
_ROUTER: Final = """
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
"""


def config_text(port_5: int, port_4: int, max_payload_bytes: int = 6 << 20) -> str:
    """Return rumqttd's configuration: one listener for MQTT 5, one for 3.1.1."""
    listeners = ((5, port_5), (4, port_4))
    return _ROUTER + "".join(_LISTENER.format(version=v, port=p, max_payload_bytes=max_payload_bytes) for v, p in listeners)


def command(config: Path) -> list[str]:
    """Return the command of a broker that ends when its standard input does."""
    return [sys.executable, "-m", "gateway.mqtt.embedded_broker", str(config)]


def start(port: int, folder: Path, said: Callable[[str], None] = lambda what: None) -> subprocess.Popen[bytes]:
    """Start a broker and return it once it listens; its configuration and log are in `folder`.

    `said` is called, by a thread, where a client speaks the wrong version of MQTT. Raise ConfigError if the port is taken or it does not
    start.
    """
    if _is_listening(port):
        raise ConfigError(f"broker: something listens on 127.0.0.1:{port} already; choose another [broker] port, or embedded = false")
    config, log = folder / "broker.toml", folder / "broker.log"
    config.write_text(config_text(port, port + 1))
    with log.open("ab") as out:
        process = subprocess.Popen(command(config), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out)
    threading.Thread(target=_pass_on, args=(process, port, said), name="broker", daemon=True).start()
    deadline = time.monotonic() + START_S
    while not _is_listening(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise ConfigError(f"broker: the embedded broker did not start; {log} says why")
        time.sleep(0.02)
    return process


def _pass_on(process: subprocess.Popen[bytes], port: int, said: Callable[[str], None]) -> None:
    """Put what the broker refuses into words; its lines are the level of a protocol that a client asked for."""
    for line in process.stdout or ():
        theirs = line.decode(errors="replace").strip()
        if theirs in _PORT_OF:
            name, other, more = _PORT_OF[theirs]
            said(f"a client speaks MQTT {name} on port {port + 1 - more}, where only {other} is spoken: {name} has port {port + more}")


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _serve(config: Path) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a group of processes is asked to reload: this one has nothing to read again
    from iotcore import IotCoreBroker

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it logs every packet as an error
    refusals = logging.getLogger("rumqttd.server.broker")
    refusals.setLevel(logging.ERROR)
    refusals.propagate = False
    refusals.addHandler(_Refusals())
    threading.Thread(target=_end_with_input, daemon=True).start()
    IotCoreBroker(config_path=str(config)).run_forever()


class _Refusals(logging.Handler):
    """Prints the level of the protocol that a client asked for, and that its port does not speak; each at most every few seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._due_s: Final[dict[str, float]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        found = re.search(r"InvalidProtocolLevel\((\d+)\)", record.getMessage())
        if found and time.monotonic() >= self._due_s.get(found[1], 0.0):
            self._due_s[found[1]] = time.monotonic() + _EVERY_S
            print(found[1], flush=True)  # noqa: T201  # to the gateway that started this process


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # the broker knows no other way to end


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
