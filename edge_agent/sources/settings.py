"""What every `[[sources]]` of agent.toml has."""

from __future__ import annotations

from abc import abstractmethod
from importlib.util import find_spec
from typing import Annotated

from pydantic import Field

from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.sources.source import ObservationTask, Source
from footfall.config import Section
from footfall.errors import ConfigError
from footfall.events import Name


class SourceSettings(Section):
    """A kind of source adds its own keys and `kind: Literal["…"]`; edge_agent/sources/kinds.py lists them all.

    The module of a kind imports no device library: `source` checks for it with `require`, and the running source imports it. So the
    settings of every kind can be checked, and a process loads the libraries of its own devices alone.
    """

    name: Name
    receivers: dict[Name, Name] = Field(default_factory=dict)
    """The zone of each radio, antenna or reader."""
    silence_s: Annotated[float, Field(gt=0)] | None = None
    """Longer silence is a fault; without it silence is normal."""

    @property
    def task(self) -> ObservationTask:
        """Return what the source observes for, if that is one task."""
        return ""

    @abstractmethod
    def source(self, clock: Clock, profiles: Registry) -> Source: ...


def require(package: str, what: str) -> None:
    """Raise ConfigError if the library is not installed: a retry would not help."""
    if find_spec(package) is None:
        raise ConfigError(f"{what} needs {package}, which is not installed: pip install 'footfall[edge]'")
