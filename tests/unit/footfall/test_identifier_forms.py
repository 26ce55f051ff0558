"""One value has one form, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.identifier_forms import NORMALISERS, has_one_spelling, national, normalised

CHINESE = [
    "13800001111", "8613800001111", "+8613800001111", "+86 138 0000 1111", "+86-138-0000-1111", "008613800001111",
    "0086 138 0000 1111", "013800001111", "+86 (0)13800001111", "+86 013800001111", "(+86) 138-0000-1111", "138.0000.1111",
    " 138 0000 1111 ", "tel:+8613800001111", "１３８００００１１１１", "＋８６　１３８－００００－１１１１", "138–0000–1111",
    "\u202d+86 138 0000 1111\u202c", "\ufeff13800001111", "13800001111.0", "13,800,001,111", "١٣٨٠٠٠٠١١١١",
]  # fmt: skip


@pytest.mark.parametrize("written", CHINESE)
def test_a_phone_number_is_digits_with_its_country(written: str) -> None:
    assert normalised("phone", written) == "8613800001111"


@pytest.mark.parametrize(
    ("written", "country_code", "form"),
    [
        ("+44 (0)20 7946 0958", "86", "442079460958"),
        ("0044 20 7946 0958", "86", "442079460958"),
        ("020 7946 0958", "44", "442079460958"),
        ("(202) 555-0123", "1", "12025550123"),
        ("+1 202 555 0123", "86", "12025550123"),
        ("021-1234 5678", "86", "862112345678"),
        ("13800001111", "1", "13800001111"),
        ("12345", "86", "12345"),
    ],
)
def test_a_number_without_a_country_has_the_brands(written: str, country_code: str, form: str) -> None:
    assert normalised("phone", written, country_code) == form


@pytest.mark.parametrize("value", ["kim", "h1-13800138000", "1.38E+10", "138****1111", "a1:b2", "é", ""])
def test_what_is_no_number_stays_as_it_is(value: str) -> None:
    assert normalised("phone", value) == value


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("13912345678/138 9999 0000", "8613912345678/8613899990000"),
        ("13912345678 or 13899990000", "8613912345678/8613899990000"),
        ("139-1234-5678、13899990000", "8613912345678/8613899990000"),
        ("5551234/5551235", "5551234/5551235"),
        ("13912345678; 8613912345678", "8613912345678"),
        ("030/12345678", "863012345678"),
        ("13912345678 ext 2", "13912345678 ext 2"),
    ],
)
def test_several_numbers_in_one_value_stay_several(written: str, form: str) -> None:
    assert normalised("phone", written) == form


@pytest.mark.parametrize(("written", "form"), [("0", "0"), ("000-0000", "0000000"), ("+0", "0")])
def test_zeros_stay_zeros(written: str, form: str) -> None:
    assert normalised("phone", written) == form


@pytest.mark.parametrize(
    ("name", "written", "form"),
    [
        ("email", " Kim@Example.COM ", "kim@example.com"),
        ("email", "ｋｉｍ＠ｅｘａｍｐｌｅ．com", "kim@example.com"),
        ("email", "mailto:kim@example.com", "kim@example.com"),
        ("email", "<kim@example.com>", "kim@example.com"),
        ("exact", "\u3000 A-1 \u200b", "A-1"),
        ("exact", "Ａ１", "Ａ１"),
        ("lower", "F7826DA6:7:21", "f7826da6:7:21"),
        ("hex", "04:A1:B2:C3", "04a1b2c3"),
        ("hex", "04 a1-B2.c3", "04a1b2c3"),
        ("hex", "urn:epc:id:Sgtin", "urn:epc:id:Sgtin"),
        ("mac", "A1-B2-C3-D4-E5-F6", "a1:b2:c3:d4:e5:f6"),
        ("mac", "a1b2.c3d4.e5f6", "a1:b2:c3:d4:e5:f6"),
        ("mac", "a1b2", "a1b2"),
    ],
)
def test_each_normaliser_has_one_form(name: str, written: str, form: str) -> None:
    assert normalised(name, written) == form  # type: ignore[arg-type]


@given(st.sampled_from(sorted(NORMALISERS)), st.text(max_size=30))
def test_a_form_is_its_own_form(name: str, value: str) -> None:
    once = normalised(name, value)  # type: ignore[arg-type]
    assert normalised(name, once) == once  # type: ignore[arg-type]


@given(st.sampled_from(sorted(NORMALISERS)), st.text("0123456789+-() .０eExABF:/;", max_size=24))
def test_a_form_of_digits_is_its_own_form(name: str, value: str) -> None:
    once = normalised(name, value)  # type: ignore[arg-type]
    assert normalised(name, once) == once  # type: ignore[arg-type]


def test_whoever_hashes_by_himself_must_know_that_there_is_one_spelling() -> None:
    for sure in ("member:8613800001111", "mac:a1:b2:c3:d4:e5:f6", "member:h1-a", "nfc:04a1b2", "member:m_204"):
        assert has_one_spelling(*sure.split(":", 1)), sure
    for unsure in ("member:13800001111", "mac:A1:B2:C3:D4:E5:F6", "email:Kim@x.cn", "member: 7", "nfc:04:a1:b2:c3", "member:0412"):
        assert not has_one_spelling(*unsure.split(":", 1)), unsure


def test_a_mobile_number_of_china_has_a_spelling_at_home() -> None:
    assert (national("8613800001111"), national("442079460958"), national("13800001111")) == ("13800001111", "", "")
