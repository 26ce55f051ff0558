"""Sealed boxes: only who has the brand's secret opens them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from footfall.errors import ConfigError, ContractError
from footfall.sealing import Opener, Sealed, is_public_key, key_id, public_key, public_key_text, read_public_key, seal

SECRET, OTHER = b"the brand's secret", b"another"
PUBLIC = public_key(SECRET)


@given(st.binary(max_size=300))
def test_what_is_sealed_is_opened(data: bytes) -> None:
    assert Opener([SECRET]).open(seal(PUBLIC, data)) == data


def test_a_box_hides_what_is_in_it_how_long_it_is_and_that_it_is_the_same() -> None:
    texts = [seal(PUBLIC, data) for data in (b"member:1", b"member:1", b"phone:8613800001111")]
    assert len(set(texts)) == 3
    assert len({len(text) for text in texts}) == 1
    assert all(text.startswith(f"{key_id(PUBLIC)}.") for text in texts)
    for text in texts:
        assert TypeAdapter(Sealed).validate_python(text) == text


def test_the_secret_before_opens_what_was_sealed_before() -> None:
    text = seal(PUBLIC, b"x")
    assert Opener([OTHER, SECRET]).open(text) == b"x"
    assert Opener([OTHER, SECRET]).public == public_key(OTHER)
    with pytest.raises(ContractError, match=f"sealed for the key {key_id(PUBLIC)}, .* brand_secret_before_file"):
        Opener([OTHER]).open(text)
    with pytest.raises(ContractError, match="which this gateway does not have"):
        Opener([]).open(text)


@pytest.mark.parametrize("cut", [0, 10, 60, 100])
def test_a_damaged_box_is_refused(cut: int) -> None:
    name, _, box = seal(PUBLIC, b"member:8613800001111").partition(".")
    changed = box[:cut] + ("A" if box[cut] != "A" else "B") + box[cut + 1 :]
    for text in (f"{name}.{changed}", f"{name}.{box[:40]}", f"{name}.", f"{name}.!", name):
        with pytest.raises(ContractError) as refused:
            Opener([SECRET]).open(text)
        assert refused.value.reason == "event.sealed"


def test_the_public_key_follows_from_the_secret_and_is_read_from_a_file(tmp_path: Path) -> None:
    assert public_key(SECRET) == PUBLIC != public_key(OTHER)
    (tmp_path / "key").write_text(public_key_text(PUBLIC) + "\n")
    assert read_public_key(tmp_path / "key") == PUBLIC
    for wrong in ("x" * 44, "AAAA", "!", public_key_text(bytes(32))):
        (tmp_path / "key").write_text(wrong)
        with pytest.raises(ConfigError, match="is no public key of a gateway: footfall seal-key prints it"):
            read_public_key(tmp_path / "key")


PRIME = 2**255 - 19
SMALL_ORDER = (0, 1, PRIME - 1, PRIME, PRIME + 1)
ORDER_8 = (
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
)


@pytest.mark.parametrize("point", [*(each.to_bytes(32, "little") for each in SMALL_ORDER), *map(bytes.fromhex, ORDER_8)])
@pytest.mark.parametrize("sign", [0, 0x80])
def test_a_key_that_seals_nothing_is_none(point: bytes, sign: int) -> None:
    key = point[:31] + bytes([point[31] | sign])
    with pytest.raises(ValueError, match="shared key"):
        seal(key, b"member:1")
    assert not is_public_key(key)
    assert is_public_key(PUBLIC)
    assert not is_public_key(PUBLIC[:31])
