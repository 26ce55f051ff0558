"""Walks whose levels are known, and what they are played with."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest

from device_profiles.registry import shipped
from footfall.units import NS_PER_S
from gateway.calibration import fit
from gateway.calibration.trials import Workshop
from gateway.calibration.walks import LevelRow, Walk
from gateway.site import Site, Store
from tests.support.memory_fold_store import MemoryStore
from tests.support.whole import small_or_whole

PROFILE: Final = "ble-tag"
STAY_S: Final = 20
ZONES: Final = ("inside", "outside")
WORKSHOP: Final = Workshop(shipped(), MemoryStore)


def less_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """In small, let a fit try few margins and stamps, once: how good it is, is not the matter of who calls this."""
    for name, value in small_or_whole((("ROUNDS", 1), ("MARGINS_DB", (2.0,)), ("BACKS_S", (0.0, 1.0))), ()):
        monkeypatch.setattr(fit, name, value)


def store_of(*zones: str, **more: object) -> Store:
    listed = [{"name": zone, "type": "outside" if zone == "outside" else "other"} for zone in zones or ZONES]
    return Site.model_validate({"brand": "b", "stores": [{"name": "s", "zones": listed, **more}]}).stores[0]


def walk(name: str, louder_db: float, late_s: float = 0.0, stays: int = 4, noise_db: float = 1.0) -> Walk:
    """Somebody goes in and out every 20 s. Receivers inside are louder by so much, and levels follow so late."""
    random, rows, truth = Random(name), [], []
    for tenth in range(0, stays * STAY_S * 10, 2):
        at_s = tenth / 10
        truth.append((round(at_s * NS_PER_S), ZONES[int(at_s // STAY_S) % 2]))
        if tenth % 10 == 0:
            heard = ZONES[int(max(at_s - late_s, 0) // STAY_S) % 2]
            for zone in ZONES:
                dbm = -60 - 10 * (zone != heard) + louder_db * (zone == "inside") + random.gauss(0, noise_db)
                rows.append(LevelRow(round(at_s * NS_PER_S) + 1, zone, "x", dbm, sightings=10))
    return Walk(name, rows, truth)
