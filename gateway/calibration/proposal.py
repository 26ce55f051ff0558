"""What a store is to state of a profile: as it is, or a calibration where that wins on walks that were left out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from footfall.errors import ConfigError
from gateway.calibration.borders import LEAST_CROSSINGS, settable
from gateway.calibration.fit import LEAST_GAIN, Judged, fit_walks, parts_of
from gateway.calibration.scorer import Scorer
from gateway.calibration.settings import calibration_of, settings_of
from gateway.calibration.trials import Workshop
from gateway.calibration.walks import Walk
from gateway.site import Store
from gateway.site.calibrations import Calibration


@dataclass(frozen=True, slots=True)
class Proposal:
    """`before` is as it is; `after` is what was found, each walk judged by the others; None if there is nothing to be found."""

    before: Judged
    after: Judged
    calibration: Calibration | None
    """What is to be written; None if the store is to stay as it is."""
    reason: str = ""
    """Why it is to stay as it is."""

    @property
    def best(self) -> Judged:
        """Return what becomes of walks if the proposal is taken."""
        return self.after if self.calibration else self.before


def calibrate(walks: Sequence[Walk], store: Store, profile: str, workshop: Workshop, made: datetime | None = None) -> Proposal:
    """Return what wins for a profile. A single walk is cut in parts.

    Raise ConfigError if no border is crossed twice, or nothing is heard.
    """
    presence = workshop.profiles[profile].presence
    scorer = Scorer(judged_walks(walks), store, profile, workshop)
    fit = fit_walks(scorer, settings_of(presence, calibration_before(store, profile)), presence.confirm_min_s)
    stated = calibration_of(profile, fit.settings, presence, made)
    scores = {"score_before": round(fit.before.right, 3), "score": round(fit.after.right, 3)}
    reason = _reason(scorer.walks, fit.before, fit.after)
    return Proposal(fit.before, fit.after, None if reason else stated.model_copy(update=scores), reason)


def judged_walks(walks: Sequence[Walk]) -> list[Walk]:
    """Return the walks that a fit leaves out one by one. Raise ConfigError if there are fewer than two."""
    judged = [walk for walk in walks if walk.rows and walk.truth]
    if not judged:
        raise ConfigError("the carrier was not heard on any walk: look whether its profile is right and its battery is full")
    parts = parts_of(judged[0]) if len(judged) == 1 else judged
    if len(parts) < 2:
        raise ConfigError("the walk crosses one border at most, so nothing can be left out to judge by: cross every border twice")
    return parts


def calibration_before(store: Store, profile: str) -> Calibration | None:
    """Return the calibration that a store has for a profile."""
    return next((each for each in store.calibrations if each.profile == profile), None)


def _reason(walks: Sequence[Walk], before: Judged, after: Judged) -> str:
    """Return why nothing is to be written; "" if the fit wins."""
    if not settable(walks):
        return f"no zone was heard and walked through with each of its borders crossed {LEAST_CROSSINGS} times"
    if after.wins_over(before):
        return ""
    gain = 100 * (after.value - before.value)
    if gain >= 100 * LEAST_GAIN:
        return f"it is {gain:.1f} points better on the whole, but worse on half of the walks that were left out, or more"
    better = "no better" if gain <= 0 else f"{gain:.1f} points better"
    return f"on walks that were left out it is {better}, and {100 * LEAST_GAIN:.0f} point is the least that counts"
