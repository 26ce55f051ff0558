"""An agent and the journal that it is bound to; a storage card that is not what it was."""

from __future__ import annotations

import time

from simulators.faultcases.case import case
from simulators.faultcases.scene import Scene


@case()
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
