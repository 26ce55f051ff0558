"""Named functions that take a device's own values out of what a network wraps them in, before a profile's tables look at them.

A new one is a function `(document) -> document`, which returns what is not its own as it is, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from device_profiles.decoders import hikvision_isapi, milesight_lorawan, milesight_push, speedway_form, xovis_push

UnwrapperName = Literal["hikvision-isapi", "milesight-lorawan", "milesight-push", "speedway-form", "xovis-push"]
UNWRAPPERS: Final[Mapping[UnwrapperName, Callable[[Any], Any]]] = {
    "hikvision-isapi": hikvision_isapi.unwrap,
    "milesight-lorawan": milesight_lorawan.unwrap,
    "milesight-push": milesight_push.unwrap,
    "speedway-form": speedway_form.unwrap,
    "xovis-push": xovis_push.unwrap,
}
