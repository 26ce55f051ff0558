"""Which receivers of a store a walk lacks: what is judged without them is not the store that runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.calibration.advice import ReceiverHeard
from gateway.calibration.borders import heard_zones
from gateway.calibration.walks import Walk
from gateway.site import Store


def silent_zones(walks: Sequence[Walk], store: Store, now_ns: int | None = None) -> list[str]:
    """Return the zones that have receivers in `site.toml`, none of which heard the carrier. `now_ns`: see `left_out`."""
    heard, listed = heard_zones(walks), set(_receivers(store, now_ns).values())
    return [zone.name for zone in store.zones if zone.name in listed - heard]


def left_out(walks: Sequence[Walk], store: Store, heard: Sequence[ReceiverHeard], now_ns: int) -> list[str]:
    """Return what each receiver lacks that is no part of the walks: those of the recording, of the store, and zones all silent.

    `now_ns`: agents that are not in the store then are none of it. A recording may have other names for receivers than `site.toml`: only
    where it shares one, those that it lacks are known by name. A zone without receivers in `site.toml` may be silent.
    """
    listed = _receivers(store, now_ns)
    mute = [each for each in heard if not each.levels_dbm and (not listed or each.zone in listed.values())]
    found = [f"{each.receiver} ({each.zone}) heard nothing" for each in mute]
    found += [f"{name} ({zone}) of site.toml is not in the mapping" for name, zone in _missing(listed, heard)]
    named = {each.zone for each in mute} | {zone for _, zone in _missing(listed, heard)}
    return found + [f"no receiver of {zone} heard anything" for zone in silent_zones(walks, store, now_ns) if zone not in named]


def _receivers(store: Store, now_ns: int | None) -> dict[tuple[str, str], str]:
    """Return the zone of each receiver, by agent and name."""
    agents = [agent for agent in store.agents if now_ns is None or agent.span(store.zone).meets(now_ns, now_ns)]
    return {(agent.name, name): zone for agent in agents for name, zone in agent.receivers.items()}


def _missing(listed: dict[tuple[str, str], str], heard: Sequence[ReceiverHeard]) -> Iterator[tuple[str, str]]:
    """Yield the receivers of a store that a recording with its names lacks. One by zone alone, as of a live walk, has no names."""
    names = {each.receiver for each in heard}
    if all(each.receiver == each.zone for each in heard) or not names & {name for _, name in listed}:
        return
    for (_, name), zone in listed.items():
        if name not in names:
            yield name, zone
