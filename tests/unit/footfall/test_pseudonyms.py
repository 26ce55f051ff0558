from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from footfall.pseudonyms import TOP_BIT, day_subject, hkdf_sha256, is_day_subject, lasting_subject, to_hex, type_key

keys = st.binary(min_size=32, max_size=32)

# RFC 5869, appendix A.1 to A.3
RFC_5869 = [
    ("0b" * 22, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
    ("".join(f"{i:02x}" for i in range(0x50)), "".join(f"{i:02x}" for i in range(0x60, 0xB0)),
     "".join(f"{i:02x}" for i in range(0xB0, 0x100)),
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
     "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
    ("0b" * 22, "", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
]  # fmt: skip


@pytest.mark.parametrize(("secret", "salt", "info", "output"), RFC_5869)
def test_hkdf_gives_the_vectors_of_rfc_5869(secret: str, salt: str, info: str, output: str) -> None:
    found = hkdf_sha256(bytes.fromhex(secret), bytes.fromhex(info), bytes.fromhex(salt), len(output) // 2)
    assert found.hex() == output


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=50), st.binary(max_size=80), st.integers(1, 400))
def test_hkdf_agrees_with_another_implementation(secret: bytes, info: bytes, salt: bytes, length: int) -> None:
    assert hkdf_sha256(secret, info, salt, length) == HKDF(SHA256(), length, salt or None, info).derive(secret)


@pytest.mark.parametrize("length", [0, -1, 255 * 32 + 1])
def test_hkdf_refuses_lengths_it_cannot_give(length: int) -> None:
    with pytest.raises(ValueError, match="1 to 8160"):
        hkdf_sha256(b"k", b"", length=length)


def test_hkdf_gives_its_longest_output() -> None:
    assert len(hkdf_sha256(b"k", b"", length=255 * 32)) == 255 * 32


@given(keys, st.text(max_size=20), st.text(max_size=40))
def test_a_subject_is_64_bits_of_hmac_and_its_top_bit_shows_which_key(key: bytes, id_type: str, identifier: str) -> None:
    whole = int.from_bytes(hmac.new(key, f"{id_type}:{identifier}".encode(), hashlib.sha256).digest()[:8], "big")
    lasting, of_day = lasting_subject(key, id_type, identifier), day_subject(key, id_type, identifier)
    assert lasting == whole & (TOP_BIT - 1)
    assert of_day == whole | TOP_BIT
    assert (is_day_subject(lasting), is_day_subject(of_day)) == (False, True)
    assert int(to_hex(of_day), 16) == of_day
    assert len(to_hex(lasting)) == 16


def test_subjects_of_a_known_secret() -> None:
    """They must never change: years of rows carry them. Computed with openssl dgst -mac HMAC."""
    key = type_key(bytes(range(32)), "ibeacon")
    assert key.hex() == "51b6cd799116c68a013fa16315e6778957dbf837d5daf25a351aa304c254c879"
    assert to_hex(lasting_subject(key, "ibeacon", "f7826da6-4fa2-4e98-8024-bc5b71e0893e:1:2")) == "77ffb6a1942e42ee"
    assert to_hex(day_subject(bytes(32), "ble-mac", "c0:ff:ee:00:00:01")) == "c49cb77890729459"


def test_types_have_keys_of_their_own() -> None:
    secret = bytes(range(32))
    assert type_key(secret, "member") != type_key(secret, "ibeacon")
    assert lasting_subject(type_key(secret, "member"), "member", "x") != lasting_subject(type_key(secret, "card"), "card", "x")
