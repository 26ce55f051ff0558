"""The product's own processes, started, killed and started again like any other part."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from footfall.addresses import open_url
from gateway.cli.status import fetch
from simulators.files import toml_text
from simulators.parts.process import Process

FOOTFALL: Final = str(Path(sys.executable).with_name("footfall"))
"""The command of the environment that runs us."""


class GatewayProcess:
    """`footfall gateway` in `folder`, with the given `gateway.toml`; it is ready when it answers for its status.

    `command` may be another that takes `--config FILE` and runs a gateway.
    """

    def __init__(self, folder: Path, http_port: int, values: Mapping[str, Any], command: Sequence[str] = (FOOTFALL, "gateway")) -> None:
        self.config = folder / "gateway.toml"
        self.config.write_text(toml_text({**values, "http": {"port": http_port}}), encoding="utf-8")
        self.url = f"http://127.0.0.1:{http_port}"
        self.log = folder / "gateway.log"
        self.process = Process([*command, "--config", str(self.config)], self.log, lambda: bool(self.status()))

    def status(self) -> dict[str, Any]:
        """Return its own status; empty while it does not answer."""
        found = fetch(self.url)
        return found if "balance" in found else {}

    def is_settled(self) -> bool:
        """Whether all that came in is folded and in the database."""
        status = self.status()
        return bool(status) and (
            status["journal"]["position"] == status["journal"]["head"]
            and not status["sink"]["outbox_batches"]
            and not status["balance"]["pending"]
            and not status["journal"].get("holding")  # which an earlier release does not state
        )


class AgentProcess:
    """`footfall agent`; it is ready when its intake listens. `values` are those of agent.toml but for the intake's port.

    `command` may be another that takes `--config FILE` and runs an agent.
    """

    def __init__(self, folder: Path, intake_port: int, values: Mapping[str, Any], command: Sequence[str] = (FOOTFALL, "agent")) -> None:
        self.name: str = values["agent"]
        self.config = folder / f"{self.name}.toml"
        self.config.write_text(toml_text({**values, "intake": {"port": intake_port}}), encoding="utf-8")
        self.intake_port = intake_port
        self.log = folder / f"{self.name}.log"
        self.process = Process([*command, "--config", str(self.config)], self.log, self.is_up)

    def is_up(self) -> bool:
        return bool(self.health())

    def health(self) -> dict[str, Any]:
        """Return its own status; empty while it does not answer."""
        try:
            with open_url(f"http://127.0.0.1:{self.intake_port}/health", 3.0) as answer:
                found: dict[str, Any] = json.load(answer)
        except (OSError, ValueError):
            return {}
        return found
