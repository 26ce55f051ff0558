"""What a person is to know of a fit: zones that were not walked, heard or told apart, and calibrations that disagree. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from gateway.calibration.fit import Fit
from gateway.calibration.walks import Walk
from gateway.site.calibrations import Calibration

CONFUSED: Final = 0.1
"""So large a share of a zone's time in another one is worth re-hanging receivers."""
DISAGREE_DB: Final = 4


def findings(fit: Fit, walks: Sequence[Walk], zones: Sequence[str], before: Calibration | None) -> list[str]:
    """Return lines for a person; `zones` are the store's, `before` is its calibration so far."""
    walked = {zone for walk in walks for zone in walk.zones()}
    heard = {row.zone for walk in walks for row in walk.rows if row.dbm is not None}
    found = []
    if missed := [zone for zone in zones if zone not in walked]:
        share = 1 - len(missed) / len(zones)
        found.append(f"Confidence {share:.2f}: nobody walked through {', '.join(missed)}; their levels are compared as they are.")
    silent = [zone for zone in zones if zone not in heard]
    found += [f"No receiver of {zone} heard the carrier: look whether it is alive, and where it hangs." for zone in silent]
    found += _borders(walks)
    found += _confused(fit.confusion)
    if before is not None and (differing := _differing(before.offset_db, fit.settings.offset_db, zones)):
        rule = "the newer one is taken, since it wins" if fit.wins else "the older one stays, since the newer does not win"
        found.append(f"The calibration so far disagrees by up to {differing} dB: {rule} on walks that were left out.")
    return found


def _borders(walks: Sequence[Walk]) -> Iterator[str]:
    """Borders that were crossed once: nothing is left to judge by."""
    crossed: Counter[frozenset[str]] = Counter()
    for walk in walks:
        zones = [zone for _, zone in walk.truth]
        crossed.update(frozenset(pair) for pair in pairwise(zones) if pair[0] != pair[1])
    for border, times in sorted(crossed.items(), key=lambda item: sorted(item[0])):
        if times == 1:
            yield f"The border of {' and '.join(sorted(border))} was crossed once: cross it twice at least, in both directions."


def _confused(confusion: Mapping[tuple[str, str], int]) -> Iterator[str]:
    total: Counter[str] = Counter()
    for (true, _), moments in confusion.items():
        total[true] += moments
    for (true, stored), moments in sorted(confusion.items()):
        if stored and stored != true and moments >= CONFUSED * total[true]:
            share = 100 * moments / total[true]
            yield f"{true} is taken for {stored} for {share:.0f} % of its time: hang their receivers further apart, or lower."


def _differing(before: Mapping[str, int], now: Mapping[str, int], zones: Sequence[str]) -> int:
    """Return by how much two calibrations differ at most, dB; 0 if by little. Only differences between zones count."""
    change = [now.get(zone, 0) - before.get(zone, 0) for zone in zones]
    widest = max(change) - min(change)
    return widest if widest >= DISAGREE_DB else 0
