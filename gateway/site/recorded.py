"""The estate as a SITE record of the journal has it: what the fold needs to know, and nothing that a configuration must obey.

    record_site(site) -> bytes        read_site(bytes) -> RecordedSite

What was journaled is read as it was written: rules that `site.toml` must keep today do not hold for a record of last year, and keys
of other releases are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import time
from typing import Any

from pydantic import BaseModel, ConfigDict

from gateway.site.site import Site


class _Recorded(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RecordedZone(_Recorded):
    name: str
    type: str = "other"


class RecordedAgent(_Recorded):
    name: str


class RecordedStore(_Recorded):
    """The defaults are those of the first release: records of it that lack a key were folded with them."""

    name: str
    timezone: str = "UTC"
    day_start: time = time(4)
    idle_timeout_s: float = 1800.0
    tried_s: float = 30.0
    zones: tuple[RecordedZone, ...] = ()
    doors: tuple[str, ...] = ()
    agents: tuple[RecordedAgent, ...] = ()


class RecordedStaff(_Recorded):
    identifiers: tuple[str, ...] = ()


class RecordedSite(_Recorded):
    stores: tuple[RecordedStore, ...]
    staff: tuple[RecordedStaff, ...] = ()
    assets: tuple[str, ...] = ()


def record_site(site: Site) -> bytes:
    """Return the body of a SITE record: what is not as by default, and what was renamed under each of its names, since rows have either."""
    values = site.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    values["stores"] = [each for store in values["stores"] for each in _under_all_names(store)]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _under_all_names(store: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Nobody is expected where a store has another name now."""
    zones = [zone | {"name": name} for zone in store.get("zones", ()) for name in _names(zone)]
    doors = [*store.get("doors", ()), *(alias["name"] for alias in store.get("door_aliases", ()))]
    agents = list({agent["name"]: agent for agent in store.get("agents", ())}.values())
    for name in _names(store):
        yield store | {"name": name, "zones": zones, "doors": doors, "agents": agents if name == store["name"] else []}


def _names(thing: dict[str, Any]) -> dict[str, None]:
    return dict.fromkeys([thing["name"], *(alias["name"] for alias in thing.get("aliases", ()))])


def read_site(body: bytes) -> RecordedSite:
    """Return the estate of a SITE record, of this release or an earlier one."""
    return RecordedSite.model_validate_json(body)
