"""Tokens are told by their form, and kept as hashes."""

from __future__ import annotations

import pytest

from serve.roles import Role
from serve.tokens import digest, id_of, spelled

SECRET = "x" * 43


@pytest.mark.parametrize(
    ("role", "begin"),
    [
        (Role.STORE, "ff_store_"),
        (Role.AREA, "ff_area_"),
        (Role.HEADQUARTERS, "ff_hq_"),
        (Role.INTEGRATOR, "ff_int_"),
    ],
)
def test_a_token_says_whose_kind_it_is(role: Role, begin: str) -> None:
    token = spelled(role, "0f3a91c2", SECRET)
    assert token == f"{begin}0f3a91c2_{SECRET}"
    assert id_of(token) == "0f3a91c2"


@pytest.mark.parametrize(
    "text", ["", "s3cret", "ff_store_0f3a91c2_short", f"ff_boss_0f3a91c2_{SECRET}", f"ff_hq_0f3a91c2_{SECRET}x", "ff_hq_é"]
)
def test_other_texts_have_no_id(text: str) -> None:
    assert id_of(text) == ""


def test_what_is_kept_is_no_token() -> None:
    token = spelled(Role.STORE, "0f3a91c2", SECRET)
    assert SECRET not in digest(token)
    assert len(digest(token)) == 64
