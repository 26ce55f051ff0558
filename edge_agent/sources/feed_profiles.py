"""Which profile reads a message that a device published, or what such a message relays.

    readings_of(profiles, transport, message) -> (profile, readings)

The most specific profile reads it. Messages of one vendor may look like another's heartbeat, or like counts in a form that is not known:
where the most specific profile reads nothing of a feed's message, any other that takes it and reads something is the one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from device_profiles.profile import Profile
from device_profiles.reading import Reading
from device_profiles.registry import Registry
from edge_agent.sources.border import refusal
from footfall.errors import ProfileError

UNKNOWN: Final = "feed.unknown"
_FEED: Final = "feed"


def readings_of(profiles: Registry, transport: str, message: Any) -> tuple[Profile, Sequence[Reading]]:
    """Return the readings, and whose they are. Raise ProfileError, with the reason, if no profile takes it or none can read it."""
    try:
        profile = profiles.best(transport, message)
        if profile is None:
            raise ProfileError(f"{transport}.unknown", "no profile takes it")
        return _read(profiles, profile, message) if transport == _FEED else (profile, profiles.readings(profile, message))
    except Exception as error:  # whatever one message does, its neighbours are heard
        raise refusal(error) from error


def _read(profiles: Registry, best: Profile, message: Any) -> tuple[Profile, Sequence[Reading]]:
    try:
        if readings := profiles.readings(best, message):
            return best, readings
    except ProfileError:
        if (found := _by_another(profiles, best, message)) is not None:
            return found
        raise
    return _by_another(profiles, best, message) or (best, ())


def _by_another(profiles: Registry, best: Profile, message: Any) -> tuple[Profile, Sequence[Reading]] | None:
    for _, other in profiles.takers(_FEED, message):
        with suppress(ProfileError):
            if other is not best and (readings := profiles.readings(other, message)):
                return other, readings
    return None
