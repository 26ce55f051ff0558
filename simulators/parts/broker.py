"""The embedded broker: rumqttd from the `iotcore` wheel, on loopback only, since it knows no access control.

Each protocol version has a listener of its own; what is published on one reaches the subscribers of the other. It runs in a child
process, which ends with its parent. Sessions and retained messages live in memory: a restart forgets them.
"""

from __future__ import annotations

from pathlib import Path

from gateway.mqtt.embedded_broker import command, config_text
from simulators.parts.process import Process, free_port, is_listening


class EmbeddedBroker:
    """Listens on 127.0.0.1: `port` for MQTT 5, `port_v4` for MQTT 3.1.1. `folder` gets its configuration and its log."""

    def __init__(self, folder: Path, port: int | None = None, port_v4: int | None = None, max_payload_bytes: int = 2 << 20) -> None:
        self.port, self.port_v4 = port or free_port(), port_v4 or free_port()
        config = folder / "rumqttd.toml"
        config.write_text(config_text(self.port, self.port_v4, max_payload_bytes))
        self.process = Process(command(config), folder / "broker.log", self._is_ready, ends_with_us=True)

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
