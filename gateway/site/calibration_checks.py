"""Calibrations and areas that do nothing, or that no longer fit the receivers of their store. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from footfall.mistakes import did_you_mean
from gateway.site.site import Site, Store


class CalibrationFault(NamedTuple):
    """`code` is one of gateway/http/alarms.py."""

    code: str
    what: str


def calibration_faults(site: Site, profiles: Collection[str]) -> list[CalibrationFault]:
    """Return what is wrong with an estate's calibrations and areas; `profiles` are those that there are."""
    return [fault for store in site.stores for fault in (*_unknown(store, profiles), *_stale(store))]


def came_since(store: Store, heard: Collection[tuple[str, str, str]]) -> Iterator[CalibrationFault]:
    """Yield the calibrations that were made without one of these receivers (agent, name, zone) whose levels came."""
    for calibration in store.calibrations:
        new = sorted(name for agent, receiver, _ in heard if (name := f"{agent}/{receiver}") not in calibration.receivers)
        if new and calibration.receivers:
            yield _fault(store, calibration.profile, f"{', '.join(new)} came since")


def receivers_of(store: Store) -> dict[str, str]:
    """Return the zone of each receiver that site.toml lists, by `agent/receiver`."""
    return {f"{agent.name}/{name}": zone for agent in store.agents for name, zone in agent.receivers.items()}


def _unknown(store: Store, profiles: Collection[str]) -> Iterator[CalibrationFault]:
    used = [("calibration", each.profile) for each in store.calibrations] + [("areas", each.profile) for each in store.areas]
    for what, profile in dict.fromkeys(used):
        if profile not in profiles:
            near = did_you_mean(profile, profiles)
            yield CalibrationFault("calibration_unused", f"{what} of store {store.name!r}: there is no profile {profile!r}{near}")


def _stale(store: Store) -> Iterator[CalibrationFault]:
    """Receivers that site.toml lists otherwise than when a calibration was made."""
    now = receivers_of(store)
    for calibration in store.calibrations:
        before = calibration.receivers
        if not before or not now:
            continue
        changes = [f"{name} came since" for name in sorted(now.keys() - before.keys())]
        changes += [f"{name} is gone" for name in sorted(before.keys() - now.keys())]
        moved = sorted(name for name in now.keys() & before.keys() if now[name] != before[name])
        changes += [f"{name} hears {now[name]}, then {before[name]}" for name in moved]
        if changes:
            yield _fault(store, calibration.profile, "; ".join(changes))


def _fault(store: Store, profile: str, what: str) -> CalibrationFault:
    return CalibrationFault("calibration_stale", f"store {store.name!r} is calibrated for {profile!r} with other receivers: {what}")
