"""The site that is scored with: calibrated on other runs, or on other carriers, never on what is scored."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Final

from device_profiles.registry import shipped
from gateway.calibration.areas import STAY_S, fit_areas, stale_ns_of
from gateway.calibration.proposal import calibrate
from gateway.site import Site
from simulators.accuracy.recorded import TrueRecording
from simulators.calibration.recorded_walks import walks_of, workshop

FORGETFUL_S: Final = 1.0
"""Of areas without memory: whoever was in one a second ago may be anywhere."""


def calibrated_site(others: TrueRecording, memory_s: float | None) -> Site | None:
    """Return the site that is fitted on a recording; as it was if the fit does not win there, each run left out in turn.

    With a memory it has areas instead: with 0 s areas that are forgotten at once, else those that the product fits.
    """
    walks, presence, site = walks_of(others), shipped()[others.profile].presence, others.site()
    if memory_s is not None:
        areas = fit_areas(walks, others.profile, stale_ns_of(presence), FORGETFUL_S if memory_s == 0 else STAY_S)
        return site.model_copy(update={"stores": (site.stores[0].model_copy(update={"areas": tuple(areas)}),)})
    found = calibrate(walks, site.stores[0], others.profile, workshop())
    return site.model_copy(update={"stores": (found.put_into(site.stores[0]),)})


Calibrate = Callable[[TrueRecording, float | None], Site | None]
"""Of a recording with its truth, and how many seconds of memory areas may have (0: none; None: as the product chooses)."""
CALIBRATE: Final[Calibrate] = calibrated_site


def site_for(scored: Set[str], recording: TrueRecording) -> Site | None:
    """Return the site for the scored runs, fitted on all others of the recording; None if nothing can be fitted."""
    others = recording.only({run.name for run in recording.runs} - scored)
    return CALIBRATE(others, None) if others.runs else None


def site_without(scored: Set[str], recording: TrueRecording, memory_s: float) -> Site | None:
    """Return the site for the scored identifiers, fitted on all others of the recording; None if nothing can be fitted."""
    others = recording.of({carried.identifier for carried in recording.carried} - scored)
    return CALIBRATE(others, memory_s) if others.carried else None
