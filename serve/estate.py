"""The estate of `site.toml`: what is not in it, or of another time, is refused at once, as the gateway would refuse it later."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from footfall.config import file_state
from footfall.consent import NOTHING_REFUSED, ConsentRule
from footfall.errors import ConfigError, ContractError
from footfall.event_facts import OwnerFact
from footfall.event_times import check_time
from footfall.events import Adjustment, AnyEvent, Count, Occupancy, Touch
from footfall.identified import stated_identifiers
from gateway.config import load_gateway, load_site
from gateway.site import Site
from gateway.site.index import Places, StorePlaces

log = logging.getLogger("footfall.serve")


class ServedEstate:
    """What site.toml of a gateway.toml lists; both files are read again after they change."""

    def __init__(self, gateway: Path) -> None:
        self._gateway: Final = gateway
        self._lock: Final = threading.Lock()
        self._files: tuple[Path, ...] = ()
        self._states: tuple[object, ...] | None = None
        self._places: Places | None = None
        self._site: Site | None = None
        self._consent = NOTHING_REFUSED

    def check(self, store: str, agent: str, events: Sequence[AnyEvent], now_ns: int) -> None:
        """Raise ContractError: the store, the agent, or the zone, door, campaign or owner of an event is not in site.toml, its time is far
        from now, or somebody did not consent to an identifier.

        Without readable files only times are checked: the gateway decides.
        """
        with self._lock:
            places = self._current()
        for i, event in enumerate(events):
            _check(event, i, now_ns, self._consent)
        if places is None:
            return
        here = places.of(store, agent)
        here.heard(agent, now_ns, now_ns, now_ns)
        for i, event in enumerate(events):
            if (refusal := _refusal(event, here, places, now_ns)) is not None:
                raise ContractError(refusal.reason, f"event {i}: {refusal}")

    def site(self) -> Site | None:
        """Return site.toml as it is now: the same object until it changes; None if it cannot be read."""
        with self._lock:
            self._current()
            return self._site

    def places(self) -> Places | None:
        """Return the names of site.toml as it is now; None if it cannot be read."""
        with self._lock:
            return self._current()

    def is_own(self, store: str, reach: frozenset[str]) -> bool:
        """Return whether a store, by any of its names, is one of these, which are present names."""
        with self._lock:
            places = self._places
        return store in reach or (places is not None and places.store_now(store) in reach)

    def _current(self) -> Places | None:
        if self._states is None or self._states != self._look():
            self._site = self._load()
            self._places = Places(self._site) if self._site else None
            self._states = self._look()
        return self._places

    def _look(self) -> tuple[object, ...]:
        return tuple(file_state(path) for path in self._files)

    def _load(self) -> Site | None:
        self._files = (self._gateway,)
        try:
            config = load_gateway(self._gateway)
            self._files = (self._gateway, config.site)
            self._consent = config.profiles.registry().consent
            return load_site(config.site)
        except ConfigError as error:
            log.warning("%s; events are published without a look at site.toml", error)
            return None


def _check(event: AnyEvent, i: int, now_ns: int, consent: ConsentRule) -> None:
    try:
        consent.check(stated_identifiers(event))
        check_time(event, now_ns, now_ns)
    except ContractError as error:
        raise ContractError(error.reason, f"event {i}: {error}") from None


def _refusal(event: AnyEvent, here: StorePlaces, places: Places, now_ns: int) -> ContractError | None:
    try:
        if isinstance(event, Touch):
            here.check_campaigns(event.campaigns or filter(None, [event.campaign]))
        elif isinstance(event, OwnerFact):
            places.check_owner(
                event.staff_id or "", event.store or "", event.moments_ns.get("from", event.moments_ns.get("learned", now_ns))
            )
    except ContractError as error:
        return error
    if isinstance(event, Touch | Occupancy) and event.zone is not None and event.zone not in here.zones:
        return here.no_zone(event.zone)
    if isinstance(event, Count | Adjustment) and not getattr(event, "store", None) and event.door not in here.doors:
        return here.no_door(event.door)
    return None
