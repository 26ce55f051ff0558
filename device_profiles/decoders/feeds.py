"""Named decoders for items of feeds that no table explains. A new one is a function `(scope, receiver) -> Reading`, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from device_profiles.decoders import aprilbrother, bare_value, espresense, minew, shelly, theengs
from device_profiles.decoders.paths import PathScope
from device_profiles.reading import Reading

DecoderName = Literal["april-brother", "bare-value", "espresense", "minew-g1", "shelly-blu", "theengs"]

DECODERS: Final[Mapping[DecoderName, Callable[[PathScope, str], Reading]]] = {
    "april-brother": aprilbrother.decode,
    "bare-value": bare_value.decode,
    "espresense": espresense.decode,
    "minew-g1": minew.decode,
    "shelly-blu": shelly.decode,
    "theengs": theengs.decode,
}
