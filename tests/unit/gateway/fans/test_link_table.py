"""Links as CRMs have them: each row is a link or is refused by its line, and no reason shows an identifier."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from footfall.consent import ConsentRule
from footfall.errors import ConfigError
from gateway.fans.lent import LentRule
from gateway.fans.link_lines import Defaults, StatedLink
from gateway.fans.link_table import Asked, LinkTable, open_links
from gateway.fans.sheet import Unread
from gateway.identity.links import FOR_EVER_NS
from gateway.site.index import Places
from tests.support.accept_inputs import SITE

TAKEN_NS = 1_796_000_000_000_000_000  # 2026-11-29
HEADINGS = "identifier_type,identifier,fan,from,to,source,confidence"
ASKED = Asked(zone=ZoneInfo("Asia/Shanghai"), defaults=Defaults(consent=ConsentRule(frozenset({"mac"})), taken_ns=TAKEN_NS))


def read(path: Path, *lines: str, headings: str = HEADINGS, asked: Asked = ASKED) -> tuple[list[StatedLink | Unread], LinkTable]:
    path.write_text("\n".join([headings, *lines]) + "\n", encoding="utf-8")
    with open_links(path, asked) as table:
        return list(table.read()), table


def test_a_row_is_a_link(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "crm.csv", "member,1,fan-1,,,,", 'phone,"=""0013""",fan-2,,,erp,"0,5"')
    assert found == [
        StatedLink(2, "member:1", "fan-1", -FOR_EVER_NS, FOR_EVER_NS, "crm"),
        StatedLink(3, "phone:0013", "fan-2", -FOR_EVER_NS, FOR_EVER_NS, "erp"),
    ]


def test_what_is_lent_has_the_store_that_lent_it_and_the_time(tmp_path: Path) -> None:
    asked = Asked(zone=ASKED.zone, defaults=Defaults(taken_ns=TAKEN_NS, lent=LentRule(places=Places(SITE))))
    rows = ("tag:17,f,2026-11-01,s2", "member:1,f,,warsaw", "tag:18,f,,s2", "tag:19,f,2026-11-01,s9")
    found, _ = read(tmp_path / "tags.csv", *rows, headings="identifier,fan,from,store", asked=asked)
    assert [each.store for each in found if isinstance(each, StatedLink)] == ["s2", ""]
    lent, unknown = (each.why for each in found if isinstance(each, Unread))
    assert lent.startswith("from: tag is lent: state since when the fan has it")
    assert unknown.startswith("store 's9' is not in site.toml")


def test_a_link_begins_within_a_year_and_ends_whenever_it_likes(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "crm.csv", "member,1,f,2027-11-01,9999-12-31,,", "member,2,f,,2099-01-01,,")
    assert [isinstance(each, StatedLink) for each in found] == [True, True]
    assert isinstance(found[0], StatedLink)
    assert found[0].to_ns == FOR_EVER_NS


def test_an_identifier_states_its_type_where_no_column_does(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "crm.csv", "phone:1,f", "1,f", headings="identifier,fan")
    assert isinstance(found[0], StatedLink)
    assert found[0].identifier == "phone:1"
    assert found[1] == Unread(3, 3, "identifier has no type: write type:value, fill the column identifier_type, or state --type")
    stated, _ = read(tmp_path / "crm.csv", "1,f", headings="identifier,fan", asked=Asked(defaults=Defaults(id_type="phone")))
    assert isinstance(stated[0], StatedLink)
    assert stated[0].identifier == "phone:1"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("member,,fan-1,,,,", "identifier is empty"),
        ("member,1,,,,,", "fan is empty"),
        ("member,1,fan-1,soon,,,", "from: 'soon' is no date"),
        ("member,1,fan-1,5/6/2026,,,", "from: 5/6/2026 may be 2026-06-05 or 2026-05-06"),
        ("手机,1,f,,,,", "identifier_type '手机' is no type: .*, such as 'member'"),
        ("Phone No.,1,f,,,,", "such as 'phone-no.'"),
        (",:123,f,,,,", "such as 'member'"),
        ("member,1,f,1899-12-30,,,", "`from` is before the year 1901, as an empty date is written: leave it out where it is open"),
        ("member,1,f,1900-01-01T00:00:00+08:00,,,", "`from` is before the year 1901"),
        ("member,1,f,0102-01-01,,,", "`from` is before the year 1901"),
        ("member,1,f,2126-01-01,2200-01-01,,", "`from` is .* after the fact was taken in"),
        ("member,1,f,,1899-12-30,,", "`to` is before the year 1901"),
        ("member,1,f,2026-02-01,2026-01-01,,", "from 2026-02-01 is not before to 2026-01-01"),
        ("member,1,f,9999-12-31,,,", r"from 9999-12-31 is not before to \(none, which is for ever\)"),
        ("member,1,f,,0001-01-01,,", r"from \(none, which is since ever\) is not before to 0001-01-01"),
        ("member,1,f,2028-01-01,,,", "`from` is [0-9]{3} days after the fact was taken in"),
        ("member,1,f,,,,nan", "confidence: it must be 0 to 1"),
        ("member,1,f,,,,2", "confidence: it must be 0 to 1"),
        ("member,1,+8613977040826,,,,", "fan: is written as a phone number"),
        ("member,1,phone:8613977040826,,,,", "fan: is written as an identifier"),
        ("phone,1.38E+10,f,,,,", "identifier: 1.38E\\+10 is a number that a spreadsheet has rounded"),
        ("phone,1,1.2E+05,,,,", "fan: 1.2E\\+05 is a number that a spreadsheet has rounded"),
        ("Member,1,f,,,,", "identifier_type 'Member' is no type: .* such as 'member'"),
        ("mac,1,f,,,,", "identifiers of type 'mac' are not consented to"),
        ("wifi,a4:c1:38:56:6d:01,f,,,,", "an identifier of type 'wifi' is written as the address of a device"),
        ("phone,phone:1,f,,,,", "identifier begins with its type once more"),
        (f"member,{'1' * 200},f,,,,", "more than 200 characters"),
        ("member,1\x07,f,,,,", "identifier has a control character"),
        ("member,1,f\x07,,,,", "fan must be .* none of them a control character"),
        (f"member,1,{'f' * 129},,,,", "fan must be at most 128"),
        ("member,1,f,,,\x07,", "source must be at most"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(tmp_path: Path, line: str, why: str) -> None:
    found, _ = read(tmp_path / "crm.csv", "member,1,fan-1,,,,", line)
    assert isinstance(found[0], StatedLink)
    refused = found[1]
    assert isinstance(refused, Unread)
    assert refused.line == 3
    assert not set(refused.why.split()) & {"8613977040826", "13977040826"}
    assert re.search(why, refused.why)


def test_how_a_file_was_read_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    path.write_bytes("identifier,fan,confidence,备注\nphone:1,f,1,会员\n".encode("gb18030"))
    with open_links(path, ASKED) as table:
        notes = " ".join(table.notes())
    assert "read as GB18030" in notes
    assert "columns that were not read: 备注" in notes
    assert "confidence decides nothing" in notes


def test_a_heading_that_is_wrong_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"crm.csv: there is no column 'form': did you mean 'from'"):
        read(tmp_path / "crm.csv", headings="identifier,fan,form")
