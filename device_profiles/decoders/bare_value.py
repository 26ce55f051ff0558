"""A payload that is one number or word, by MQTT: the topic names what it is about.

A number may be a total, people since the last message, or people now: only who set the device up knows, so it stays a number. A word, such
as `ON` of ESPHome or `true`, states whether somebody is there. The place is the topic with dots; of a long one the last 64 characters.
"""

from __future__ import annotations

from typing import Final

from device_profiles.decoders import scalars
from device_profiles.decoders.paths import PathScope
from device_profiles.reading import Numbered, Occupied

LONGEST: Final = 64


def decode(scope: PathScope, receiver: str) -> Numbered | Occupied:
    place = scalars.name(scope.levels["topic"].replace("/", ".")[-LONGEST:] or "-")
    if type(scope.item) in (int, float):
        return Numbered(scalars.count(scope.item), place)
    return Occupied(int(scalars.truth(scope.item)), False, place)
