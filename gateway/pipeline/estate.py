"""The estate of site.toml that is in force, as status and the watchers of receivers see it. A reload puts another in its place.

estate = Estate(site, profiles)
estate.use(site)            # from then on
estate.agents; estate.uncalibrated; estate.without_level; estate.problems(now_ns)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.calibrations import Calibrations
from gateway.pipeline.receiver_watch import ReceiverWatch, calibrated_zones
from gateway.site import Site
from gateway.site.unheard import uncalibrated_stores, zones_without_level

log = logging.getLogger("footfall.gateway")
NAMED_ZONES: Final = 5
"""So many are named in one line of the log."""


@dataclass(frozen=True, slots=True)
class _InForce:
    agents: Sequence[tuple[str, str]]
    without_tasks: frozenset[str]
    uncalibrated: Sequence[str]
    without_level: Sequence[str]
    calibrations: Calibrations


class Estate:
    """`receivers` watches those of calibrated stores, and goes on with what it heard where a store stays."""

    def __init__(self, site: Site, profiles: Collection[str]) -> None:
        self._profiles: Final = profiles
        self.receivers: Final = ReceiverWatch(calibrated_zones(site))
        self._now = self._look(site)

    def use(self, site: Site) -> None:
        """Put another estate in force, in one step for whoever reads."""
        self.receivers.use(calibrated_zones(site))
        self._now = self._look(site)

    @property
    def agents(self) -> Sequence[tuple[str, str]]:
        """Return store and name of each agent that is there now."""
        return self._now.agents

    @property
    def without_tasks(self) -> frozenset[str]:
        """Return the names of the agents that are there to observe nothing, such as tills and senders of history."""
        return self._now.without_tasks

    @property
    def uncalibrated(self) -> Sequence[str]:
        """Return the stores that are not calibrated, but tell zones apart."""
        return self._now.uncalibrated

    @property
    def without_level(self) -> Sequence[str]:
        """Return the zones without an entrance level where another zone of their store has one."""
        return self._now.without_level

    def problems(self, now_ns: int) -> dict[str, str]:
        """Return what is wrong with calibrations and receivers, a text by code of `gateway.http.alarms.ALARMS`."""
        return self._now.calibrations.problems(now_ns)

    def _look(self, site: Site) -> _InForce:
        without_level = zones_without_level(site)
        if without_level:
            named = ", ".join(without_level[:NAMED_ZONES])
            log.warning("%s zones have no entrance_dbm, though another zone of their store has one: %s", len(without_level), named)
        stationed = site.stationed(time.time_ns())
        agents = [(store.name, agent.name) for store, agent in stationed]
        without_tasks = frozenset(agent.name for _, agent in stationed if agent.tasks == ())
        return _InForce(agents, without_tasks, uncalibrated_stores(site), without_level, Calibrations(site, self._profiles, self.receivers))
