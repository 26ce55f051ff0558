"""What a person is to know of a fit: zones that were not walked, heard or set off, those that are confused, calibrations that disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.calibration.borders import LEAST_CROSSINGS, Border, crossings, heard_zones, settable
from gateway.calibration.proposal import Proposal
from gateway.calibration.scoring import Confusion
from gateway.calibration.walks import Walk
from gateway.site.calibrations import Calibration

CONFUSED: Final = 0.1
"""So large a share of a zone's time in another one is worth re-hanging receivers."""
DISAGREE_DB: Final = 4


def findings(proposal: Proposal, walks: Sequence[Walk], zones: Sequence[str], before: Calibration | None) -> list[str]:
    """Return lines for a person; `zones` are the store's, `before` is its calibration so far.

    They are about what holds afterwards: of a fit that does not win nothing is advised.
    """
    found = [*_confidence(walks, zones), *_silent(walks, zones), *_weak_borders(crossings(walks)), *_confused(proposal.best.confusion)]
    if before is not None and proposal.calibration is not None:
        found += _differing(before.offset_db, proposal.calibration.offset_db, zones)
    return found


def _confidence(walks: Sequence[Walk], zones: Sequence[str]) -> Iterator[str]:
    """How much of the store was walked well enough to be judged."""
    walked = {zone for walk in walks for zone in walk.zones()}
    known = [zone for zone in zones if zone in settable(walks)]
    if len(known) == len(zones):
        return
    missed = [zone for zone in zones if zone not in walked]
    why = f": nobody walked through {', '.join(missed)}; their levels are compared as they are." if missed else "."
    yield f"Confidence {len(known) / max(len(zones), 1):.2f}, {len(known)} of {len(zones)} zones could be set off{why}"


def _silent(walks: Sequence[Walk], zones: Sequence[str]) -> Iterator[str]:
    heard = heard_zones(walks)
    walked = {zone for walk in walks for zone in walk.zones()}
    for zone in zones:
        if zone not in heard:
            there = ", not even in it" if zone in walked else ""
            yield f"No receiver of {zone} heard the carrier{there}: look whether it is alive, and where it hangs."


def _weak_borders(crossed: Mapping[Border, int]) -> Iterator[str]:
    """Borders that were crossed once: nothing is left to judge by."""
    for border, times in sorted(crossed.items(), key=lambda item: sorted(item[0])):
        if times < LEAST_CROSSINGS:
            names = " and ".join(sorted(border))
            yield f"The border of {names} was crossed once, so they are not set off: cross it twice at least, in both directions."


def _confused(confusion: Confusion) -> Iterator[str]:
    total: Counter[str] = Counter()
    for (true, _), moments in confusion.items():
        total[true] += moments
    for (true, stored), moments in sorted(confusion.items()):
        if stored and stored != true and moments >= CONFUSED * total[true]:
            share = 100 * moments / total[true]
            yield f"{true} is taken for {stored} for {share:.0f} % of its time: hang their receivers further apart, or lower."


def _differing(before: Mapping[str, int], now: Mapping[str, int], zones: Sequence[str]) -> Iterator[str]:
    """Only differences between zones count: a shift of all is none."""
    change = [now.get(zone, 0) - before.get(zone, 0) for zone in zones]
    if (widest := max(change) - min(change)) >= DISAGREE_DB:
        yield f"The calibration so far disagrees by up to {widest} dB: the newer one is taken, since it wins on walks that were left out."
