"""All profiles: the shipped ones, found by walking `profiles/`, and which of them takes a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from device_profiles.device import Device
from device_profiles.profile import Profile
from footfall.config import load
from footfall.errors import ConfigError
from footfall.topics import is_name


class Registry(Mapping[str, Profile]):
    """All profiles by name."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles: Final = dict(profiles)
        self._by_transport: Final[dict[str, list[tuple[Device, Profile]]]] = {}
        for _, profile in sorted(self._profiles.items()):
            if profile.device is not None:
                self._by_transport.setdefault(profile.device.transport, []).append((profile.device, profile))

    def __getitem__(self, name: str) -> Profile:
        return self._profiles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def best(self, transport: str, message: Any) -> Profile | None:
        """The most specific profile that takes `message`, of two equal ones the first by name; None if no profile takes it."""
        best, most = None, 0
        for device, profile in self._by_transport.get(transport, ()):
            specificity = device.specificity(message)
            if specificity > most:
                best, most = profile, specificity
        return best


@cache
def shipped() -> Registry:
    """The profiles that come with Footfall."""
    return read_registry(Path(str(files("device_profiles") / "profiles")))


def read_registry(folder: Path) -> Registry:
    """Every `*.toml` in `folder`; ConfigError names the file and the key that is wrong."""
    profiles = {}
    for path in sorted(folder.glob("*.toml")):
        profile = load(path, Profile, "FOOTFALL_PROFILE")
        if profile.name != path.stem or not is_name(profile.name):
            raise ConfigError(f"{path}: name: must be the file's name, {path.stem!r}, is {profile.name!r}")
        profiles[profile.name] = profile
    if not profiles:
        raise ConfigError(f"{folder}: no profiles here")
    return Registry(profiles)
