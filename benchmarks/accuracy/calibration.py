"""The site that a run is scored with: calibrated on the other runs alone, never on the run itself."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Final

from gateway.site import Site
from simulators.accuracy.recorded import TrueRecording

CALIBRATE: Final[Callable[[TrueRecording], Site] | None] = None
"""Makes a calibrated site of the runs that it is given; None while there is no calibration: then figures are uncalibrated."""


def site_for(scored: Set[str], recording: TrueRecording) -> Site | None:
    """Return the site for the scored runs, fitted on all others of the recording; None if nothing can be fitted."""
    others = recording.only({run.name for run in recording.runs} - scored)
    return CALIBRATE(others) if CALIBRATE is not None and others.runs else None
