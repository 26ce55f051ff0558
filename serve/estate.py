"""The gateway's files as this server has them: what is not in `site.toml`, or of another time, is refused as the gateway would later."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from device_profiles.settings import ProfileSettings
from footfall.config import file_state
from footfall.consent import NOTHING_REFUSED, ConsentRule
from footfall.errors import ConfigError, ContractError, Unreadable
from footfall.event_corrections import Amend, Void
from footfall.event_facts import LinkFact, OwnerFact
from footfall.event_times import check_time
from footfall.events import Adjustment, AnyEvent, Count, Occupancy, Touch
from footfall.identified import stated_identifiers
from gateway.config import GatewayConfig, load_gateway, load_site
from gateway.fans.known_events import KnownEvent, check_correction
from gateway.fans.lent import LentRule
from gateway.fans.profile_settings import FanProfileSettings, load_profile
from gateway.site import Site
from gateway.site.index import Places, StorePlaces

log = logging.getLogger("footfall.serve")
Known = Callable[[str, str, Iterable[str]], Mapping[str, KnownEvent]]
"""Returns what is remembered of events by their ids, of a store and a publisher in it."""
_OfPublisher = Callable[[str, str], Mapping[str, KnownEvent]]


def nothing_known(store: str, agent: str, ids: Iterable[str]) -> Mapping[str, KnownEvent]:
    """Return nothing, as of events that did not come yet."""
    return {}


class SettingsUnreadable(Unreadable):
    """A file of settings cannot be read, or has a mistake, and was never read without one since this server started."""


class _Seen(NamedTuple):
    """The files as they were when they were looked at last."""

    settings: GatewayConfig | None = None
    site: Site | None = None
    places: Places | None = None
    lent: LentRule = LentRule()
    profile: FanProfileSettings | None = None
    consent: Callable[[], ConsentRule] = lambda: NOTHING_REFUSED
    why: str = ""
    """What is wrong with gateway.toml, site.toml or fan_profile.toml; what they had before counts, if they were read before."""


class ServedEstate:
    """What a gateway.toml has, and the site.toml and the fan_profile.toml that it names.

    `look` reads those that changed, in a thread: the chain's site.toml takes seconds. All else answers at once, by the last look.
    """

    def __init__(self, gateway: Path) -> None:
        self._gateway: Final = gateway
        self._lock: Final = threading.Lock()
        self._files: tuple[Path, ...] = ()
        self._states: tuple[object, ...] = ()
        self._seen = _Seen()
        self.look()

    def look(self) -> Site | None:
        """Read the files that changed. Return site.toml, as `site` does."""
        with self._lock:
            if not self._states or self._states != self._look():
                self._seen = self._load()
                self._states = self._look()
            return self._seen.site

    def check(self, store: str, agent: str, events: Sequence[AnyEvent], now_ns: int, known: Known = nothing_known) -> None:
        """Raise ContractError: the store, the agent, or the zone, door, campaign or owner of an event is not in site.toml, its time is far
        from now, somebody did not consent to an identifier, or a correction does not fit its event, as far as that is `known`.

        Until site.toml could be read once, only times are checked: the gateway decides. It looks at the files first.
        """
        self.look()
        seen = self._seen
        for i, event in enumerate(events):
            _check(event, i, now_ns, seen.consent)
        if seen.places is None:
            return
        here = seen.places.of(store, agent)
        here.heard(agent, now_ns, now_ns, now_ns)
        remembered = _once_each(known, events, here.name, agent)
        for i, event in enumerate(events):
            if (refusal := _refusal(event, here, agent, seen.places, seen.lent, now_ns, remembered)) is not None:
                raise ContractError(refusal.reason, f"event {i}: {refusal}")

    def site(self) -> Site | None:
        """Return site.toml, as it was when it could be read last: the same object until it changes; None if it could not be read yet."""
        return self._seen.site

    def needed_site(self) -> Site:
        """Return the same. Raise SettingsUnreadable: it could not be read yet."""
        if (site := self._seen.site) is None:
            raise SettingsUnreadable(self._seen.why)
        return site

    def places(self) -> Places | None:
        """Return the names of `site`; None if it could not be read yet."""
        return self._seen.places

    def is_own(self, store: str, reach: frozenset[str]) -> bool:
        """Return whether a store, by any of its names, is one of these, which are present names."""
        places = self._seen.places
        return store in reach or (places is not None and places.store_now(store) in reach)

    @property
    def settings(self) -> GatewayConfig:
        """What gateway.toml has. Raise SettingsUnreadable: it could not be read yet."""
        if (settings := self._seen.settings) is None:
            raise SettingsUnreadable(self._seen.why)
        return settings

    @property
    def profile_settings(self) -> FanProfileSettings:
        """How a fan's profile is worked out. Raise SettingsUnreadable: it could not be read yet."""
        if (profile := self._seen.profile) is None:
            raise SettingsUnreadable(self._seen.why)
        return profile

    def _look(self) -> tuple[object, ...]:
        return tuple(file_state(path) for path in self._files)

    def _load(self) -> _Seen:
        before, self._files = self._seen, (self._gateway,)
        settings, why = _attempt(load_gateway, self._gateway)
        if settings is None:
            return before._replace(why=why)
        self._files = (self._gateway, settings.site, *filter(None, [settings.fan_profile_file]))
        site, why_no_site = _attempt(load_site, settings.site)
        profile, why_no_profile = _attempt(load_profile, settings.fan_profile_file)
        consent = _consent_by(settings.profiles)
        places = Places(site) if site else before.places
        lent = LentRule.of_site(site) if site else before.lent
        why = "; ".join(filter(None, (why_no_site, why_no_profile)))
        return _Seen(settings, site or before.site, places, lent, profile or before.profile, consent, why)


def _consent_by(profiles: ProfileSettings) -> Callable[[], ConsentRule]:
    """Return what returns the rule of consent. Shipped profiles are read when it is asked for: who only reads pages never does.

    Raise ConfigError: own ones cannot be read, or have a mistake.
    """
    if profiles.folder is None:
        return cache(lambda: profiles.registry().consent)
    rule = profiles.registry().consent
    return lambda: rule


_From = TypeVar("_From")
_Loaded = TypeVar("_Loaded")


def _attempt(load: Callable[[_From], _Loaded], path: _From) -> tuple[_Loaded | None, str]:
    """Return what a file has, or why it cannot be read."""
    try:
        return load(path), ""
    except ConfigError as error:
        log.warning("%s; what the file had before counts; if it was never read, questions are refused and events published unseen", error)
        return None, str(error)


def _check(event: AnyEvent, i: int, now_ns: int, consent: Callable[[], ConsentRule]) -> None:
    try:
        if identifiers := stated_identifiers(event):
            consent().check(identifiers)
        check_time(event, now_ns, now_ns)
    except ContractError as error:
        raise ContractError(error.reason, f"event {i}: {error}") from None


def _once_each(known: Known, events: Sequence[AnyEvent], store: str, agent: str) -> _OfPublisher:
    """Return what returns, of a publisher in a store, what is known of its events that these correct: read at once, when it is asked."""
    named = defaultdict[tuple[str, str], set[str]](set)
    for event in events:
        if isinstance(event, Void | Amend):
            named[event.store or store, event.publisher or agent].add(event.of)
    return cache(lambda store, agent: known(store, agent, named[store, agent]))


def _check_correction(event: Void | Amend, here: StorePlaces, agent: str, places: Places, remembered: _OfPublisher) -> None:
    """Raise ContractError if it does not fit its event: without the hint where that is, which may be another's store."""
    store, publisher = event.store or here.name, event.publisher or agent
    target = places.of_publisher(store, publisher) if store == here.name else places.of(store, publisher)
    check_correction(event, remembered(store, publisher).get(event.of), target)


def _refusal(
    event: AnyEvent, here: StorePlaces, agent: str, places: Places, lent: LentRule, now_ns: int, remembered: _OfPublisher
) -> ContractError | None:  # fmt: skip
    try:
        if isinstance(event, Touch):
            here.check_campaigns(event.campaigns or filter(None, [event.campaign]))
        elif isinstance(event, OwnerFact):
            places.check_owner(
                event.staff_id or "", event.store or "", event.moments_ns.get("from", event.moments_ns.get("learned", now_ns))
            )
        elif isinstance(event, LinkFact):
            if event.store:
                places.check_store(event.store)
            lent.check(event)
        elif isinstance(event, Void | Amend):
            _check_correction(event, here, agent, places, remembered)
    except ContractError as error:
        return error
    if isinstance(event, Touch | Occupancy) and event.zone is not None and event.zone not in here.zones:
        return here.no_zone(event.zone)
    if isinstance(event, Count | Adjustment) and not getattr(event, "store", None) and event.door not in here.doors:
        return here.no_door(event.door)
    return None
