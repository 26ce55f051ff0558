"""`footfall links import`: what can be read is journaled, what cannot is named, and what is printed is what was done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from footfall.errors import ConfigError
from gateway.cli.links import app
from gateway.identity.links import FOR_EVER_NS, Link, decode_links, encode_links
from gateway.records import RecordKind
from gateway.state.journal import Journal
from tests.support.accept_inputs import NOW
from tests.support.journal_stories import Story, new_fold, pairs

HEADINGS = "identifier_type,identifier,fan,from,to,source,confidence"
SITE = 'brand = "b"\n[[stores]]\nname = "s1"\ntimezone = "Asia/Shanghai"\n[[stores]]\nname = "s2"\ntimezone = "{}"\n'


class Brand:
    """A gateway's folder, to which files are imported."""

    def __init__(self, folder: Path, second_zone: str = "Asia/Shanghai") -> None:
        self.folder = folder
        (folder / "state").mkdir(parents=True)
        (folder / "site.toml").write_text(SITE.format(second_zone))
        (folder / "secret").write_text("a brand's secret of some length, for tests alone")
        (folder / "gateway.toml").write_text('brand_secret_file = "secret"\n')

    def import_(self, *lines: str, options: tuple[str, ...] = (), headings: str = HEADINGS) -> Result:
        file = self.folder / "crm.csv"
        file.write_text("\n".join([headings, *lines]) + "\n", encoding="utf-8")
        return CliRunner().invoke(app, ["import", str(file), "--config", str(self.folder / "gateway.toml"), *options])

    def links(self) -> list[Link]:
        path = self.folder / "state" / "journal.db"
        if not path.exists():
            return []
        journal = Journal(path)
        found = [link for record in journal.read(0, 1000) if record.kind == RecordKind.LINKS for link in decode_links(record.body)]
        journal.close()
        return found


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return Brand(tmp_path / "gateway")


def test_what_can_be_read_is_journaled_and_the_rest_is_named(brand: Brand) -> None:
    found = brand.import_("member,1,fan-1,2026-01-01,,,", "member,,fan-1,,,,", "member,2,fan-1,,,,")
    assert found.exit_code == 1
    assert "crm.csv: line 3: identifier is empty" in found.stderr
    assert found.stdout == "2 links of 1 fans imported, 1 lines refused\n"
    links = brand.links()
    assert [(link.fan, link.from_ns) for link in links] == [("fan-1", 1_767_196_800_000_000_000), ("fan-1", -FOR_EVER_NS)]
    assert links[0].subject != links[1].subject


def test_a_file_without_a_mistake_ends_with_0(brand: Brand) -> None:
    found = brand.import_("member,1,fan-1,,,,", "member,1,fan-1,,,,")
    assert (found.exit_code, found.stdout) == (0, "1 links of 1 fans imported, 1 lines repeated others, 0 lines refused\n")
    assert brand.import_("member,1,fan-1,,,,", options=("--quiet",)).stdout == ""


def test_more_refused_lines_than_a_screen_has_are_counted(brand: Brand) -> None:
    found = brand.import_(*["member,,f,,,,"] * 25)
    assert found.stderr.count("identifier is empty") == 20
    assert "and 5 more lines" in found.stderr


def test_a_time_without_offset_is_refused_where_stores_have_several_zones(tmp_path: Path) -> None:
    brand = Brand(tmp_path / "gateway", "Europe/Berlin")
    found = brand.import_("member,1,fan-1,2026-01-01,,,")
    assert "stores are in several time zones: write 2026-01-01T00:00:00+08:00, or state --timezone" in found.stderr
    assert brand.links() == []
    assert brand.import_("member,1,fan-1,2026-01-01,,,", options=("--timezone", "Europe/Berlin")).exit_code == 0
    assert brand.links()[0].from_ns == 1_767_222_000_000_000_000


def test_a_file_of_another_shape_is_read_as_it_is_stated(brand: Brand) -> None:
    options = ("--type", "phone", "--column", "identifier=Mobile", "--column", "fan=Customer No", "--source", "erp", "--dates", "mdy")
    found = brand.import_("13800000001;c-1;5/6/2026", options=options, headings="Mobile;Customer No;from")
    assert found.exit_code == 0, found.output
    assert [(link.fan, link.from_ns, link.source) for link in brand.links()] == [("c-1", 1_777_996_800_000_000_000, "erp")]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--column", "fan"), "write COLUMN=HEADING"),
        (("--timezone", "Mars/Olympus"), "there is no such time zone"),
        (("--source", "a\x07"), "--source: source must be"),
    ],
)
def test_options_that_mean_nothing_are_refused(brand: Brand, options: tuple[str, ...], why: str) -> None:
    found = brand.import_("member,1,fan-1,,,,", options=options)
    assert isinstance(found.exception, ConfigError)
    assert why in str(found.exception)


def test_without_a_secret_or_a_gateways_folder_nothing_is_imported(brand: Brand) -> None:
    (brand.folder / "gateway.toml").write_text("")
    found = brand.import_("member,1,fan-1,,,,")
    assert "set brand_secret_file" in str(found.exception)
    (brand.folder / "gateway.toml").write_text('brand_secret_file = "secret"\nstate_dir = "elsewhere"\n')
    assert "has not run here yet" in str(brand.import_("member,1,fan-1,,,,").exception)


def test_a_journal_whose_link_is_beyond_all_times_can_be_folded() -> None:
    body = json.dumps([[f"{5:016x}", "fan-1", -(1 << 70), 1 << 70, "crm", 1.0]]).encode()
    fold = new_fold()
    fold.apply(pairs(Story().add(RecordKind.LINKS, body).records))
    assert fold.state.links.fan_of(5, NOW) == "fan-1"


def test_a_link_for_ever_holds_at_every_time(brand: Brand) -> None:
    brand.import_("member,1,fan-1,0001-01-01,9999-12-31T23:59:59+00:00,,")
    links = brand.links()
    assert [(link.from_ns, link.to_ns) for link in links] == [(-FOR_EVER_NS, FOR_EVER_NS)]
    fold = new_fold()
    fold.apply(pairs(Story().add(RecordKind.LINKS, encode_links(links)).records))
    assert fold.state.links.fan_of(links[0].subject, NOW) == "fan-1"
