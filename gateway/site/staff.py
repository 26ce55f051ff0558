"""The people who work there, as `site.toml` lists them: who was in which department, squad and store when. Pure.

    roster.at("s12", time_ns)        Member(staff_id="s12", department="optics", squad="north", store="flagship")
    roster.missing("s12", time_ns)   why nobody of that id worked there then; "" if somebody did, or nobody is listed at all

Who moves to another department or leaves has several entries, or one with an end: what is asked of an earlier time gets what held then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from pydantic import Field

from footfall.config import Section
from footfall.events import Identifier, Name, Text
from footfall.mistakes import did_you_mean
from footfall.shown_topics import shown
from gateway.site.names import Span, When, begin_ns, end_ns
from gateway.site.values import SiteMoment

_UTC: Final = ZoneInfo("UTC")


class Staff(Section):
    """One of the people who work there; their identifiers are `type:value`."""

    staff_id: Text
    department: Text | None = None
    squad: Text | None = None
    store: Name | None = None
    """Where they belong; None: nowhere in particular."""
    since: SiteMoment | None = Field(default=None, alias="from")
    until: SiteMoment | None = Field(default=None, alias="to")
    identifiers: tuple[Identifier, ...] = ()


class Member(NamedTuple):
    """One of the staff at one time."""

    staff_id: str
    department: str = ""
    squad: str = ""
    store: str = ""


class Entry(Protocol):
    """An entry of `[[staff]]`, of site.toml or of a record of it."""

    @property
    def staff_id(self) -> str: ...
    @property
    def department(self) -> str | None: ...
    @property
    def squad(self) -> str | None: ...
    @property
    def store(self) -> str | None: ...
    @property
    def since(self) -> When | None: ...
    @property
    def until(self) -> When | None: ...


def span_of(entry: Entry, zones: Mapping[str, ZoneInfo]) -> Span:
    """Return when an entry holds; a day is one of the time zone of its store, of UTC without one."""
    zone = zones.get(entry.store or "", _UTC)
    return Span(begin_ns(entry.since, zone), end_ns(entry.until, zone))


def _member(entry: Entry) -> Member:
    return Member(entry.staff_id, entry.department or "", entry.squad or "", entry.store or "")


def check_staff(staff: Iterable[Staff], zones: Mapping[str, ZoneInfo]) -> None:
    """Raise ValueError for somebody of a store that the estate does not have, or who was there never."""
    for each in staff:
        if each.store is not None and each.store not in zones:
            raise ValueError(f"staff {each.staff_id!r}: there is no store {each.store!r}{did_you_mean(each.store, zones)}")
        span = span_of(each, zones)
        if span.begin_ns >= span.end_ns:
            raise ValueError(f"staff {each.staff_id!r} is there from {each.since} to {each.until}: that is never")


class Roster:
    """Who worked there when; of several entries that hold at once the first counts."""

    def __init__(self, entries: Iterable[Entry] = (), zones: Mapping[str, ZoneInfo] | None = None) -> None:
        """`zones`: by the present name of a store, its time zone."""
        self._spans: Final[dict[str, list[tuple[Span, Member]]]] = {}
        for each in entries:
            self._spans.setdefault(each.staff_id, []).append((span_of(each, zones or {}), _member(each)))

    def __bool__(self) -> bool:
        """Return whether anybody is listed."""
        return bool(self._spans)

    def at(self, staff_id: str, time_ns: int) -> Member | None:
        """Return who had an id at a time; None if nobody is listed then."""
        spans = self._spans.get(staff_id, ())
        return next((member for span, member in spans if span.begin_ns <= time_ns < span.end_ns), None)

    def missing(self, staff_id: str, time_ns: int) -> str:
        """Return why nobody of that id worked there then; "" if somebody did, and where nobody is listed at all."""
        if not self._spans or self.at(staff_id, time_ns):
            return ""
        if staff_id not in self._spans:
            return f"staff_id {shown(staff_id)} is not in site.toml{did_you_mean(staff_id, self._spans)}"
        return f"staff_id {shown(staff_id)} is in site.toml, but not for that time: its `from` and `to` leave it out"


class BadgeEntry(Entry, Protocol):
    """An entry with the subjects of its identifiers, 16 hex digits."""

    @property
    def subjects(self) -> Iterable[str]: ...


NOBODY: Final = Member("")


class Badges:
    """Which of the staff carried a subject when; of several entries that hold at once the first counts."""

    def __init__(self, entries: Iterable[BadgeEntry] = (), zones: Mapping[str, ZoneInfo] | None = None) -> None:
        self._spans: Final[dict[int, list[tuple[Span, Member]]]] = {}
        for each in entries:
            held = span_of(each, zones or {}), _member(each)
            for subject in each.subjects:
                self._spans.setdefault(int(subject, 16), []).append(held)

    def of(self, subject: int, time_ns: int) -> Member:
        """Return who carried a subject at a time; NOBODY if site.toml lists nobody then."""
        spans = self._spans.get(subject, ())
        return next((member for span, member in spans if span.begin_ns <= time_ns < span.end_ns), NOBODY)
