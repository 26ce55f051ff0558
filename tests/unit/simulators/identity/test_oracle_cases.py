"""The shared cases of identity, held to the oracle: what the product must answer, worked out the slow way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulators.identity.oracle import Oracle

START = datetime(2026, 9, 21, tzinfo=UTC)
FILES = sorted(Path("tests/golden/identity").glob("*.jsonl"))
CASES = [json.loads(line) for file in FILES for line in file.read_text("utf-8").splitlines() if line]
TIMES = {"from_min": "from", "to_min": "to", "at_min": "from", "learned_min": "learned"}


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


def event_of(step: Sequence[Any], event_id: str) -> dict[str, Any]:
    kind, *rest = step
    if kind == "touch":
        minute, event, *store = rest
        return {"kind": "touch", "id": event_id, "time": at(minute), **event, "store": store[0] if store else ""}
    if kind == "link":
        names = ("identifier", "fan", "from_min", "to_min")
        return fact_of({"fact": "link", **dict(zip(names, rest, strict=True))}, event_id)
    return fact_of(rest[0], event_id)


def fact_of(stated: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    values = {key: value for key, value in stated.items() if key not in TIMES and key != "as_links"}
    times = {TIMES[key]: at(value) for key, value in stated.items() if key in TIMES and value is not None}
    return {"kind": "fact", "id": event_id, "learned": at(0), "source": "crm", **values, **times}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["case"]))
def test_the_oracle_names_whom_the_case_wants(case: Mapping[str, Any]) -> None:
    events = [event_of(step, f"{case['case']}-{nth}") for nth, step in enumerate(case["steps"])]
    for order in (events, events[::-1]):
        oracle = Oracle(order)
        asked = [touch for touch in oracle.facts.touches.values() if touch.ref in case["want"]]
        assert asked
        for touch in asked:
            fan, want = oracle.fan_of_touch(touch), case["want"][touch.ref]
            assert ("" if fan.startswith("anon-") else fan) in ([want] if isinstance(want, str) else want), touch
