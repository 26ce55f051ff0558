"""Milesight people counters and occupancy sensors by LoRaWAN: an uplink of any network server as one table of lines and regions. Pure.

    unwrap(document) -> {"dev_eui", "time", "lines": [{"line", "way", "total"}, …], "regions": [{"region", "people"}, …], "unread": […]}

A line has a `total`, or a `period`, of one way, `in` or `out`: at a low data rate an uplink has room for one of them. A region has
`people`, or `occupied` where the device does not count. `unread`: the channel that is not known, and may hide others after it. What a
network server reports of such a device beside its uplinks, such as that it joined, is a table without any.

The bytes are read, channels of identifier, type and value, since vendors' and others' decoders of them have faults. Where there are none,
or a channel is unknown, the object is read as Milesight's decoders name its values; so are values that a gateway (UG65) has decoded.
Children and staff are among all people and are not read. VS121's people who cross its line, `line`, are in its next report too. Its
regions without a count, of 0 and 1, are places beside those that it counts: `3.occupied` beside `3`. Sources:
Milesight-IoT/SensorDecoders, VS121, VS132, VS133, VS135, VS321, VS330, VS340, VS350, VS360, VS370, VS373.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from device_profiles.decoders.lorawan import flat, subject, uplink

MADE_BY: Final = "24e124"
"""Milesight's EUIs begin so."""
WHOLE: Final = "all"
"""The region that is all a sensor sees."""
_PASSES: Final = re.compile(
    r"(?:line_?(?P<line>\d{1,2})_|people_)?(?P<kind>total|period|periodic)_(?:counter_)?(?P<way>in|out)|(?P<whose>people|line)_(?P<plain>in|out)",
    re.ASCII,
)
_REGION: Final = re.compile(r"region_(\d{1,2})_count", re.ASCII)
_REGION_OCCUPIED: Final = re.compile(r"region_(\d{1,2})(?:_occupancy)?", re.ASCII)
_PEOPLE: Final = re.compile(r"people_(?:total_)?count(?:s|_all|er_all)?|total_number", re.ASCII)
_OCCUPIED: Final = ("occupancy", "occupancy_status", "occupied")
_OLD_PASSES: Final = {"in": "people_in", "out": "people_out"}
"""VS121's first decoder. Other makers' objects have such names too."""
_MISREAD: Final[tuple[str, ...]] = ("regions", "region_0", "region_status")
"""What published decoders of VS121 and VS321 make of a mask of regions, and wrongly."""
_LIKE_COUNTS: Final = re.compile(
    r"(?:^|_)(?:in|out|ins|outs|enter|entered|exit|exits|people|persons?|counts?|counter|occupied)(?:_|$)", re.ASCII
)
Found = tuple[str, Any]
"""A name as Milesight's decoder gives it, and its value."""


def unwrap(document: Any) -> Any:
    """Return the uplink as a table; the document itself if it is no uplink of a Milesight device. Raise ProfileError `feed.lorawan`."""
    up = uplink(document) or flat(document)
    if up is None:
        dev_eui = subject(document)
        is_ours = dev_eui is not None and dev_eui.startswith(MADE_BY)
        return {"dev_eui": dev_eui, "lines": [], "regions": [], "unread": []} if is_ours else document
    is_ours, named = up.dev_eui.startswith(MADE_BY), dict(up.values)
    if not is_ours and not any(map(_is_known, named)):
        return document
    unread: list[str] = []
    found = dict(_channels(up.payload, unread)) if is_ours else {}
    if unread or not _has_counts(found):
        named |= {ours: named[theirs] for theirs, ours in _OLD_PASSES.items() if theirs in named and is_ours}
        found, unread = (named, [name for name in _MISREAD if name in named]) if _has_counts(named) else (found, unread or _unlike(named))
    return {"dev_eui": up.dev_eui, "time": up.time, "lines": list(_lines(found)), "regions": list(_regions(found)), "unread": unread}


def _is_known(name: str) -> bool:
    return any(pattern.fullmatch(name) for pattern in (_PASSES, _REGION, _PEOPLE))


def _has_counts(names: Mapping[str, Any]) -> bool:
    return any(map(_is_known, names)) or any(_regions(names))


def _unlike(names: Mapping[str, Any]) -> list[str]:
    """Return the numbers that look like counts, by names that no decoder of Milesight's has."""
    return [name for name, value in names.items() if type(value) in (int, float) and _LIKE_COUNTS.search(name)]


def _lines(names: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in names.items():
        if found := _PASSES.fullmatch(name):
            kind = "total" if found["kind"] == "total" else "trigger" if found["whose"] == "line" else "period"
            line = "line" if kind == "trigger" else found["line"] or "1"
            yield {"line": line, "way": found["way"] or found["plain"], kind: value}


def _regions(names: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    counts_too = "region_count" in names
    for name, value in names.items():
        if found := _REGION.fullmatch(name):
            yield {"region": found[1], "people": value}
        elif _PEOPLE.fullmatch(name):
            yield {"region": WHOLE, "people": value}
        elif name in _OCCUPIED:
            yield {"region": WHOLE, "occupied": value}
        elif (found := _REGION_OCCUPIED.fullmatch(name)) and found[1] != "0" and names.get(f"{name}_enable") != "disable":
            yield {"region": f"{found[1]}.occupied" if counts_too else found[1], "occupied": value}


def _channels(payload: bytes, unread: list[str]) -> Iterator[Found]:
    """Yield what the channels contain, up to the first that is not known or is cut off: that one is added to `unread`."""
    at = 0
    while at < len(payload):
        channel, kind = payload[at], payload[at + 1] if at + 1 < len(payload) else -1
        size, read = _CHANNELS.get((channel, kind), (_SIZES.get((channel, kind), 0), _nothing))
        if (channel, kind) == _HISTORY:
            size = _HISTORY_SIZES.get(payload[at + 6] if at + 6 < len(payload) else 0, size)
        value = payload[at + 2 : at + 2 + size]
        if not size or len(value) < size:
            unread.append(payload[at : at + 2].hex())
            return
        yield from read(value)
        at += 2 + size


def _nothing(value: bytes) -> Iterator[Found]:
    yield from ()


def _whole(name: str) -> Callable[[bytes], Iterator[Found]]:
    return lambda value: iter([(name, int.from_bytes(value, "little"))])


def _both(prefix: str) -> Callable[[bytes], Iterator[Found]]:
    return lambda value: iter([(f"{prefix}_{way}", int.from_bytes(value[at : at + 2], "little")) for way, at in (("in", 0), ("out", 2))])


def _each_region(first: int) -> Callable[[bytes], Iterator[Found]]:
    return lambda value: iter([(f"region_{first + i}_count", people) for i, people in enumerate(value)])


def _enabled_regions(value: bytes) -> Iterator[Found]:
    enabled, occupied = (int.from_bytes(value[at : at + 2], "little") for at in (0, 2))
    for i in range(16):
        if enabled >> i & 1:
            yield f"region_{i + 1}", "occupied" if occupied >> i & 1 else "vacant"


def _people_and_regions(value: bytes) -> Iterator[Found]:
    yield from (("people_count_all", value[0]), ("region_count", value[1]))
    mask = int.from_bytes(value[2:4], "big")
    yield from ((f"region_{i + 1}", mask >> i & 1) for i in range(min(value[1], 16)))


def _vacant_regions(value: bytes) -> Iterator[Found]:
    return ((f"region_{i + 1}_occupancy", "occupied" if vacant == 0 else "vacant") for i, vacant in enumerate(value))


def _first_byte(name: str) -> Callable[[bytes], Iterator[Found]]:
    return lambda value: iter([(name, value[0])])


_CHANNELS: Final[dict[tuple[int, int], tuple[int, Callable[[bytes], Iterator[Found]]]]] = {
    **{(0x03 + 3 * i, 0xD2): (4, _whole(f"line_{i + 1}_total_in")) for i in range(4)},
    **{(0x04 + 3 * i, 0xD2): (4, _whole(f"line_{i + 1}_total_out")) for i in range(4)},
    **{(0x05 + 3 * i, 0xCC): (4, _both(f"line_{i + 1}_period")) for i in range(4)},
    (0x04, 0xCC): (4, _both("total")),
    (0x84, 0xCC): (5, _both("total")),
    (0x85, 0xCC): (5, _both("period")),
    (0x0D, 0xCC): (4, _both("people_total")),
    (0x0F, 0xE3): (4, _each_region(1)),
    (0x07, 0xD5): (8, _each_region(1)),
    (0x08, 0xD5): (8, _each_region(9)),
    (0x04, 0xC9): (4, _people_and_regions),
    (0x10, 0xF7): (4, _both("line")),
    (0x04, 0xF9): (4, _vacant_regions),
    (0x05, 0xFD): (2, _whole("people_total_counts")),
    (0x06, 0xFE): (4, _enabled_regions),
    (0x03, 0x8E): (1, _first_byte("occupancy")),
    (0x03, 0x00): (1, _first_byte("occupancy")),
}
"""By identifier and type: so many bytes, and what they contain."""
_SIZES: Final[dict[tuple[int, int], int]] = {
    (0xFF, 0x01): 1, (0xFF, 0x08): 6, (0xFF, 0x09): 2, (0xFF, 0x0A): 2, (0xFF, 0x0B): 1, (0xFF, 0x0F): 1, (0xFF, 0x16): 8, (0xFF, 0x1F): 4,
    (0xFF, 0xFE): 1, (0xFF, 0xFF): 2, (0x01, 0x75): 1, (0x02, 0x75): 1, (0x03, 0x67): 2, (0x83, 0x67): 3, (0x03, 0xF4): 2, (0x02, 0x82): 2,
    (0x04, 0x8E): 1, (0x04, 0x68): 1, (0x84, 0x68): 2, (0x07, 0xFF): 1, (0x08, 0xF4): 2, (0x0A, 0xEF): 4, (0x02, 0xA5): 8, (0x06, 0xA6): 4,
    (0x04, 0xA8): 1, (0x08, 0xA8): 1, (0x09, 0xA9): 4, (0x06, 0xCD): 1, (0x0F, 0x85): 4, (0x04, 0x00): 1, (0x0E, 0xE4): 5, (0x10, 0xE4): 5,
    (0x1E, 0xE4): 5, (0x1D, 0xE3): 4, (0x50, 0xFC): 3,
    **{(channel, 0xDA): 8 for channel in range(0x09, 0x0D)},
    **{(channel, 0xD2): 4 for channel in (0x11, 0x12, 0x14, 0x15, 0x17, 0x18, 0x1A, 0x1B)},
    **{(channel, 0xCC): 4 for channel in (0x13, 0x16, 0x19, 0x1C)},
    (0x20, 0xCE): 9, (0x03, 0xF8): 6, (0x05, 0xFA): 8, (0x06, 0xFB): 5,
}  # fmt: skip
"""Channels that are passed over: what the device is, its battery, its clock, its calibration, children, dwell times, alarms."""
_HISTORY: Final = (0x20, 0xCE)
_HISTORY_SIZES: Final = {0x01: 13, 0x10: 8, 0x20: 8}
"""Bytes of what was counted while the network was away, by the kind of its values. Totals show those people too."""
