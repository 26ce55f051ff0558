"""A live walk as a recording: a CSV file and its mapping, which `footfall score` and `footfall calibrate` read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import tomlkit

from footfall.frames import Kind
from footfall.units import NS_PER_S
from gateway.calibration.walks import LevelRow
from simulators.calibration.live_walk import LiveWalk

BEACON: Final = "beacon"
"""What the carrier is called in the file: its own identifier stays out of it."""
HEADINGS: Final = ("time", "receiver", "level_dbm", "kind", "sightings", "age_s", "zone")
WALK, MAPPING = "walk.csv", "walk.toml"


class WalkFiles(NamedTuple):
    recording: Path
    mapping: Path


def write_walk(folder: Path, walk: LiveWalk, profile: str, outside: Sequence[str], until_ns: int) -> WalkFiles:
    """Write both files into a folder, which is made. What was heard and stated up to `until_ns` is in them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = WalkFiles(folder / WALK, folder / MAPPING)
    rows = list(walk.rows())
    files.recording.write_text(_csv_of(rows, walk.truth(until_ns)), encoding="utf-8")
    zones = dict.fromkeys([*(row.zone for row in rows), *(each.zone for each in walk.stated if each.zone)])
    files.mapping.write_text(_mapping_of(list(zones), profile, outside), encoding="utf-8")
    return files


def _csv_of(rows: Sequence[LevelRow], truth: Sequence[tuple[int, str]]) -> str:
    """Lines with a level have no truth, and lines with a truth no level: moments are judged evenly, however often rows come."""
    lines = [_heard(row) for row in rows] + [(t_ns, (_seconds(t_ns), "", "", "", "", "", zone)) for t_ns, zone in truth]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows(cells for _, cells in sorted(lines, key=lambda line: line[0]))
    return text.getvalue()


def _heard(row: LevelRow) -> tuple[int, tuple[object, ...]]:
    place_ns = max(row.t_ns, row.reported_ns)
    level = -100 if row.dbm is None else round(row.dbm)
    age_s = (place_ns - row.t_ns) / NS_PER_S
    return place_ns, (_seconds(place_ns), row.zone, level, Kind(row.kind).name.lower(), row.sightings, age_s, "")


def _seconds(t_ns: int) -> str:
    return f"{t_ns // NS_PER_S}.{t_ns % NS_PER_S:09d}"


def _mapping_of(zones: Sequence[str], profile: str, outside: Sequence[str]) -> str:
    """Every zone stands for its receivers: agents report zones."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("A walk that `footfall calibrate --live` saved: rows as agents reported them, and where the beacon truly was.")
    )
    document.update(
        {
            "title": "calibration walk",
            "profile": profile,
            "receiver": "receiver",
            "level": "level_dbm",
            "outside": [zone for zone in outside if zone in zones],
            "time": {"column": "time", "unit_s": 1},
            "identifier": {"value": BEACON},
            "receivers": {zone: zone for zone in zones},
            "reported": {"kind": "kind", "sightings": "sightings", "age_s": "age_s"},
            "truth": {"column": "zone"},
        }
    )
    return tomlkit.dumps(document)
