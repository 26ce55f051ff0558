from __future__ import annotations

from pathlib import Path

import pytest

from device_profiles.advertisement import Advertisement
from device_profiles.ble_keys import keyed, read_ble_keys
from device_profiles.registry import Registry, shipped
from edge_agent.config import AgentSettings
from footfall.errors import ConfigError, ProfileError

KEY = "0123456789abcdef0123456789abcdef"
IRK = bytes.fromhex("ec0234a357c8ad05341010a60a397d9b")
PHONE = Advertisement("70:81:94:0d:fb:aa", -60, "resolvable")


def owner(registry: object, message: Advertisement = PHONE) -> str:
    profile = registry.best("ble", message)  # type: ignore[attr-defined]  # of any registry
    return f"{profile.name}:{profile.device.decode(message)[0].identifier}"


def test_an_agent_never_believes_the_published_key_of_a_sample() -> None:
    assert owner(shipped()) == "phone:sample"
    assert owner(keyed(shipped(), {}, {})) == f"ble-anonymous:{PHONE.address}"
    message = Advertisement("54:48:e6:8f:80:a5", service_data={"fcd2": bytes.fromhex("41a47266c95f730011223378237214")})
    with pytest.raises(ProfileError, match="no bind key"):
        owner(keyed(shipped(), {}, {}), message)


def test_keys_in_the_file_of_a_profile_of_ones_own_are_used() -> None:
    own = shipped()["phone"].model_copy(update={"name": "our-phones"})
    registry = shipped().with_profiles(Registry({"our-phones": own}))
    assert owner(keyed(registry, {}, {})) == "our-phones:sample"
    assert owner(keyed(registry, {"ann": IRK}, {})) == "our-phones:ann"


def test_keys_of_a_file_take_the_place_of_the_sample() -> None:
    assert owner(keyed(shipped(), {"ann": IRK}, {})) == "phone:ann"
    assert owner(keyed(shipped(), {"bob": bytes(16)}, {})) == f"ble-anonymous:{PHONE.address}"
    assert owner(shipped()) == "phone:sample", "the shipped profiles are as they were"


def test_bind_keys_may_name_addresses_in_capitals() -> None:
    message = Advertisement("54:48:e6:8f:80:a5", service_data={"fcd2": bytes.fromhex("41a47266c95f730011223378237214")})
    registry = keyed(shipped(), {}, {"54:48:E6:8F:80:A5": bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")})
    assert owner(registry, message) == f"bthome:{message.address}"


def test_an_agent_reads_them(tmp_path: Path) -> None:
    (tmp_path / "irks.toml").write_text(f'"ann" = "{IRK.hex()}"\n')
    settings = AgentSettings.model_validate(
        {"store": "s", "agent": "a", "spool": {"path": tmp_path / "spool"}, "keys": {"irks_file": tmp_path / "irks.toml"}}
    )
    assert owner(settings.registry()) == "phone:ann"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'ann = "{KEY}"\nbob = "{KEY[:-2]}"\n', "bob: must be 32 hex digits"),
        (f'ann = "{KEY[:-1]}x"\n', "ann: must be 32 hex digits"),
        ("ann = 17\n", "ann: must be 32 hex digits"),
        ("ann = \n", "not TOML"),
        ("", "is empty"),
    ],
)
def test_a_wrong_key_is_named_but_not_shown(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "irks.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as refused:
        read_ble_keys(path)
    assert str(path) in str(refused.value)
    assert KEY[:8] not in str(refused.value)


def test_keys_in_a_profile_are_shown_nowhere() -> None:
    device = shipped()["phone"].device
    assert device is not None
    assert IRK.hex() not in repr(device)
    assert repr(IRK) not in repr(device)
    assert "irks" not in device.model_dump()
