"""`[profiles]` of agent.toml and gateway.toml. Profiles are imported when they are read: a command that needs none starts without them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from footfall.config import Section

if TYPE_CHECKING:
    from device_profiles.registry import Registry


class ProfileSettings(Section):
    """Where the user's own profiles are: agent and gateway both need them."""

    folder: Path | None = None
    """The folder of the user's own profiles, added to the shipped ones; one with the name of a shipped one replaces it."""

    def registry(self) -> Registry:
        """Return shipped and own profiles. Raise ConfigError, which names the file and key that is wrong."""
        from device_profiles.registry import read_registry, shipped

        return shipped() if self.folder is None else shipped().with_profiles(read_registry(self.folder))
