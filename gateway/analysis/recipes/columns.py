"""What recipes need of a frame: its columns, its moments, its known fans."""

from __future__ import annotations

import pandas as pd

from footfall.errors import ConfigError
from gateway.identity.facts import is_registered


def need(frame: pd.DataFrame, *names: str) -> None:
    """Raise ConfigError if a frame lacks a column, with those that it has."""
    lacking = [name for name in names if name not in frame]
    if lacking:
        raise ConfigError(f"the frame has no column {', '.join(lacking)}; it has {', '.join(map(str, frame))}")


def moments(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of times as moments: the exact ones, where stores have several clocks."""
    exact: pd.Series = frame[f"{name}_utc"] if f"{name}_utc" in frame else frame[name]
    return exact


def local_days(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return the local day of each time of a column."""
    return frame[name].dt.tz_localize(None).dt.normalize()


def of_known_fans(visits: pd.DataFrame) -> pd.DataFrame:
    """Return the visits of known fans who are no staff, in the order of their begin. Raise ConfigError for a frame of something else."""
    need(visits, "started", "fan", "is_staff")
    kept = visits[visits["fan"].fillna("").map(is_registered).astype(bool) & ~visits["is_staff"].astype(bool)]
    return kept.loc[moments(kept, "started").sort_values(kind="stable").index]
