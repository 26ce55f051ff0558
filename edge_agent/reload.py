"""What SIGHUP changes of a running agent: sources, profiles, keys and the levels of receivers. Everything else needs a restart.

asked = ask(settings, now)          # what a changed agent.toml asks for, beside what is in use; ConfigError: what is wrong
asked.ended, asked.begun            # names of sources that end, and sources that begin
asked.needs_restart                 # keys whose change is not taken
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from device_profiles.ble_keys import read_ble_keys
from device_profiles.registry import Registry
from edge_agent.config import AgentSettings
from edge_agent.keys import read_keys
from edge_agent.sources.kinds import AnySource
from footfall.config import changed_keys
from footfall.errors import ConfigError
from footfall.sealing import read_public_key

log = logging.getLogger("footfall.agent")

TAKEN: Final = ("sources", "profiles", "keys", "zone_rules")
MOST_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class InUse:
    """Settings, and what the files have that they name."""

    settings: AgentSettings
    profiles: Registry
    keys: Mapping[str, bytes]
    """Long-lived keys by identifier type."""
    ble_keys: Sequence[Mapping[str, bytes]]
    """What is kept in the profiles of `profiles` beside their files."""
    gateway_key: bytes | None = None
    """The gateway's public key, if a file pins it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`now`: what is in use from then on."""

    now: InUse
    ended: frozenset[str]
    begun: Sequence[AnySource]
    needs_restart: Sequence[str]


def in_use(settings: AgentSettings, profiles: Registry | None = None) -> InUse:
    """Return settings with what their files have. Raise ConfigError, which names the file and what is wrong in it, never a key."""
    files = (settings.keys.irks_file, settings.keys.bind_keys_file)
    lasting = read_keys(settings.keys.file) if settings.keys.file else {}
    ble_keys = [dict(read_ble_keys(path)) if path else {} for path in files]
    pinned = read_public_key(settings.keys.gateway_file) if settings.keys.gateway_file else None
    return InUse(settings, profiles or settings.registry(), lasting, ble_keys, pinned)


def ask(settings: AgentSettings, before: InUse) -> Asked:
    """Return what changed settings ask for. Raise ConfigError as `in_use`."""
    now = in_use(settings)
    are_known = dict(now.profiles) == dict(before.profiles) and now.ble_keys == before.ble_keys
    old = {source.name: source for source in before.settings.sources}
    stays = {source.name for source in settings.sources if are_known and old.get(source.name) == source}
    restart = [key for key in changed_keys(before.settings, settings) if key.partition(".")[0] not in TAKEN]
    taken = before.settings.model_copy(update={key: getattr(settings, key) for key in TAKEN})
    begun = [source for source in settings.sources if source.name not in stays]
    return Asked(InUse(taken, now.profiles, now.keys, now.ble_keys, now.gateway_key), frozenset(old) - stays, begun, restart)


class Reload:
    """`now`: what is in use; whoever puts `asked` into use sets it."""

    def __init__(self, settings: AgentSettings, profiles: Registry | None) -> None:
        self.now = in_use(settings, profiles)
        self._refused = ""
        self._waiting = ""

    def ask(self, read: Callable[[], AgentSettings]) -> Asked | None:
        """Return what settings that are read again ask for; None if they have mistakes, which `problems` then has."""
        try:
            asked = ask(read(), self.now)
        except ConfigError as error:
            self._refused = f"sources, profiles and keys are as they were: {error}"[:MOST_TEXT]
            log.error("the reload is refused, %s", error)
            return None
        self._refused = ""
        self._waiting = ", ".join(asked.needs_restart)[:MOST_TEXT]
        if asked.needs_restart:
            log.warning("changes of %s are not taken: they need a restart", self._waiting)
        return asked

    def problems(self) -> dict[str, str]:
        """Return why the latest reload was refused, and what changed but needs a restart: a text by code of `footfall status`."""
        return {code: text for code, text in (("reload_refused", self._refused), ("restart_needed", self._waiting)) if text}
