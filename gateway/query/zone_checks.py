"""Zones that heard nobody though many were to be expected: their receivers were silent, and stays of that time are missing. Pure.

A zone is compared with the other zones of its store: what is usual between them is learned, and nothing is set by hand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.query.counter_checks import LEAST_EXPECTED, Counts


class ZoneCounts(NamedTuple):
    """By (zone, interval of time): how often somebody came in, and whether anybody was there at all."""

    entries: Counts
    present: Counts


class Usual(NamedTuple):
    """By zone, over a time that shows what is usual: how often somebody came into it, and into the others."""

    entries: Counts
    elsewhere: Counts


class ZoneSilence(NamedTuple):
    """A zone heard nobody from one interval up to another, both as indices; meanwhile so many came into the others."""

    zone: int
    first: int
    end: int
    elsewhere: int
    expected: float


def usual_of(entries: Counts) -> Usual:
    """Return what is usual, by counts of (zone, interval)."""
    mine = entries.sum(axis=1)
    return Usual(mine, mine.sum() - mine)


def zone_silences(found: ZoneCounts, usual: Usual) -> list[ZoneSilence]:
    """Return when zones heard nobody though LEAST_EXPECTED were to be expected, by zone and time."""
    return [silence for zone in range(len(found.entries)) for silence in _silences_of(zone, found, usual)]


def heard_share(zone: int, found: ZoneCounts, silences: list[ZoneSilence]) -> float:
    """Return in which share of the intervals with anybody in the store no silence of the zone lies."""
    anybody = (found.entries + found.present).any(axis=0)
    deaf = np.zeros_like(anybody)
    for silence in silences:
        if silence.zone == zone:
            deaf[silence.first : silence.end] = True
    return 1.0 - float((anybody & deaf).sum()) / max(int(anybody.sum()), 1)


def _silences_of(zone: int, found: ZoneCounts, usual: Usual) -> list[ZoneSilence]:
    """A silence reaches from the first to the last interval in which somebody came into another zone."""
    if not usual.entries[zone]:
        return []  # nobody ever heard anything there, so nothing is to be expected
    elsewhere = found.entries.sum(axis=0) - found.entries[zone]
    heard = (found.entries[zone] > 0) | (found.present[zone] > 0)
    run = np.cumsum(heard)
    quiet = ~heard & (elsewhere > 0)
    missed = np.bincount(run[quiet], elsewhere[quiet], minlength=int(run[-1]) + 1 if len(run) else 1)
    expected = usual.entries[zone] * missed / np.maximum(usual.elsewhere[zone] - missed, 1)
    silences = []
    for number in np.flatnonzero(expected >= LEAST_EXPECTED).tolist():
        there = np.flatnonzero(quiet & (run == number))
        silences.append(ZoneSilence(zone, int(there[0]), int(there[-1]) + 1, int(missed[number]), float(expected[number])))
    return silences
