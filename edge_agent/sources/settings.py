"""What every `[[sources]]` of agent.toml has."""

from __future__ import annotations

from abc import abstractmethod
from importlib.util import find_spec
from typing import Annotated

from pydantic import BeforeValidator, Field

from device_profiles.registry import Registry
from edge_agent.clock import Clock
from edge_agent.levels import ReceiverLimits
from edge_agent.sources.source import ObservationTask, Source
from footfall.config import Section
from footfall.errors import ConfigError
from footfall.events import Name


class ReceiverSettings(Section):
    """A radio, antenna or reader: the zone it hears, and how its RSSI compares with that of others."""

    zone: Name
    offset_db: Annotated[float, Field(ge=-40, le=40)] = 0.0
    """Added to its RSSI: positive for a receiver that hears less well than the others."""
    min_dbm: Annotated[float, Field(ge=-127, le=20)] = -127.0
    """Its range: what is weaker, offset included, neither begins nor extends a presence."""

    @property
    def limits(self) -> ReceiverLimits:
        return ReceiverLimits(self.offset_db, self.min_dbm)


def _as_table(value: object) -> object:
    """Return the short form `name = "zone"` in the long one."""
    return {"zone": value} if isinstance(value, str) else value


AnyReceiver = Annotated[ReceiverSettings, BeforeValidator(_as_table)]


class SourceSettings(Section):
    """A kind of source adds its own keys and `kind: Literal["…"]`; edge_agent/sources/kinds.py lists them all.

    The module of a kind imports no device library: `source` checks for it with `require`, and the running source imports it. So the
    settings of every kind can be checked, and a process loads the libraries of its own devices alone.
    """

    name: Name
    receivers: dict[Name, AnyReceiver] = Field(default_factory=dict)
    """Each radio, antenna or reader: its zone alone, `name = "zone"`, or a table of ReceiverSettings."""
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
