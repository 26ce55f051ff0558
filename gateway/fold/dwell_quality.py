"""How good the evidence of a dwell's zone is, in percent, as it was when the zone was decided.

It is by how much the zone was ahead that counts: two levels stray against each other by some dB, less where they average more sightings.
So a lead of `d` dB, where levels stray by `s`, is right in about d² of d² + s² cases. Who went back and forth before is less sure,
so is who appears deep inside a store without having come through its entrance, a zone that is decided because the one before fell
silent, and one in which somebody is only supposed. docs/accuracy.md has what share of seconds was right by quality, in simulated stores.

One rule for a row alone and for columns.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gateway.fold.decision_rules import margin_of
from gateway.fold.sighted import sighted_of
from gateway.fold.state import State
from gateway.fold.zone_rules import ZoneLimits

STRAY_DB: Final = 4.0
"""How far levels of one place stray: bodies and shelves."""
MOUNTING_DB: Final = 2.0
"""How far receivers that nobody calibrated differ, besides."""
SILENT_DB: Final = 40
"""No lead between two levels is so long: the owner sent an EXIT, or no other zone heard the subject."""
SILENCE_WORTH_DB: Final = 6.0
WARY_DB: Final = 2.0
"""So much of `Tracks.wary_db` halves the quality."""
UNSEEN_SHARE: Final = 0.75
"""What is left of it where nobody saw the subject come in."""
SUPPOSED_SHARE: Final = 0.7
"""What is left of it in a zone that is deaf: nobody heard the subject there."""
_ONE: Final = ZoneLimits(0, 0, 0, 1.0)


def sure_percent(state: State, slot: Any, zone: Any, time_ns: Any) -> Any:
    """Return how good the evidence is for a zone that a slot, or each of several, gets at a time."""
    t, estate = state.tracks, state.estate
    ahead_db = np.asarray(t.lead_db[slot]).astype(np.float64)
    ahead_db = np.where(ahead_db >= SILENT_DB, SILENCE_WORTH_DB, np.maximum(ahead_db, 0.0))
    sharp = margin_of(sighted_of(t, slot), 0, _ONE)
    stray_db2 = (STRAY_DB**2 + np.where(estate.profile_calibrated[t.profile[slot]], 0.0, MOUNTING_DB**2)) * sharp**2
    share = ahead_db**2 / (ahead_db**2 + stray_db2) * WARY_DB / (WARY_DB + t.wary_db[slot])
    is_new = (t.v_state[slot] == 0) | (time_ns - t.v_last_ns[slot] > estate.timeout_ns[t.store[slot]])
    share *= np.where(state.deaf_zones.are_deaf(zone), SUPPOSED_SHARE, 1.0)
    percent = np.rint(100 * np.where(is_new & estate.adjacency.deep[zone], UNSEEN_SHARE, 1.0) * share).astype(np.uint8)
    return percent if percent.ndim else percent.item()
