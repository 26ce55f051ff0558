"""General-purpose inputs of RFID readers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from footfall.config import Section
from footfall.events import Name


class Gpi(Section):
    """A light barrier on a GPI port: each time the port goes to `level`, one person has passed."""

    port: Annotated[int, Field(ge=1, le=65_535)]
    door: Name
    direction: Literal["in", "out"] = "in"
    level: Literal["high", "low"] = "high"
