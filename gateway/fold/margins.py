"""By how much more than its profile's margin a zone must be ahead of an owner, by where the two are in the store.

One rule for a row alone and for columns.
"""

from __future__ import annotations

from typing import Any

from gateway.fold.state import State


def more_db(state: State, slot: Any, zone: Any) -> Any:
    """Return how much more margin a zone needs to own what a slot's owner has, dB: of walls, and of how few people are there.

    Less than 0 where more are. Staff have no such odds, nor who is outside; where levels decide together these have odds of their own.
    Several slots with a zone each are columns.
    """
    s, estate, prior_db = state.tracks, state.estate, state.zone_shares.prior_db
    owner = s.zone[slot]
    plain = ~(s.staff[slot] | estate.zone_outside[owner] | estate.zone_outside[zone] | estate.joint.stores[s.store[slot]])
    return estate.adjacency.apart_db(owner, zone) + plain * (prior_db[owner] - prior_db[zone])
