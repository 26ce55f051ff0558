"""The broker's limit on packets, below what is spooled already."""

from __future__ import annotations

from simulators.faultcases.case import case
from simulators.faultcases.scene import Scene

LIMIT_BYTES = 8000
MOST_CONNECTIONS = 40
BIG = 400
"""Crossings in one second: a frame of about 12,000 bytes."""


@case(
    limit_s=200,
    each={
        f"{setting.replace('_', '-')}-{protocol.replace('.', '')}": {"setting": setting, "protocol": protocol}
        for setting in ("max_packet_size", "message_size_limit")
        for protocol in ("5", "3.1.1")
    },
)
def packet_limit(scene: Scene, setting: str, protocol: str) -> None:
    """Frames are spooled that are larger than the broker takes: they go in parts, and later ones are made to fit."""
    broker = scene.broker(more=f"{setting} {LIMIT_BYTES}")
    gateway = scene.gateway(broker, broker={"protocol": protocol})
    box = scene.box(broker, broker={"protocol": protocol})
    box.feed(crossings=5)
    box.wait_sent()
    box.feed(crossings=BIG, over_s=0.3)
    box.feed(crossings=5, over_s=0.1)
    box.wait_sent(120)
    box.feed(crossings=BIG, over_s=0.3)
    box.wait_sent(60)
    scene.judge(gateway)
    broker.stop()  # so it writes its log
    connections = (broker.folder / "mosquitto.log").read_text(errors="replace").count(" as a1 ")
    scene.expect(0 < connections < MOST_CONNECTIONS, "stuck", f"the agent connected {connections} times")
