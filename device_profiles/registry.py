"""All profiles, and which of them takes a message: the shipped ones, found by walking `profiles/`, and a user's own from a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from device_profiles.device import Device
from device_profiles.profile import Profile
from footfall.config import Section, load
from footfall.errors import ConfigError
from footfall.topics import is_name

SHIPPED: Final = Path(str(resources.files("device_profiles") / "profiles"))


class Registry(Mapping[str, Profile]):
    """All profiles by name. `files`: where each was read, for those that were."""

    def __init__(self, profiles: Mapping[str, Profile], files: Mapping[str, Path] | None = None) -> None:
        self._profiles: Final = dict(profiles)
        self.files: Final = dict(files or {})
        self._by_transport: Final[dict[str, list[tuple[Device, Profile]]]] = {}
        for _, profile in sorted(self._profiles.items()):
            if profile.device is not None:
                self._by_transport.setdefault(profile.device.transport, []).append((profile.device, profile))
        self._choosers: Final[dict[str, Callable[[Any], Profile | None]]] = {}

    def __getitem__(self, name: str) -> Profile:
        return self._profiles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def best(self, transport: str, message: Any) -> Profile | None:
        """Return the most specific profile that takes `message`, of two equal ones the first by name; None if no profile takes it."""
        chooser = self._choosers.get(transport) or self._choose(transport)
        return None if chooser is None else chooser(message)

    def _choose(self, transport: str) -> Callable[[Any], Profile | None] | None:
        """Made when it is first asked for: few processes hear every transport."""
        devices = self._by_transport.get(transport)
        return self._choosers.setdefault(transport, type(devices[0][0]).chooser(devices)) if devices else None

    def takers(self, transport: str, message: Any) -> list[tuple[int, Profile]]:
        """Every profile that takes `message`, with how specific it is; `best` is the first."""
        found = [(device.specificity(message), profile) for device, profile in self._by_transport.get(transport, ())]
        return sorted((taker for taker in found if taker[0]), key=lambda taker: (-taker[0], taker[1].name))

    def with_profiles(self, own: Registry) -> Registry:
        """Both; where a name is in both, the profile of `own` replaces the other."""
        return Registry({**self, **own}, self.files | own.files)


class ProfileSettings(Section):
    """`[profiles]` of agent.toml and gateway.toml: both must know a profile of the user's own."""

    folder: Path | None = None
    """Of the user's own profiles. They are added to the shipped ones; one with the name of a shipped one replaces it."""

    def registry(self) -> Registry:
        """Raise ConfigError, which names the file and the key that is wrong."""
        return shipped() if self.folder is None else shipped().with_profiles(read_registry(self.folder))


@cache
def shipped() -> Registry:
    """Return the profiles that come with Footfall."""
    return read_registry(SHIPPED)


def read_registry(folder: Path) -> Registry:
    """Every `*.toml` in `folder`; ConfigError lists every mistake of every file, with its key and what is allowed."""
    paths, profiles, mistakes = sorted(folder.glob("*.toml")), {}, []
    if not paths:
        raise ConfigError(f"{folder}: {'no profiles (*.toml) are here' if folder.is_dir() else 'there is no such folder'}")
    for path in paths:
        try:
            profiles[path.stem] = read_profile(path)
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return Registry(profiles, {path.stem: path for path in paths})


def read_profile(path: Path) -> Profile:
    """Return the profile in a file. The environment overrides nothing here: it would in every profile at once."""
    profile = load(path, Profile, "FOOTFALL_PROFILE", {})
    if profile.name != path.stem:
        raise ConfigError(f"{path}: name: must be the file's name, {path.stem!r} (given: {profile.name!r})")
    if not is_name(profile.name):
        raise ConfigError(f"{path}: name: {profile.name!r} must be 1 to 64 of a-z 0-9 . _ -, and so the file's name")
    return profile
