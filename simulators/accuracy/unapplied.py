"""What of a store's calibrations and areas a recording does not get: they hold for one profile, and for the receivers of their time. Pure.

unapplied(store, {"tag01": "ibeacon"}, registry) -> ["the calibration of store 'lab' is for 'ble-tag', and is not applied to ...", ...]
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from gateway.site import Site, Store
from gateway.site.calibration_checks import calibration_faults

MOST_NAMED: Final = 10


def unapplied(store: Store, heard: Mapping[str, str], known: Collection[str]) -> list[str]:
    """Return a sentence for each. `heard`: the profile of each identifier; `known`: the profiles that there are."""
    faults = calibration_faults(Site(brand="recorded", stores=(store,)), known)
    calibrated = f"The calibration of store {store.name!r} is", {calibration.profile for calibration in store.calibrations}
    told_apart = f"The areas of store {store.name!r} are", {area.profile for area in store.areas}
    return [*(f"{fault.what}." for fault in faults), *_others(*calibrated, heard), *_others(*told_apart, heard)]


def _others(what: str, profiles: Collection[str], heard: Mapping[str, str]) -> Iterator[str]:
    of = " and ".join(map(repr, sorted(profiles)))
    for profile in sorted({*heard.values()} - {*profiles}) if profiles else ():
        tags = [identifier for identifier, its in heard.items() if its == profile]
        names = ", ".join(tags[:MOST_NAMED]) + (f" and {len(tags) - MOST_NAMED:,} more" if len(tags) > MOST_NAMED else "")
        yield (
            f"{what} for profile {of}, and not applied to {names}, heard under {profile!r}: state `profile` in the mapping if that is"
            " wrong, or calibrate for it."
        )
