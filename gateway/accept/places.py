"""What `site.toml` says exists, as fast look-ups for the accept stage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from footfall.errors import ContractError
from footfall.frames import Body, Kind
from gateway.site import Site

_NEEDS_ZONE: Final = (Kind.ENTER, Kind.STAY, Kind.EXIT)
_NEEDS_DOOR: Final = (Kind.IN, Kind.OUT)


@dataclass(frozen=True, slots=True, eq=False)
class StorePlaces:
    """One store; there is one of it, so that a look-up by it compares nothing."""

    name: str
    zones: frozenset[str]
    doors: frozenset[str]
    agents: frozenset[str]


class Places:
    """The estate by name."""

    def __init__(self, site: Site) -> None:
        self._stores: Final = {
            store.name: StorePlaces(
                store.name,
                frozenset(zone.name for zone in store.zones),
                frozenset(store.doors),
                frozenset(agent.name for agent in store.agents),
            )
            for store in site.stores
        }

    def of(self, store: str, agent: str) -> StorePlaces:
        """The store, which knows the agent; ContractError `site.store` or `site.agent`."""
        places = self._stores.get(store)
        if places is None:
            raise ContractError("site.store", f"store {store!r} is not in site.toml")
        if agent not in places.agents:
            raise ContractError("site.agent", f"agent {agent!r} is not in store {store!r} of site.toml")
        return places


_ZONE, _DOOR = 1, 2
_NEEDS: Final = bytes(_ZONE if kind in _NEEDS_ZONE else _DOOR if kind in _NEEDS_DOOR else 0 for kind in range(256))
"""By kind: what a row of it must name."""


@lru_cache(maxsize=100_000)
def _lacks(places: StorePlaces, names: tuple[str, ...]) -> bytes:
    """By name: what it is not; at least 256 bytes, as `translate` wants them."""
    return bytes((name not in places.zones) * _ZONE | (name not in places.doors) * _DOOR for name in names).ljust(256, b"\0")


def check_places(body: Body, places: StorePlaces) -> None:
    """Every row stands in a zone or at a door that the store has; ContractError `site.zone` or `site.door`."""
    needs, lacks = body.kind.tobytes().translate(_NEEDS), _lacks(places, body.zones)
    few = len(lacks) == 256
    lacked = body.zone.tobytes()[::2].translate(lacks) if few else np.frombuffer(lacks, np.uint8)[body.zone].tobytes()
    # As whole numbers both are compared in one step, and without letting go of the interpreter's lock for thirty rows.
    if not int.from_bytes(needs, "little") & int.from_bytes(lacked, "little"):
        return
    row = next(row for row, (need, lack) in enumerate(zip(needs, lacked, strict=True)) if need & lack)
    name, what = body.zones[body.zone[row]], "door" if needs[row] == _DOOR else "zone"
    raise ContractError(f"site.{what}", f"{name!r} is not a {what} of store {places.name!r}")
