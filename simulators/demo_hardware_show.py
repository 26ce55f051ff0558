"""What a device sent, what its source heard of it and what was stored, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table

from gateway.sinks.reader import PointReader
from simulators.devices.play import Fault

LATE_S: Final = 20.0
"""A gap that a fault made begins before it, when the device was last heard, or this much later, when its silence is noticed."""

_COLUMNS: Final = (("device", 11), ("said", 10), ("heard", 6), ("stored", 11), ("fault", 11), ("gap", None))
"""With their widest, so that a gap's reason stands in one piece on a terminal of 80 columns."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`told`: events given to it; `said`: those it sent; `heard`: those its source emitted, with the readings of a counter.

    `moves`: of a reader of goods, how often an item truly changed its zone; None for the others.
    """

    name: str
    told: int
    said: int
    heard: int
    zones: tuple[str, ...]
    doors: tuple[str, ...]
    moves: int | None
    fault: Fault


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap as it is stored, seconds since the world began."""

    source: str
    from_s: float
    to_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the database has of the store: people by door, dwells by zone, events of items by kind, gaps in order."""

    people: Mapping[str, int]
    dwells: Mapping[str, int]
    items: Mapping[str, int]
    holes: Sequence[Hole]


def read_found(reader: PointReader, store: str, start_ns: int) -> Found:
    people: Counter[str] = Counter()
    doors = reader.rows("door", store, columns=("door", "in", "out"))
    for door, entered, left in zip(*(doors.values(name) for name in ("door", "in", "out")), strict=True):
        people[door] += entered + left
    # InfluxDB answers nothing to who asks for tags alone.
    dwells = Counter(reader.rows("dwell", store, columns=("zone", "seconds")).values("zone"))
    items = Counter(reader.rows("item", store, columns=("kind", "seconds")).values("kind"))
    return Found(people, dwells, items, sorted(_holes(reader, store, start_ns), key=lambda hole: hole.from_s))


_CAPTION: Final = (
    "Gaps and faults in seconds since the store opened; unheard is what was said while nobody listened; a counter is read more often than"
    " people pass. An item has moved when its old antenna has not read it for half a minute to two: later moves are not said yet."
)


def devices_table(figures: Sequence[Figures], found: Found) -> Table:
    table = Table(title="each device, over its own protocol")
    for title, most in _COLUMNS:
        table.add_column(title, overflow="fold", max_width=most)
    for one in figures:
        fault = f"{one.fault.name}, {one.fault.at_s:.0f} s"
        table.add_row(one.name, _said(one), f"{one.heard:,}", stored_of(one, found), fault, hole_of(one, found.holes))
    table.caption = _CAPTION
    return table


def stored_of(one: Figures, found: Found) -> str:
    if one.doors:
        return f"{sum(found.people[door] for door in one.doors):,} people"
    if one.moves is not None:
        return f"{found.items['arrived']:,} items, {found.items['moved']:,} moves of {one.moves:,}"
    return f"{sum(found.dwells[zone] for zone in one.zones):,} dwells"


def hole_of(one: Figures, holes: Sequence[Hole]) -> str:
    """From the first to the last gap that its fault made."""
    at_s = one.fault.at_s
    mine = [hole for hole in holes if hole.source == one.name and hole.to_s > at_s and hole.from_s < at_s + LATE_S]
    if not mine:
        return "none: it caught up"
    reasons = dict.fromkeys(hole.reason for hole in mine)
    return f"{mine[0].from_s:.1f}–{max(hole.to_s for hole in mine):.1f} {' '.join(reasons)}"


def _said(one: Figures) -> str:
    what = "people" if one.doors else "reads" if one.moves is not None else "sightings"
    unheard = f" (+{one.told - one.said:,} unheard)" if one.told > one.said else ""
    return f"{one.said:,} {what}{unheard}"


def _holes(reader: PointReader, store: str, start_ns: int) -> Iterator[Hole]:
    table = reader.rows("gap", store, columns=("from_ns", "to_ns", "reason"))
    for from_ns, to_ns, said in zip(*(table.values(name) for name in ("from_ns", "to_ns", "reason")), strict=True):
        reason, _, source = said.partition(": ")
        yield Hole(source, (from_ns - start_ns) / 1e9, (to_ns - start_ns) / 1e9, reason)


def two_slots_text(cards: int) -> str:
    """Return what is to be known of fans' cards that send iBeacon and Eddystone-TLM in turn, which BlueZ merges."""
    return f"{cards} of the fans' cards near bluez have two slots, iBeacon and Eddystone-TLM: each is one person, as the score shows."
