"""The registry: every row of the table, what a brand states otherwise, and which values are no identifiers."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.identity.links import FOR_EVER_NS
from gateway.identity.types import CLASSES, IdentifierTypes
from gateway.site.identifier_types import IdentifierTypeEntry

TYPES = IdentifierTypes()
DAY_NS = 86_400 * 10**9


def types_of(**stated: Any) -> IdentifierTypes:
    return IdentifierTypes([IdentifierTypeEntry.model_validate(stated)])


def is_blocked(identifier: str, types: IdentifierTypes = TYPES) -> bool:
    id_type, _, value = identifier.partition(":")
    found = types.of(id_type)
    return found.is_blocked(found.normalised(value))


@pytest.mark.parametrize(
    ("name", "klass", "fans", "identifiers", "joins"),
    [
        ("member", "person", 1, 3, "yes"),
        ("customer.erp", "person", 1, 1, "yes"),
        ("wx-union.main", "person", 1, 1, "yes"),
        ("wx-union", "person", 1, 1, "yes"),
        ("wx-mini", "person", 1, 1, "yes"),
        ("alipay.2021", "payment", 1, 2, "if_one"),
        ("card", "payment", 2, 5, "no"),
        ("phone", "contact", 1, 3, "if_one"),
        ("email", "contact", 1, 5, "if_one"),
        ("web", "browser", 1, 20, "yes"),
        ("app", "browser", 1, 20, "yes"),
        ("ibeacon", "device", 1, 3, "yes"),
        ("nfc", "device", 1, 3, "yes"),
        ("tag", "lent", 1, 3, "no"),
        ("basket", "lent", 1, 3, "no"),
        ("receipt", "event", 1, 1_000_000, "no"),
        ("shop.tmall", "person", 1, 1, "yes"),
        ("loyalty-7", "unknown", 1, 5, "if_one"),
    ],
)
def test_the_shipped_table(name: str, klass: str, fans: int, identifiers: int, joins: str) -> None:
    found = TYPES.of(name)
    assert (found.klass, found.fans_per_identifier, found.identifiers_per_fan, found.joins) == (klass, fans, identifiers, joins)


def test_a_type_that_nobody_knows_is_the_weakest() -> None:
    unknown = TYPES.of("loyalty-7")
    assert (unknown.is_known, TYPES.of("member").is_known) == (False, True)
    assert all(unknown.rank < TYPES.of(name).rank for name in ("web", "tag", "receipt", "phone"))
    assert (unknown.strength, CLASSES[-1]) == (1, "unknown")


def test_the_strongest_class_is_the_last_to_give_way() -> None:
    strengths = [TYPES.of(name).strength for name in ("member", "alipay.a", "phone", "ibeacon", "web", "tag", "receipt", "x")]
    assert strengths == sorted(strengths, reverse=True)
    assert len(set(strengths)) == len(strengths)


def test_a_default_span_is_as_the_type_has_it() -> None:
    assert TYPES.of("member").span_ns(5) == (-FOR_EVER_NS, FOR_EVER_NS)
    assert TYPES.of("web").span_ns(100 * DAY_NS) == (70 * DAY_NS, 130 * DAY_NS + 10**6)
    assert TYPES.of("tag").span_ns(7) == (7, FOR_EVER_NS)
    phone = TYPES.of("phone")
    assert (phone.unseen_s, phone.recycled_after_s, phone.handover) == (730.5 * 86_400, 90 * 86_400, True)
    assert (TYPES.of("member").unseen_s, TYPES.of("member").handover) == (None, False)


def test_what_only_names_by_its_reference_is_not_what_is_lent() -> None:
    assert [TYPES.of(name).only_by_ref for name in ("card", "receipt", "tag", "phone")] == [True, True, False, False]


@pytest.mark.parametrize(
    "identifier",
    [
        "member:null", "member:NULL", "member:undefined", "member:none", "member:nil", "member:NaN", "member:true",
        "member:false", "member:-1", "member:0", "member:0000000", "member: ", "member:\u3000", "member:anonymous",
        "member:Guest", "member:unknown", "member:invalid", "member:test", "web:[object Object]", "web:[object Undefined]",
        "web:(null)", "web:\"\"", "web:N/A", "member:#N/A", "member:无", "member:游客", "member:1.38E+10", "phone:1.38e+10",
        "phone:1.3933350001E10", "phone:1.39123e10", "phone:1.38E +10", "phone:１.３８Ｅ１０", "phone:139E8", "member:1.39E10",
        "phone:0", "phone:13800138000", "phone:+86 138-0013-8000", "phone:8613800138000", "phone:12345678901",
        "phone:11111111111", "phone:+86 11111111111", "phone:138****1111", "phone:138xxxx1111", "phone:１３８００１３８０００",
        "shop.tmall:k**m", "shop.tmall:k＊m", "email:test@test.com", "email:TEST@Test.com", "email:noreply@acme.cn",
        "email:no-reply@acme.cn", "email:null@null.com", "mac:00:00:00:00:00:00", "mac:FF-FF-FF-FF-FF-FF", "mac:ffffffffffff",
        "app:00000000-0000-0000-0000-000000000000", "nfc:00000000", "ibeacon:00000000-0000-0000-0000-000000000000:0:0",
        "wx-mini:undefined", "loyalty-7:null", "member:#REF!", "member:#DIV/0!", "web:[object HTMLInputElement]", "member:{{member_id}}",
        "member:${member}", "member:%s", "member:<member>", "member:$phone", "phone:0123456789", "phone:1234567890", "phone:98765432",
        "phone:+86 88888888888", "shop.tmall:匿名买家", "phone:13912345678/13899990000", "phone:5551234 / 5551235",
        "phone:+86 139 1234 5678 or +86 138 9999 0000", "phone:13912345678 13899990000", "tel:1234567890123457",
    ],
)  # fmt: skip
def test_what_stands_for_nothing_is_no_identifier(identifier: str) -> None:
    assert is_blocked(identifier)


@pytest.mark.parametrize(
    "identifier",
    [
        "phone:h1-13800138000", "phone:13800001111", "phone:h4", "member:7", "member:h2-a", "member:10000",
        "email:kim@acme.cn", "web:h3-pad", "wx-mini:h7-o1", "mac:a1:b2:c3:d4:e5:f6",
        "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:7:*", "member:nullarbor", "member:testarossa", "shop.tmall:kim",
        "receipt:T-1", "receipt:#1001", "customer.erp:0001", "phone:1234", "phone:123456789012345", "phone:030/12345678",
        "phone:13812345678", "phone:13888888888", "member:valued",
        "member:50%", "shop.tmall:<3 kim", "member:12E5", "nfc:04e5", "web:3e-5",
    ],
)  # fmt: skip
def test_an_ordinary_value_is_an_identifier(identifier: str) -> None:
    assert not is_blocked(identifier)


def test_a_brand_states_what_differs_and_the_rest_is_as_shipped() -> None:
    changed = types_of(type="member", identifiers_per_fan=10).of("member")
    assert (changed.identifiers_per_fan, changed.klass, changed.joins) == (10, "person", "yes")
    own = types_of(type="loyalty-*", **{"class": "person"}, joins="yes", rank=88)
    assert (own.of("loyalty-7").klass, own.of("loyalty-7").rank, own.of("member").rank) == ("person", 88, 90)
    assert types_of(type="wx-pos", rank=1).of("wx-pos").klass == "person", "what is left out is as for the shipped type that it matches"


def test_a_brand_blocks_values_in_any_spelling_and_allows_some() -> None:
    phones = types_of(type="phone", blocked=["021-1234 5678"], allowed=["13800138000"])
    assert is_blocked("phone:+86 21 1234 5678", phones)
    assert not is_blocked("phone:+86 138 0013 8000", phones)
    assert is_blocked("phone:12345678901", phones), "what is shipped still counts"
    assert not is_blocked("member:88888888", types_of(type="member", allowed=["88888888"]))


def test_a_brands_country_is_that_of_its_numbers() -> None:
    assert types_of(type="phone", country_code="44").of("phone").normalised("020 7946 0958") == "442079460958"


def test_a_phone_number_keeps_the_spelling_of_earlier_releases_where_a_brand_has_such_history() -> None:
    both = types_of(type="phone", both_spellings=True)
    assert both.spellings("phone", "8613800001111") == [("phone", "8613800001111"), ("phone.national", "13800001111")]
    assert both.spellings("phone", "442079460958") == [("phone", "442079460958")]
    assert both.spellings("member", "8613800001111") == [("member", "8613800001111")]
    assert TYPES.spellings("phone", "8613800001111") == [("phone", "8613800001111")]
    assert TYPES.of("phone.national").joins == TYPES.of("phone").joins


def test_hardware_that_is_lent_is_stated_as_the_page_of_profiles_has_it() -> None:
    """What it shows for tags of the profile ble-tag makes of them what a `tag` is as shipped."""
    page = (Path(__file__).parents[4] / "docs" / "profiles.md").read_text()
    block = page.partition("### tags that are lent")[2].partition("```toml\n")[2].partition("```")[0]
    types = IdentifierTypes([IdentifierTypeEntry.model_validate(each) for each in tomllib.loads(block)["identifier_types"]])
    assert replace(types.of("ble-tag"), name="tag") == types.of("tag")
