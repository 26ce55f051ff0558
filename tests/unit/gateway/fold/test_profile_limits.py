"""Limits by profile: a chain whose stores are all calibrated costs each calibration once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from device_profiles.registry import shipped
from gateway.fold import profile_limits
from gateway.fold.estate_index import Estate
from gateway.fold.tables.hash_index import HashIndex
from gateway.site.recorded import RecordedSite

STORES = 300


def chain(margin_db: float = 1.0, stores: int = STORES) -> RecordedSite:
    calibration = {"profile": "ibeacon", "offset_db": {"a": -3, "b": 2}, "margin_db": margin_db}
    zones = [{"name": name} for name in ("a", "b", "c")]
    return RecordedSite.model_validate(
        {"stores": [{"name": f"s{n}", "zones": zones, "calibrations": [calibration | {"confirm_s": n % 7}]} for n in range(stores)]}
    )


def heard_everywhere(estate: Estate) -> list[int]:
    """What a start of the fold does: one store after the other is heard for the first time, and its levels are compared."""
    codes = []
    for n in range(STORES):
        codes.append(estate.profile("ibeacon", f"s{n}"))
        estate.calibrated_dbm(np.full(2, -60, np.int16), np.full(2, codes[-1]), np.full(2, estate.zone(f"s{n}", "a")))
        estate.limits.of(np.array([codes[-1]]))
    return codes


def test_each_calibrated_store_costs_its_own_limits_and_offsets_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Counter[str] = Counter()
    limits_of, put = profile_limits.limits_of, HashIndex.set
    monkeypatch.setattr(profile_limits, "limits_of", lambda *args: made.update(["limits"]) or limits_of(*args))
    monkeypatch.setattr(HashIndex, "set", lambda *args: made.update(["offsets"]) or put(*args))
    estate = Estate(shipped())
    estate.apply(chain())
    heard_everywhere(estate)
    assert (made["limits"], made["offsets"]) == (STORES, 2 * STORES)


def test_columns_have_the_limits_of_each_code_and_follow_a_new_calibration() -> None:
    estate = Estate(shipped())
    estate.apply(chain())
    codes = heard_everywhere(estate)
    profile_s = shipped()["ibeacon"].presence.confirm_min_s
    percent = [round(100 * (n % 7) / profile_s) for n in range(STORES)]
    assert [estate.decided_within_of[code].confirm_percent for code in codes] == percent
    assert estate.decided_within.of(np.array(codes)).confirm_percent.tolist() == percent
    assert estate.apply(chain(2.0)) == frozenset(map(estate.stores.of, (f"s{n}" for n in range(STORES))))
    assert set(estate.limits.of(np.array(codes)).margin_db.tolist()) == {2.0}
    assert not estate.apply(chain(2.0))


def test_an_offset_holds_for_its_store_profile_and_zone_alone_and_ends_with_its_calibration() -> None:
    estate = Estate(shipped())
    estate.apply(chain(stores=2))
    own, plain = estate.profile("ibeacon", "s1"), estate.profile("ibeacon", "s9")
    zone = np.array([estate.zone("s1", name) for name in ("a", "b", "c")])
    assert estate.calibrated_dbm(np.full(3, -60, np.int16), np.full(3, own), zone).tolist() == [-63, -58, -60]
    assert estate.calibrated_dbm(np.full(3, -60, np.int16), np.full(3, plain), zone).tolist() == [-60] * 3
    estate.apply(chain(stores=1))
    assert estate.calibrated_dbm(np.full(3, -60, np.int16), np.full(3, own), zone).tolist() == [-60] * 3


def test_a_store_with_areas_for_a_profile_has_limits_of_its_own_until_they_are_gone() -> None:
    zones = [{"name": name} for name in ("a", "b")]
    areas = [{"zone": name, "profile": "ibeacon", "level_dbm": {"a": -60, "b": -70}} for name in ("a", "b")]
    with_areas, without = (RecordedSite.model_validate({"stores": [{"name": "s0", "zones": zones, "areas": its}]}) for its in (areas, []))
    estate = Estate(shipped())
    estate.apply(without)
    plain_db = estate.limits_of[estate.profile("ibeacon", "s0")].margin_db
    assert estate.apply(with_areas) == frozenset({estate.stores.of("s0")})
    assert estate.limits_of[estate.profile("ibeacon", "s0")].margin_db > plain_db
    assert estate.apply(without) == frozenset({estate.stores.of("s0")})
    assert estate.limits_of[estate.profile("ibeacon", "s0")].margin_db == plain_db
