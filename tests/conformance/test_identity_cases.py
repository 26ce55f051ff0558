"""Cases of identity as plain events: through the real accept, fold and identity stage every order ends in the fans that are right."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.accept.events import Pseudonymiser
from gateway.accept.messages import Message
from gateway.points import Points
from gateway.site import Site
from simulators.chain.gateway import InProcessGateway, Refused

CASES = [
    json.loads(line)
    for file in sorted(Path("tests/golden/identity").glob("*.jsonl"))
    for line in file.read_text("utf-8").splitlines()
    if line
]
BEGAN_S = 1_790_000_000
SENT_NS = (BEGAN_S + 30 * 86_400) * 10**9
TOPIC = "footfall/1/{store}/till{nth}/events"
SITE = Site.model_validate({"brand": "b", "stores": [{"name": f"s{nth}", "agents": [{"name": f"till{nth}"}]} for nth in (1, 2, 3)]})
ORDERS = 4
REFUSED = {
    "R2-recycled": "event.time", "R2-household-late": "event.time", "R5-browser-window": "event.time", "R5-card-by-ref": "event.invalid",
    "R0-other-content": "event.id", "L-lent": "event.invalid", "R8-other-purpose": "event.invalid",
}  # fmt: skip
"""Cases that no sender can state so: of the future, without a `ref`, a `what` of none, a purpose that is none, or two facts with one id."""
Sent = tuple[dict[str, Any], str]
"""An event, and the store that sends it."""
KEYS = {"from_min": "from", "to_min": "to", "at_min": "from", "learned_min": "learned"}


def iso(minute: float | None) -> str | None:
    return None if minute is None else datetime.fromtimestamp(BEGAN_S + minute * 60, UTC).isoformat()


def event_of(event_id: str, step: Sequence[Any]) -> dict[str, Any]:
    """A step as its sender would send it."""
    kind, *rest = step
    if kind == "touch":
        minute, stated, *_ = rest
        more = {"reason": "wrong", "actor": "kim"} if stated.get("kind") == "void" else {"kind": "touch"}
        return {"id": event_id, "time": iso(minute), **more, **stated}
    if kind == "link":
        identifier, fan, since, until = rest
        span = {"from": iso(since), "to": iso(until)}
        return {"kind": "fact", "fact": "link", "id": event_id, "identifier": identifier, "fan": fan, **span}
    stated = {KEYS.get(key, key): iso(value) if key in KEYS else value for key, value in rest[0].items() if key != "as_links"}
    return {"kind": "fact", "id": event_id, **stated}


class Touches:
    """A sink that keeps the fans of touches by their reference."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, str, bool]] = {}

    def write(self, batches: Sequence[Points]) -> None:
        for points in batches:
            if points.measurement == "touch":
                texts = [[points.fields[key].names[code] for code in points.fields[key].codes] for key in ("ref", "fan")]  # type: ignore[union-attr]
                self._rows.update(zip(points.time_ns.tolist(), zip(*texts, points.fields["void"], strict=True), strict=True))  # type: ignore[arg-type]

    def fans(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for ref, fan, is_void in self._rows.values():
            if not is_void:
                found.setdefault(ref, set()).add(fan)
        return found


def ends(events: Sequence[Sent]) -> dict[str, set[str]]:
    sink = Touches()
    gateway = InProcessGateway(SITE, Pseudonymiser(b"the brand's"), [sink], write_points=0)  # type: ignore[list-item]
    gateway.start(SENT_NS, [])
    for nth, event in enumerate(events):
        values, store = event
        topic = TOPIC.format(store=store, nth=store[1:])
        gateway.take([Message(topic, json.dumps(values).encode())], SENT_NS + nth * 10**9)
    gateway.close()
    return sink.fans()


def orders_of(case: dict[str, Any]) -> Iterator[list[Sent]]:
    events = [
        (event_of(f"{case['case']}-{nth}", step), step[3] if step[0] == "touch" and step[3:] else "s1")
        for nth, step in enumerate(case["steps"])
    ]
    yield events
    if case.get("orders", "any") == "any":
        mixed = random.Random(7)
        yield from (mixed.sample(events, len(events)) for _ in range(ORDERS))


@pytest.mark.parametrize("case", [case for case in CASES if case["case"] not in REFUSED], ids=lambda case: case["case"])
def test_a_case_ends_in_the_fans_that_are_right_in_every_order(case: dict[str, Any]) -> None:
    first = None
    for events in orders_of(case):
        found = ends(events)
        first = first or found
        assert found == first, "another order, another end"
        for ref, want in case["want"].items():
            right = {want} if isinstance(want, str) else set(want)
            wrong = {fan for fan in found[ref] if fan not in right and not ("" in right and fan.startswith("anon-"))}
            assert not wrong, f"{ref}: {case.get('why', '')}"


@pytest.mark.parametrize("case", [case for case in CASES if case["case"] in REFUSED], ids=lambda case: case["case"])
def test_what_no_sender_can_state_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=REFUSED[case["case"]]):
        ends(next(orders_of(case)))
