"""When a contest is decided, and since when: how long a zone settles or leads, by which margin, and when the owner lost the subject.

Everything follows how often the subject itself is heard. Whoever goes back and forth is waited for longer (`wary_after`). A lead that
begins with the owner's silence may be nothing but a message that one receiver missed and another heard. So it lasts until the subject was
heard for a while since, and lapses if it never is: who goes out of the door was in the door's zone last.

Operators only, so each function takes numbers of one slot or columns.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.fold.zone_rules import ZoneLimits

STALE_PERCENT: Final = 220
"""An owner whose rows fail to come for two of the usual gaps, and some for frames to arrive, may lose its subject to any other."""
LOST_PERCENT: Final = 320
"""Of an interval: three sightings in a row are lost at times."""
SETTLE_SIGHTINGS: Final = 5
CONFIRM_SIGHTINGS: Final = 8
"""A level is an average over five to eight sightings: so many bring one that owes little to the one before."""
SHARP_SIGHTINGS: Final = 5
SHARP_NS: Final = 1_500_000_000
LEAST_SHARE: Final = 0.2
"""A level of five sightings in 1.5 s, which is the agent's shortest average, needs the whole margin; of more a share, a fifth at least."""
STRONG_DB: Final = 3
"""Who is ahead by so much more than the margin has moved for sure; by more where levels are dull (`dullness_of`)."""
WEAK_CONFIRMS: Final = 2
"""A lead that is clear and not strong may be a body in the way, for as long as somebody stands so: it takes so many confirm times, and
more where levels are dull."""
MOST_DULL: Final = 2
MOST_WARY_DB: Final = 12
SUPPOSED_CONFIRMS: Final = 4
"""Who leaves a store is heard ever more weakly as well, and for no longer than that."""
HELD_CONFIRMS: Final = 4
"""Equal levels change places well within so many confirm times: they stray for two or three of them at most."""


class DecisionLimits(NamedTuple):
    """Within which bounds a profile's zones are decided: the first one is settled, and another confirmed that leads."""

    settle_min_ns: Any
    settle_max_ns: Any
    confirm_min_ns: Any
    confirm_max_ns: Any
    back_ns: Any = 0
    """A change is stamped so long before the row with which another zone went ahead: levels follow so late."""
    confirm_percent: Any = 100
    """So much of the time to confirm a change is enough here, by a calibration."""
    weak_confirms: Any = WEAK_CONFIRMS
    """So many confirm times a lead takes that is clear and not strong; 1 between areas, which have weighed a body in the way."""

    def of(self, profile: npt.NDArray[Any]) -> DecisionLimits:
        """Return the limits of each row, from columns by profile."""
        return DecisionLimits(*[limit[profile] for limit in self])


class Sighted(NamedTuple):
    """How often a subject was heard, as numbers of one subject or as columns: over how long, in how many sightings and rows."""

    span_ns: Any
    sightings: Any
    rows: Any


class Lead(NamedTuple):
    """A lead, as numbers of one slot or as columns."""

    behind_ns: Any
    """Since when the owner is behind."""
    own_ns: Any
    """The owner's latest evidence."""
    last_ns: Any
    """The subject's latest evidence."""
    faint_ns: Any = 0
    """Since when the owner hears the subject more weakly than those who are there, 0: it does not."""


def margin_of(heard: Sighted, wary_db: Any, limits: ZoneLimits) -> Any:
    """Return by how much a zone must be ahead of the owner to own the subject, dB.

    A level averages the sightings of some seconds: the more there are, the sharper it is, and the less margin it needs. Whoever goes back
    and forth between two zones needs more of it (`wary_after`).
    """
    share = 1 - (heard.sightings > 0) * _larger(1 - _spread(heard), 0)
    return limits.margin_db * _larger(share, LEAST_SHARE) + wary_db


def strong_db(heard: Sighted, limits: DecisionLimits) -> Any:
    """Return by how much more than the margin a zone must be ahead to be so for sure, dB; areas weigh how dull levels are themselves."""
    return STRONG_DB * (1 + (limits.weak_confirms > 1) * (dullness_of(heard) - 1))


def dullness_of(heard: Sighted) -> Any:
    """Return by how much longer a level stands than its shortest: 1 for five sightings in 1.5 s and more, MOST_DULL for one a second.

    What averages sightings of many seconds has contradicted itself less often, when a confirm time is over.
    """
    dull = 1 + (heard.sightings > 0) * _larger(_spread(heard) - 1, 0)
    return dull - _larger(dull - MOST_DULL, 0)


def _spread(heard: Sighted) -> Any:
    """Return the root of the time that a level averages over, by the agent's shortest: so its noise goes."""
    return np.sqrt(SHARP_SIGHTINGS * heard.span_ns / (_larger(heard.sightings, 1) * SHARP_NS))


def wary_after(wary_db: Any, returns: Any, strong: Any) -> Any:
    """Return how much more margin a subject needs after a change: a dB for each time that it went back without a clear difference."""
    more_db = wary_db + returns
    return (more_db - _larger(more_db - MOST_WARY_DB, 0)) * (1 - strong)


def wary_left(wary_db: Any, led_ns: Any, heard: Sighted, limits: DecisionLimits) -> Any:
    """Return what is left of that margin for a zone that has led for so long without a break: after some confirm times a dB less for each.

    Levels that are equal but for noise change places sooner; somebody who went to the other zone again stays ahead there.
    """
    return _larger(wary_db - _larger(led_ns // _larger(confirms_ns(heard, limits), 1) - HELD_CONFIRMS, 0), 0)


def lasts_ns(settles: Any, clear: Any, strong: Any, wary_db: Any, heard: Sighted, limits: DecisionLimits, supposed: Any = False) -> Any:
    """Return how long a contest lasts: to settle, or to be confirmed.

    A lead that is not clear lapses after twice that, and as much later as it takes to be trusted in spite of the returns before.
    One that is clear and not strong is confirmed as late (`WEAK_CONFIRMS`), or later where levels are dull. One of a zone in which the
    subject is only supposed takes SUPPOSED_CONFIRMS.
    """
    weak = (limits.weak_confirms - 1) * dullness_of(heard)
    confirms = 1 + (clear > strong) * weak + (1 - clear) * (1 + (wary_db > 0) * (HELD_CONFIRMS + wary_db))
    confirms = confirms + supposed * _larger(SUPPOSED_CONFIRMS - confirms, 0)
    confirmed_ns = _whole(confirms_ns(heard, limits) * confirms)
    return confirmed_ns + settles * (settles_ns(heard, limits) - confirmed_ns)


def follow(limits: ZoneLimits, heard: Sighted) -> ZoneLimits:
    """Return a profile's limits for a subject that is heard so often: what is stale follows its own intervals, of rows and of sightings.

    A row comes with the first sighting after a STAY period, and some sightings in a row may be lost. It is never earlier than the profile
    has it, and no later than an owner loses the subject in any case.
    """
    rows_ns = STALE_PERCENT * heard.span_ns // (100 * _larger(heard.rows, 1))
    lost_ns = LOST_PERCENT * heard.span_ns // (100 * _larger(heard.sightings, 1))
    own_ns = _larger(rows_ns, 100 * limits.stale_ns // STALE_PERCENT + lost_ns)
    stale_ns = limits.stale_ns + (heard.sightings > 0) * _larger(own_ns - limits.stale_ns, 0)
    return limits._replace(stale_ns=limits.gap_ns - _larger(limits.gap_ns - stale_ns, 0))


def settles_ns(heard: Sighted, limits: DecisionLimits) -> Any:
    """Return how long all zones are weighed before the first one is decided."""
    sightings_ns = SETTLE_SIGHTINGS * heard.span_ns // _larger(heard.sightings, 1)
    return _within(sightings_ns, heard, limits.settle_min_ns, limits.settle_max_ns)


def confirms_ns(heard: Sighted, limits: DecisionLimits) -> Any:
    """Return for how long another zone must lead until it owns the subject: rows that could contradict it must have come, too."""
    sightings_ns, rows_ns = (
        CONFIRM_SIGHTINGS * heard.span_ns // _larger(heard.sightings, 1),
        5 * heard.span_ns // _larger(4 * heard.rows, 1),
    )
    return _within(_larger(sightings_ns, rows_ns), heard, limits.confirm_min_ns, limits.confirm_max_ns) * limits.confirm_percent // 100


def is_backed(lead: Lead, heard: Sighted, limits: DecisionLimits, supposed: Any = False) -> Any:
    """Return whether a lead may be decided: the owner was heard while it fell behind, or others were for longer than messages are lost.

    Where nobody heard the subject in the zone that leads, it was heard elsewhere for as long as the lead takes.
    """
    backed = (lead.own_ns > lead.behind_ns) | (lead.last_ns - lead.own_ns >= settles_ns(heard, limits))
    return backed & (supposed <= (lead.last_ns - lead.behind_ns >= SUPPOSED_CONFIRMS * confirms_ns(heard, limits)))


def left_ns(lead: Lead, silent: Any, heard: Sighted, limits: DecisionLimits) -> Any:
    """Return when the owner lost the subject: its level averages as many sightings as settle a zone, so it falls behind so much later.

    One that fell silent had the subject until it was heard last. Between two zones nobody has it: one that heard it more and more weakly
    had it for as long as it heard it well.
    """
    behind_ns = lead.behind_ns - (1 - silent) * settles_ns(heard, limits)
    left = behind_ns - _larger(behind_ns - lead.own_ns, 0)
    return left - (lead.faint_ns > 0) * _larger(left - lead.faint_ns, 0)


def _within(time_ns: Any, heard: Sighted, least_ns: Any, most_ns: Any) -> Any:
    """Return a time within its bounds; the longest of a subject whose interval nobody knows."""
    bounded = least_ns + _larger(time_ns - least_ns, 0)
    return most_ns - (heard.sightings > 0) * _larger(most_ns - bounded, 0)


def _whole(value: Any) -> Any:
    return np.asarray(value).astype(np.int64)[()]


def _larger(value: Any, other: Any) -> Any:
    return value + (other > value) * (other - value)
