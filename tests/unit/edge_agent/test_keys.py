"""Which key makes which subject, and when keys go."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from device_profiles.registry import shipped
from edge_agent.keys import SubjectKeys, read_keys, write_keys
from footfall.errors import ConfigError
from footfall.pseudonyms import PRIVATE_KEY_ID, day_subject, is_day_subject, lasting_subject, type_key
from footfall.receipts import DayKey

IBEACON, PHONE = shipped()["ibeacon"], shipped()["ble-anonymous"]
DAY = DayKey(5, b"d" * 32, 1000, 2000)


def test_consented_identifiers_last_and_others_last_a_day() -> None:
    keys = SubjectKeys({"ibeacon": b"k" * 32})
    assert keys.offer(DAY, 1500)
    assert keys.subject(IBEACON, "u:1:2") == lasting_subject(b"k" * 32, "ibeacon", "u:1:2")
    assert keys.subject(PHONE, "aa:bb") == day_subject(b"d" * 32, "mac", "aa:bb")
    assert keys.key_id == 5


def test_no_key_at_hand_is_a_private_one() -> None:
    keys, others = SubjectKeys(), SubjectKeys()
    assert keys.key_id == PRIVATE_KEY_ID
    assert is_day_subject(keys.subject(PHONE, "aa:bb"))
    assert keys.subject(PHONE, "aa:bb") != others.subject(PHONE, "aa:bb")
    assert is_day_subject(keys.subject(IBEACON, "u:1:2")), "without its type's key it lasts a day like anybody's"


@pytest.mark.parametrize(("gateway_ns", "taken"), [(999, False), (1000, True), (1999, True), (2000, False)])
def test_a_key_is_taken_only_in_its_day(gateway_ns: int, taken: bool) -> None:
    assert SubjectKeys().offer(DAY, gateway_ns) is taken


def test_the_newest_key_stays_and_is_erased_at_its_end() -> None:
    keys = SubjectKeys()
    newer = DayKey(6, b"e" * 32, 1500, 2500)
    assert keys.offer(DAY, 1500)
    assert not keys.offer(DAY, 1600), "the same again changes nothing"
    assert keys.offer(newer, 1600)
    assert not keys.offer(DAY, 1700), "a late receipt brings no older key back"
    assert not keys.expire(2499)
    assert keys.expire(2500)
    assert keys.key_id == PRIVATE_KEY_ID
    assert not keys.expire(2501)


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(write_keys(b"brand", ["epc", "ibeacon"]))
    assert read_keys(path) == {"epc": type_key(b"brand", "epc"), "ibeacon": type_key(b"brand", "ibeacon")}
    path.write_text(f'ibeacon = "{base64.b64encode(b"k" * 32).decode()}"\n')
    assert read_keys(path) == {"ibeacon": b"k" * 32}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ibeacon = 3", "ibeacon: must be text"),
        ('ibeacon = "secretsecret!"', "ibeacon: is neither hex nor base64"),
        ('ibeacon = "c2VjcmV0"', "ibeacon: must be 32 bytes, is 6"),
        ("ibeacon = ", "not TOML"),
    ],
)
def test_wrong_keys_are_named_and_never_shown(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_keys(path)
    assert "secret" not in str(caught.value)


def test_a_key_of_a_day_that_has_not_begun_gives_way_to_the_day_s() -> None:
    """The gateway's clock was a day ahead when it sent that key."""
    keys, tomorrow = SubjectKeys(), DayKey(6, b"e" * 32, 2000, 3000)
    assert keys.offer(tomorrow, 2500)
    assert keys.offer(DAY, 1500)
    assert keys.key_id == DAY.key_id
