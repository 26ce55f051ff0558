"""Messages: edges of light beams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from device_profiles.device import Device
from device_profiles.reading import Reading


class Beams(Device):
    """To be written by its owner."""

    transport: Literal["beams"]

    def specificity(self, message: Any) -> int:
        raise NotImplementedError

    def decode(self, message: Any) -> Sequence[Reading]:
        raise NotImplementedError

    def message(self, values: Mapping[str, Any]) -> Any:
        raise NotImplementedError
