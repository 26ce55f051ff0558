"""Where subjects are now: the zone that owns them, or, while nothing is decided, where they probably are. Pure.

What is stored waits until it is decided; who looks at what is going on need not wait. Nothing that is stored follows from this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.fold.dwell_rows import OPEN
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED, LEADS


class ZonesNow(NamedTuple):
    """Columns, an entry a track that is heard."""

    slot: npt.NDArray[Any]
    zone: npt.NDArray[np.int32]
    since_ns: npt.NDArray[np.int64]
    """From when on the zone has, or would have, the subject."""
    is_decided: npt.NDArray[np.bool_]
    """False: a zone leads, and may still fall behind, or the first zone settles."""

    def take(self, which: npt.NDArray[np.bool_]) -> ZonesNow:
        """Return some of them."""
        return ZonesNow(self.slot[which], self.zone[which], self.since_ns[which], self.is_decided[which])


def zones_now(state: State, slots: npt.NDArray[Any]) -> ZonesNow:
    """Return where the subjects of slots are; those that are nowhere are left out.

    A challenger counts as soon as it is ahead of the owner by the margin that it needs: what a decision waits for beyond that is time.
    """
    s = state.tracks
    is_open = (s.contest[slots] != DECIDED) & s.lead_clear[slots]
    zone = np.where(is_open, s.lead_zone[slots], np.where(s.d_state[slots] == OPEN, s.zone[slots], NO_CODE))
    since_ns = np.where(is_open, _lead_ns(state, slots), s.d_start_ns[slots])
    return ZonesNow(slots, zone, since_ns, ~is_open).take(zone != NO_CODE)


def _lead_ns(state: State, slots: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """When a change would be stamped if it was decided now, as `ZoneContest` does."""
    s, profile = state.tracks, state.tracks.profile[slots]
    lead_ns = s.lead_ns[slots]
    in_time = (s.contest[slots] == LEADS) & (s.behind_ns[slots] - s.own_ns[slots] <= state.estate.limits.stale_ns[profile])
    back_ns = np.where(in_time, state.estate.decided_within.back_ns[profile], 0)
    found: npt.NDArray[np.int64] = np.where(in_time, np.maximum(lead_ns - back_ns, s.d_start_ns[slots]), lead_ns)
    return found
