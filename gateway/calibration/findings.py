"""What a person is to know of a fit: zones that were not walked, heard or set off, receivers to re-hang, calibrations that disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.calibration.advice import ReceiverHeard, advice
from gateway.calibration.borders import LEAST_CROSSINGS, Border, crossings, heard_zones, settable
from gateway.calibration.disagreement import disagreements
from gateway.calibration.proposal import Proposal, calibration_before
from gateway.calibration.walks import Walk
from gateway.site import Store

DISAGREE_DB: Final = 4


def findings(
    proposal: Proposal, walks: Sequence[Walk], store: Store, profile: str, heard: Sequence[ReceiverHeard], walked_s: Mapping[str, int]
) -> list[str]:
    """Return lines for a person. `heard` and `walked_s`: see `advice`.

    They are about what holds afterwards: of a fit that does not win nothing is advised.
    """
    found = [
        *_confidence(proposal, walks, store),
        *_contradicting(walks),
        *_silent(proposal, walks, store),
        *_weak_borders(crossings(walks)),
    ]
    found += advice(heard, walked_s, proposal.best.confusion)
    before = calibration_before(store, profile)
    if before is not None and proposal.calibration is not None:
        found += _differing(before.offset_db, proposal.calibration.offset_db, [zone.name for zone in store.zones])
    return found


def _confidence(proposal: Proposal, walks: Sequence[Walk], store: Store) -> Iterator[str]:
    """How much of the store was walked well enough to be judged."""
    zones = [zone.name for zone in store.zones]
    walked = {zone for walk in walks for zone in walk.zones()}
    judged = {area.zone for area in proposal.areas} or set(settable(walks))
    known = [zone for zone in zones if zone in judged]
    if len(known) == len(zones):
        return
    missed = [zone for zone in zones if zone not in walked]
    why = f": nobody walked through {', '.join(missed)}; their levels are compared as they are." if missed else "."
    yield f"Confidence {len(known) / max(len(zones), 1):.2f}, {len(known)} of {len(zones)} zones could be judged{why}"


def _contradicting(walks: Sequence[Walk]) -> Iterator[str]:
    """Walks that cannot both be right: what is fitted to one is wrong on the other."""
    found = disagreements(walks)
    if not found:
        return
    widest = max(found, key=lambda each: each.apart_db)
    (one, other), (here_dbm, there_dbm) = widest.walks, widest.levels_dbm
    doubted = {name for each in found for name in each.walks}
    yield (
        f"Confidence {1 - len(doubted) / len(walks):.2f}, {len(doubted)} of {len(walks)} walks contradict each other: in {widest.zone} the"
        f" receivers of {widest.by} hear the carrier at {here_dbm:.0f} dBm on {one} and at {there_dbm:.0f} dBm on {other}. A zone was"
        " stated wrongly, or a receiver was re-hung or mapped otherwise in between: leave out the walk that is wrong."
    )


def _silent(proposal: Proposal, walks: Sequence[Walk], store: Store) -> Iterator[str]:
    """Zones that nobody heard. What has no receiver in site.toml can be an area, if the levels of others separate it."""
    heard, areas = heard_zones(walks), {area.zone for area in proposal.areas}
    walked = {zone for walk in walks for zone in walk.zones()}
    with_receivers = {zone for agent in store.agents for zone in agent.receivers.values()}
    for zone in (each.name for each in store.zones if each.name not in heard | areas):
        if with_receivers and zone not in with_receivers:
            if zone in walked:
                yield f"{zone} has no receiver, and the levels of other zones do not separate it: nobody will be stored there."
            continue
        there = ", not even in it" if zone in walked else ""
        yield f"No receiver of {zone} heard the carrier{there}: look whether it is alive, and where it hangs."


def _weak_borders(crossed: Mapping[Border, int]) -> Iterator[str]:
    """Borders that were crossed once: nothing is left to judge by."""
    for border, times in sorted(crossed.items(), key=lambda item: sorted(item[0])):
        if times < LEAST_CROSSINGS:
            names = " and ".join(sorted(border))
            yield f"The border of {names} was crossed once, so they are not set off: cross it twice at least, in both directions."


def _differing(before: Mapping[str, int], now: Mapping[str, int], zones: Sequence[str]) -> Iterator[str]:
    """Only differences between zones count: a shift of all is none."""
    change = [now.get(zone, 0) - before.get(zone, 0) for zone in zones]
    if (widest := max(change) - min(change)) >= DISAGREE_DB:
        yield f"The calibration so far disagrees by up to {widest} dB: the newer one is taken, since it wins on walks that were left out."
