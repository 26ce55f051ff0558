"""What `site.toml` says exists, as fast look-ups for the accept stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from footfall.errors import ContractError
from footfall.frames import Body, Kind
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


def check_places(body: Body, places: StorePlaces) -> None:
    """Every row that needs one stands in a zone or at a door that the store has; ContractError `site.zone` or `site.door`.

    Gaps, plain events and refused input stand nowhere: a name that only they point at means nothing.
    """
    names = body.zones
    if places.zones.issuperset(names):
        wrong = [name for name in names if name not in places.doors]
        _refuse_rows(body, wrong, _NEEDS_DOOR, "site.door", "door", places)
        return
    _refuse_rows(body, [name for name in names if name not in places.zones], _NEEDS_ZONE, "site.zone", "zone", places)
    _refuse_rows(body, [name for name in names if name not in places.doors], _NEEDS_DOOR, "site.door", "door", places)


def _refuse_rows(body: Body, wrong: list[str], kinds: tuple[Kind, ...], reason: str, what: str, places: StorePlaces) -> None:
    """No row of these kinds may name one of `wrong`."""
    present = body.kind.tobytes()
    if not wrong or not any(kind in present for kind in kinds):
        return
    for name in wrong:
        rows = body.kind[body.zone == body.zones.index(name)].tobytes()
        if any(kind in rows for kind in kinds):
            raise ContractError(reason, f"{name!r} is not a {what} of store {places.name!r}")
