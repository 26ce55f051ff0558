"""What is wrong with the calibrations of the estate that is in force, for status and for the log of a start."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final

from gateway.pipeline.receiver_watch import ReceiverWatch
from gateway.site import Site
from gateway.site.calibration_checks import CalibrationFault, calibration_faults, came_since

log = logging.getLogger("footfall.gateway")


class Calibrations:
    """What can be known at a start is logged then; receivers are watched."""

    def __init__(self, site: Site, profiles: Collection[str], watch: ReceiverWatch) -> None:
        self._faults: Final = calibration_faults(site, profiles)
        self._stores: Final = [store for store in site.stores if store.calibrations]
        self._watch: Final = watch
        for fault in self._faults:
            log.warning("%s", fault.what)

    def problems(self, now_ns: int) -> dict[str, str]:
        """Return what is wrong now, a text by code of `gateway.http.alarms.ALARMS`."""
        came = [fault for store in self._stores for fault in came_since(store, self._watch.receivers(store.name))]
        silent = [
            CalibrationFault("receiver_silent", f"not heard, though its agent is online: {each}") for each in self._watch.silent(now_ns)
        ]
        found: dict[str, list[str]] = {}
        for fault in (*self._faults, *came, *silent):
            found.setdefault(fault.code, []).append(fault.what)
        return {code: "; ".join(dict.fromkeys(whats)) for code, whats in found.items()}
