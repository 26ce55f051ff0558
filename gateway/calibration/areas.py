"""Areas that no receiver has to itself, as Gaussians of the levels that walks gave in them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from device_profiles.profile import Presence
from gateway.calibration.borders import LEAST_CROSSINGS, crossings
from gateway.calibration.walks import Walk
from gateway.fold.presence_limits import limits_of
from gateway.site.areas import MOST_AREAS, Area

FLOOR_DBM: Final = -100.0
"""The level of a zone that does not hear the carrier, as in gateway/fold/zone_areas.py."""
LEAST_SD_DB: Final = 1.0
NO_OFFSETS: Final[Mapping[str, int]] = {}
STAY_S: Final = 300.0
"""How long a carrier usually stays; what was heard is remembered for 10 to 30 s then."""


def may_have_areas(walks: Sequence[Walk]) -> bool:
    """Return whether each zone that was walked was so on two walks at least: one can be left out then. There are two zones or more."""
    times = Counter(zone for walk in walks for zone in walk.zones())
    is_weak = any(crossed < LEAST_CROSSINGS for crossed in crossings(walks).values())
    return 2 <= len(times) <= MOST_AREAS and min(times.values()) >= 2 and not is_weak


def fit_areas(
    walks: Sequence[Walk], profile: str, stale_ns: int, memory_s: float = STAY_S, offset_db: Mapping[str, int] = NO_OFFSETS
) -> list[Area]:
    """Return an area for each zone that was walked; spreads are those of all areas together, since one has few carriers.

    `offset_db` is added to levels by a calibration that goes on to hold.
    """
    heard = sorted({row.zone for walk in walks for row in walk.rows})
    samples: dict[str, list[list[float]]] = {}
    for walk in walks:
        for zone, levels in _levels(walk, heard, stale_ns):
            samples.setdefault(zone, []).append([level + offset_db.get(name, 0) for name, level in zip(heard, levels, strict=True)])
    means = {zone: np.mean(levels, axis=0) for zone, levels in samples.items()}
    strays = np.concatenate([np.array(levels) - means[zone] for zone, levels in samples.items()])
    common = strays.mean(axis=1)
    mean_sd_db = max(float(common.std()), LEAST_SD_DB)
    shape_sd_db = max(float(np.sqrt(((strays - common[:, None]) ** 2).sum(axis=1).mean() / max(len(heard) - 1, 1))), LEAST_SD_DB)
    return [
        Area(
            zone=zone,
            profile=profile,
            level_dbm={name: round(float(level), 1) for name, level in zip(heard, levels, strict=True)},
            mean_sd_db=round(mean_sd_db, 2),
            shape_sd_db=round(shape_sd_db, 2),
            memory_s=memory_s,
        )
        for zone, levels in means.items()
    ]


def stale_ns_of(presence: Presence) -> int:
    """Return after how long a silence a level counts no more."""
    stale_ns: int = limits_of(presence).stale_ns
    return stale_ns


def _levels(walk: Walk, heard: Sequence[str], stale_ns: int) -> Iterator[tuple[str, list[float]]]:
    """Yield, at each row, the true zone with the latest level of every zone that hears; none before all had the time to."""
    truth = np.array([t_ns for t_ns, _ in walk.truth], np.int64)
    latest: dict[str, dict[str, tuple[float, int]]] = {}
    for row in walk.rows:
        of_zone = latest.setdefault(row.zone, {})
        if row.dbm is None:
            of_zone.pop(row.agent, None)
            continue
        of_zone[row.agent] = row.dbm, row.t_ns
        at = int(np.searchsorted(truth, row.t_ns, "right")) - 1
        if row.t_ns - walk.rows[0].t_ns > stale_ns and at >= 0:
            fresh = {zone: [dbm for dbm, t_ns in of.values() if row.t_ns - t_ns <= stale_ns] for zone, of in latest.items()}
            # Of several agents that hear a zone the strongest has its level, as in the fold.
            yield walk.truth[at][1], [max(fresh.get(zone, ()), default=FLOOR_DBM) for zone in heard]
