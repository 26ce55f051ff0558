"""What a store is to state of a profile: as it is, a calibration, areas, or none, whichever wins on walks that were left out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from footfall.errors import ConfigError
from gateway.calibration.areas import NO_OFFSETS, fit_areas, may_have_areas, stale_ns_of
from gateway.calibration.borders import LEAST_CROSSINGS, settable
from gateway.calibration.fit import LEAST_GAIN, Judged, fit_walks, judged_as, parts_of
from gateway.calibration.left_out import silent_zones
from gateway.calibration.scorer import Scorer
from gateway.calibration.settings import calibrated, calibration_of, settings_of
from gateway.calibration.trials import Trial, Workshop, play
from gateway.calibration.walks import Walk
from gateway.site import Store
from gateway.site.areas import Area
from gateway.site.calibration_checks import receivers_of
from gateway.site.calibrations import Calibration


@dataclass(frozen=True, slots=True)
class Proposal:
    """`before` is as it is; `after` is what was found, each walk judged by the others. A calibration or areas are written."""

    before: Judged
    after: Judged
    calibration: Calibration | None = None
    areas: tuple[Area, ...] = ()
    drops_areas_of: str = ""
    """The profile whose areas are to go, since the store is better without; with a calibration, if there is one."""
    reason: str = ""
    """Why the store is to stay as it is."""

    @property
    def best(self) -> Judged:
        """Return what becomes of walks if the proposal is taken."""
        return self.after if self.calibration or self.areas or self.drops_areas_of else self.before

    def put_into(self, store: Store) -> Store:
        """Return a store with what is proposed, in the place of what it has for the profile."""
        if self.drops_areas_of:
            store = without_areas(store, self.drops_areas_of)
        if self.calibration:
            return calibrated(store, self.calibration)
        return with_areas(store, self.areas) if self.areas else store


def calibrate(walks: Sequence[Walk], store: Store, profile: str, workshop: Workshop, made: datetime | None = None) -> Proposal:
    """Return what wins for a profile. A single walk is cut in parts.

    Raise ConfigError if no border is crossed twice, or nothing is heard.
    """
    scorer = Scorer(judged_walks(walks), store, profile, workshop)
    found = _fitted(scorer, made)
    if may_have_areas(scorer.walks) and not silent_zones(walks, store):
        found = _with_areas(scorer, found)
    bare = without_areas(store, profile)
    return found if bare == store else _without_areas(Scorer(scorer.walks, bare, profile, workshop), found, made)


def _fitted(scorer: Scorer, made: datetime | None) -> Proposal:
    """Return a calibration, in a store whose areas stay as they are; or why there is none."""
    store, profile, presence = scorer.store, scorer.profile, scorer.workshop.profiles[scorer.profile].presence
    fit = fit_walks(scorer, settings_of(presence, calibration_before(store, profile)), presence.confirm_min_s)
    stated = calibration_of(profile, fit.settings, presence, made)
    more = {"score_before": round(fit.before.right, 3), "score": round(fit.after.right, 3), "receivers": receivers_of(store)}
    reason = _reason(scorer.walks, fit.before, fit.after)
    return Proposal(fit.before, fit.after, None if reason else stated.model_copy(update=more), reason=reason)


def _without_areas(scorer: Scorer, found: Proposal, made: datetime | None) -> Proposal:
    """Return that the areas go, where a store without them (that of the scorer) wins over a proposal."""
    bare = _fitted(scorer, made)
    if not bare.best.wins_over(found.best):
        return found
    calibration = bare.calibration and bare.calibration.model_copy(update={"score_before": round(found.before.right, 3)})
    return replace(bare, before=found.before, after=bare.best, calibration=calibration, drops_areas_of=scorer.profile, reason="")


def _with_areas(scorer: Scorer, found: Proposal) -> Proposal:
    """Return areas in the place of a proposal that they win over, each walk judged by areas of the others."""
    walks, every = scorer.walks, range(len(scorer.walks))
    stores = [with_areas(scorer.store, _areas(scorer, [walks[other] for other in every if other != number])) for number in every]
    played = play([Trial(store, number) for number, store in enumerate(stores)], walks, scorer.profile, scorer.workshop)
    judged = judged_as(played, walks)
    return Proposal(found.before, judged, areas=_areas(scorer, walks)) if judged.wins_over(found.best) else found


def _areas(scorer: Scorer, walks: Sequence[Walk]) -> tuple[Area, ...]:
    before, stale_ns = calibration_before(scorer.store, scorer.profile), stale_ns_of(scorer.workshop.profiles[scorer.profile].presence)
    return tuple(fit_areas(walks, scorer.profile, stale_ns, offset_db=before.offset_db if before else NO_OFFSETS))


def with_areas(store: Store, areas: Sequence[Area]) -> Store:
    """Return a store with areas of one profile, in the place of those that it has for it."""
    profiles = {area.profile for area in areas}
    return store.model_copy(update={"areas": (*(area for area in store.areas if area.profile not in profiles), *areas)})


def without_areas(store: Store, profile: str) -> Store:
    """Return a store without the areas of a profile."""
    return store.model_copy(update={"areas": tuple(area for area in store.areas if area.profile != profile)})


def judged_walks(walks: Sequence[Walk]) -> list[Walk]:
    """Return the walks that a fit leaves out one by one. Raise ConfigError if there are fewer than two."""
    judged = [walk for walk in walks if walk.rows and walk.truth]
    if not judged:
        raise ConfigError("the carrier was not heard on any walk: look whether its profile is right and its battery is full")
    parts = parts_of(judged[0]) if len(judged) == 1 else judged
    if len(parts) < 2:
        zones = judged[0].zones()
        where = f"is in {zones[0]} alone" if len(zones) == 1 else f"goes through {' and '.join(zones)}"
        raise ConfigError(
            f"the walk {where} and crosses one border at most, so nothing can be left out to judge by: walk through every zone of the"
            " store, and cross every border twice"
        )
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
