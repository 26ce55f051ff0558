"""What a device said, what its source heard of it and what was stored, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from gateway.query.reader import Reader
from simulators.devices.play import Fault


@dataclass(frozen=True, slots=True)
class Figures:
    """`told`: what the world had it say; `said`: what of it went over its wire; `heard`: by its source."""

    name: str
    agent: str
    told: int
    said: int
    heard: int
    zones: tuple[str, ...]
    doors: tuple[str, ...]
    goods: bool
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap as it is stored, seconds since the world began."""

    agent: str
    from_s: float
    to_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the database has of the store: people by door, dwells by zone, events of items by zone."""

    doors: Mapping[str, int]
    dwells: Mapping[str, int]
    items: Mapping[str, int]
    holes: Sequence[Hole]


def read_found(reader: Reader, store: str, start_ns: int) -> Found:
    doors: dict[str, int] = {}
    table = reader.rows("door", store, columns=("door", "in", "out"))
    for door, entered, left in zip(*(table.values(name) for name in ("door", "in", "out")), strict=True):
        doors[door] = doors.get(door, 0) + entered + left
    return Found(doors, _by_zone(reader, "dwell", store), _by_zone(reader, "item", store), list(_holes(reader, store, start_ns)))


def devices_table(figures: Sequence[Figures], found: Found) -> Table:
    """A row a device; counters are read again and again, so their readings are more than their people."""
    table = Table("device", "said", "heard by its source", "stored", "fault", "gap", title="each device, over its own protocol")
    for one in figures:
        fault = f"{one.fault.name} at {one.fault.at_s:.0f} s" if one.fault else "–"
        table.add_row(one.name, _said(one), _heard(one), stored_of(one, found), fault, _hole(one, found.holes))
    return table


def stored_of(one: Figures, found: Found) -> str:
    if one.doors:
        return f"{sum(found.doors.get(door, 0) for door in one.doors):,} people"
    events = found.items if one.goods else found.dwells
    return f"{sum(events.get(zone, 0) for zone in one.zones):,} {'item events' if one.goods else 'dwells'}"


def _said(one: Figures) -> str:
    what = "people" if one.doors else "reads" if one.goods else "sightings"
    unheard = f", {one.told - one.said:,} while nobody listened" if one.told > one.said else ""
    return f"{one.said:,} {what}{unheard}"


def _heard(one: Figures) -> str:
    return f"{one.heard:,}{' readings' if one.doors else ''}"


def _hole(one: Figures, holes: Sequence[Hole]) -> str:
    """The gap of its agent that lies over its fault."""
    over = [hole for hole in holes if one.fault and hole.agent == one.agent and hole.from_s - 2 <= one.fault.at_s <= hole.to_s]
    return ", ".join(f"{hole.from_s:.1f}–{hole.to_s:.1f} s {hole.reason}" for hole in over) or "–"


def _by_zone(reader: Reader, measurement: str, store: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for zone in reader.rows(measurement, store, columns=("zone",)).values("zone"):
        counts[zone] = counts.get(zone, 0) + 1
    return counts


def _holes(reader: Reader, store: str, start_ns: int) -> Iterator[Hole]:
    table = reader.rows("gap", store, columns=("agent", "from_ns", "to_ns", "reason"))
    for agent, from_ns, to_ns, reason in zip(*(table.values(name) for name in ("agent", "from_ns", "to_ns", "reason")), strict=True):
        yield Hole(agent, (from_ns - start_ns) / 1e9, (to_ns - start_ns) / 1e9, reason)
