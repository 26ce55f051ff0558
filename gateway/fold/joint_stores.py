"""Where the levels of several receivers or agents decide together which zone has a subject: areas, and zones of mean power."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gateway.fold.area_model import AreaModel, model_of
from gateway.fold.codes import Codes
from gateway.site.recorded import RecordedSite


class ProfileCodes(Protocol):
    """Gives codes of profiles: `Estate`."""

    @property
    def stores(self) -> Codes: ...
    def knows_profile(self, name: str) -> bool: ...
    def profile(self, name: str, store: str = "") -> int: ...


class JointStores:
    """Of the estate in force, by code."""

    def __init__(self) -> None:
        self.areas: dict[tuple[int, int], AreaModel] = {}
        """By store and profile."""
        self.mean_power_zones: frozenset[int] = frozenset()
        """Whose level is the mean power over the agents that hear them; of others it is the strongest agent's."""
        self.stores: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        """By store: whether levels decide together there, if only of one profile."""
        self._mean_power_stores: frozenset[int] = frozenset()

    def apply(self, site: RecordedSite, codes: ProfileCodes, zone: Callable[[str, str], int]) -> None:
        """Put an estate in force whose stores have codes."""
        mean_power = [(store.name, each.name) for store in site.stores for each in store.zones if each.rule == "mean_power"]
        self.mean_power_zones = frozenset(zone(*place) for place in mean_power)
        self._mean_power_stores = frozenset(codes.stores.of(store) for store, _ in mean_power)
        self.areas = {}
        for store in site.stores:
            for profile in dict.fromkeys(area.profile for area in store.areas if codes.knows_profile(area.profile)):
                model = model_of([area for area in store.areas if area.profile == profile], partial(zone, store.name))
                for in_store in (store.name, ""):  # who was there before the store was calibrated has the profile without
                    self.areas[codes.stores.of(store.name), codes.profile(profile, in_store)] = model
        self.stores = np.zeros(len(codes.stores), np.bool_)
        self.stores[[*self._mean_power_stores, *(store for store, _ in self.areas)]] = True

    def decide(self, store: int, profile: int) -> bool:
        """Return whether all levels together decide where carriers of a profile are in a store."""
        return store in self._mean_power_stores or (bool(self.areas) and (store, profile) in self.areas)
