"""What `site.toml` says exists, as fast look-ups for the accept stage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.errors import ContractError
from footfall.frames import KINDS, Body, Kind
from gateway.site import Site

_NEEDS_ZONE: Final = (Kind.ENTER, Kind.STAY, Kind.EXIT)
_NEEDS_DOOR: Final = (Kind.IN, Kind.OUT)


@dataclass(frozen=True, slots=True)
class StorePlaces:
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


@lru_cache(maxsize=100_000)
def _allowed(places: StorePlaces, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which kind of row may name which of `names`: a table by kind and name."""
    table = np.ones((len(KINDS) + 1, len(names)), np.bool_)
    table[list(_NEEDS_ZONE)] = [name in places.zones for name in names]
    table[list(_NEEDS_DOOR)] = [name in places.doors for name in names]
    return table


def check_places(body: Body, places: StorePlaces) -> None:
    """Every row stands in a zone or at a door that the store has; ContractError `site.zone` or `site.door`."""
    allowed = _allowed(places, body.zones)
    if 0 not in allowed[body.kind, body.zone].tobytes():
        return
    row = int(np.flatnonzero(~allowed[body.kind, body.zone])[0])
    name, what = body.zones[body.zone[row]], "door" if body.kind[row] in _NEEDS_DOOR else "zone"
    raise ContractError(f"site.{what}", f"{name!r} is not a {what} of store {places.name!r}")
