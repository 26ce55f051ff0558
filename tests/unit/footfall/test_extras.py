"""What the extras of the package bring in: a box in a store gets nothing of a server, and starts without it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SERVERS = {"starlette", "uvicorn", "prometheus-client", "influxdb-client", "iotcore", "matplotlib"}


def brought_in(extra: str) -> set[str]:
    """Names of all that `footfall[extra]` installs, of this environment's versions; of what is not here, the name alone."""
    found: set[str] = set()
    open_ends = [("footfall", extra)]
    while open_ends:
        name, with_extra = open_ends.pop()
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            needed = canonicalize_name(requirement.name)
            if (requirement.marker is None or requirement.marker.evaluate({"extra": with_extra})) and needed not in found:
                found.add(needed)
                open_ends += [(needed, each) for each in ("", *requirement.extras)]
    return found


def test_the_edge_extra_brings_nothing_of_a_server() -> None:
    assert {"bleak", "numpy", "paho-mqtt", "pymodbus"} <= brought_in("edge")
    assert brought_in("edge") & SERVERS == set()


def test_the_gateway_extra_brings_all_of_it() -> None:
    assert brought_in("gateway") >= SERVERS


@pytest.mark.parametrize("module", ["edge_agent.command", "edge_agent.scan_command", "device_profiles.command"])
def test_the_agent_s_commands_import_nothing_of_a_server(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"starlette", "uvicorn", "h11", "anyio", "prometheus_client", "serve", "gateway"} == set()
