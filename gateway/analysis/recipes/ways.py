"""Which way people take through the zones of a store: of `Footfall.rows("dwell")`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from footfall.errors import ConfigError
from gateway.analysis.recipes.columns import moments, need
from gateway.analysis.recipes.estimates import CONFIDENCE, share


def funnel(dwells: pd.DataFrame, zones: Sequence[str], timeout: str = "30min", confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Return how many ways reach each zone, having been in those before in this order: a row for each of `zones`.

    `zone`; `ways`: who got there; `share_of_first`, `low`, `high`: of those who were in the first zone, with Wilson's interval;
    `share_of_previous`. Other zones in between are no matter. A way is what one subject does in one store without a silence longer
    than `timeout`; staff are left out. Raise ConfigError for a zone that nobody was in.
    """
    ways = _ways(dwells, timeout)
    there = sorted(set(ways["zone"]))
    for zone in zones:
        if zone not in there:
            raise ConfigError(f"nobody was in zone {zone[:80]!r}; the frame has {', '.join(there)}")
    reached = ways[ways["zone"] == zones[0]].groupby("way")["begin"].min()
    rows, first, previous = [], len(reached), len(reached)
    for zone in zones:
        here = ways[ways["zone"] == zone]
        since = here["way"].map(reached)
        reached = here[here["begin"] >= since].groupby("way")["begin"].min()
        found = share(len(reached), first, confidence)
        rows.append((zone, len(reached), found.value, found.low, found.high, len(reached) / previous if previous else np.nan))
        previous = len(reached)
    return pd.DataFrame(rows, columns=["zone", "ways", "share_of_first", "low", "high", "share_of_previous"])


def transitions(dwells: pd.DataFrame, timeout: str = "30min") -> pd.DataFrame:
    """Return from which zone people go to which: `from`, `to`, `ways` (how often), `share` (of all that went on from there).

    `to` is empty where the way ended. What a way is, see `funnel`.
    """
    ways = _ways(dwells, timeout)
    following = ways.groupby("way")["zone"].shift(-1).fillna("")
    counts = pd.DataFrame({"from": ways["zone"], "to": following}).value_counts(sort=False).rename("ways").reset_index()
    return counts.assign(share=counts["ways"] / counts.groupby("from")["ways"].transform("sum"))


def _ways(dwells: pd.DataFrame, timeout: str) -> pd.DataFrame:
    """The dwells in the order of their begin, each with the number of its way."""
    need(dwells, "store", "zone", "subject", "time", "seconds", "is_staff")
    kept = dwells[~dwells["is_staff"].astype(bool)]
    frame = pd.DataFrame(
        {
            "store": kept["store"].astype(str),
            "subject": kept["subject"].astype(str),
            "zone": kept["zone"].astype(str),
            "begin": moments(kept, "time"),
            "end": moments(kept, "time") + pd.to_timedelta(kept["seconds"].to_numpy(np.float64), unit="s"),
        }
    ).sort_values(["store", "subject", "begin"], kind="stable", ignore_index=True)
    before = frame.groupby(["store", "subject"])["end"].shift()
    is_new = before.isna() | (frame["begin"] - before > pd.Timedelta(timeout))
    return frame.assign(way=is_new.cumsum())
