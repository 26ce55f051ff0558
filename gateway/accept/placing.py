"""A frame's rows made ready for the journal: places by the names of their time, no unused names, no impossible numbers. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.errors import ContractError
from footfall.events import MAX_PEOPLE
from footfall.frames import Body, DecidedTime, Kind
from gateway.accept.events import EARLY_NS, LATE_NS
from gateway.records import EARLIEST_NS, RECEIVED
from gateway.site.index import DOOR, FEW_NAMES, NEEDS, ZONE, StorePlaces, forget_lacking

MAX_ROW: Final = 10**12
"""Rows of an epoch: at a thousand a second an agent reaches it in thirty years. A gap has no more either."""
MAX_BOOT_NS: Final = 10**18
"""How far a gap may reach on a boot clock: no machine runs for thirty years."""
NOWHERE: Final = "-"
"""The place of rows that need none, if they name something that the store does not have."""
_NEVER_SET_NS: Final = 1
"""What the fold reads as a device's clock that was never set."""
_PEOPLE: Final = bytes([Kind.IN, Kind.OUT])
_FEW_BYTES: Final = MAX_PEOPLE // 255 * 4
_GAP: Final = int(Kind.GAP)
_LATEST_BOOT_NS: Final = 1 << 62


def heard_at(body: Body, time: DecidedTime, received_ns: int) -> int:
    """Return when a frame was made, by its date; for a recording (made at boot time 0), by its file's time."""
    return min(max(body.made_boot_ns + time.offset_ns, 0) if body.made_boot_ns else body.made_wall_ns, received_ns)


def around(heard_ns: int, body: Body, time: DecidedTime) -> tuple[int, int, int]:
    """Return that time, and the earliest and the latest that it may have been."""
    if body.made_boot_ns == 0:
        return heard_ns, heard_ns, heard_ns
    if time.quality == RECEIVED:
        return heard_ns, 0, heard_ns
    return heard_ns, heard_ns - time.width_ns // 2, heard_ns + time.width_ns // 2


def unsure_ns(time: DecidedTime) -> int:
    """Return how much later than its date a row may have been heard. A date of arrival is already the latest possible."""
    return 0 if time.quality == RECEIVED else time.width_ns // 2


def check_plausible(body: Body) -> None:
    """Raise ContractError for numbers that no store can produce; the wire itself has room for any."""
    if body.first_row > MAX_ROW:
        raise ContractError("body.rows", f"body.first_row is at most {MAX_ROW}")
    kinds = body.kind.tobytes()
    if len(kinds.translate(None, _PEOPLE)) < len(kinds) and not _are_few(body.count.tobytes()):
        people = int(body.count[np.isin(body.kind, list(_PEOPLE))].sum(dtype=np.int64))
        if people > MAX_PEOPLE:
            raise ContractError("body.count", f"{people} people in the rows of one frame: at most {MAX_PEOPLE}")
    for row, more in body.extra.items():
        if kinds[row] != _GAP:
            continue
        if more.get("rows", 0) > MAX_ROW or more.get("to_boot_ns", 0) > MAX_BOOT_NS:
            raise ContractError("body.extra", f"row {row} is a gap: `rows` is at most {MAX_ROW}, `to_boot_ns` at most {MAX_BOOT_NS}")


def _are_few(counts: bytes) -> bool:
    """Whether the `<i4` numbers are below 256 each, and few enough that their sum is within MAX_PEOPLE."""
    return len(counts) <= _FEW_BYTES and not int.from_bytes(counts, "little") & _all_but_lowest(len(counts))


@lru_cache(maxsize=256)
def _all_but_lowest(n: int) -> int:
    """A mask of every byte of `n` that is not the lowest of its four."""
    return int.from_bytes(b"\0\xff\xff\xff" * (n // 4), "little")


def placed(body: Body, places: StorePlaces, time_ns: int) -> Body:
    """Return the body with the names that its places had then, without unused names; the body itself if nothing changes."""
    if _is_settled(places, body.zones) and len(body.profiles) <= FEW_NAMES:
        return body
    needs = np.frombuffer(body.kind.tobytes().translate(NEEDS), np.uint8)
    pairs, which = np.unique(body.zone.astype(np.int64) << 2 | needs, return_inverse=True)
    zones, zone = _named([_name_at(places, body.zones[pair >> 2], pair & 3, time_ns) for pair in pairs.tolist()], which)
    used, which = np.unique(body.profile, return_inverse=True)
    profiles, profile = _named([body.profiles[place] for place in used.tolist()], which)
    return replace(body, zones=zones, zone=zone.astype("<u2"), profiles=profiles, profile=profile.astype(np.uint8))


def _is_settled_of(places: StorePlaces, names: tuple[str, ...]) -> bool:
    there = all(name in places.zones or name in places.doors for name in names)
    return there and not any(name in places.renamed_zones or name in places.renamed_doors for name in names)


_is_settled_few = lru_cache(maxsize=100_000)(_is_settled_of)


def forget_places() -> None:
    """Let go of the estate before, which would stay in memory as long as what was looked up in it is remembered."""
    _is_settled_few.cache_clear()
    forget_lacking()


def _is_settled(places: StorePlaces, names: tuple[str, ...]) -> bool:
    return (_is_settled_few if len(names) <= FEW_NAMES else _is_settled_of)(places, names)


def _name_at(places: StorePlaces, name: str, need: int, time_ns: int) -> str:
    if need == ZONE:
        return places.zone_at(name, time_ns)
    if need == DOOR:
        return places.door_at(name, time_ns)
    return name if name in places.zones or name in places.doors else NOWHERE


def _named(names: list[str], which: npt.NDArray[Any]) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """Return each name once, and for every row its index."""
    place = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return tuple(place), np.array([place[name] for name in names], np.intp)[which]


def without_dead_clocks(body: Body, time: DecidedTime, received_ns: int) -> tuple[Body, int]:
    """Return the body without the times of devices whose clocks are dead, and how far off the worst was; 0 if none is.

    Those rows get the agent's time. If that is known to half an hour only, a device's time within it is not ahead.
    A recording (made at boot time 0) is history, and has its file's time.
    """
    if body.t_wall_ns is None or body.made_boot_ns == 0:
        return body, 0
    about_ns = np.minimum(body.t_boot_ns, _LATEST_BOOT_NS) + time.offset_ns
    heard_ns = np.clip(about_ns, EARLIEST_NS, received_ns)
    could_be_ns = np.clip(about_ns + unsure_ns(time), EARLIEST_NS, received_ns) - heard_ns
    apart_ns = np.clip(body.t_wall_ns, 0, _LATEST_BOOT_NS) - heard_ns
    dead = (body.t_wall_ns != 0) & ((apart_ns < -LATE_NS) | (apart_ns > EARLY_NS + could_be_ns))
    if not dead.any():
        return body, 0
    worst_ns = max(apart_ns[dead].tolist(), key=abs)
    return replace(body, t_wall_ns=np.where(dead, _NEVER_SET_NS, body.t_wall_ns)), worst_ns
