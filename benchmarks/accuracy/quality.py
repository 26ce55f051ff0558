"""What the quality of a dwell is worth: the share of its seconds in the right zone, by how good the gateway holds its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from benchmarks.accuracy.found import Figures
from benchmarks.accuracy.rows import Goal, Row
from simulators.accuracy.course import Course
from simulators.accuracy.figures import share
from simulators.accuracy.playing import SELDOM_S, play_world
from simulators.accuracy.simulated import courses_of_truth, stored_by_subject
from simulators.estate import brand_secret
from simulators.scenes import scene
from simulators.truth import collect, truth_of

SEEDS: Final = (51, 52)
"""Its numbers are from physics, and were looked at on another."""
BANDS: Final = (0.0, 0.5, 0.7, 0.85, 1.01)


class Seconds(NamedTuple):
    """Of dwells of one band of quality: how many of their seconds were in the right zone, and in any."""

    right: int
    known: int


def played(seed: int) -> list[Seconds]:
    """Return the seconds of each band in a hard store. Runs in a process of its own."""
    world = scene("store-hard", seed)
    truth, secret = collect(truth_of(world)), brand_secret(world.seed)
    done = play_world(world, every_s=SELDOM_S)
    dwells, visits = stored_by_subject(done.sink.stored(done.end_ns))
    return by_band(courses_of_truth(truth, secret, dwells, visits, truth.end_ns))


def by_band(courses: Iterable[Course]) -> list[Seconds]:
    """Return the judged moments of all dwells by the band of their quality. Moments in no zone are left out."""
    found = [Seconds(0, 0)] * (len(BANDS) - 1)
    for course in courses:
        zones = np.array(course.zones)
        for dwell in course.whole_dwells:
            first, last = np.searchsorted(course.t_ns, [dwell.from_ns, dwell.to_ns])
            there, band = zones[first:last], int(np.searchsorted(BANDS, dwell.quality, side="right")) - 1
            right, known = int(np.count_nonzero(there == dwell.zone)), int(np.count_nonzero(there != ""))
            found[band] = Seconds(found[band].right + right, found[band].known + known)
    return found


def quality(seeds: Sequence[Sequence[Seconds]]) -> Figures:
    """A row a band, and whether the share rises from band to band."""
    bands = [Seconds(sum(each.right for each in band), sum(each.known for each in band)) for band in zip(*seeds, strict=True)]
    about = f"scene store-hard, seeds {', '.join(map(str, SEEDS))}: seconds in the right zone"
    shares = [share(band.right, band.known) for band in bands]
    rows = [
        Row(f"quality-{low:g}-to-{min(high, 1):g}", right, f"{about}, of {band.known:,} of dwells of this quality")
        for (low, high), right, band in zip(pairwise(BANDS), shares, bands, strict=True)
    ]
    rises = float(all(better > worse for worse, better in pairwise(shares)))
    return Figures([*rows, Row("quality-rises", rises, f"{about}; 1: their share rises from each band to the next", Goal(1))])
