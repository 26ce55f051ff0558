"""The site that is scored with: calibrated on other runs, or on other carriers, never on what is scored."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Final

from gateway.site import Site
from simulators.accuracy.recorded import TrueRecording

Calibrate = Callable[[TrueRecording, float | None], Site]
"""Of a recording with its truth, and how many seconds of memory areas may have (0: none; None: as the product chooses)."""
CALIBRATE: Final[Calibrate | None] = None
"""None while there is no calibration: then figures are uncalibrated."""


def site_for(scored: Set[str], recording: TrueRecording) -> Site | None:
    """Return the site for the scored runs, fitted on all others of the recording; None if nothing can be fitted."""
    others = recording.only({run.name for run in recording.runs} - scored)
    return CALIBRATE(others, None) if CALIBRATE is not None and others.runs else None


def site_without(scored: Set[str], recording: TrueRecording, memory_s: float) -> Site | None:
    """Return the site for the scored identifiers, fitted on all others of the recording; None if nothing can be fitted."""
    others = recording.of({carried.identifier for carried in recording.carried} - scored)
    return CALIBRATE(others, memory_s) if CALIBRATE is not None and others.carried else None
