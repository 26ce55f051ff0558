"""A gateway's files as decisions and reviews stand on them: the ledger, facts that it lacks yet, types of identifiers, the brand's keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from footfall.beacons import BeaconRule
from footfall.config import secret
from footfall.errors import ConfigError, ContractError
from footfall.mistakes import did_you_mean
from footfall.pseudonyms import provisional_key
from footfall.time_zones import time_zone
from footfall.units import NS_PER_S
from footfall.users import user_name
from gateway.accept.events import Pseudonymiser
from gateway.accept.outcome import Entry
from gateway.config import GatewayConfig, load_gateway, load_site
from gateway.fans.import_plan import Stamp
from gateway.fans.lent import LentRule
from gateway.fans.overlay import OverlayStore
from gateway.fans.preview import Preview
from gateway.fans.profile_settings import FanProfileSettings, load_profile
from gateway.fans.reading import AllRows, timeouts
from gateway.fans.sheet_dates import DateReader
from gateway.fans.whose import Person, person_of
from gateway.identity.facts import Fact, Identifier, Link, Mention, Revoke, claims_name, fact_name, fan_name
from gateway.identity.facts_json import encode_facts
from gateway.identity.types import IdentifierTypes
from gateway.records import RecordKind
from gateway.site import Site
from gateway.site.beacons import own_beacons
from gateway.site.index import Places
from gateway.site.recorded import read_site
from gateway.site.staff import Roster
from gateway.state.facts_tail import facts_after
from gateway.state.files import JOURNAL, LEDGER
from gateway.state.journal import append
from gateway.state.ledger_reader import LedgerReader, ledger_reader

FORCED: Final = "--force states it all the same, and it counts once the rest is known"
NEAR: Final = 500
"""So many known ids are compared with one that is mistyped."""
FACTS_A_RECORD: Final = 1000
LONGEST: Final = 128


class Desk:
    """One reading of a gateway's files."""

    def __init__(self, settings: GatewayConfig, ledger: LedgerReader, site: Callable[[], Site] | None = None) -> None:
        """`site` returns the estate; without it site.toml is read."""
        self._load_site: Final = site or partial(load_site, settings.site)
        self.settings: Final = settings
        self.ledger: Final = ledger
        self.journal: Final = settings.state_dir / JOURNAL

    @cached_property
    def site(self) -> Site:
        """The estate, as its file has it or had it."""
        return self._load_site()

    @cached_property
    def roster(self) -> Roster:
        """Who worked where when."""
        return Roster(self.site.staff, {store.name: store.zone for store in self.site.stores})

    @cached_property
    def profile_settings(self) -> FanProfileSettings:
        """What a fan's profile is made of."""
        return load_profile(self.settings.fan_profile_file)

    @cached_property
    def types(self) -> IdentifierTypes:
        """What types of identifiers are, as the gateway recorded it."""
        recorded = self.ledger.fold.get("site")
        return IdentifierTypes(read_site(recorded).identifier_types if recorded else self.site.identifier_types)

    @cached_property
    def secret(self) -> bytes | None:
        """The brand's secret."""
        return secret(self.settings.brand_secret, self.settings.brand_secret_file)

    @property
    def key(self) -> bytes:
        """What makes the ids of provisional fans."""
        return provisional_key(self.secret)

    @cached_property
    def tail(self) -> list[Fact]:
        """Facts that are journaled and not folded yet."""
        return facts_after(self.journal, self.ledger.pos)

    def tail_links(self) -> list[Link]:
        """Return the links among them."""
        return [fact for fact in self.tail if isinstance(fact, Link)]

    def tail_revokes(self) -> list[Revoke]:
        """Return what takes facts back among them."""
        return [fact for fact in self.tail if isinstance(fact, Revoke)]

    @cached_property
    def pseudonyms(self) -> Pseudonymiser:
        """What makes subjects of identifiers. ConfigError without the brand's secret."""
        return pseudonymiser(self.settings, self.site)

    @property
    def now_ns(self) -> int:
        """Up to when everything is in the ledger."""
        return self.ledger.as_of_s * NS_PER_S

    def known(self) -> OverlayStore:
        """Return the facts of the ledger, with those that are not folded yet; standings are those of the ledger."""
        store = OverlayStore(self.ledger)
        store.add(self.tail, [])
        return store

    def preview(self) -> Preview:
        """Return what facts are tried on."""
        return Preview(self.ledger, AllRows(self.ledger), self.types, self.key, timeouts(self.ledger), self.tail)

    def person(self, fan: str) -> Person:
        """Return who a fan id is now."""
        return person_of(self.ledger, fan)

    def identified(self, text: str) -> Sequence[Identifier]:
        """Return what `type:value`, or a subject of 16 hex digits, names, in each spelling: one or more.

        Raise ConfigError if it is neither, or the value is one that many have or that a spreadsheet spoiled.
        """
        if len(text) == 16 and set(text) <= set("0123456789abcdef"):
            return [Identifier(self.ledger.identifier_type(text), text)]
        id_type, colon, value = text.partition(":")
        if not (id_type and colon and value):
            raise ConfigError(f"{text!r} is no identifier: write type:value, such as phone:8613…, or a subject of 16 hex digits")
        if found := self.pseudonyms.identified(text):
            return found
        why = "a number that a spreadsheet rounded, a placeholder such as null, or one that many give"
        raise ConfigError(f"{text!r}: the value is no identifier: it is {why}, so it stands for nobody, and joins nothing")

    def is_known(self, fan: str) -> bool:
        """Return whether anything is known of a fan id: a fact names it, or a touch."""
        return any(self.known().facts_naming([fan_name(fan), claims_name(fan)])) or has_fan(self.ledger, fan)

    def meant(self, fan: str) -> str:
        """Return `: did you mean 'x'?` with the known fan id that is nearest to one that nobody knows, or nothing."""
        return meant_fan(self.ledger, fan)

    def check_known(self, fans: Iterable[str]) -> None:
        """Raise ConfigError for a fan id of which nothing is known: most likely it is mistyped."""
        for fan in fans:
            if not self.is_known(fan):
                raise ConfigError(f"nothing is known of a fan {fan!r}{self.meant(fan) or ';'} {FORCED}")

    def check_stated(self, fact_id: str) -> None:
        """Raise ConfigError for the id of a fact that nobody has stated: most likely it is mistyped, or that of a touch."""
        if any(fact.id == fact_id for fact in self.known().facts_naming([fact_name(fact_id)])):
            return
        raise ConfigError(f"no fact {fact_id!r} is known{self._meant_fact(fact_id)}; footfall correct void takes a touch back; {FORCED}")

    def _meant_fact(self, fact_id: str) -> str:
        new = [fact.id for fact in self.tail if not isinstance(fact, Mention)]
        for length in range(len(fact_id) - 1, 0, -1):
            if near := did_you_mean(fact_id, [*self.ledger.fact_ids_beginning(fact_id[:length], NEAR), *new]):
                return near.removesuffix("?")
        return ""

    def check_named(self, identifier: str) -> None:
        """Raise ConfigError for an identifier that no fact and no touch names: most likely it is mistyped."""
        found = self.identified(identifier)
        if not any(self.known().facts_naming([each.subject for each in found])):
            undescribed = self.types.undescribed(found[0].type)
            raise ConfigError(f"no fact and no touch names the identifier {identifier!r}; {FORCED}{undescribed and f': {undescribed}'}")

    def no_store(self, store: str) -> str:
        """Return that site.toml does not have a store, with the nearest that it has; "" if it has, and for none."""
        try:
            if store:
                Places(self.site).check_store(store)
        except ContractError as error:
            return str(error)
        return ""

    def check_owner(self, staff_id: str, store: str, from_ns: int) -> None:
        """Raise ConfigError for whoever is to care for a fan and is not in site.toml, or not from then on."""
        try:
            Places(self.site).check_owner(staff_id, store, from_ns)
        except ContractError as error:
            raise ConfigError(str(error)) from None

    def check_lent(self, id_type: str, has_time: bool, store: str) -> None:
        """Raise ConfigError, ValueError for a link of something lent that states no time, and for a store that cannot have lent it."""
        try:
            held_in = LentRule(self.types, Places(self.site)).store_of(id_type, has_time, store)
        except ContractError as error:
            raise ConfigError(f"--store: {error}") from None
        except ValueError as error:
            raise ValueError(f"--{error}") from None
        if held_in != store:
            raise ValueError(f"--store: {id_type} is not lent: it is the fan's in every store, so state none")

    def state(self, facts: Sequence[Fact]) -> None:
        """Write facts to the journal."""
        entries = [
            Entry(RecordKind.FACTS, "", "", 0, encode_facts(facts[at : at + FACTS_A_RECORD])) for at in range(0, len(facts), FACTS_A_RECORD)
        ]
        if entries:
            append(self.journal, entries)

    def stamp(self, actor: str, reason: str) -> Stamp:
        """Return when, by whom and why facts are stated now: never before what the journal has."""
        return Stamp(max(time.time_ns(), self.now_ns), checked("--actor", actor or user_name()), checked("--reason", reason))

    def moment(self, option: str, text: str) -> int:
        """Return a time of an option, ns. Raise ConfigError if it can be read in two ways, or in none."""
        try:
            return DateReader(zone_of(None, self.site)).time_ns(text)
        except ValueError as error:
            raise ConfigError(f"{option}: {error}") from None


def has_fan(ledger: LedgerReader, fan: str) -> bool:
    """Return whether a ledger has a name or a touch of a fan id."""
    return bool(ledger.names_of_fan(fan) or ledger.all_touches_of_fan(fan))


def meant_fan(ledger: LedgerReader, fan: str) -> str:
    """Return `: did you mean 'x'?` with the fan id of a ledger that is nearest to one that nobody knows, or nothing."""
    for length in range(len(fan) - 1, 0, -1):
        if near := did_you_mean(fan, ledger.fans_beginning(fan[:length], NEAR)):
            return near
    return ""


@contextmanager
def desk(config: Path) -> Iterator[Desk]:
    """Read a gateway's files. Raise ConfigError if it has not run yet."""
    settings = load_gateway(config)
    with ledger_reader(settings.state_dir / LEDGER) as ledger:
        yield Desk(settings, ledger)


def pseudonymiser(settings: GatewayConfig, site: Site) -> Pseudonymiser:
    """Return what makes subjects, as the gateway does. Raise ConfigError without the brand's secret."""
    pseudonyms = pseudonymiser_of(settings, site)
    if not pseudonyms.has_secret:
        raise ConfigError("identifiers need the brand's secret: set brand_secret_file in gateway.toml")
    return pseudonyms


def pseudonymiser_of(settings: GatewayConfig, site: Site) -> Pseudonymiser:
    """Return the same; without the brand's secret it refuses every identifier."""
    pseudonyms = Pseudonymiser(secret(settings.brand_secret, settings.brand_secret_file))
    pseudonyms.beacons = BeaconRule(own_beacons(site))
    pseudonyms.types = IdentifierTypes(site.identifier_types)
    return pseudonyms


def zone_of(stated: str | None, site: Site) -> ZoneInfo | None:
    """Return the time zone of times without an offset: the stated one, else the one that all stores have, if they have one."""
    names = {store.timezone for store in site.stores} if stated is None else {stated}
    try:
        return time_zone(names.pop()) if len(names) == 1 else None
    except ValueError as error:
        raise ConfigError(f"--timezone: {error}") from None


def checked(option: str, text: str) -> str:
    """Return a text of an option. Raise ConfigError if it is too long or cannot be printed."""
    if len(text) > LONGEST or not text.isprintable():
        raise ConfigError(f"{option} must be at most {LONGEST} characters that can be printed")
    return text
