"""The project's own format of recordings: one JSON object per line, `.jsonl` or `.jsonl.gz`, in the order of `t_ns`.

    {"t_ns": 1500000000, "receiver": "ble-door", "profile": "ibeacon", "identifier": "…:1:7", "rssi_dbm": -71}     a sighting
    {"t_ns": 2000000000, "door": "main", "in": 1, "out": 0}                                                         a crossing
    {"t_ns": 2000000000, "door": "main", "in": 5, "id": "main/10h", "seconds": 3600}                                a count with an id
    {"t_ns": 3000000000, "gap": "reader-reboot", "to_ns": 9000000000}                                               a gap
    {"t_ns": 9500000000, "progress": true}                                                                          nothing older follows

`t_ns` counts from 1970 when replayed, or from `--start` where that is stated; from the start when played. A replayed count with an `id` is
stored once, whatever file has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from edge_agent.sources.recorded_files import lines_of
from edge_agent.sources.source import AliveUntil, Crossing, Gap, Recorded, RefusedReading, Sighting
from footfall.dates import EARLIEST_NS
from footfall.errors import ContractError
from footfall.events import MAX_PEOPLE, parse_event
from footfall.units import NS_PER_MS, NS_PER_S

DOOR_PROFILE: Final = "door-counter"
LEAST_DBM: Final = -127
MOST_DBM: Final = 20
"""Of Bluetooth, whose 127 is no reading."""
LATEST_NS: Final = (1 << 63) - 1
_UNITS: Final = {"seconds": NS_PER_S, "milliseconds": NS_PER_MS, "microseconds": NS_PER_MS // 1_000}


def parse_line(line: bytes) -> Recorded:
    """Return what one line describes, with its time as `t_boot_ns`. Raise ContractError `recording.line` for any other text."""
    try:
        values = json.loads(line)
        if not isinstance(values, dict):
            raise ContractError("recording.line", "is no JSON object")
        read = next(read for key, read in _READERS.items() if key in values)
        return read(values)
    except StopIteration:
        raise ContractError("recording.line", f"has none of the keys {', '.join(_READERS)}") from None
    except KeyError as error:
        raise ContractError("recording.line", f"has no {error}") from None
    except ContractError as error:
        raise ContractError("recording.line", str(error)) from None
    except TypeError as error:
        raise ContractError("recording.line", f"the value of {str(error)[:20]!r} has another type than it needs") from None
    except (ValueError, RecursionError):
        raise ContractError("recording.line", "is no JSON object") from None


def format_line(heard: Sighting | Crossing | Gap | AliveUntil) -> str:
    """Return the line that `parse_line` reads back, with its line end."""
    match heard:
        case Sighting(t_ns, receiver, profile, identifier, rssi_dbm):
            values: dict[str, Any] = {
                "t_ns": t_ns, "receiver": receiver, "profile": profile, "identifier": identifier, "rssi_dbm": rssi_dbm,
            }  # fmt: skip
        case Crossing(t_ns, door, entered, left, profile, _, event_id, seconds):
            values = {"t_ns": t_ns, "door": door, "in": entered, "out": left, "profile": profile}
            values |= ({"id": event_id} if event_id else {}) | ({"seconds": seconds} if seconds else {})
        case Gap(t_ns, to_ns, reason, rows):
            values = {"t_ns": t_ns, "gap": reason, "to_ns": to_ns, "rows": rows}
        case AliveUntil(t_ns):
            values = {"t_ns": t_ns, "progress": True}
    return json.dumps(values, separators=(",", ":")) + "\n"


def read_recording(
    path: Path, on_read: Callable[[int], None] = lambda size_bytes: None, earliest_ns: int = 0, start_ns: int = 0
) -> Iterator[Recorded]:
    """Yield the contents of the file. A line that cannot be read is a RefusedReading at the time of the one before.

    Its `data` is empty, since the line may identify someone. `on_read` is called with the bytes of each line. No line may be before
    `earliest_ns`. With `start_ns` lines count from it, and none may have a date of its own.
    """
    t_ns = earliest_ns
    for number, line in lines_of(path):
        on_read(len(line) + 1)
        try:
            heard = parse_line(line)
            at_ns = heard.from_boot_ns if isinstance(heard, Gap) else heard.t_boot_ns
            _check_moment(at_ns, earliest_ns, start_ns)
        except ContractError as error:
            yield RefusedReading(t_ns, error.reason, f"{path.name}:{number}", why=f"line: {error}")
            continue
        t_ns = start_ns + at_ns
        yield _later(heard, start_ns) if start_ns else heard


def _later(heard: Recorded, by_ns: int) -> Recorded:
    """Return the same so much later."""
    if isinstance(heard, Gap):
        return replace(heard, from_boot_ns=heard.from_boot_ns + by_ns, to_boot_ns=heard.to_boot_ns + by_ns)
    return replace(heard, t_boot_ns=heard.t_boot_ns + by_ns)


def _check_moment(t_ns: int, earliest_ns: int, start_ns: int) -> None:
    """Raise ContractError for a time before the earliest, if there is one, or beyond 64 bits; with a start for one that has a date."""
    if start_ns and t_ns >= EARLIEST_NS:
        raise ContractError("recording.line", "`t_ns` counts from 1970 already: leave out --start")
    if not earliest_ns or earliest_ns <= start_ns + t_ns <= LATEST_NS:
        return
    if t_ns > LATEST_NS:
        raise ContractError("recording.line", "`t_ns` is after the year 2262")
    unit = next((name for name, unit_ns in _UNITS.items() if earliest_ns <= t_ns * unit_ns <= LATEST_NS), "")
    hint = f", or are these {unit}?" if unit else "?"
    raise ContractError(
        "recording.line",
        "`t_ns` is before the year 2000: does it count from the beginning of the recording, as what footfall simulate writes"
        f"{hint} It counts nanoseconds since 1970, or since --start where that is stated",
    )


def _integer(values: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = values[key] if default is None else values.get(key, default)
    if type(value) is not int:
        raise TypeError(key)
    return value


def _text(values: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = values[key] if default is None else values.get(key, default)
    if type(value) is not str or not 0 < len(value) <= 200:
        raise TypeError(key)
    return value


def _sighting(values: Mapping[str, Any]) -> Sighting:
    rssi_dbm = _integer(values, "rssi_dbm")
    if not LEAST_DBM <= rssi_dbm <= MOST_DBM:
        raise ContractError("recording.line", f"the level {rssi_dbm} is none that a receiver reports: {LEAST_DBM} to {MOST_DBM} dBm")
    return Sighting(
        _integer(values, "t_ns"),
        _text(values, "receiver"),
        _text(values, "profile"),
        _text(values, "identifier"),
        rssi_dbm,
    )


def _crossing(values: Mapping[str, Any]) -> Crossing:
    profile = _text(values, "profile", DOOR_PROFILE)
    event_id, seconds = _text(values, "id") if "id" in values else "", _integer(values, "seconds", 0)
    door, entered, left = _text(values, "door"), _integer(values, "in", 0), _integer(values, "out", 0)
    if not 0 <= min(entered, left) <= max(entered, left) <= MAX_PEOPLE:
        raise ContractError("recording.line", f"{entered} people in and {left} out: 0 to {MAX_PEOPLE:,} can pass a door at once")
    if event_id:  # what the gateway would refuse is a line that cannot be read
        parse_event({"kind": "count", "door": door, "in": entered, "out": left, "id": event_id} | ({"seconds": seconds} if seconds else {}))
    return Crossing(_integer(values, "t_ns"), door, entered, left, profile, 0, event_id, seconds)


def _gap(values: Mapping[str, Any]) -> Gap:
    return Gap(_integer(values, "t_ns"), _integer(values, "to_ns"), _text(values, "gap"), _integer(values, "rows", 0))


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Recorded]]] = {
    "receiver": _sighting,
    "door": _crossing,
    "gap": _gap,
    "progress": lambda values: AliveUntil(_integer(values, "t_ns")),
}
