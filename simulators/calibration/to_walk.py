"""Which stores are to be calibrated, and with which commands. Pure: an estate in, lines out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.site import Site, Store
from gateway.site.unheard import uncalibrated_stores

MOST: Final = 10
"""Stores that are shown one by one."""


def what_to_walk(site: Path, estate: Site, asked: str | None) -> Iterator[str]:
    """Yield what there is to walk through in the store that is asked for, or in those that nobody calibrated, with the commands."""
    wanted = [asked] if asked else uncalibrated_stores(estate)
    stores = [estate.by_name[name] for name in wanted]
    done = len(estate.stores) - len(stores)
    if not asked:
        yield f"{site}: {len(stores)} of {len(estate.stores)} stores are to be calibrated"
    for store in stores[:MOST]:
        yield from _of_store(site, store)
    if len(stores) > MOST:
        yield f"and {len(stores) - MOST:,} more: --store shows one of them"
    if done and not asked:
        yield f"{done} others are calibrated, or have fewer than two zones"


def _receivers(store: Store) -> dict[str, list[str]]:
    """Return the receivers by zone."""
    found: dict[str, list[str]] = {}
    for agent in store.agents:
        for receiver, zone in agent.receivers.items():
            found.setdefault(zone, []).append(receiver)
    return found


def _of_store(site: Path, store: Store) -> Iterator[str]:
    heard = _receivers(store)
    deaf = [zone.name for zone in store.zones if heard and zone.name not in heard]
    zones = [f"{zone.name} ({' and '.join(heard[zone.name])})" if zone.name in heard else zone.name for zone in store.zones]
    yield f"store {store.name}: walk through {', '.join(zones) or 'nothing'}"
    if deaf:
        yield f"  no receiver of site.toml hears {', '.join(deaf)}: nobody can be found there, and who is will be found in another zone"
    if len(store.zones) < 2:
        yield "  it has fewer than two zones, so there is nothing to tell apart"
        return
    command = f"footfall calibrate {site} --store {store.name}"
    yield f"  now:      {command} --config gateway.toml --beacon TYPE:VALUE   (as `footfall scan` shows it)"
    yield f"  recorded: {command} --recording FOLDER --format csv --mapping columns.toml"
