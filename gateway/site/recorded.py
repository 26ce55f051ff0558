"""The estate as a SITE record of the journal has it: what the fold needs to know, and nothing that a configuration must obey.

    record_site(site, subject_of) -> bytes        read_site(bytes) -> RecordedSite

What was journaled is read as it was written: rules that `site.toml` must keep today do not hold for a record of last year, and keys
of other releases are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from gateway.site.adjacency import ZoneSides, neighbours
from gateway.site.hours import CLOSES, OPENS, is_stated
from gateway.site.identifier_types import SUBJECT_MAKING, IdentifierClass, Joins
from gateway.site.site import Site
from gateway.site.values import SiteMoment

FORM: Final = 7
"""Rises with what the fold takes from a SITE record, so that the first start of a release records the estate anew."""


_NOT_RECORDED: Final[dict[str, Any]] = {
    "beacons": True, "campaigns": True, "may_correct": True, "correction_windows": True, "identifier_types": {"__all__": SUBJECT_MAKING},
}  # fmt: skip
"""Beacons are the agents' business; campaigns, and who may correct, are decided before anything is recorded."""
SubjectOf = Callable[[str], str] | None
"""Returns the subject of `type:value`, 16 hex digits; None: nobody knows it."""


class _Recorded(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RecordedZone(_Recorded):
    name: str
    type: str = "other"
    entrance_dbm: float | None = None
    rule: str = "strongest"
    next_to: tuple[str, ...] = ()
    """Every zone next to it, under each of its names; none: nobody knows of walls."""


class RecordedAlias(_Recorded):
    name: str
    until: SiteMoment


class RecordedAgent(_Recorded):
    name: str
    aliases: tuple[RecordedAlias, ...] = ()
    receivers: Mapping[str, str] = {}
    tasks: tuple[str, ...] | None = None
    since: SiteMoment | None = Field(default=None, alias="from")
    until: SiteMoment | None = Field(default=None, alias="to")


class RecordedCalibration(_Recorded):
    profile: str
    offset_db: Mapping[str, int] = {}
    margin_db: float | None = None
    confirm_s: float | None = None
    back_s: float = 0.0


class RecordedBefore(_Recorded):
    """What a store was up to the end of a day; None and no hours: as it is now."""

    until: date
    title: str | None = None
    path: str | None = None
    ownership: str | None = None
    opens: time = OPENS
    closes: time = CLOSES
    hours: Mapping[str, str] = {}

    def states_hours(self) -> bool:
        return bool(self.hours) or is_stated(self.opens, self.closes)


class RecordedArea(_Recorded):
    zone: str
    profile: str
    level_dbm: Mapping[str, float]
    earlier: Mapping[str, str] = {}
    """By earlier name of a zone with receivers, its present one, which `level_dbm` has."""
    mean_sd_db: float = 5.0
    shape_sd_db: float = 5.0
    memory_s: float = 300.0


class RecordedStore(_Recorded):
    """The defaults are those of the first release: records of it that lack a key were folded with them."""

    name: str
    now: str | None = None
    """The present name of a store that is renamed; None: it is `name`, as in all records of earlier releases."""
    title: str | None = None
    path: str = ""
    ownership: str = "own"
    opens: time = OPENS
    closes: time = CLOSES
    hours: Mapping[str, str] = {}
    closed: tuple[date, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    before: tuple[RecordedBefore, ...] = ()
    timezone: str = "UTC"
    day_start: time = time(4)
    idle_timeout_s: float = 1800.0
    reentry_s: float = 120.0
    tried_s: float = 30.0
    zones: tuple[RecordedZone, ...] = ()
    doors: tuple[str, ...] = ()
    inner_doors: tuple[str, ...] = ()
    agents: tuple[RecordedAgent, ...] = ()
    areas: tuple[RecordedArea, ...] = ()
    calibrations: tuple[RecordedCalibration, ...] = ()


class RecordedContribution(_Recorded):
    half_life_days: float = 7.0
    window_days: int = 30
    first_percent: int = 40
    between_percent: int = 20
    last_percent: int = 40


class RecordedStaff(_Recorded):
    staff_id: str = ""
    department: str | None = None
    squad: str | None = None
    store: str | None = None
    since: SiteMoment | None = Field(default=None, alias="from")
    until: SiteMoment | None = Field(default=None, alias="to")
    subjects: tuple[str, ...] = ()


class RecordedIdentifierType(_Recorded):
    """What a brand states of a type, but for what matters before an identifier is hashed."""

    type: str
    klass: IdentifierClass | None = Field(default=None, alias="class")
    fans_per_identifier: int | None = None
    identifiers_per_fan: int | None = None
    joins: Joins | None = None
    rank: int | None = None
    before_s: float | None = None
    after_s: float | None = None
    unseen_s: float | None = None
    recycled_after_s: float | None = None


class RecordedSite(_Recorded):
    stores: tuple[RecordedStore, ...]
    staff: tuple[RecordedStaff, ...] = ()
    asset_subjects: tuple[str, ...] = ()
    identifier_types: tuple[RecordedIdentifierType, ...] = ()
    contribution: RecordedContribution = RecordedContribution()

    @property
    def zones(self) -> Mapping[str, ZoneInfo]:
        """The time zone of each store."""
        return {store.name: ZoneInfo(store.timezone) for store in self.stores}

    def staff_and_assets(self) -> tuple[set[int], set[int]]:
        """Return the subjects of the people who work there, and of things."""
        staff = {int(subject, 16) for person in self.staff for subject in person.subjects}
        return staff, {int(subject, 16) for subject in self.asset_subjects}


def record_site(site: Site, subject_of: SubjectOf = None) -> bytes:
    """Return the body of a SITE record: what is not as by default, and what was renamed under each of its names, since rows have either.

    No identifier stands in it, but its subject, 16 hex digits. Without `subject_of`, as without the brand's secret, there are none.
    """
    stated = site.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_NOT_RECORDED)
    values = _with_subjects(stated, subject_of)
    values["stores"] = [each for store in values["stores"] for each in _under_all_names(store)]
    values["form"] = FORM
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def with_subjects(body: bytes, subject_of: SubjectOf) -> bytes:
    """Return the body of a SITE record of an earlier release with subjects in place of identifiers; all else stays as it was."""
    return json.dumps(_with_subjects(json.loads(body), subject_of), ensure_ascii=False, separators=(",", ":")).encode()


def _with_subjects(values: dict[str, Any], subject_of: SubjectOf) -> dict[str, Any]:
    def subjects(identifiers: Sequence[str]) -> list[str]:
        return [subject_of(identifier) for identifier in identifiers] if subject_of else []

    changed = dict(values)
    if "staff" in changed:
        changed["staff"] = [_hidden(person, "identifiers", "subjects", subjects) for person in changed["staff"]]
    return _hidden(changed, "assets", "asset_subjects", subjects)


def _hidden(values: dict[str, Any], key: str, new_key: str, subjects: Callable[[Sequence[str]], list[str]]) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if name != key}
    return kept | {new_key: subjects(values[key])} if values.get(key) else kept


def stores_as_recorded(site: Site) -> RecordedSite:
    """Return what a SITE record of the estate would have of its stores, without zones: for those who only ask for stores."""
    things = dict.fromkeys(("zones", "door_aliases"), True)
    values = site.model_dump(by_alias=True, exclude_defaults=True, exclude={"stores": {"__all__": things}, "staff": True, "assets": True})
    return RecordedSite.model_validate({"stores": [each for store in values["stores"] for each in _under_all_names(store)]})


def _under_all_names(store: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Nobody is expected where a store has another name now."""
    zones = [zone | {"name": name} for zone in _with_neighbours(store.get("zones", ())) for name in _names(zone)]
    aliases, inner = store.get("door_aliases", ()), store.get("inner_doors", ())
    doors = [*store.get("doors", ()), *(alias["name"] for alias in aliases)]
    inner_doors = [*inner, *(alias["name"] for alias in aliases if alias["door"] in inner)]
    agents = list(store.get("agents", ()))
    calibrated = [_under_zone_names(each, store) for each in store.get("calibrations", ())]
    areas = [_by_present_names(each, store) for each in store.get("areas", ())]
    for name in _names(store):
        is_now = name == store["name"]
        renamed = {} if is_now else {"now": store["name"]}
        lists = {"zones": zones, "doors": doors, "agents": agents if is_now else []} | ({"inner_doors": inner_doors} if inner else {})
        more = ({"calibrations": calibrated} if calibrated else {}) | ({"areas": areas} if areas else {})
        yield store | {"name": name} | lists | renamed | more


def _with_neighbours(zones: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {zone["name"]: list(_names(zone)) for zone in zones}
    around = neighbours([ZoneSides(names[zone["name"]], zone.get("type", "other"), zone.get("next_to", ())) for zone in zones])
    if not around:
        return list(zones)
    ways = {name: [each for other in sorted({name} | around[name]) for each in names[other]] for name in names}
    return [zone | {"next_to": ways[zone["name"]]} for zone in zones]


def _under_zone_names(calibration: dict[str, Any], store: dict[str, Any]) -> dict[str, Any]:
    offsets = calibration.get("offset_db", {})
    found = {name: offsets[zone["name"]] for zone in store.get("zones", ()) if zone["name"] in offsets for name in _names(zone)}
    return calibration | {"offset_db": found}


def _by_present_names(area: dict[str, Any], store: dict[str, Any]) -> dict[str, Any]:
    """Rows have a zone's name of their time: what hears an area has all of them."""
    present = {name: zone["name"] for zone in store.get("zones", ()) for name in _names(zone)}
    levels = {present[name]: level_dbm for name, level_dbm in area["level_dbm"].items()}
    earlier = {name: zone for name, zone in present.items() if name != zone in levels}
    return area | {"zone": present[area["zone"]], "level_dbm": levels} | ({"earlier": earlier} if earlier else {})


def _names(thing: dict[str, Any]) -> dict[str, None]:
    return dict.fromkeys([thing["name"], *(alias["name"] for alias in thing.get("aliases", ()))])


def read_site(body: bytes) -> RecordedSite:
    """Return the estate of a SITE record, of this release or an earlier one."""
    return RecordedSite.model_validate_json(body)
