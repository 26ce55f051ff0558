"""The embedded broker: rumqttd from the `iotcore` wheel, on loopback only, since it knows no access control.

Each protocol version has a listener of its own; what is published on one reaches the subscribers of the other. It runs in a child
process, which ends with its parent. Sessions and retained messages live in memory: a restart forgets them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Final

from simulators.parts.process import Process, free_port, is_listening

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


class EmbeddedBroker:
    """Listens on 127.0.0.1: `port` for MQTT 5, `port_v4` for MQTT 3.1.1. `folder` gets its configuration and its log."""

    def __init__(self, folder: Path, port: int | None = None, port_v4: int | None = None, max_payload_bytes: int = 2 << 20) -> None:
        self.port, self.port_v4 = port or free_port(), port_v4 or free_port()
        config = folder / "rumqttd.toml"
        listeners = ((4, self.port_v4), (5, self.port))
        texts = [_LISTENER.format(version=version, port=at, max_payload_bytes=max_payload_bytes) for version, at in listeners]
        config.write_text(_ROUTER + "".join(texts))
        command = [sys.executable, "-m", "simulators.parts.broker", str(config)]
        self.process = Process(command, folder / "broker.log", self._is_ready, ends_with_us=True)

    def start(self) -> EmbeddedBroker:
        self.process.start()
        return self

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def __enter__(self) -> EmbeddedBroker:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _is_ready(self) -> bool:
        return is_listening(self.port) and is_listening(self.port_v4)


def serve(config: Path) -> None:
    """Runs the broker in this process until standard input ends, as it does when the parent is gone."""
    from iotcore import IotCoreBroker

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it logs every packet as an error
    threading.Thread(target=_end_with_input, daemon=True).start()
    IotCoreBroker(config_path=str(config)).run_forever()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # the broker knows no other way to end


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
