"""The boots of a machine, in order, and how long each lasted at least. Pure.

    boots = Boots([("b1", 3_600 * S), ("b2", 60 * S)])
    boots.lasted(boot, until_ns) -> bool        # from its spooled frames; True: more is known now
    boots.apart_ns(boot) -> int                 # the least time from its beginning to the beginning of the present, last boot

A boot ended before the next one began. So what is known of each adds up, however wrong the wall clock was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from footfall.frames import RUN


class Boots:
    """The boots of one machine; the last is the present one."""

    def __init__(self, lengths: Iterable[tuple[str, int]] = ()) -> None:
        self._lengths_ns: Final = dict(lengths)

    def lasted(self, boot: str, until_ns: int) -> bool:
        """Record that `boot` lasted at least until `until_ns` of its own clock. Return whether that was not known."""
        known_ns = self._lengths_ns.get(boot, -1)
        self._lengths_ns[boot] = max(known_ns, until_ns)
        return until_ns > known_ns

    def length_ns(self, boot: str) -> int:
        return self._lengths_ns[boot]

    def apart_ns(self, boot: str) -> int:
        """Return the least time from the start of `boot` to the start of the present one; 0 for that one, or if nothing is known.

        Where the machine names no boots, each run of the agent counts as one, though the clock may have gone on. So lengths are not summed.
        """
        names = list(self._lengths_ns)
        if boot not in self._lengths_ns or any(name.startswith(RUN) for name in names[names.index(boot) :]):
            return 0
        return sum(self._lengths_ns[name] for name in names[names.index(boot) : -1])
