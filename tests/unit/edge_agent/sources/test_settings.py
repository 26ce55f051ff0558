"""What each kind of source observes for, so that a gap of one counter is no gap of the radio beside it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from edge_agent.sources.kinds import AnySource
from edge_agent.sources.settings import SourceSettings

SOURCES: TypeAdapter[SourceSettings] = TypeAdapter(AnySource)
LLRP = {"kind": "llrp", "host": "reader", "receivers": {"reader.1": "entrance"}}
VENDOR = {"kind": "mqtt_vendor", "topics": ["t"]}


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ({"kind": "ble", "receivers": {"hci0": "hall"}}, "presence"),
        ({"kind": "gpio", "door": "main", "outer_pin": 1, "inner_pin": 2}, "doors"),
        (LLRP, "presence"),
        (LLRP | {"gpi": [{"port": 1, "door": "main"}]}, ""),
        (VENDOR | {"receivers": {"r": "hall"}}, "presence"),
        (VENDOR | {"door": "main"}, "doors"),
        (VENDOR | {"doors": {"line-1": "main"}}, "doors"),
        (VENDOR | {"door": "main", "receivers": {"r": "hall"}}, ""),
        ({"kind": "simulated", "path": "heard.jsonl"}, ""),
    ],
)
def test_a_source_observes_for_one_task_or_it_is_not_known_for_which(values: dict[str, Any], task: str) -> None:
    assert SOURCES.validate_python({"name": "s"} | values).task == task
