"""The estate as a SITE record of the journal has it: what the fold needs to know, and nothing that a configuration must obey.

    record_site(site) -> bytes        read_site(bytes) -> RecordedSite

What was journaled is read as it was written: rules that `site.toml` must keep today say nothing about a record of last year, and keys
of other releases are passed over.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from gateway.site import Site


class _Recorded(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RecordedZone(_Recorded):
    name: str
    type: str = "other"


class RecordedAgent(_Recorded):
    name: str


def _name(door: Any) -> Any:
    return door.get("name", "") if isinstance(door, dict) else door


class RecordedStore(_Recorded):
    """The defaults are those of the first release: records of it that lack a key were folded with them."""

    name: str
    timezone: str = "UTC"
    day_start: time = time(4)
    idle_timeout_s: float = 1800.0
    tried_s: float = 30.0
    zones: tuple[RecordedZone, ...] = ()
    doors: tuple[Annotated[str, BeforeValidator(_name)], ...] = ()
    agents: tuple[RecordedAgent, ...] = ()


class RecordedStaff(_Recorded):
    identifiers: tuple[str, ...] = ()


class RecordedSite(_Recorded):
    stores: tuple[RecordedStore, ...]
    staff: tuple[RecordedStaff, ...] = ()
    assets: tuple[str, ...] = ()


def record_site(site: Site) -> bytes:
    """The body of a SITE record."""
    return site.model_dump_json(by_alias=True).encode()


def read_site(body: bytes) -> RecordedSite:
    """The estate of a SITE record, of this release or an earlier one."""
    return RecordedSite.model_validate_json(body)
