"""Several agents send their backlogs at once: in whichever order, the same comes of it."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from footfall.broker import Broker
from footfall.errors import FootfallError
from simulators.estate import Settings, brand_secret, site_of, worlds
from simulators.faultcases.case import case
from simulators.faultcases.gateways import Gateway
from simulators.faultcases.oracle import judge_same
from simulators.faultcases.scene import Scene
from simulators.feed import Feed
from simulators.send import Sender

DERIVED: Final = ("dwell", "visit", "traffic", "zone_traffic", "item", "presence", "door")
DELAYS_S: Final = ((0.0, 0.0, 0.0), (0.0, 5.0, 9.0), (9.0, 5.0, 0.0), (5.0, 0.0, 9.0))
"""Within the ten seconds for which a store waits for agents that it has not heard yet."""
HOURS: Final = 3.0


@case(limit_s=300)
def backlogs(scene: Scene) -> None:
    """Three agents send the backlog of 3 hours, four times in another order: the same dwells, visits, minutes and rows."""
    results = [_run(scene, number, delays) for number, delays in enumerate(DELAYS_S)]
    scene.note(f"{len(results[0])} rows")
    for number, result in enumerate(results[1:], 1):
        scene.findings.add(judge_same(results[0], result, f"order {number}"))


def _run(scene: Scene, number: int, delays_s: tuple[float, ...]) -> dict[Any, Any]:
    start_ns = (time.time_ns() // 3_600_000_000_000 - 24) * 3_600_000_000_000
    settings = Settings(seed=scene.seed, hours=HOURS, start_ns=start_ns)
    (world,) = worlds(settings)
    broker = scene.broker(f"mosquitto-{number}", max_queued_messages=0)
    site = site_of([world]).model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    gateway = scene.gateway(broker, name=f"gateway-{number}", site=site)
    threads, failures = [], list[str]()
    for agent, delay_s in zip(world.plan.agents, delays_s, strict=True):
        sender = Sender(Feed(world, agent, brand_secret(settings.seed)), scene.folder, Broker(port=broker.port))

        def send(sender: Sender = sender, delay_s: float = delay_s) -> None:
            time.sleep(delay_s)
            try:
                sender.run()
            except FootfallError as error:
                failures.append(str(error))

        threads.append(threading.Thread(target=send, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    scene.findings.stuck += failures
    found = _still(scene, gateway)
    gateway.stop()
    broker.stop()
    return found


def _still(scene: Scene, gateway: Gateway) -> dict[Any, Any]:
    """What the database has when it changes no more."""
    scene.settled(gateway, 90)
    before: dict[Any, Any] = {}
    for _ in range(20):
        time.sleep(3)
        found = {key: fields for key, fields in gateway.dump().items() if key[0] in DERIVED}
        if found == before:
            return found
        before = found
    return before
