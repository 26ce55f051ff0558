"""What a calibration is made of: levels as agents report them, and where the carrier truly was. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.frames import Body, Kind


class LevelRow(NamedTuple):
    """How loud one agent hears the carrier in a zone; `dbm` is None when it does no more."""

    t_ns: int
    zone: str
    agent: str
    dbm: float | None
    sightings: int = 1
    """How many sightings the row stands for."""
    enters: bool = False
    """Whether the agent hears the carrier there for the first time, or again."""
    reported_ns: int = 0
    """How far its agent had reported before: a row that is older comes in its place."""

    @property
    def kind(self) -> Kind:
        """Return which row of a presence it is."""
        return Kind.EXIT if self.dbm is None else Kind.ENTER if self.enters else Kind.STAY


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk, or one pass of several. `truth`: (time, zone) of judged moments in the order of time, evenly dense."""

    name: str
    rows: Sequence[LevelRow]
    truth: Sequence[tuple[int, str]]

    def zones(self) -> list[str]:
        """Return the zones that were truly walked through, each once, in the order of the first time."""
        return list(dict.fromkeys(zone for _, zone in self.truth))


def rows_of(body: Body, agent: str, offset_ns: int, reported_ns: int = 0) -> Iterator[tuple[int, str, LevelRow]]:
    """Yield (subject, profile, row) of each presence row of a frame. `offset_ns` makes times of the agent's clock those of the truth.

    A row with a time of its own, as a recording has, keeps that. `reported_ns`: see `LevelRow`.
    """
    times = _times_ns(body, offset_ns).tolist()
    columns = (body.kind, body.subject, body.zone, body.profile, body.rssi_dbm, body.count)
    for t_ns, kind, subject, zone, profile, rssi_dbm, count in zip(times, *(column.tolist() for column in columns), strict=True):
        if kind <= Kind.EXIT:
            dbm = None if kind == Kind.EXIT else float(rssi_dbm)
            yield subject, body.profiles[profile], LevelRow(t_ns, body.zones[zone], agent, dbm, count, kind == Kind.ENTER, reported_ns)


def _times_ns(body: Body, offset_ns: int) -> npt.NDArray[np.int64]:
    times: npt.NDArray[np.int64] = body.t_boot_ns + offset_ns
    return times if body.t_wall_ns is None else np.where(body.t_wall_ns > 0, body.t_wall_ns, times)
