"""Every shipped profile is whole: its vectors decode to exactly what they state, and no two profiles want the same message."""

from __future__ import annotations

import pytest

from device_profiles.checks import is_canonical, mistakes
from device_profiles.devices.kinds import AnyDevice
from device_profiles.profile import Profile, Vector
from device_profiles.registry import SHIPPED, shipped
from device_profiles.vectors import difference

PROFILES = shipped()
VECTORS = [
    pytest.param(profile.device, vector, id=f"{profile.name}-{i}")
    for profile in PROFILES.values()
    if profile.device is not None
    for i, vector in enumerate(profile.vectors)
]
UNREADABLE = {"", " ", " a", "a\n", "\x00", "a" * 201}


@pytest.mark.parametrize(("device", "vector"), VECTORS)
def test_a_vector_decodes_to_exactly_what_it_states(device: AnyDevice, vector: Vector) -> None:
    assert difference(device, vector) == ""


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_a_profile_is_whole_and_no_other_wants_its_messages(profile: Profile) -> None:
    assert mistakes(profile, PROFILES) == []


@pytest.mark.parametrize("profile", [profile for profile in PROFILES.values() if profile.device is not None], ids=lambda one: one.name)
def test_the_registry_gives_a_profile_its_own_messages(profile: Profile) -> None:
    assert profile.device is not None
    for vector in profile.vectors:
        message = profile.device.message(vector.input)
        if profile.device.specificity(message):
            best = PROFILES.best(profile.device.transport, message)
            assert best is profile or profile.device.is_assigned


def test_every_file_is_a_profile_of_its_name() -> None:
    assert sorted(PROFILES) == sorted(path.stem for path in SHIPPED.iterdir() if path.suffix == ".toml")
    assert [path.name for path in SHIPPED.iterdir() if path.suffix != ".toml" and path.name != "__pycache__"] == []
    assert all(profile.name == name for name, profile in PROFILES.items())


def test_titles_distinguish_profiles() -> None:
    titles = [profile.title for profile in PROFILES.values()]
    assert len(set(titles)) == len(titles)
    assert all(title == title.strip() and not title.endswith(".") for title in titles)


@pytest.mark.parametrize("identifier", sorted(UNREADABLE))
def test_an_identifier_that_is_not_canonical_is_found(identifier: str) -> None:
    assert not is_canonical(identifier)
