"""The embedded broker: rumqttd from the `iotcore` wheel, for one machine. Loopback only, since it knows no access control.

It listens on `port` for MQTT 5 and on `port + 1` for MQTT 3.1.1; what is published on one reaches the subscribers of the other.
It runs in a child process that ends with its parent. Sessions and retained messages are in memory: a restart forgets them.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from footfall.errors import ConfigError

START_S: Final = 15.0
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


def start(port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a broker and return it once it listens; its configuration and log are in `folder`.

    Raise ConfigError if the port is taken or it does not start.
    """
    if _is_listening(port):
        raise ConfigError(f"broker: something listens on 127.0.0.1:{port} already; choose another [broker] port, or embedded = false")
    config, log = folder / "broker.toml", folder / "broker.log"
    config.write_text(config_text(port, port + 1))
    with log.open("ab") as out:
        process = subprocess.Popen(command(config), stdin=subprocess.PIPE, stdout=out, stderr=out)
    deadline = time.monotonic() + START_S
    while not _is_listening(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise ConfigError(f"broker: the embedded broker did not start; {log} says why")
        time.sleep(0.02)
    return process


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _serve(config: Path) -> None:
    from iotcore import IotCoreBroker

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it logs every packet as an error
    threading.Thread(target=_end_with_input, daemon=True).start()
    IotCoreBroker(config_path=str(config)).run_forever()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # the broker knows no other way to end


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
