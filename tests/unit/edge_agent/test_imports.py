"""A process holds the libraries of its own devices: an agent runs on small boxes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

import pytest

from edge_agent.sources.settings import require
from footfall.errors import ConfigError

LIBRARIES: Final = {"bleak", "dbus_fast", "pymodbus", "serial", "gpiozero", "cryptography", "epcpy"}
PROGRAM: Final = """
import json, sys
from edge_agent.agent import EdgeAgent
from edge_agent.clock import SystemClock
from edge_agent.config import AgentSettings
agent = EdgeAgent(AgentSettings.model_validate_json(sys.argv[1]), SystemClock())
print(json.dumps(sorted(set(sys.modules) & set(json.loads(sys.argv[2])))))
"""
ZONES: Final = {"radio.1": "door"}


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ({"kind": "replay", "format": "jsonl", "paths": ["x.jsonl"], "receivers": ZONES}, set()),
        ({"kind": "ble", "receivers": {"hci0": "door"}}, set()),
        ({"kind": "llrp", "host": "127.0.0.1", "receivers": ZONES}, set()),
        ({"kind": "mqtt_vendor", "topics": ["x"], "receivers": ZONES}, set()),
        ({"kind": "http_push", "port": 0, "door": "main"}, set()),
        ({"kind": "gpio", "door": "main", "outer_pin": 17, "inner_pin": 27}, set()),
        ({"kind": "modbus", "profile": "modbus-counter", "door": "main", "host": "127.0.0.1"}, {"pymodbus"}),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_an_agent_before_it_runs_holds_no_library_of_other_devices(tmp_path: Any, source: dict[str, Any], needs: set[str]) -> None:
    block = {"store": "s", "agent": "a", "spool": {"path": str(tmp_path / "spool.sqlite")}, "sources": [{"name": "device", **source}]}
    command = [sys.executable, "-c", PROGRAM, json.dumps(block), json.dumps(sorted(LIBRARIES))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert set(json.loads(done.stdout)) <= needs | ({"serial"} if needs else set())


def test_a_library_that_is_missing_is_named_with_its_extra() -> None:
    require("json", "Anything")
    with pytest.raises(ConfigError, match=r"Bluetooth needs no_such_library, which is not installed: pip install 'footfall\[edge\]'"):
        require("no_such_library", "Bluetooth")
