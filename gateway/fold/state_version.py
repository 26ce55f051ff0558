"""The version of the fold's state: which releases' states this one can go on from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgpack

from footfall.errors import ConfigError, Unusable

STATE_VERSION: Final = 6
READ_VERSIONS: Final = (1, 2, 3, 4, 5, 6)
"""1 has no items of goods; before 3 stores had no time of their own, and rows that wait no profile; before 4 no zone was undecided;
before 5 cells had no visits of day subjects, and nobody came in again within a visit;
before 6 links took the place of standings."""
KNOWS_STANDINGS: Final = 6


def load_checked(parts: Mapping[str, bytes], load: Callable[[Mapping[str, Any], Mapping[str, bytes]], None]) -> None:
    """Call `load` with the values of the part `fold`, and all parts.

    Raise ConfigError if a newer release stored them, Unusable if one did that is too old.
    """
    try:
        values = msgpack.unpackb(parts["fold"], strict_map_key=False)
        if values["version"] > STATE_VERSION:
            raise ConfigError(
                f"ledger.db: the fold's state is of another release, a newer one (version {values['version']}, this one has"
                f" {STATE_VERSION}): run that release again, or put back a backup that this one made"
            )
        if values["version"] not in READ_VERSIONS:
            raise Unusable(f"ledger.db: the fold's state is of another release, one too old to be taken over ({values['version']})")
        load(values, parts)
    except (KeyError, IndexError, TypeError, ValueError, msgpack.exceptions.UnpackException) as error:
        raise Unusable(f"ledger.db: the fold's state is of a release too old to be taken over: {error!r}") from error
