"""What sensors saw in a zone: for how long it was occupied, and by how many. Pure: a table of `occupancy` in, an Answer out.

A report holds until the same sensor's next one: what a sensor reports it goes on seeing. Sensors report when something changes, or in
an interval, so means are over time and not over reports. A report of people holds for an hour at most, one of nobody for a day: a sensor
that died while somebody stood there does not fill the zone for the night. After the last report nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_S
from gateway.query.answer import Answer
from gateway.query.spans import iso
from gateway.sinks.table import PointTable

PEOPLE_HOLD_NS: Final = NS_PER_HOUR
NOBODY_HOLDS_NS: Final = NS_PER_DAY
COLUMNS: Final = ("store", "zone", "sensor", "agent", "reports", "watched_s", "occupied_s", "occupied", "people_mean", "people_most",
                  "people_last", "last_at")  # fmt: skip
_TAGS: Final = ("zone", "sensor", "agent")


def occupancy(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return a row for each sensor of each zone, in the order of their names.

    `people_mean` is None of a sensor that does not count, and of one that was not watched for any time.
    """
    rows = []
    for which in _by_sensor(table):
        time_ns, people = table.time_ns[which], table.numbers("people")[which].astype(np.int64)
        held_s = _held_s(time_ns, people)
        watched_s, occupied_s = float(held_s.sum()), float(held_s[people > 0].sum())
        counts = bool(table.numbers("counted")[which].all())
        tags = (table.coded(tag) for tag in _TAGS)
        rows.append((
            table.values("store")[which[0]], *(tag.names[tag.codes[which[0]]] for tag in tags), len(which), watched_s, occupied_s,
            occupied_s / watched_s if watched_s else None, float((held_s * people).sum()) / watched_s if watched_s and counts else None,
            int(people.max()) if counts else None, int(people[-1]), iso(int(time_ns[-1]), zone, "seconds"),
        ))  # fmt: skip
    return Answer(COLUMNS, rows)


def _by_sensor(table: PointTable) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the rows of each sensor, by their time."""
    names = [np.array(tag.names, np.str_)[tag.codes] if len(tag.names) else np.array([], np.str_) for tag in map(table.coded, _TAGS)]
    order = np.lexsort((table.time_ns, *reversed(names)))
    differ = np.any([name[order][1:] != name[order][:-1] for name in names], axis=0)
    edges = [0, *(np.flatnonzero(differ) + 1).tolist(), len(order)] if len(order) else []
    for begin, end in pairwise(edges):
        yield order[begin:end]


def _held_s(time_ns: npt.NDArray[np.int64], people: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return for how long each report held, s; the last one 0."""
    held = np.append(np.diff(time_ns), 0)
    seconds: npt.NDArray[np.float64] = np.minimum(held, np.where(people > 0, PEOPLE_HOLD_NS, NOBODY_HOLDS_NS)) / NS_PER_S
    return seconds
