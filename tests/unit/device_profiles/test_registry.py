from __future__ import annotations

from pathlib import Path

import pytest

from device_profiles.registry import read_registry, shipped
from device_profiles.settings import ProfileSettings
from footfall.errors import ConfigError
from tests.unit.device_profiles.profiles_made import COUNTED, HALL, write


def test_own_profiles_are_added_and_replace_shipped_ones_of_their_name(tmp_path: Path) -> None:
    write(tmp_path, "hall", HALL)
    path = write(tmp_path, "door-counter", COUNTED.format(name="door-counter"))
    registry = ProfileSettings(folder=tmp_path).registry()
    assert registry.keys() == shipped().keys() | {"hall"}
    assert registry["door-counter"].title == "A counter of our own"
    assert registry.files["door-counter"] == path
    assert shipped()["door-counter"].title != "A counter of our own"
    assert ProfileSettings().registry() is shipped()


def test_every_mistake_of_every_file_is_named_with_its_key(tmp_path: Path) -> None:
    write(tmp_path, "hall", HALL.replace("title", "titel") + "[presence]\ntau_s = 0\n")
    write(tmp_path, "other", HALL)
    write(tmp_path, "Upper", COUNTED.format(name="Upper"))
    write(tmp_path, "broken", "name = ")
    write(tmp_path, "door", COUNTED.format(name="door") + '[device]\ntransport = "zigbee"\n')
    with pytest.raises(ConfigError) as refused:
        read_registry(tmp_path)
    lines = str(refused.value).splitlines()
    for name, said in [
        ("hall", "title: Field required"),
        ("hall", "titel: there is no such key; did you mean `title`? Allowed are"),
        ("hall", "presence.tau_s: Input should be greater than 0"),
        ("other", "name: must be the file's name, 'other' (given: 'hall')"),
        ("Upper", "name: 'Upper' must be 1 to 64 of a-z"),
        ("broken", "not TOML"),
        ("door", "device.transport: must be one of 'beams', 'ble'"),
    ]:
        assert any(line.startswith(f"{tmp_path / name}.toml: {said}") for line in lines), (name, said, lines)


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ('readings = [{ kind = "seen", identifer = "x" }]', "readings.0.identifer: seen has no such field; allowed are identifier, "),
        ('readings = [{ identifier = "x" }]', "readings.0.kind: must be one of seen, counted, occupied, .*is 'None'"),
        ('error = "x"\nreadings = [{ kind = "seen", identifier = "x" }]', "has readings or is an error, never both"),
    ],
)
def test_a_vector_names_which_of_its_keys_is_wrong(tmp_path: Path, vector: str, said: str) -> None:
    write(tmp_path, "hall", f'{HALL}[[vectors]]\norigin = "documentation: ours"\ninput = {{}}\n{vector}\n')
    with pytest.raises(ConfigError, match=said):
        read_registry(tmp_path)


@pytest.mark.parametrize(("folder", "said"), [("", "no profiles .*are here"), ("nowhere", "there is no such folder")])
def test_a_folder_without_profiles_is_reported(tmp_path: Path, folder: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_registry(tmp_path / folder)


def test_the_environment_changes_no_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_PROFILE__TITLE", "all alike")
    write(tmp_path, "hall", HALL)
    assert read_registry(tmp_path)["hall"].title == "A counter of our own"
