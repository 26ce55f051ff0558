from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.decoders import bthome
from device_profiles.reading import Value
from footfall.errors import ProfileError

ADDRESS = "54:48:e6:8f:80:a5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
SENT = bytes.fromhex("02ca0903bf13")
MEANT = {"temperature_c": 25.06, "humidity_pct": 50.55}


def sealed(plain: bytes, info: int = 0x41, counter: int = 7) -> bytes:
    """As a sender would make it (https://bthome.io/encryption)."""
    count = counter.to_bytes(4, "little")
    nonce = bytes.fromhex(ADDRESS.replace(":", "")) + b"\xd2\xfc" + bytes([info]) + count
    made = AESCCM(KEY, tag_length=4).encrypt(nonce, plain, None)
    return bytes([info]) + made[:-4] + count + made[-4:]


def reason(data: bytes, key: bytes | None = None) -> str:
    with pytest.raises(ProfileError) as refused:
        bthome.decode(data, ADDRESS, key)
    return refused.value.reason


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ("40", {}),
        ("4002ca0903bf13", MEANT),
        ("4002ca09ee0102", {"temperature_c": 25.06}),  # an object of tomorrow ends what is known today
        ("4045110145ffff", {"temperature_c": 27.3, "temperature_2_c": -0.1}),
        ("403a013a003afe", {"button_code": 1, "button_2_code": 0, "button_3_code": 254}),
        ("401a001a01", {"door_open": False, "door_open_2": True}),
        ("403c01033c02033c0000", {"dimmer_steps_count": -3, "dimmer_steps_2_count": 3, "dimmer_steps_3_count": 0}),
        ("40530248695400", {"text": "Hi", "raw": ""}),
        ("4053", None),
        ("4005138a14", {"illuminance_lux": 13460.67}),
        ("400600ff07e803", {"mass_kg": 652.8, "mass_2_kg": 4.5359237}),
        ("4061ac0d", {"rotation_deg_s": 21000}),
        ("40f100010204", {"firmware_version": "4.2.1.0"}),
    ],
)
def test_objects_have_names_with_units(data: str, values: dict[str, Value] | None) -> None:
    if values is None:
        assert reason(bytes.fromhex(data)) == "bthome.short"
    else:
        assert bthome.decode(bytes.fromhex(data), ADDRESS, None) == values


@pytest.mark.parametrize(
    ("data", "key", "why"),
    [
        ("", None, "bthome.short"),
        ("2002ca09", None, "bthome.version"),
        ("4002ca", None, "bthome.short"),
        ("405302ff", None, "bthome.short"),
        (sealed(SENT).hex(), None, "bthome.key"),
        (sealed(SENT).hex(), bytes(16), "bthome.decrypt"),
        (sealed(SENT, counter=8).hex().replace("08000000", "09000000"), KEY, "bthome.decrypt"),
        ("410102030405060708"[:16], KEY, "bthome.short"),
        ("41", KEY, "bthome.short"),
    ],
)
def test_what_cannot_be_read_names_the_reason(data: str, key: bytes | None, why: str) -> None:
    assert reason(bytes.fromhex(data), key) == why


def test_an_encrypted_message_gives_its_counter() -> None:
    assert bthome.decode(sealed(SENT, counter=4_000_000_000), ADDRESS, KEY) == {**MEANT, "replay_count": 4_000_000_000}
    with pytest.raises(ProfileError, match="does not open"):
        bthome.decode(sealed(SENT), "54:48:e6:8f:80:a6", KEY)


@given(st.binary(max_size=40))
def test_any_bytes_give_values_or_an_error(data: bytes) -> None:
    for sent in (data, b"\x40" + data, b"\x41" + data, sealed(data)):
        with suppress(ProfileError):
            assert all(isinstance(value, bool | int | float | str) for value in bthome.decode(sent, ADDRESS, KEY).values())
