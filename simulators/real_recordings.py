"""The real recordings that are replayed, where they are, and the estate they are replayed as. They are not part of the project."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.sources.replay import zones
from gateway.site import Agent, Site, Store, Zone


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording in the folder of its format's name, and as whose it is replayed."""

    format_name: str
    store: str
    timezone: str = "UTC"

    @property
    def agent(self) -> str:
        return f"{self.store}-replay"


BUILDING: Final = Recorded("uci-calit2", "calit2", "America/Los_Angeles")
LAB: Final = Recorded("sal-rb", "lab")
RECORDED: Final = (BUILDING, LAB)


def data_folder() -> Path:
    named = os.environ.get("FOOTFALL_REAL_DATA")
    return Path(named) if named else Path(__file__).parent.parent.parent / "shared" / "data"


def site(data: Path) -> Site:
    """The building with its door, and the lab with what its receivers hear."""
    receivers = zones("sal-rb", [data / LAB.format_name])
    return Site(
        brand="real",
        stores=(
            Store(name=BUILDING.store, timezone=BUILDING.timezone, doors=("main",), agents=(Agent(name=BUILDING.agent),)),
            Store(
                name=LAB.store,
                zones=(Zone(name="inside"), Zone(name="outside", type="outside")),
                agents=(Agent(name=LAB.agent, receivers=receivers),),
            ),
        ),
    )


def people(path: Path) -> int:
    """The counts of a file, read without any of our readers."""
    return sum(map(int, re.findall(r'^"[^"]+",(\d+)\r?$', path.read_text(encoding="utf-8"), re.MULTILINE)))
