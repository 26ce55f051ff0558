"""`[[identifier_types]]`: what is wrong is named, and what the fold needs is recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.config import check
from footfall.errors import ConfigError
from gateway.site import Site
from gateway.site.recorded import read_site, record_site


def site(*entries: dict[str, Any]) -> Site:
    return check({"brand": "b", "stores": [], "identifier_types": list(entries)}, Site, "site.toml")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"type": "Member"}], "identifier_types.0.type"),
        ([{"type": "wx-*-x"}], "identifier_types.0.type"),
        ([{"type": "m"}], "nothing is stated of it"),
        ([{"type": "m", "class": "human"}], "identifier_types.0.class: Input should be 'person'"),
        ([{"type": "m", "rnak": 5}], "did you mean `rank`"),
        ([{"type": "m", "rank": 101}], "identifier_types.0.rank"),
        ([{"type": "m", "fans_per_identifier": 0}], "identifier_types.0.fans_per_identifier"),
        ([{"type": "m", "before_s": -1.0}], "identifier_types.0.before_s"),
        ([{"type": "m", "rank": 1}, {"type": "m", "rank": 2}], "identifier_types has 'm' twice"),
        ([{"type": "m", "blocked": ["7"], "allowed": ["7"]}], "both in `blocked` and in `allowed`"),
        ([{"type": "m", "normaliser": "email", "country_code": "44"}], "`country_code` is for numbers"),
        ([{"type": "email", "both_spellings": True}], "`both_spellings` is for the type phone"),
        ([{"type": "m", "normaliser": "fone"}], "identifier_types.0.normaliser: Input should be 'exact'"),
    ],
)
def test_a_mistake_is_named(entries: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        site(*entries)
    assert message in str(raised.value)


def test_a_record_has_what_identity_needs_and_no_identifier() -> None:
    entry = {"type": "phone", "class": "person", "rank": 7, "unseen_s": 60.0, "blocked": ["13800001111"], "allowed": ["13800138000"],
             "country_code": "44"}  # fmt: skip
    body = record_site(site(entry))
    assert b"138" not in body
    (recorded,) = read_site(body).identifier_types
    assert (recorded.type, recorded.klass, recorded.rank, recorded.unseen_s) == ("phone", "person", 7, 60.0)
    assert json.loads(body)["identifier_types"] == [{"type": "phone", "class": "person", "rank": 7, "unseen_s": 60.0}]


def test_every_shard_knows_them() -> None:
    assert site({"type": "m", "rank": 7}).only(0, 2).identifier_types[0].rank == 7
