"""All profiles, and which of them matches a message: the shipped ones in `profiles/`, and a user's own from a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from device_profiles.device import Chooser, Device
from device_profiles.profile import Profile
from device_profiles.reading import Reading, Seen, Value
from footfall.config import load
from footfall.consent import ConsentRule
from footfall.errors import ConfigError, ProfileError
from footfall.topics import is_name

SHIPPED: Final = Path(str(resources.files("device_profiles") / "profiles"))


class Registry(Mapping[str, Profile]):
    """All profiles by name. `files`: the files of those that were read from one."""

    def __init__(self, profiles: Mapping[str, Profile], files: Mapping[str, Path] | None = None) -> None:
        self._profiles: Final = dict(profiles)
        self.files: Final = dict(files or {})
        self._by_transport: Final[dict[str, list[tuple[Device, Profile]]]] = {}
        for _, profile in sorted(self._profiles.items()):
            if profile.device is not None:
                self._by_transport.setdefault(profile.device.transport, []).append((profile.device, profile))
        self._choosers: Final[dict[str, Chooser[Profile]]] = {}

    def __getitem__(self, name: str) -> Profile:
        return self._profiles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    @property
    def consent(self) -> ConsentRule:
        """Return which types of identifiers a device may send without its owner's consent: they get no lasting subject."""
        refused = frozenset(profile.identifier_type for profile in self._profiles.values() if not profile.consented)
        return ConsentRule(refused, frozenset(profile.identifier_type for profile in self._profiles.values()) - refused)

    def best(self, transport: str, message: Any) -> Profile | None:
        """Return the most specific profile that matches `message`, the first by name among equals; None if none matches."""
        chooser = self._choosers.get(transport) or self._choose(transport)
        return None if chooser is None else chooser(message)

    def readings(self, profile: Profile, message: Any) -> Sequence[Reading]:
        """Return the readings of `best`, with the values of the telemetry that is beside its identity. Raise ProfileError."""
        if profile.device is None:
            return ()
        readings = profile.device.decode(message)
        values = self._telemetry(profile, profile.device.transport, message)
        if not values:
            return readings
        return [replace(one, values=values | dict(one.values)) if isinstance(one, Seen) else one for one in readings]

    def _telemetry(self, identity: Profile, transport: str, message: Any) -> dict[str, Value]:
        """Return the values of telemetry of other profiles. What cannot be read is left out."""
        values: dict[str, Value] = {}
        for other in self._choosers[transport].beside(message):
            if other is not identity and other.device is not None:
                with suppress(ProfileError):
                    for one in other.device.decode(message):
                        values |= one.values if isinstance(one, Seen) else {}
        return values

    def _choose(self, transport: str) -> Chooser[Profile] | None:
        """Return the chooser of a transport, made on first use: few processes use every transport."""
        devices = self._by_transport.get(transport)
        return self._choosers.setdefault(transport, type(devices[0][0]).chooser(devices)) if devices else None

    def takers(self, transport: str, message: Any) -> list[tuple[int, Profile]]:
        """Return every profile that matches `message`, with its specificity; the first is `best`."""
        found = [(device.specificity(message), profile) for device, profile in self._by_transport.get(transport, ())]
        return sorted((taker for taker in found if taker[0]), key=lambda taker: (-taker[0], taker[1].name))

    def with_profiles(self, own: Registry) -> Registry:
        """Return a registry with the profiles of both; those of `own` replace others of the same name."""
        return Registry({**self, **own}, self.files | own.files)


@cache
def shipped() -> Registry:
    """Return the profiles that come with Footfall."""
    return read_registry(SHIPPED)


def read_registry(folder: Path) -> Registry:
    """Return the profiles in `folder`, `*.toml`. Raise ConfigError with every mistake of every file: its key, and what is allowed."""
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
    """Return the profile in a file. No environment variable overrides a key here: it would do so in every profile."""
    profile = load(path, Profile, "FOOTFALL_PROFILE", {})
    if profile.name != path.stem:
        raise ConfigError(f"{path}: name: must be the file's name, {path.stem!r} (given: {profile.name!r})")
    if not is_name(profile.name):
        raise ConfigError(f"{path}: name: {profile.name!r} must be 1 to 64 of a-z 0-9 . _ -, and so the file's name")
    return profile
