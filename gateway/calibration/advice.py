"""Which receivers are to be looked at, by what each heard in every zone that was walked. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from gateway.calibration.scoring import Confusion

CONFUSED: Final = 0.1
"""So large a share of a zone's time in another one is worth re-hanging receivers."""
AS_LOUD_DB: Final = 3.0
"""Levels of one place stray by more from one second to the next."""
ADDS_NOTHING_DB: Final = 6.0
RARELY: Final = 0.1


@dataclass(frozen=True, slots=True)
class ReceiverHeard:
    """What one receiver heard. `levels_dbm` and `seconds` are by true zone: its levels, and in how many seconds it had any."""

    receiver: str
    zone: str
    levels_dbm: Mapping[str, Sequence[float]]
    seconds: Mapping[str, int]

    def level_in(self, zone: str) -> float | None:
        """Return the middle level in a zone, dBm; None if it heard nothing there."""
        found = self.levels_dbm.get(zone)
        return median(found) if found else None


def advice(heard: Sequence[ReceiverHeard], walked_s: Mapping[str, int], confusion: Confusion) -> list[str]:
    """Return lines for a person; `walked_s` is how many seconds somebody was in each zone, `confusion` what holds afterwards."""
    found = [line for each in heard for line in _deaf(each, walked_s)]
    alive = [each for each in heard if each.levels_dbm]
    return [*found, *_idle(alive), *(line for pair in _confused(confusion) for line in _of_pair(*pair, alive))]


def _deaf(heard: ReceiverHeard, walked_s: Mapping[str, int]) -> Iterator[str]:
    if not heard.levels_dbm:
        yield f"{heard.receiver} ({heard.zone}) heard nothing on the walk: look whether it is alive."
    elif walked_s.get(heard.zone) and heard.seconds.get(heard.zone, 0) < RARELY * walked_s[heard.zone]:
        where = "does it hang where site.toml has it?"
        yield f"{heard.receiver} hardly heard the carrier in its own zone {heard.zone}, but did elsewhere: {where}"


def _idle(heard: Sequence[ReceiverHeard]) -> Iterator[str]:
    """Receivers that hear nothing which a neighbour of their zone does not hear better."""
    for each in heard:
        for other in heard:
            if other is not each and other.zone == each.zone and _adds_nothing(each, other):
                less = f"hears nothing that {other.receiver} of the same zone does not hear better"
                yield f"{each.receiver} {less}: hang it elsewhere in {each.zone}."
                break


def _adds_nothing(one: ReceiverHeard, other: ReceiverHeard) -> bool:
    pairs = [(one.level_in(zone), other.level_in(zone)) for zone in one.levels_dbm]
    return all(level is None or (better is not None and better >= level + ADDS_NOTHING_DB) for level, better in pairs)


def _confused(confusion: Confusion) -> Iterator[tuple[str, str, float]]:
    """Yield each zone that is taken for another one, and for what share of its time."""
    total: dict[str, int] = {}
    for (true, _), moments in confusion.items():
        total[true] = total.get(true, 0) + moments
    for (true, stored), moments in sorted(confusion.items()):
        if stored and stored != true and moments >= CONFUSED * total[true]:
            yield true, stored, moments / total[true]


def _of_pair(true: str, stored: str, share: float, heard: Sequence[ReceiverHeard]) -> Iterator[str]:
    """One line for each receiver that hears both zones alike; else one for all."""
    what = f"{true} is taken for {stored} for {100 * share:.0f} % of its time"
    found = []
    for each in heard:
        at = each.level_in(each.zone)
        there = each.level_in(true if each.zone == stored else stored)
        if each.zone in (true, stored) and at is not None and there is not None and there >= at - AS_LOUD_DB:
            other = true if each.zone == stored else stored
            levels = f"{there:.0f} and {at:.0f} dBm"
            found.append(
                f"{what}: {each.receiver} hears {other} as loud as {each.zone} ({levels}): hang it further from {other}, or lower."
            )
    yield from found or [f"{what}: hang their receivers further apart, or lower."]
